"""What an expression refers to: found by reading it, without resolving anything.

`Fn::If` is followed into the branch that is taken when a resolver is given, so that a reference in the other branch is not
taken for a dependency or a cause.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from local_cloudformation.functions import SUB_VARIABLE, attribute_reference
from local_cloudformation.intrinsics import Resolver, function_name


@dataclass(frozen=True, order=True)
class Reference:
    """A `Ref` (attribute is None) to a parameter, pseudo parameter or resource, or an attribute of a resource."""

    name: str
    attribute: str | None = None

    @property
    def causing_entity(self) -> str:
        """As `CausingEntity` in a change set: `Name` or `Name.Attribute`."""
        return self.name if self.attribute is None else f"{self.name}.{self.attribute}"


def references(node: Any, resolver: Resolver | None = None) -> Iterator[Reference]:
    """Every reference in an expression, in the order of reading."""
    if isinstance(node, list):
        for item in node:
            yield from references(item, resolver)
    if not isinstance(node, dict):
        return
    name = function_name(node)
    argument = node[name] if name else None
    if name == "Ref" and isinstance(argument, str):
        yield Reference(argument)
    elif name == "Fn::GetAtt":
        logical_id, attribute = attribute_reference(argument)
        yield from references(attribute, resolver)
        yield Reference(logical_id, attribute if isinstance(attribute, str) else None)
    elif name == "Fn::Sub":
        yield from _sub_references(argument, resolver)
    elif name == "Fn::If" and resolver is not None and isinstance(argument, list) and len(argument) == 3:
        yield from references(argument[1] if resolver.condition(argument[0]) else argument[2], resolver)
    else:
        for value in node.values():
            yield from references(value, resolver)


def _sub_references(argument: Any, resolver: Resolver | None) -> Iterator[Reference]:
    text, variables = (
        (argument[0], argument[1]) if isinstance(argument, list) and len(argument) == 2 else (argument, {})
    )
    yield from references(variables, resolver)
    if not isinstance(text, str) or not isinstance(variables, dict):
        return
    for match in SUB_VARIABLE.finditer(text):
        name = match[1].strip()
        if name not in variables:
            logical_id, _, attribute = name.partition(".")
            yield Reference(logical_id, attribute or None)


def condition_names(node: Any) -> Iterator[str]:
    """Names of conditions an expression uses through `Fn::If` or `Condition`."""
    if isinstance(node, list):
        for item in node:
            yield from condition_names(item)
    elif isinstance(node, dict):
        name = function_name(node)
        if name == "Condition":
            yield node["Condition"]
        if name == "Fn::If" and isinstance(node[name], list) and node[name] and isinstance(node[name][0], str):
            yield node[name][0]
        for value in node.values():
            yield from condition_names(value)
