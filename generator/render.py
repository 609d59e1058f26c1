"""Text of templates: sorted keys, two spaces, one newline at the end; the same bytes on every machine.

In: a troposphere template or a plain mapping. Out: text. Knows nothing of files.
"""

import json
from json.encoder import encode_basestring_ascii as quote
from typing import Any

from troposphere import Template

from generator.tagging import tag_everything

# CloudFormation quotas: a template sent in the request itself.
LARGEST_TEMPLATE_BODY = 51_200


def to_dict(template: Template) -> dict[str, Any]:
    """The finished template as plain data, tagged. Raises ValueError where a required property is missing."""
    finished: dict[str, Any] = plain(tag_everything(template).to_dict())
    return finished


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
    inner = newline + "  "
    if isinstance(value, dict) and value:
        items = [f"{quote(key)}: {_encode(value[key], inner)}" for key in sorted(value)]
        return "{" + inner + ("," + inner).join(items) + newline + "}"
    if isinstance(value, list) and value:
        return "[" + inner + ("," + inner).join([_encode(item, inner) for item in value]) + newline + "]"
    return json.dumps(value)  # numbers, true, false, null, and the empty {} and []
