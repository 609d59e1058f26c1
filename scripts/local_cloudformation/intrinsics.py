"""Intrinsic functions in their scope: a template's expression comes in, a plain value goes out.

Where references lead is the business of the `Lookup` handed in; this module knows no resource and no service.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from local_cloudformation.errors import NotImplementedHereError, ValidationError
from local_cloudformation.functions import FUNCTIONS
from local_cloudformation.template import Template
from local_cloudformation.values import NO_VALUE, UNKNOWN, Environment


class Lookup(Protocol):
    """What a resource answers to `Ref` and `Fn::GetAtt`, and what another stack exports. Each may answer UNKNOWN."""

    def ref(self, logical_id: str) -> Any:
        """The resource's `Ref`."""

    def attribute(self, logical_id: str, name: str) -> Any:
        """The resource's attribute."""

    def export(self, name: str) -> Any:
        """The exported value; raises ValidationError "No export named ..." when there is none."""


class Resolver:
    """Resolves expressions of one template in one scope. Conditions are evaluated once, on demand."""

    def __init__(
        self, template: Template, parameters: Mapping[str, Any], environment: Environment, lookup: Lookup
    ) -> None:
        self.template = template
        self.environment = environment
        self.lookup = lookup
        self._values = {**environment.pseudo_parameters, **parameters}
        self._conditions: dict[str, bool] = {}
        self._evaluating: list[str] = []

    def resolve(self, node: Any) -> Any:
        """The value of an expression; keys and items that are AWS::NoValue are gone."""
        if isinstance(node, dict):
            name = function_name(node)
            if name is not None:
                return self._call(name, node[name])
            pairs = ((key, self.resolve(value)) for key, value in node.items())
            return {key: value for key, value in pairs if value is not NO_VALUE}
        if isinstance(node, list):
            return [value for value in map(self.resolve, node) if value is not NO_VALUE]
        return node

    def condition(self, name: str) -> bool:
        """Whether a condition of the template holds."""
        if name not in self._conditions:
            definitions = self.template.section("Conditions")
            if name not in definitions:
                raise ValidationError(f"Template error: unresolved condition dependency {name} in Fn::If")
            if name in self._evaluating:
                raise ValidationError(
                    f"Template error: Found circular condition dependency between conditions {self._evaluating}"
                )
            self._evaluating.append(name)
            self._conditions[name] = self.truth(definitions[name])
            self._evaluating.pop()
        return self._conditions[name]

    def truth(self, node: Any) -> bool:
        """The value of a condition's expression."""
        value = self.resolve(node)
        if value is UNKNOWN or not isinstance(value, bool | str):
            raise ValidationError("Template format error: Conditions can only be boolean operations on parameters")
        return value if isinstance(value, bool) else value == "true"

    def is_active(self, resource: Mapping[str, Any]) -> bool:
        """Whether a resource's or output's `Condition` lets it exist."""
        name = resource.get("Condition")
        return name is None or self.condition(name)

    def reference(self, name: str) -> Any:
        """The value of `Ref`."""
        if name in self._values:
            return self._values[name]
        self._must_be_active(name)
        return self.lookup.ref(name)

    def attribute(self, logical_id: str, name: str) -> Any:
        """The value of `Fn::GetAtt`."""
        self._must_be_active(logical_id)
        return self.lookup.attribute(logical_id, name)

    def _must_be_active(self, name: str) -> None:
        if name in self.template.resources and self.is_active(self.template.resources[name]):
            return
        raise ValidationError(
            f"Template format error: Unresolved resource dependencies [{name}] in the Resources block of the template"
        )

    def _call(self, name: str, argument: Any) -> Any:
        function = FUNCTIONS.get(name)
        if function is None:
            if name in {"Fn::Transform", "Fn::ForEach"}:
                raise NotImplementedHereError(name)
            raise ValidationError(f"Template error: {name} is not a supported intrinsic function")
        return function(self, argument)


def function_name(node: Mapping[str, Any]) -> str | None:
    """The intrinsic function a mapping stands for, or None when it is plain data."""
    if len(node) != 1:
        return None
    (name,) = node
    if name == "Ref" or (isinstance(name, str) and name.startswith("Fn::")):
        return name
    return name if name == "Condition" and isinstance(node[name], str) else None
