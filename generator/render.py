"""Text of templates: sorted keys, two spaces, one newline at the end; the same bytes on every machine.

In: a troposphere template or a plain mapping. Out: text. Knows nothing of files.
"""

from json.encoder import encode_basestring_ascii as quote
from typing import Any

from troposphere import Template

from generator.tagging import tag_everything

# CloudFormation quotas: a template sent in the request itself.
LARGEST_TEMPLATE_BODY = 51_200


def to_dict(template: Template) -> dict[str, Any]:
    """The finished template as plain data, tagged. Raises ValueError where a required property is missing."""
    return plain(tag_everything(template).to_dict())


def plain(value: Any) -> Any:
    """`value` with every awacs object turned into what it stands for."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if hasattr(value, "JSONrepr"):
        return plain(value.JSONrepr())
    if hasattr(value, "to_dict"):
        return plain(value.to_dict())
    return value


def to_json(value: Any) -> str:
    """`value` as JSON with sorted keys and an indent of two.

    The standard library encodes indented JSON in Python, one small piece at a time; a third of the generator's own time went
    there. This writes the same text (a test compares the two).
    """
    return _encode(value, "\n") + "\n"


def _encode(value: Any, newline: str) -> str:
    if isinstance(value, str):
        return quote(value)
    if value is True:
        return "true"
    if value is False:
        return "false"
    if value is None:
        return "null"
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, float):
        return float.__repr__(value)
    inner = newline + "  "
    if isinstance(value, dict):
        if not value:
            return "{}"
        items = [f"{quote(key)}: {_encode(value[key], inner)}" for key in sorted(value)]
        return "{" + inner + ("," + inner).join(items) + newline + "}"
    if isinstance(value, list):
        if not value:
            return "[]"
        return "[" + inner + ("," + inner).join([_encode(item, inner) for item in value]) + newline + "]"
    raise TypeError(f"{type(value).__name__} cannot be written as JSON: {value!r}")
