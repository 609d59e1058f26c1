"""Whether a resource's resolved properties fit its type: the check CloudFormation makes before it calls a service."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from local_cloudformation.schemas import Schema
from local_cloudformation.values import UNKNOWN, text_of

_DYNAMIC_REFERENCE = "{{resolve:"


@dataclass(frozen=True)
class Misfit:
    """A property that does not fit.

    `path` stands below the resource (`/Properties/...`); `reason` is the words of a failed resource, `early` those of a
    validation before the deployment.
    """

    path: str
    reason: str
    early: str


def misfits(schema: Schema, properties: dict[str, Any]) -> list[Misfit]:
    """What is wrong with a resource's properties. Unknown values and dynamic references are taken to be right."""
    return [] if schema.is_custom else list(_object(schema, schema.document, properties, ""))


def _object(schema: Schema, definition: dict[str, Any], value: dict[str, Any], path: str) -> Iterator[Misfit]:
    known = definition.get("properties", {})
    read_only = {each[0] for each in schema.read_only if len(each) == 1} if not path else set()
    open_ended = not known or definition.get("patternProperties") or definition.get("additionalProperties") is not False
    for name, part in value.items():
        if name in known:
            yield from _value(schema, schema.definition(known[name]), part, f"{path}/{name}")
        elif not open_ended:
            yield Misfit(
                f"/Properties{path}/{name}",
                f"Encountered unsupported properties in {{{path or '/'}}}: [{name}]",
                f"Unsupported property [{name}]",
            )
    for name in definition.get("required", ()):
        if name not in value and name not in read_only:
            yield Misfit(
                f"/Properties{path}",
                f"The property {{{path}/{name}}} is required",
                f"Required property [{name}] not found",
            )


def _value(schema: Schema, definition: dict[str, Any], value: Any, path: str) -> Iterator[Misfit]:
    if value is UNKNOWN or (isinstance(value, str) and _DYNAMIC_REFERENCE in value):
        return
    kinds = definition.get("type", ())
    kinds = {kinds} if isinstance(kinds, str) else set(kinds)
    if isinstance(value, dict):
        if kinds and "object" not in kinds:
            yield _wrong_type(path, kinds)
        else:
            yield from _object(schema, definition, value, path)
    elif isinstance(value, list):
        if kinds and "array" not in kinds:
            yield _wrong_type(path, kinds)
            return
        items = definition.get("items")
        for position, part in enumerate(value if isinstance(items, dict) else ()):
            yield from _value(schema, schema.definition(items or {}), part, f"{path}/{position}")
    else:
        yield from _scalar(definition, kinds, value, path)


def _scalar(definition: dict[str, Any], kinds: set[str], value: Any, path: str) -> Iterator[Misfit]:
    text = text_of(value)
    if kinds and not kinds & {"string", "integer", "number", "boolean"}:
        # A policy document may be given as JSON text.
        if not ("object" in kinds and text.lstrip().startswith("{")):
            yield _wrong_type(path, kinds)
    elif (kinds == {"integer"} and not text.lstrip("-").isdigit()) or (
        kinds == {"boolean"} and text.lower() not in {"true", "false"}
    ):
        yield _wrong_type(path, kinds)
    elif (allowed := definition.get("enum")) and text not in map(text_of, allowed):
        words = f"[{text}] is not one of {_words(map(text_of, allowed))}"
        yield Misfit(f"/Properties{path}", f"Value of property {{{path}}}: {words}", f"Property {words}")


def _wrong_type(path: str, kinds: set[str]) -> Misfit:
    words = f"must be of type {_words(kinds)}"
    return Misfit(f"/Properties{path}", f"Value of property {{{path}}} {words}", f"Property {words}")


def _words(values: Iterable[str]) -> str:
    return "[" + ", ".join(sorted(values)) + "]"
