"""YAML text: as little of it as the generated files need, written without a library, so that generating stays quick.

In: mappings of plain values. Out: lines. A scalar that a reader of YAML could take for anything but text is quoted.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from json.encoder import encode_basestring as quote  # a JSON string is a double-quoted YAML one
from typing import Any

_NOT_TEXT = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}


@dataclass(frozen=True)
class Anchor:
    """A mapping that other places repeat by `name`."""

    name: str
    value: dict[str, Any]


@dataclass(frozen=True)
class Alias:
    """The mapping of the anchor `name`."""

    name: str


@dataclass(frozen=True)
class Noted:
    """A word with a comment behind it: `checkout@3d3c42e # v7.0.1`."""

    text: str
    comment: str


@dataclass(frozen=True)
class Lines:
    """A text of several lines, kept as they are."""

    text: str


@dataclass(frozen=True)
class Style:
    """How one kind of file looks: which texts stand without quotes, which mappings (by key) on one line."""

    bare: re.Pattern[str]
    inline: Callable[[str, dict[str, Any]], bool]


def block(mapping: dict[str, Any], style: Style, indent: str = "") -> Iterator[str]:
    """Lines of a mapping: nested ones below it, lists of mappings with dashes, other lists in brackets."""
    inner = indent + "  "
    for key, value in mapping.items():
        name = f"{indent}{key if key == '<<' else _scalar(key, style)}:"
        if isinstance(value, Anchor):
            yield f"{name} &{value.name}"
            yield from block(value.value, style, inner)
        elif isinstance(value, Lines):
            yield f"{name} |"
            yield from (f"{inner}{line}" if line else "" for line in value.text.rstrip("\n").split("\n"))
        elif isinstance(value, dict) and not style.inline(key, value):
            yield name
            yield from block(value, style, inner)
        elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
            yield name
            for item in value:
                first, *rest = block(item, style, indent + "    ")
                yield f"{indent}  - {first.lstrip()}"
                yield from rest
        else:
            yield f"{name} {_flow(value, style)}".rstrip()


def _flow(value: Any, style: Style) -> str:
    """A value on one line."""
    if isinstance(value, list):
        return f"[{', '.join(_flow(item, style) for item in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_scalar(key, style)}: {_flow(item, style)}' for key, item in value.items())}}}"
    return _scalar(value, style)


def _scalar(value: Any, style: Style) -> str:
    if value is None:
        return ""
    if isinstance(value, Alias):
        return f"*{value.name}"
    if isinstance(value, Noted):
        return f"{value.text} # {value.comment}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return value if style.bare.fullmatch(value) and value.lower() not in _NOT_TEXT else quote(value)
