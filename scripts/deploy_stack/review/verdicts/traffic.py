"""Traffic that somebody else steers: CloudFormation must not write the weights that ECS has set.

CloudFormation knows the weights of the template, not those of the moment, and whatever it changes in a rule, it writes the rule
whole: requests then go to the target group that the template names first, which after every other deployment is an empty one.
"""

from __future__ import annotations

from collections.abc import Iterator

from deploy_stack.review.model import ResourceChange
from deploy_stack.review.verdicts.opinion import Opinion, block

# Attributes of a change that reach the load balancer; Metadata and deletion policies do not.
_REACHES = ("Properties", "Tags")


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
