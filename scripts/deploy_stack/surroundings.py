"""What changes beside the resources: parameters, the stack's tags, outputs, and the settings of the stack itself.

In: the stack as it is, the files, a change set's description. Out: `ValueChange`s. Refuses to know: AWS calls.
An update of outputs or tags alone has no resource change at all; without this the review would be empty.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from deploy_stack.project import StackSpec
from deploy_stack.stacks import Stack

if TYPE_CHECKING:
    from deploy_stack.review.model import ValueChange


def setting_changes(spec: StackSpec, stack: Stack | None, policy: Mapping[str, Any] | None) -> tuple[ValueChange, ...]:
    """Return the settings that differ: termination protection and stack policy; for no stack, those it will get.

    A manifest without a stack policy leaves the one that is there: CloudFormation cannot take one away.
    """
    found: list[tuple[str, str | None, str | None]] = []
    protected = stack.protected if stack else False
    if protected != spec.termination_protection:
        before = "on" if protected else "off"
        after = "on" if spec.termination_protection else "off"
        found.append(("TerminationProtection", before if stack else None, after))
    if spec.policy is not None and policy != spec.policy:
        found.append(("StackPolicy", _json(policy), _json(spec.policy)))
    if not found:
        return ()
    from deploy_stack.review.model import ValueChange

    return tuple(ValueChange("setting", *each) for each in found)


def value_changes(
    spec: StackSpec, stack: Stack | None, template: Mapping[str, Any], description: Mapping[str, Any]
) -> tuple[ValueChange, ...]:
    """Return what else an update changes; nothing for a creation, where everything is new.

    `template` is the stack's present one, `description` the change set's.
    """
    if stack is None:
        return ()
    return (
        *_parameters(stack, description),
        *differences("tag", stack.tags, spec.tags),
        *differences("output", output_values(template), output_values(spec.template)),
    )


def _parameters(stack: Stack, description: Mapping[str, Any]) -> Iterator[ValueChange]:
    from deploy_stack.review.model import ValueChange

    described = {each["ParameterKey"]: each for each in description.get("Parameters", ())}
    for key, each in described.items():
        before = stack.parameters.get(key)
        old = (before.resolved or before.value) if before else None
        new = each.get("ResolvedValue", each.get("ParameterValue"))
        if old != new:
            yield ValueChange("parameter", key, old, new)
    for key in sorted(set(stack.parameters) - set(described)):
        yield ValueChange("parameter", key, stack.parameters[key].value, None)


def differences(kind: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[ValueChange]:
    """Return what differs between two mappings of names to texts."""
    from deploy_stack.review.model import ValueChange

    for key in sorted({*before, *after}):
        if before.get(key) != after.get(key):
            yield ValueChange(kind, key, before.get(key), after.get(key))


def output_values(template: Mapping[str, Any]) -> dict[str, str]:
    """Return a template's outputs as texts that can be compared."""
    return {key: _json(each.get("Value")) or "" for key, each in (template.get("Outputs") or {}).items()}


def _json(value: Any) -> str | None:
    return None if value is None else json.dumps(value, sort_keys=True)
