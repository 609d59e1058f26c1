"""EC2 hosts that are replaced: by another machine image, or by whatever else their launch template says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from deploy_stack.review.model import ResourceChange
from deploy_stack.review.verdicts.opinion import Opinion, note, warn

TEMPLATE = "AWS::EC2::LaunchTemplate"
GROUP = "AWS::AutoScaling::AutoScalingGroup"
_IMAGE = "LaunchTemplateData.ImageId"


def image(change: ResourceChange, _: str) -> Iterator[Opinion]:
    """`machine-image`"""
    if change.type != TEMPLATE or change.action != "Modify":
        return
    for each in change.properties:
        if each.path == _IMAGE:
            before, after = each.before or "another", each.after or "one that is not shown"
            yield warn(f"new machine image {before} -> {after}: hosts are replaced one by one")


def replaced(change: ResourceChange, _: str) -> Iterator[Opinion]:
    """`hosts-replaced`"""
    policy = rolling_update(change)
    if policy is None or not change.perhaps_replaced:
        return
    batch = str(policy.get("MaxBatchSize", 1))
    yield note(
        f"hosts are replaced {'one by one' if batch == '1' else f'{batch} at a time'}, "
        f"{policy.get('MinInstancesInService', 0)} stay in service meanwhile{_heard(policy)}"
    )


def rolling_update(change: ResourceChange) -> Mapping[str, Any] | None:
    """Return how the group replaces its hosts, None for what is no group or is replaced whole (guide, "UpdatePolicy")."""
    if change.type != GROUP:
        return None
    policy = change.after.get("UpdatePolicy") or {}
    whole = (policy.get("AutoScalingReplacingUpdate") or {}).get("WillReplace")
    found = policy.get("AutoScalingRollingUpdate")
    return found if isinstance(found, Mapping) and str(whole).lower() != "true" else None


def _heard(policy: Mapping[str, Any]) -> str:
    if str(policy.get("WaitOnResourceSignals", "")).lower() != "true":
        return ""
    time = policy.get("PauseTime", "PT5M")
    return f"; each has {time} to say that it is well, and one that does not brings the version before back"
