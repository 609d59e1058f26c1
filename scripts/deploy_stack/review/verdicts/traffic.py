"""Where requests go: the weights between target groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from deploy_stack.review.model import ResourceChange
from deploy_stack.review.verdicts.opinion import Opinion, warn

# Where each type keeps its weights.
ACTIONS: Mapping[str, str] = {
    "AWS::ElasticLoadBalancingV2::Listener": "DefaultActions",
    "AWS::ElasticLoadBalancingV2::ListenerRule": "Actions",
}


def judge(change: ResourceChange, _: str) -> Iterator[Opinion]:
    """`traffic-moves`"""
    key = ACTIONS.get(change.type)
    if key is None or change.verb != "change":
        return
    before, after = _weights(change.property_before(key)), _weights(change.property_after(key))
    if before != after and (before or after):
        yield warn(f"requests move between target groups: weights {_said(before)} -> {_said(after)}")


def _weights(actions: Any) -> tuple[str, ...]:
    """Return the weights of all forward actions, in the order of their target groups."""
    forwards = [action.get("ForwardConfig") for action in actions] if isinstance(actions, list) else []
    return tuple(str(group.get("Weight", 1)) for each in forwards if each for group in each.get("TargetGroups") or ())


def _said(weights: tuple[str, ...]) -> str:
    return "/".join(weights) or "none"
