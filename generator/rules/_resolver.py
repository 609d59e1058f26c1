"""What functions of a template come to before deployment, by cfn-lint's own resolver.

In: a function, and the conditions under which it stands. Out: its possible values; none when nobody can tell. A `Ref` to a
parameter is its default or the value of a given parameter file; mappings, `Fn::Sub`, `Fn::Join` and `Fn::Select` are worked out
where everything in them is known. It refuses to guess: a parameter without a default, an attribute of a resource and an import
stay unknown.
"""

from __future__ import annotations

from typing import Any, Final

from cfnlint.context import Context
from cfnlint.context.conditions import Conditions
from cfnlint.context.context import Parameter
from cfnlint.helpers import is_function
from cfnlint.jsonschema import CfnTemplateValidator
from cfnlint.template.template import Template

from generator.rules._text import sub_names

_UNRESOLVABLE: Final = frozenset(
    {"Fn::GetAtt", "Fn::ImportValue", "Fn::Base64", "Fn::Cidr", "Fn::Transform", "Fn::GetStackOutput"}
)


class Resolver:
    """The functions of one template, each worked out at most once for each combination of conditions."""

    def __init__(self, cfn: Template, parameters: dict[str, dict[str, Any]]) -> None:
        context: Context = cfn.context
        given = {name for known in context.parameter_sets or [] for name in known.parameters}
        self._context = context.evolve(parameters=_with_one_value(parameters, given))
        self._validator = CfnTemplateValidator({}).evolve(cfn=cfn, context=self._context)
        self._resolved: dict[tuple[int, int], list[Any]] = {}

    @property
    def conditions(self) -> Conditions:
        """The template's conditions, none of them decided."""
        return self._context.conditions

    def values(self, value: Any, conditions: Conditions) -> list[Any]:
        """What `value` can be, each possibility once, in the template's order; empty when that is unknown.

        Results are kept by identity: `value` and `conditions` must live as long as the template does.
        """
        key = (id(value), id(conditions))
        if key not in self._resolved:
            found: list[Any] = []
            if not self._hopeless(value):
                validator = self._validator.evolve(context=self._context.evolve(conditions=conditions))
                found.extend(v for v, _, error in validator.resolve_value(value) if error is None and v is not None)
            self._resolved[key] = [v for i, v in enumerate(found) if v not in found[:i]]
        return self._resolved[key]

    def _hopeless(self, value: Any) -> bool:
        """Whether something inside is surely unknown: spares cfn-lint's resolver, which is slow."""
        name, argument = is_function(value)
        if name in _UNRESOLVABLE:
            return True
        if name == "Ref":
            return isinstance(argument, str) and not self._has_value(argument)
        if name == "Fn::Sub":
            inside, own = sub_names(argument)
            return any(self._hopeless(own[n]) if n in own else not self._has_value(n) for n in inside)
        if isinstance(value, dict):
            return any(self._hopeless(item) for item in value.values())
        return isinstance(value, list) and name != "Fn::If" and any(self._hopeless(item) for item in value)

    def _has_value(self, name: str) -> bool:
        # The region, account and stack name that cfn-lint makes up for its own checks are not the user's.
        return name in self._context.ref_values or name in self._context.parameters


def _with_one_value(parameters: dict[str, dict[str, Any]], given: set[str]) -> dict[str, Parameter]:
    # A default is a value somebody deploys with; each allowed value or bound is only a possibility, and a finding about a
    # possibility nobody chose would be a false alarm.
    found = {}
    for name, body in parameters.items():
        kind = body.get("Type")
        if isinstance(kind, str) and not kind.startswith("AWS::SSM::") and ("Default" in body or name in given):
            found[name] = Parameter(
                {k: v for k, v in body.items() if k not in {"AllowedValues", "MinValue", "MaxValue"}}
            )
    return found
