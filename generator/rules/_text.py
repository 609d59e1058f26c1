"""Functions of CloudFormation as text: what is known stands there, what only deployment knows is a name in `${}`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from cfnlint.helpers import is_function

SUB_NAME: Final = re.compile(r"\$\{([^!}][^}]*)\}")


def text_of(value: Any) -> str:
    """`value` as one text; the same thing decided at deployment has the same name in it."""
    name, argument = is_function(value)
    if name is None:
        return _opaque(value) if isinstance(value, dict | list) else str(value)
    if name == "Fn::Join" and isinstance(argument, list) and len(argument) == 2 and isinstance(argument[1], list):
        return str(argument[0]).join(text_of(item) for item in argument[1])
    if name in {"Fn::Sub", "Fn::Base64"}:
        return _substituted(argument) if name == "Fn::Sub" else text_of(argument)
    if name == "Ref":
        return f"${{{argument}}}"
    if name == "Fn::GetAtt":
        return "${" + (".".join(map(str, argument)) if isinstance(argument, list) else str(argument)) + "}"
    return _opaque(value)


def _substituted(argument: Any) -> str:
    text, own = _sub_parts(argument)
    if not isinstance(text, str):
        return _opaque(argument)
    return SUB_NAME.sub(lambda m: text_of(own[m.group(1)]) if m.group(1) in own else m.group(0), text)


def _sub_parts(argument: Any) -> tuple[Any, dict[str, Any]]:
    """The text of an Fn::Sub and the variables it brings."""
    if isinstance(argument, list) and len(argument) == 2 and isinstance(argument[1], dict):
        return argument[0], argument[1]
    return argument, {}


def sub_names(argument: Any) -> tuple[list[str], dict[str, Any]]:
    """The names in an Fn::Sub, and the variables it brings."""
    text, own = _sub_parts(argument)
    return [name.strip() for name in SUB_NAME.findall(text)] if isinstance(text, str) else [], own


def referred(value: Any) -> str | None:
    """The logical id that a Ref, Fn::GetAtt or Fn::Sub of one name refers to."""
    name, argument = is_function(value)
    found: Any = None
    if name == "Ref":
        found = argument
    elif name == "Fn::GetAtt":
        found = argument[0] if isinstance(argument, list) and argument else argument
    elif name == "Fn::Sub" and isinstance(argument, str):
        whole = SUB_NAME.fullmatch(argument)
        found = whole.group(1) if whole else None
    return found.split(".")[0] if isinstance(found, str) else None


def names(value: Any) -> Iterator[str]:
    """Every logical id or parameter a function inside `value` mentions."""
    name, argument = is_function(value)
    if name in {"Ref", "Fn::GetAtt"}:
        found = referred(value)
        if found:
            yield found
    elif name == "Fn::Sub":
        inside, own = sub_names(argument)
        yield from (found.split(".")[0] for found in inside)
        yield from names(own)
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from names(item)


def _opaque(value: Any) -> str:
    return "${=" + re.sub(r"[${}*?]", "", repr(value)) + "}"
