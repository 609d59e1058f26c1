"""The resources that a template makes with given parameters: conditions decided, functions worked out where that is possible.

In: a template as `json.load` returns it, parameter values, and what other stacks publish in Parameter Store. Out: `Resource`s.
Refuses to know: physical ids. A reference to a resource stays `{"Ref": ...}`; what cannot be known stays the function it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

NO_VALUE = {"Ref": "AWS::NoValue"}
_NAME = re.compile(r"\$\{([^!}][^}]*)\}")


@dataclass(frozen=True)
class Resource:
    """One resource: logical id, type, properties with functions worked out."""

    id: str
    type: str
    properties: Mapping[str, Any] = field(default_factory=dict)

    def get(self, *path: str | int) -> Any:
        """A property by its path, None where the path ends early."""
        found: Any = self.properties
        for key in path:
            if isinstance(found, Mapping):
                found = found.get(str(key))
            elif isinstance(found, list) and isinstance(key, int) and key < len(found):
                found = found[key]
            else:
                return None
        return found


def resources(
    template: Mapping[str, Any], values: Mapping[str, str], published: Mapping[str, Any] | None = None
) -> dict[str, Resource]:
    """The resources that exist, by logical id. `published` are Parameter Store values by name, as far as they are known."""
    scope = _Scope(template, values, published or {})
    found = {}
    for name, raw in (template.get("Resources") or {}).items():
        if raw.get("Condition") and not scope.holds(raw["Condition"]):
            continue
        properties = scope.work_out(raw.get("Properties") or {})
        found[name] = Resource(name, raw["Type"], properties if isinstance(properties, Mapping) else {})
    return found


def published_values(templates: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What templates write to Parameter Store: {name: value}; a joined list stays a list."""
    found: dict[str, Any] = {}
    for template in templates:
        for raw in (template.get("Resources") or {}).values():
            if raw["Type"] == "AWS::SSM::Parameter":
                properties = raw["Properties"]
                value = properties.get("Value")
                joined = value.get("Fn::Join") if isinstance(value, Mapping) else None
                if isinstance(properties.get("Name"), str):
                    found[properties["Name"]] = joined[1] if joined and joined[0] == "," else value
    return found


def reference(value: Any) -> str | None:
    """The logical id that a value refers to: `Ref`, or the resource of `Fn::GetAtt`."""
    if not isinstance(value, Mapping):
        return None
    if "Ref" in value:
        return str(value["Ref"])
    attribute = value.get("Fn::GetAtt")
    if isinstance(attribute, str):
        return attribute.split(".")[0]
    return str(attribute[0]) if attribute else None


class _Scope:
    """One template with its values: works functions out."""

    def __init__(self, template: Mapping[str, Any], values: Mapping[str, str], published: Mapping[str, Any]) -> None:
        self._conditions = template.get("Conditions") or {}
        self._mappings = template.get("Mappings") or {}
        self._parameters: dict[str, Any] = {}
        for name, declared in (template.get("Parameters") or {}).items():
            value = values.get(name, declared.get("Default"))
            kind = str(declared.get("Type", "String"))
            if kind.startswith("AWS::SSM::Parameter::Value"):
                value = published.get(str(value))
            elif value is not None and (kind.startswith("List<") or kind == "CommaDelimitedList"):
                value = [each.strip() for each in str(value).split(",")]
            if value is not None:
                self._parameters[name] = value

    def holds(self, name: str) -> bool:
        """Whether a condition holds; one that rests on an unknown value does not."""
        return self._true(self._conditions.get(name))

    def _true(self, condition: Any) -> bool:
        if not isinstance(condition, Mapping):
            return False
        (function, given), *_ = condition.items()
        decide = {
            "Condition": lambda: self.holds(given),
            "Fn::Not": lambda: not self._true(given[0]),
            "Fn::And": lambda: all(map(self._true, given)),
            "Fn::Or": lambda: any(map(self._true, given)),
            "Fn::Equals": lambda: len({str(self.work_out(each)) for each in given}) == 1,
        }
        return decide[function]() if function in decide else False

    def work_out(self, value: Any) -> Any:
        """The value with every function replaced that can be."""
        if isinstance(value, list):
            return [each for each in map(self.work_out, value) if each != NO_VALUE]
        if not isinstance(value, Mapping):
            return value
        if len(value) == 1:
            (function, given), *_ = value.items()
            if function == "Ref" or function.startswith("Fn::"):
                return self._function(function, given, value)
        worked = {key: self.work_out(each) for key, each in value.items()}
        return {key: each for key, each in worked.items() if each != NO_VALUE}

    def _function(self, function: str, given: Any, value: Mapping[str, Any]) -> Any:
        if function == "Ref":
            return self._parameters.get(given, value)
        if function == "Fn::If":
            return self.work_out(given[1] if self.holds(given[0]) else given[2])
        if function == "Fn::Sub":
            return self._sub(given)
        worked = self.work_out(given)
        found = self._text_function(function, worked) if isinstance(worked, list) and len(worked) > 1 else None
        return {function: worked} if found is None else found

    def _text_function(self, function: str, worked: list[Any]) -> Any:
        """What a function of texts and lists comes to, None where something in it is not known."""
        first, second = worked[0], worked[1]
        found: Any = None
        if function == "Fn::Join" and isinstance(second, list) and all(isinstance(each, str) for each in second):
            found = str(first).join(second)
        elif function == "Fn::Split" and isinstance(second, str):
            found = second.split(first)
        elif function == "Fn::Select" and isinstance(second, list) and int(first) < len(second):
            found = second[int(first)]
        elif function == "Fn::FindInMap" and all(isinstance(each, str) for each in worked):
            found = self._mappings.get(first, {}).get(second, {}).get(worked[2])
        return found

    def _sub(self, given: Any) -> str:
        text, named = (given, {}) if isinstance(given, str) else given
        values = {**self._parameters, **{key: self.work_out(each) for key, each in named.items()}}
        return _NAME.sub(
            lambda found: str(values[found[1]]) if isinstance(values.get(found[1]), str) else found[0], text
        )
