"""Guards that are taken away: deletion policies, deletion protection, backups, versions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from deploy_stack.review.model import ResourceChange
from deploy_stack.review.verdicts.data import HOLDS
from deploy_stack.review.verdicts.opinion import Opinion, warn

GUARDS = ("DeletionProtection", "DeletionProtectionEnabled", "TerminationProtection", "DisableApiTermination")
KEEPS = frozenset({"Retain", "RetainExceptOnCreate", "Snapshot"})


def judge(change: ResourceChange, _: str) -> Iterator[Opinion]:
    """`protection-removed`"""
    if change.action != "Modify":
        return
    for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
        before, after = change.before.get(policy, "Delete"), change.after.get(policy, "Delete")
        if change.type in HOLDS and before in KEEPS and after not in KEEPS and change.before and change.after:
            yield warn(f"{policy} goes from {before} to {after}: a later mistake deletes its data")
    for guard in GUARDS:
        if _on(change.property_before(guard)) and not _on(change.property_after(guard)):
            yield warn(f"{guard} is switched off")
    if _attribute(change.before, "deletion_protection.enabled") and not _attribute(
        change.after, "deletion_protection.enabled"
    ):
        yield warn("deletion_protection.enabled is switched off")
    for name, inner, good in (
        ("BackupPolicy", "Status", "ENABLED"),
        ("VersioningConfiguration", "Status", "Enabled"),
        ("PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled", True),
    ):
        if _inner(change.property_before(name), inner) == good != _inner(change.property_after(name), inner):
            yield warn(f"{name} is switched off: there is no earlier state to return to")
    before, after = change.property_before("RetentionInDays"), change.property_after("RetentionInDays")
    if _number(after) is not None and (before is None or (_number(before) or 0) > (_number(after) or 0)):
        yield warn(f"RetentionInDays goes from {before or 'for ever'} to {after}: older log lines are deleted")


def _on(value: Any) -> bool:
    return value is True or str(value).lower() in {"true", "active", "enabled"}


def _attribute(context: Mapping[str, Any], key: str) -> bool:
    rows = (context.get("Properties") or {}).get("LoadBalancerAttributes") or []
    return any(isinstance(row, Mapping) and row.get("Key") == key and _on(row.get("Value")) for row in rows)


def _inner(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, Mapping) else None


def _number(value: Any) -> int | None:
    return int(value) if str(value).isdigit() else None
