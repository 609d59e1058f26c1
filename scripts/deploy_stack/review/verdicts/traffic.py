"""Where requests go: the weights between target groups, set by the template or, for some rules, by ECS.

CloudFormation knows the weights of the template, not those of the moment, and whatever it changes in a rule, it writes the rule
whole: where ECS sets the weights, requests then go to the group that the template names first, after every other deployment an
empty one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from deploy_stack.review.model import ResourceChange
from deploy_stack.review.verdicts.opinion import Opinion, block, warn

# Where each type keeps its weights.
ACTIONS: Mapping[str, str] = {
    "AWS::ElasticLoadBalancingV2::Listener": "DefaultActions",
    "AWS::ElasticLoadBalancingV2::ListenerRule": "Actions",
}

# Attributes of a change that reach the load balancer; Metadata and deletion policies do not.
_REACHES = ("Properties", "Tags")


def judge(change: ResourceChange, _: str) -> Iterator[Opinion]:
    """`traffic-moves`"""
    key = ACTIONS.get(change.type)
    if key is None or change.verb != "change":
        return
    before, after = _weights(change.property_before(key)), _weights(change.property_after(key))
    if before != after and (before or after):
        yield warn(f"requests move between target groups: weights {_said(before)} -> {_said(after)}")


def weights_reset(change: ResourceChange, _: str) -> Iterator[Opinion]:
    """`weights-reset`"""
    if not change.owner or change.action == "Add":
        return
    if change.action == "Remove":
        yield block(f"{change.owner} steers requests by this rule, and it is removed: its next deployment fails")
        return
    paths = {each.path.split(".")[0] for each in change.properties if each.attribute in _REACHES}
    if change.properties and not paths:
        return
    yield block(
        f"{change.owner} sets the weights of this rule; changing {', '.join(sorted(paths)) or 'it'} would write those of the "
        "template, and requests would go to a target group that may be empty. It is right only while the live weights are the "
        f"template's: aws elbv2 describe-rules --rule-arns {change.physical_id or 'ARN'}"
    )


def _weights(actions: Any) -> tuple[str, ...]:
    """Return the weights of all forward actions, in the order of their target groups."""
    forwards = [action.get("ForwardConfig") for action in actions] if isinstance(actions, list) else []
    return tuple(str(group.get("Weight", 1)) for each in forwards if each for group in each.get("TargetGroups") or ())


def _said(weights: tuple[str, ...]) -> str:
    return "/".join(weights) or "none"
