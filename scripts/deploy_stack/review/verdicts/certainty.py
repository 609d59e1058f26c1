"""What CloudFormation itself does not know yet, said as what it is."""

from __future__ import annotations

from collections.abc import Iterator

from deploy_stack.review.model import ResourceChange
from deploy_stack.review.verdicts.machines import rolling_update
from deploy_stack.review.verdicts.opinion import Opinion, note, warn


def conditional(change: ResourceChange, _: str) -> Iterator[Opinion]:
    """`conditional`"""
    if change.action == "Dynamic":
        yield warn("what happens to it is decided while the change runs")
    if not change.perhaps_replaced or rolling_update(change) is not None:
        return
    asking = [each for each in change.properties if each.recreation != "Never"]
    paths = ", ".join(each.path for each in asking) or "a property"
    if any(each.dynamic for each in asking):
        yield note(f"is replaced only if {paths} really gets another value")
    else:
        yield note(f"whether it is replaced depends on {paths}")


def unknown(change: ResourceChange, _: str) -> Iterator[Opinion]:
    """`unknown-until-applied`"""
    paths = [each.path for each in change.properties if each.unknown]
    if not paths:
        return
    if change.replaced and change.only_unknown:
        yield note(f"may not really be replaced: {', '.join(paths)} is only known while the change runs")
    else:
        yield note(f"{', '.join(paths)}: the value is only known while the change runs")
