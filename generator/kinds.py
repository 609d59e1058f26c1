"""Whether the values of a description are of the kinds that its classes name: `"single"` is text, and no `Nat`.

In: a value of a description. Out: nothing; the first value of another kind raises ModelError with its field, what was found and
what would be right. Python takes any value for any field, and a word where a member of an enumeration belongs would be read as
another member. Knows no class of the description: what is right stands in the annotations.
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from types import UnionType
from typing import Any, get_args, get_origin

from generator.errors import ModelError

_WORDS = {str: "text in quotes", int: "a whole number", float: "a number", bool: "True or False", type(None): "None"}


def check_kinds(value: Any, where: str = "") -> None:
    """Raise ModelError for the first field of `value`, or of what it holds, whose value is of another kind than its annotation."""
    label = where or _label(value)
    for field in fields(value):
        _check(getattr(value, field.name), field.type, f"{label}.{field.name}")


def _label(value: Any) -> str:
    name = getattr(value, "name", None)
    return f"{type(value).__name__}({name})" if isinstance(name, str) and name else type(value).__name__


def _check(value: Any, kind: Any, where: str) -> None:
    if not _is(value, kind):
        raise ModelError(where, value, f"use {_right(kind)}")
    if is_dataclass(value):
        check_kinds(value, where)
        return
    parts = next((part for part in _either(kind) if get_origin(part) is not None), None)
    if isinstance(value, tuple):
        for index, each in enumerate(value):
            _check(each, get_args(parts)[0], f"{where}[{index}]")
    elif isinstance(value, Mapping):
        for key, each in value.items():
            _check(key, get_args(parts)[0], f"{where}[{key!r}]")
            _check(each, get_args(parts)[1], f"{where}[{key}]")


def _either(kind: Any) -> tuple[Any, ...]:
    """The kinds of a union, flat; any other kind is one of itself."""
    return get_args(kind) if isinstance(kind, UnionType) else (kind,)


def _is(value: Any, kind: Any) -> bool:
    return any(_is_plain(value, get_origin(each) or each) for each in _either(kind))


def _is_plain(value: Any, kind: type) -> bool:
    if kind in (int, float) and isinstance(value, bool):
        return False
    return isinstance(value, (int, float) if kind is float else kind)


def _right(kind: Any) -> str:
    return " or ".join(_word(each) for each in _either(kind))


def _word(kind: Any) -> str:
    if get_origin(kind) is tuple:
        return f"a tuple, (value, ...), of {_right(get_args(kind)[0])}"
    if get_origin(kind) is not None:
        return f"a table, {{name: value, ...}}, of {_right(get_args(kind)[1])}"
    if issubclass(kind, Enum):
        return " or ".join(f"{kind.__name__}.{member.name}" for member in kind)
    return _WORDS.get(kind, f"{kind.__name__}(...)")
