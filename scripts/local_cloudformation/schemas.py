"""Resource type schemas of the CloudFormation registry, as cfn-lint ships them.

They are read from cfn-lint's data files without importing cfn-lint (its import alone costs more than half a second); a
type's schema is read when it is first asked for. What this module knows of a type: which properties force a new resource,
which attributes it has, what identifies it, whether it takes tags, and whether a set of properties fits it.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

NEVER, CONDITIONALLY, ALWAYS = "Never", "Conditionally", "Always"
_CUSTOM_RESOURCE = "AWS::CloudFormation::CustomResource"

Pointer = tuple[str, ...]


@cache
def _data() -> Path:
    spec = importlib.util.find_spec("cfnlint")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("cfn-lint is not installed: its resource schemas are needed (install the extra 'deploy')")
    return Path(spec.submodule_search_locations[0]) / "data" / "schemas"


@cache
def _index(region: str) -> dict[str, str]:
    folder = _data() / "providers"
    file = folder / f"{region}.json"
    found: dict[str, str] = json.loads((file if file.exists() else folder / "us-east-1.json").read_text("utf-8"))
    return found


@cache
def schema_of(type_name: str, region: str = "us-east-1") -> Schema | None:
    """The schema of a resource type, None when the type does not exist in the region. `Custom::X` is a custom resource."""
    name = _CUSTOM_RESOURCE if type_name.startswith("Custom::") else type_name
    digest = _index(region).get(name)
    if digest is None:
        return None
    return Schema(type_name, json.loads((_data() / "resources" / f"{digest}.json").read_text("utf-8")))


@dataclass(frozen=True)
class Schema:
    """One resource type. Paths are tuples of property names, list positions left out."""

    type_name: str
    document: dict[str, Any]

    def __hash__(self) -> int:
        return hash(self.type_name)

    def _pointers(self, key: str) -> tuple[Pointer, ...]:
        return tuple(_pointer(each) for each in self.document.get(key, ()))

    @cached_property
    def identifier(self) -> tuple[Pointer, ...]:
        """The primary identifier's properties."""
        return self._pointers("primaryIdentifier")

    @cached_property
    def read_only(self) -> tuple[Pointer, ...]:
        """Attributes the service sets: what `Fn::GetAtt` may ask for."""
        return self._pointers("readOnlyProperties")

    @cached_property
    def write_only(self) -> tuple[Pointer, ...]:
        """Properties the service never tells again."""
        return self._pointers("writeOnlyProperties")

    @cached_property
    def _create_only(self) -> tuple[Pointer, ...]:
        return self._pointers("createOnlyProperties")

    @cached_property
    def _conditional(self) -> tuple[Pointer, ...]:
        return self._pointers("conditionalCreateOnlyProperties")

    @property
    def tag_property(self) -> str | None:
        """The property that holds the tags, None when stack tags do not reach the type."""
        tagging = self.document.get("tagging")
        if tagging is None:
            return "Tags" if "Tags" in self.properties else None
        if tagging.get("taggable") is False:
            return None
        return _pointer(tagging.get("tagProperty", "/properties/Tags"))[-1]

    @property
    def properties(self) -> dict[str, Any]:
        """Top-level properties with their schemas."""
        found: dict[str, Any] = self.document.get("properties", {})
        return found

    @property
    def is_custom(self) -> bool:
        """Whether the type takes any property."""
        return "patternProperties" in self.document

    def recreation(self, path: Iterable[str | int]) -> str:
        """Whether a change at a path makes a new resource: Never, Conditionally or Always.

        A change of a whole object counts as a change of every create-only property inside it.
        """
        names = tuple(part for part in path if not isinstance(part, int))
        if any(_touches(names, each) for each in self._create_only):
            return ALWAYS
        return CONDITIONALLY if any(_touches(names, each) for each in self._conditional) else NEVER

    def has_attribute(self, name: str) -> bool:
        """Whether `Fn::GetAtt` may ask for a name: read-only properties, and those the service can read back."""
        path = tuple(name.split("."))
        if self.is_custom or self.type_name in {"AWS::CloudFormation::Stack", "AWS::CloudFormation::WaitCondition"}:
            return True
        if any(path == each or path == each[: len(path)] or each == path[: len(each)] for each in self.read_only):
            return True
        return path[0] in self.properties and (path[0],) not in self.write_only

    def definition(self, schema: dict[str, Any]) -> dict[str, Any]:
        """A property's schema with `$ref` followed."""
        while "$ref" in schema:
            target: Any = self.document
            for part in schema["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            schema = target
        return schema

    def is_document(self, path: Iterable[str | int]) -> bool:
        """Whether a path holds free-form JSON (an IAM policy): compared and shown as one value."""
        schema: dict[str, Any] = self.document
        for part in path:
            schema = self.definition(schema)
            inner = schema.get("items", {}) if isinstance(part, int) else schema.get("properties", {}).get(part, {})
            schema = inner if isinstance(inner, dict) else {}
        schema = self.definition(schema)
        if schema.get("format") == "json":
            return True
        kinds = schema.get("type", [])
        return "object" in ([kinds] if isinstance(kinds, str) else kinds) and not (
            schema.get("properties") or schema.get("patternProperties")
        )


def _pointer(text: str) -> Pointer:
    return tuple(part for part in text.removeprefix("/properties/").split("/") if part not in {"*", "properties"})


def _touches(changed: Pointer, create_only: Pointer) -> bool:
    shorter = min(len(changed), len(create_only))
    return changed[:shorter] == create_only[:shorter]
