"""Text of templates: sorted keys, two spaces a level, one newline at the end; the same bytes on every machine.

In: a troposphere template or a plain mapping. Out: text. Knows nothing of files.
"""

import json
from json.encoder import encode_basestring_ascii as quote
from typing import Any

from troposphere import Template

from generator.tagging import tag_everything

# CloudFormation quotas: a template sent in the request itself.
LARGEST_TEMPLATE_BODY = 51_200

# Characters that a mapping or a list may have to stand on one line.
WIDTH = 100


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
    """`value` as JSON with sorted keys, two spaces a level, and one line for whatever fits on one.

    A tag, a reference or a port mapping is one line of a diff, not five; the largest template shrinks by a third, well
    below what a request may carry.
    """
    return _encode(value, "\n") + "\n"


def _encode(value: Any, newline: str) -> str:
    if isinstance(value, str):
        return quote(value)
    inner = newline + "  "
    if isinstance(value, dict) and value:
        return _lay_out("{", [f"{quote(key)}: {_encode(value[key], inner)}" for key in sorted(value)], "}", newline)
    if isinstance(value, list) and value:
        return _lay_out("[", [_encode(item, inner) for item in value], "]", newline)
    return json.dumps(value)  # numbers, true, false, null, and the empty {} and []


def _lay_out(opening: str, items: list[str], closing: str, newline: str) -> str:
    line = ", ".join(items)
    if len(line) <= WIDTH and "\n" not in line:
        return opening + line + closing
    inner = newline + "  "
    return opening + inner + ("," + inner).join(items) + newline + closing
