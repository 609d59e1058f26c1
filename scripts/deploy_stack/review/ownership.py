"""Which listener rules belong to Amazon ECS: it sets their weights at every deployment, whatever the template says.

In: the template that is deployed, and the changes to it. Out: the same changes, each owned rule with its owner. Refuses to know:
AWS; the template tells it by itself. A service in the same template names its rules; a rule whose service is in another stack says
so in its own metadata (`Metadata.Aldeia.WeightsBy`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from deploy_stack.review.model import ResourceChange

RULE = "AWS::ElasticLoadBalancingV2::ListenerRule"
_SERVICE = "AWS::ECS::Service"
_RULES = ("ProductionListenerRule", "TestListenerRule")


def touches_rules(changes: Iterable[ResourceChange]) -> bool:
    """Tell whether a listener rule that is there is among what changes: only then the deployed template is asked."""
    return any(each.type == RULE and each.action != "Add" for each in changes)


def with_owners(changes: Iterable[ResourceChange], deployed: Mapping[str, Any]) -> tuple[ResourceChange, ...]:
    """Return the changes; those of rules that ECS owns in the `deployed` template say so."""
    owners = rule_owners(deployed)
    return tuple(
        replace(each, owner=owners[each.logical_id]) if each.type == RULE and each.logical_id in owners else each
        for each in changes
    )


def rule_owners(template: Mapping[str, Any]) -> dict[str, str]:
    """Return who sets the weights of which listener rule, by logical id; rules that nobody else sets are left out."""
    resources = template.get("Resources") or {}
    found = {}
    for name, resource in resources.items():
        if resource.get("Type") == RULE:
            metadata = (resource.get("Metadata") or {}).get("Aldeia") or {}
            if metadata.get("WeightsBy"):
                found[name] = str(metadata["WeightsBy"])
        elif resource.get("Type") == _SERVICE:
            found |= dict.fromkeys(_rules_of(resource), f"Amazon ECS ({name})")
    return {name: owner for name, owner in found.items() if name in resources}


def _rules_of(service: Mapping[str, Any]) -> Iterator[str]:
    """Logical ids of the rules of this template between which the service shifts traffic."""
    for entry in (service.get("Properties") or {}).get("LoadBalancers") or ():
        advanced = entry.get("AdvancedConfiguration") if isinstance(entry, Mapping) else None
        for key in _RULES:
            match advanced.get(key) if isinstance(advanced, Mapping) else None:
                case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), "RuleArn"]}:
                    yield name
