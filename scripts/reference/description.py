"""docs/reference/description.md: every class that a description is made of, read from the classes themselves.

In: the classes that `Service` and `Environment` lead to by the types of their fields, and their source. Out: the page: docstring,
fields with type and default, and what is refused, in the words of the refusals. Refuses to know: any service or environment.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import textwrap
import typing
from collections.abc import Iterator
from enum import Enum
from typing import Any

from generator import model
from reference import refusals
from reference.markdown import code, table

HEAD = """\
# The description

What `generator/services.py` and `generator/environments.py` are written in. Every class checks itself when it is made, and `make
templates` ends with the field, what was found and what would be right. `«name»` in a refusal stands for a value that is known then.

This page is generated from the code: `make docs` writes it.
"""
ROOTS = (model.Service, model.Environment)


def page() -> str:
    """The whole page."""
    found = classes()
    lines = [HEAD, "| class | what it is |", "|---|---|"]
    lines += [f"| [{each.__name__}](#{each.__name__.lower()}) | {_first_sentence(each)} |" for each in found]
    for each in found:
        lines += ["", f"## {each.__name__}", "", *_paragraphs(each), ""]
        lines += _members(each) if issubclass(each, Enum) else _fields(each)
    lines += ["", "## Together", "", "Refused where things that are right by themselves do not fit together.", ""]
    lines += [f"- {code(where)}: {right}" for where, right in refusals.of_functions(model)]
    return "\n".join(lines) + "\n"


def classes() -> list[type]:
    """Service, Environment and every class of this project that their fields lead to, each after the one that first names it."""
    found: dict[type, None] = {}
    for root in ROOTS:
        for each in _reached(root, set(found)):
            found.setdefault(each)
    return list(found)


def _reached(start: type, seen: set[type]) -> Iterator[type]:
    if start in seen or not start.__module__.startswith("generator"):
        return
    seen.add(start)
    yield start
    if dataclasses.is_dataclass(start):
        for hint in typing.get_type_hints(start).values():
            for each in _classes_of(hint):
                yield from _reached(each, seen)


def _classes_of(hint: object) -> Iterator[type]:
    """The classes in a type such as `Mapping[str, A | B]`."""
    if arguments := typing.get_args(hint):
        for each in arguments:
            yield from _classes_of(each)
    elif isinstance(hint, type):
        yield hint


def _paragraphs(owner: type) -> list[str]:
    """The docstring as Markdown: it is written in it."""
    return inspect.cleandoc(owner.__doc__ or "").splitlines()


def _first_sentence(owner: type) -> str:
    return " ".join(inspect.cleandoc(owner.__doc__ or "").split("\n\n")[0].split()).split(". ")[0].rstrip(".") + "."


def _fields(owner: type[Any]) -> list[str]:
    declared = {
        each.target.id: each
        for base in reversed(owner.__mro__)
        if dataclasses.is_dataclass(base)
        for each in _tree(base).body
        if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
    }
    rows = [
        (code(each.name), code(ast.unparse(declared[each.name].annotation)), _default(declared[each.name].value))
        for each in dataclasses.fields(owner)
    ]
    lines = table(("field", "type", "default"), rows) if rows else ["It has no fields."]
    refused = refusals.of_class(owner)
    if refused:
        lines += ["", "Refused:", ""]
        lines += [f"- {code(where)}: {right}" for where, right in refused]
    return lines


def _default(value: ast.expr | None) -> str:
    """A default as one would write it; `field(default_factory=dict)` is what the factory makes."""
    if value is None:
        return "must be given"
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "field":
        factory = next(each.value for each in value.keywords if each.arg == "default_factory")
        name = ast.unparse(factory)
        return code({"dict": "{}", "list": "[]"}.get(name, f"{name}()"))
    return code(ast.unparse(value))


def _members(owner: type[Enum]) -> list[str]:
    """The values of an enumeration, with the comment beside each."""
    source = textwrap.dedent(inspect.getsource(owner)).splitlines()
    rows = []
    for each in _tree(owner).body:
        if isinstance(each, ast.Assign) and isinstance(each.targets[0], ast.Name):
            comment = (
                source[each.end_lineno - 1][each.end_col_offset :] if each.end_lineno and each.end_col_offset else ""
            )
            about = comment.strip().removeprefix("#").split("# noqa")[0].strip()
            rows.append((code(f"{owner.__name__}.{each.targets[0].id}"), code(ast.unparse(each.value)), about))
    wide = any(about for _, _, about in rows)
    return table(("member", "value", "meaning")[: 3 if wide else 2], [row[: 3 if wide else 2] for row in rows])


def _tree(owner: type) -> ast.ClassDef:
    found = ast.parse(textwrap.dedent(inspect.getsource(owner))).body[0]
    assert isinstance(found, ast.ClassDef)  # noqa: S101  (for mypy: getsource of a class is a class)
    return found
