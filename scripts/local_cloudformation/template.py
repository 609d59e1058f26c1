"""Templates as data: text in JSON or YAML (short forms too) comes in, plain dictionaries in full form go out.

It knows the syntax of a template's text and the parts of its body. What the parts mean, and whether they fit together, is
said elsewhere (`validation`, `intrinsics`, `parameters`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from local_cloudformation.errors import ValidationError

Document = dict[str, Any]

# Attributes of a resource that a change set reports beside its properties, in the order the service lists them.
POLICY_ATTRIBUTES = ("CreationPolicy", "UpdatePolicy", "DeletionPolicy", "UpdateReplacePolicy")


def parse(text: str) -> Document:
    """Read a template's text.

    :raises ValidationError: "Template format error: ..." with line and column, as the service words it
    """
    body = _parse_json(text) if text.lstrip().startswith("{") else _parse_yaml(text)
    if not isinstance(body, dict):
        raise ValidationError("Template format error: unsupported structure.")
    return body


def _parse_json(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ValidationError(
            f"Template format error: JSON not well-formed. (line {error.lineno}, column {error.colno})"
        ) from None


def _parse_yaml(text: str) -> Any:
    import yaml  # noqa: PLC0415  (JSON templates, the usual case, need no YAML parser)

    from local_cloudformation.short_forms import TemplateLoader  # noqa: PLC0415

    try:
        return TemplateLoader(text).get_single_data()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        raise ValidationError(f"Template format error: YAML not well-formed.{where}") from None


@dataclass(frozen=True)
class Template:
    """A parsed template. `body` is in full form and must not be changed."""

    body: Document
    text: str = field(default="", compare=False)

    @classmethod
    def of(cls, source: str | Document | Template) -> Template:
        """A template from its text, its parsed body, or itself."""
        if isinstance(source, Template):
            return source
        return cls(parse(source), source) if isinstance(source, str) else cls(source)

    def section(self, name: str) -> Document:
        """A top-level section, empty when the template has none."""
        found = self.body.get(name)
        return found if isinstance(found, dict) else {}

    @cached_property
    def resources(self) -> dict[str, Document]:
        """Logical id to the resource's definition."""
        return self.section("Resources")

    @cached_property
    def transforms(self) -> list[str]:
        """Names in `Transform`, in order."""
        declared = self.body.get("Transform") or []
        return [declared] if isinstance(declared, str) else list(declared)

    @property
    def description(self) -> str | None:
        """The template's `Description`."""
        return self.body.get("Description")

    @property
    def original(self) -> str:
        """The text as it was sent, or a compact JSON form when the template came as data."""
        return self.text or json.dumps(self.body, separators=(",", ":"))


EMPTY = Template({"Resources": {}})
