"""What a description refuses, read from the code that refuses it: every `raise ModelError(where, found, right)`.

In: a class or a module. Out: pairs (where, right). What the module's own names tell is filled in (`FARGATE_MEMORY`), what only a
value can tell stays as `«name»`. A check in a loop over literals is told once, for all of the fields it is for.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from types import ModuleType
from typing import Any

Refusal = tuple[str, str]
_CALLED = "ModelError"


def of_class(owner: type) -> list[Refusal]:
    """What the class refuses when it is made."""
    module = sys.modules[owner.__module__]
    tree = ast.parse(textwrap.dedent(inspect.getsource(owner)))
    methods = [each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)]
    return _told(methods, _Module(module), owner.__name__)


def of_functions(module: ModuleType) -> list[Refusal]:
    """What the module's public functions refuse: what shows only where several things meet."""
    found = _Module(module)
    return _told([each for name, each in found.functions.items() if not name.startswith("_")], found, "")


class _Module:
    """A module's names and functions: a check may be a function that several share."""

    def __init__(self, module: ModuleType) -> None:
        self.names = vars(module)
        tree = ast.parse(inspect.getsource(module))
        self.functions = {each.name: each for each in tree.body if isinstance(each, ast.FunctionDef)}


def _told(functions: Iterable[ast.FunctionDef], module: _Module, owner: str) -> list[Refusal]:
    """Refusals in the order of the code; fields that share their words share a line."""
    by_words: dict[str, dict[str, None]] = {}
    for function in functions:
        for where, right in _raised(function, module, {}):
            by_words.setdefault(right, {}).setdefault(where.removeprefix(f"{owner}.") if owner else where)
    return [(", ".join(fields), right) for right, fields in by_words.items()]


def _raised(function: ast.FunctionDef, module: _Module, given: Mapping[str, ast.expr]) -> Iterator[Refusal]:
    """(where, right) of each refusal in a function, once for each turn of a loop over literals around it."""
    for call, loops in _calls(function, ()):
        before = [each for each in ast.walk(function) if isinstance(each, ast.Assign) and each.lineno < call.lineno]
        assigned = dict(given)
        for each in sorted(before, key=lambda one: one.lineno):
            assigned |= {target.id: each.value for target in each.targets if isinstance(target, ast.Name)}
        name = call.func.id if isinstance(call.func, ast.Name) else ""
        for turn in _turns(loops, assigned):
            known = {**module.names, **turn}
            if name == _CALLED:
                yield _field(_text(call.args[0], known, assigned)), _text(call.args[2], known, assigned)
            elif name.startswith("_") and name in module.functions:
                helper = module.functions[name]
                texts = [ast.Constant(_text(each, known, assigned)) for each in call.args]
                yield from _raised(
                    helper, module, dict(zip([each.arg for each in helper.args.args], texts, strict=True))
                )


def _field(where: str) -> str:
    """`Service(«name»).port` as `Service.port`: which one was checked is of no interest to a reader."""
    return re.sub(r"\(«[^»]*»\)|«where»\.?", "", where).replace("«", "").replace("»", "")


def _calls(node: ast.AST, loops: tuple[ast.For, ...]) -> Iterator[tuple[ast.Call, tuple[ast.For, ...]]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call):
            yield child, loops
        yield from _calls(child, (*loops, child) if isinstance(child, ast.For) else loops)


def _turns(loops: tuple[ast.For, ...], assigned: Mapping[str, ast.expr]) -> list[dict[str, Any]]:
    """What the loops' variables are in each turn, of those loops that run over literals."""
    turns: list[dict[str, Any]] = [{}]
    for loop in loops:
        items = _literal(loop.iter, assigned)
        if items is not None:
            turns = [turn | _bound(loop.target, item) for turn in turns for item in items]
    return turns


def _literal(node: ast.expr, assigned: Mapping[str, ast.expr]) -> list[Any] | None:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "items":
        found = _literal(node.func.value, assigned)
        return list(dict(found).items()) if found else None
    if isinstance(node, ast.Name) and node.id in assigned:
        return _literal(assigned[node.id], assigned)
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return None
    return list(value.items() if isinstance(value, dict) else value)


def _bound(target: ast.expr, item: Any) -> dict[str, Any]:
    if isinstance(target, ast.Name):
        return {target.id: item}
    assert isinstance(target, ast.Tuple)  # noqa: S101  (Python has no other target that takes literals apart here)
    found: dict[str, Any] = {}
    for each, part in zip(target.elts, item, strict=True):
        found |= _bound(each, part)
    return found


def _text(node: ast.expr, known: Mapping[str, Any], assigned: Mapping[str, ast.expr]) -> str:
    """The text an expression makes, as far as it can be known without a value."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(each, known, assigned) for each in node.values)
    if isinstance(node, ast.FormattedValue):
        return _text(node.value, known, assigned)
    if isinstance(node, ast.Name) and node.id not in known and node.id in assigned:
        found = _text(assigned[node.id], known, assigned)
        return (
            found
            if isinstance(assigned[node.id], ast.JoinedStr | ast.Constant) or "«" not in found
            else f"«{_name_of(node)}»"
        )
    try:
        # Of the built-in names only those that make text, so that a name of ours is never taken for Python's.
        scope = {
            "__builtins__": {"map": map, "str": str},
            **{key: known[key] for key in known if key != "__builtins__"},
        }
        return str(eval(compile(ast.Expression(node), "<refusal>", "eval"), scope))  # noqa: S307  (our own source)
    except (NameError, AttributeError):
        return f"«{_name_of(node)}»"


def _name_of(node: ast.expr) -> str:
    """What a reader calls an expression: the last word of it."""
    words = re.findall(r"[A-Za-z_]+", ast.unparse(node))
    return words[-1].replace("_", " ") if words else "value"
