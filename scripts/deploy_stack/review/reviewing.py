"""Put changes and rules together.

In: resource changes and what surrounds them. Out: a `Review` with its findings, heaviest first. Refuses to know: AWS.
"""

from __future__ import annotations

from collections.abc import Iterable

from deploy_stack.review.model import Cost, Finding, ResourceChange, Review, Severity, ValueChange, dollars
from deploy_stack.review.verdicts import RULES


def review(
    *,
    stack: str,
    stack_name: str,
    operation: str,
    changes: Iterable[ResourceChange],
    values: Iterable[ValueChange] = (),
    notes: Iterable[str] = (),
    capabilities: tuple[str, ...] = (),
    link: str = "",
    cost: Cost | None = None,
) -> Review:
    """Return the review of one stack, every registered rule asked about every change."""
    changes = tuple(changes)
    values = tuple(values)
    findings = [
        Finding(
            rule=rule.id,
            severity=opinion.severity,
            stack=stack,
            logical_id=change.logical_id,
            text=_with_dollars(opinion.text, change, cost) if rule.id == "cost" else opinion.text,
        )
        for change in changes
        for rule in RULES
        for opinion in rule.judge(change, operation)
    ]
    findings.extend(
        Finding("protection-removed", Severity.WARN, stack, value.name, "the stack can then be deleted by mistake")
        for value in values
        if value.kind == "setting" and value.name == "TerminationProtection" and value.after == "off"
    )
    return Review(
        stack=stack,
        stack_name=stack_name,
        operation=operation,
        changes=changes,
        values=values,
        findings=tuple(sorted(findings, key=lambda each: (each.severity.rank, each.logical_id, each.rule))),
        notes=tuple(notes),
        capabilities=capabilities,
        link=link,
        cost=cost,
    )


def _with_dollars(text: str, change: ResourceChange, cost: Cost | None) -> str:
    """Say how much where it is known: `raises the bill (+$32.85 a month): a NAT gateway ...`."""
    lines = [each for each in cost.lines if change.logical_id in {each.logical_id, *each.read_from}] if cost else []
    if not lines:
        return text
    amount = dollars(sum(each.low for each in lines), sum(each.high for each in lines))
    return text.replace(" the bill:", f" the bill ({amount} a month):", 1)
