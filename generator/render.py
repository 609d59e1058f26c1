"""Text of templates: sorted keys, two spaces a level, one newline at the end; the same bytes on every machine.

In: a troposphere template or a plain mapping. Out: text. Knows nothing of files.
"""

import json
from json.encoder import encode_basestring_ascii as quote
from typing import Any

from troposphere import AWSHelperFn, BaseAWSObject, Template

from generator.tagging import tag_everything

# CloudFormation quotas: a template sent in the request itself.
LARGEST_TEMPLATE_BODY = 51_200

# Characters that a mapping or a list may have to stand on one line.
WIDTH = 100


def to_dict(template: Template) -> dict[str, Any]:
    """The finished template as plain data, tagged. Raises ValueError where a required property is missing."""
    tag_everything(template)
    sections = {
        "Description": template.description,
        "Metadata": template.metadata,
        "Conditions": template.conditions,
        "Mappings": template.mappings,
        "Outputs": template.outputs,
        "Parameters": template.parameters,
        "AWSTemplateFormatVersion": template.version,
        "Resources": template.resources,
    }
    return {name: plain(section) for name, section in sections.items() if section}


def plain(value: Any) -> Any:
    """`value` with every troposphere and awacs object turned into what it stands for.

    troposphere's own `to_dict` walks all that lies below an object once more for each object above it; on these templates that
    took a fifth of the whole run. Each object checks itself here as it does there.
    """
    kind = value.__class__
    if kind is str or kind is int:
        return value
    if kind is dict:
        return {key: plain(item) for key, item in value.items()}
    if kind is list or kind is tuple:
        return [plain(item) for item in value]
    return _plain_object(value)


def _plain_object(value: Any) -> Any:
    if isinstance(value, BaseAWSObject) and value.properties:
        value._validate_props()  # noqa: SLF001  (what its to_dict calls first; there is no public name for it)
        value.validate()
        return plain(value.resource)
    if isinstance(value, AWSHelperFn) and hasattr(value, "data"):
        return plain(value.data)
    if isinstance(value, dict):
        return plain(dict(value))
    if hasattr(value, "JSONrepr"):
        return plain(value.JSONrepr())
    return plain(value.to_dict()) if hasattr(value, "to_dict") else value


def to_json(value: Any) -> str:
    """`value` as JSON with sorted keys, two spaces a level, and one line for whatever fits on one.

    A tag, a reference or a port mapping is one line of a diff, not five; the largest template shrinks by a third, well
    below what a request may carry.
    """
    return _encode(value, "\n") + "\n"


def _encode(value: Any, newline: str) -> str:
    kind = value.__class__
    if kind is str:
        return quote(value)
    inner = newline + "  "
    if kind is dict and value:
        return _lay_out("{", [f"{quote(key)}: {_encode(value[key], inner)}" for key in sorted(value)], "}", newline)
    if kind is list and value:
        return _lay_out("[", [_encode(item, inner) for item in value], "]", newline)
    return json.dumps(value)  # numbers, true, false, null, and the empty {} and []


def _lay_out(opening: str, items: list[str], closing: str, newline: str) -> str:
    line = ", ".join(items)
    if len(line) <= WIDTH and "\n" not in line:
        return opening + line + closing
    inner = newline + "  "
    return opening + inner + ("," + inner).join(items) + newline + closing
