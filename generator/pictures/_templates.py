"""Rendered templates as one graph: what a value stands for, and what it refers to, across stacks.

In: the templates of one environment by stack name. Out: resources, and the resources a value refers to. A reference to a parameter
leads on to the stack that publishes its default in Parameter Store. Knows nothing of pictures; asks nothing of AWS.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

_SUB_NAME = re.compile(r"\$\{(?!!)([^}.]+)(?:\.[^}]*)?\}")
_SHORT = {
    "AWS::AccountId": "<account>",
    "AWS::Region": "<region>",
    "AWS::Partition": "aws",
    "AWS::StackName": "<stack>",
}


def at(value: Any, *keys: str | int) -> Any:
    """What stands below `value` at `keys`, or None where the path does not exist."""
    for key in keys:
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and isinstance(key, int) and key < len(value):
            value = value[key]
        else:
            return None
    return value


def items(value: Any) -> list[Any]:
    """The items of a list; of anything else, none."""
    return value if isinstance(value, list) else []


@dataclass(frozen=True)
class Resource:
    """One resource of one template."""

    stack: str
    name: str
    body: Any

    @property
    def key(self) -> str:
        """`<stack>/<LogicalId>`, as marks and reviews name it."""
        return f"{self.stack}/{self.name}"

    @property
    def type(self) -> str:
        """`AWS::EC2::VPC`."""
        return str(at(self.body, "Type"))

    def get(self, *keys: str | int) -> Any:
        """A property, or None."""
        return at(self.body, "Properties", *keys)


@dataclass(frozen=True)
class Templates:
    """The templates of one environment."""

    by_stack: Mapping[str, Mapping[str, Any]]

    @cached_property
    def resources(self) -> dict[str, Resource]:
        """Every resource by its key, in the order of the templates."""
        found = (
            Resource(stack, name, body)
            for stack, template in self.by_stack.items()
            for name, body in (template.get("Resources") or {}).items()
        )
        return {resource.key: resource for resource in found}

    def of(self, *types: str) -> list[Resource]:
        """The resources of these types; `AWS::Backup::` stands for all of a service."""
        services = tuple(name for name in types if name.endswith("::"))
        return [
            resource
            for resource in self.resources.values()
            if resource.type in types or (services and resource.type.startswith(services))
        ]

    def parameter(self, stack: str, name: str) -> Any:
        """The declaration of a parameter, or None."""
        return at(dict(self.by_stack.get(stack) or {}), "Parameters", name)

    def follow(self, stack: str, value: Any) -> list[str]:
        """Keys of the resources that `value`, written in `stack`, refers to; each once, in the order of the text."""
        return list(dict.fromkeys(self._follow(stack, value, frozenset())))

    def text(self, stack: str, value: Any) -> str:
        """`value` as a person would say it; what only AWS knows stands in angle brackets."""
        if isinstance(value, dict) and len(value) == 1:
            ((function, inside),) = value.items()
            if function == "Ref":
                return self._named(stack, str(inside))
            if function == "Fn::Sub":
                pattern, known = (inside[0], inside[1]) if isinstance(inside, list) else (inside, {})
                return _SUB_NAME.sub(
                    lambda match: (
                        self.text(stack, known[match[1]]) if match[1] in known else self._named(stack, match[1])
                    ),
                    str(pattern),
                )
            if function == "Fn::Join" and isinstance(inside, list):
                return str(inside[0]).join(self.text(stack, item) for item in items(at(inside, 1)))
            if function == "Fn::GetAtt":
                return f"<{at(inside, 0) if isinstance(inside, list) else inside}>"
        return "" if isinstance(value, dict | list) or value is None else str(value)

    def number(self, stack: str, value: Any) -> int | None:
        """The number that `value` is with the parameters' defaults; of Fn::If the larger branch."""
        if isinstance(value, dict) and len(value) == 1:
            ((function, inside),) = value.items()
            if function == "Ref":
                return self.number(stack, at(self.parameter(stack, str(inside)), "Default"))
            if function == "Fn::If":
                branches = [self.number(stack, branch) for branch in items(inside)[1:]]
                return max((number for number in branches if number is not None), default=None)
            if function == "Fn::FindInMap":
                path = [self.text(stack, key) for key in items(inside)]
                return self.number(stack, at(dict(self.by_stack.get(stack) or {}), "Mappings", *path))
        if isinstance(value, int | float) or (isinstance(value, str) and value.isdecimal()):
            return int(value)
        return None

    def _named(self, stack: str, name: str) -> str:
        if name in _SHORT:
            return _SHORT[name]
        default = at(self.parameter(stack, name), "Default")
        return f"<{name}>" if default is None else str(default)

    def _follow(self, stack: str, value: Any, seen: frozenset[str]) -> Iterator[str]:
        for name in _mentioned(value):
            if f"{stack}/{name}" in self.resources:
                yield f"{stack}/{name}"
            else:
                path = at(self.parameter(stack, name), "Default")
                if isinstance(path, str) and path in self._published and path not in seen:
                    source = self._published[path]
                    yield from self._follow(source.stack, source.get("Value"), seen | {path})

    @cached_property
    def _published(self) -> dict[str, Resource]:
        """Parameter Store values by their path."""
        return {str(resource.get("Name")): resource for resource in self.of("AWS::SSM::Parameter")}


def _mentioned(value: Any) -> Iterator[str]:
    """Names of the parameters and resources that `value` refers to."""
    if isinstance(value, list):
        for item in value:
            yield from _mentioned(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == "Ref" and isinstance(item, str):
                yield item
            elif key == "Fn::GetAtt" and item:
                yield str(item[0]) if isinstance(item, list) else str(item).split(".", maxsplit=1)[0]
            elif key == "Fn::Sub":
                pattern = item[0] if isinstance(item, list) and item else item
                yield from _SUB_NAME.findall(str(pattern))
                yield from _mentioned(item)
            else:
                yield from _mentioned(item)
