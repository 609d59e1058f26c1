"""A review as JSON: every fact, in CloudFormation's spelling. The same value stands in a plan file.

In: a `Review`. Out: a dict of plain values. Refuses to know: files.
"""

from __future__ import annotations

from typing import Any

from deploy_stack.review.model import Cost, Finding, PropertyChange, ResourceChange, Review, Severity, ValueChange


def review_json(review: Review, allowed: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Return the review. `Blocked` names the findings that nobody has allowed."""
    return {
        "Stack": review.stack,
        "StackName": review.stack_name,
        "Operation": review.operation,
        "Counts": review.counts,
        "Changes": [_change(each) for each in review.changes],
        "Values": [_value(each) for each in review.values],
        "Findings": [_finding(each, allowed) for each in review.findings],
        "Blocked": [each.key for each in review.blocked_by(allowed)],
        "Notes": list(review.notes),
        "Capabilities": list(review.capabilities),
        "Link": review.link,
        "Cost": _cost(review.cost) if review.cost else None,
    }


def _cost(cost: Cost) -> dict[str, Any]:
    """US dollars a month, rounded to a hundredth of a cent."""
    return {
        "Low": round(cost.low, 4),
        "High": round(cost.high, 4),
        "Region": cost.region,
        "PricesOf": cost.dated,
        "Lines": [
            {
                "LogicalResourceId": each.logical_id,
                "ResourceType": each.type,
                "Before": each.before,
                "After": each.after,
                "Low": round(each.low, 4),
                "High": round(each.high, 4),
                "ReadFrom": list(each.read_from),
            }
            for each in cost.lines
        ],
        "Notes": list(cost.notes),
    }


def _change(change: ResourceChange) -> dict[str, Any]:
    return {
        "LogicalResourceId": change.logical_id,
        "ResourceType": change.type,
        "PhysicalResourceId": change.physical_id,
        "Action": change.action,
        "Replacement": change.replacement,
        "PolicyAction": change.policy_action,
        "Properties": [_property(each) for each in change.properties],
    }


def _property(change: PropertyChange) -> dict[str, Any]:
    return {
        "Path": change.path,
        "Attribute": change.attribute,
        "BeforeValue": change.before,
        "AfterValue": change.after,
        "RequiresRecreation": change.recreation,
        "KnownAfterApply": change.unknown,
        "Causes": list(change.causes),
    }


def _value(change: ValueChange) -> dict[str, Any]:
    return {"Kind": change.kind, "Name": change.name, "BeforeValue": change.before, "AfterValue": change.after}


def _finding(finding: Finding, allowed: frozenset[str]) -> dict[str, Any]:
    return {
        "Id": finding.key,
        "Rule": finding.rule,
        "Severity": finding.severity.value,
        "LogicalResourceId": finding.logical_id,
        "Text": finding.text,
        "Allowed": finding.key in allowed if finding.severity is Severity.BLOCK else True,
    }
