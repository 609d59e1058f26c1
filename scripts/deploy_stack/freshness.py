"""Does a plan still hold? What was reviewed is compared with what is there now, before anything is executed.

In: a plan file's entry and an `Aws` session. Out: nothing, or a DeployError (stale) that names what changed.
Refuses to know: what is in the working tree; a plan is about an account, and may be applied from anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from deploy_stack import changesets, stacks
from deploy_stack.execution import is_running, token_of
from deploy_stack.exits import DeployError, Exit
from deploy_stack.planfile import Entry, PlanFile
from deploy_stack.planning import described_parameters_digest
from deploy_stack.preflight import image_mistake
from deploy_stack.review.build import resource_changes
from deploy_stack.review.model import Finding
from deploy_stack.review.ownership import touches_rules, with_owners
from deploy_stack.review.reviewing import review
from deploy_stack.run import Run
from deploy_stack.templates import digest


def check_age(plan: PlanFile, longest_hours: float) -> None:
    """Raise DeployError (stale) for a plan that is older than anybody remembers."""
    age = datetime.now(UTC) - datetime.fromisoformat(plan.created)
    if age.total_seconds() > longest_hours * 3600:
        raise DeployError(
            f"the plan is {age.total_seconds() / 3600:.0f} hours old, and {longest_hours:g} are allowed (--max-age)",
            exit_code=Exit.STALE,
            next_step="plan again",
        )


def already_running(run: Run, entry: Entry) -> bool:
    """Tell whether this very change set was executed before: by a job that was killed, or whose connection broke."""
    if not entry.change_set_id:
        return False
    return is_running(run, entry.stack_id, token_of(entry.change_set_id), Exception())


@dataclass
class Holds:
    """What was read while checking: the blocking findings of the change set as it is now, and its template."""

    findings: tuple[Finding, ...] = ()
    template: dict[str, Any] = field(default_factory=dict)
    execution: str = "AVAILABLE"  # the change set's state


def check(run: Run, entry: Entry) -> Holds:
    """Return what the plan comes to now. Raises DeployError (stale) when it is not what was reviewed.

    The findings are made anew: a plan file is only a file, and what blocks is decided by what CloudFormation shows.
    """
    holds = Holds()
    stale = list(_differences(run, entry, holds))
    if stale:
        raise DeployError(
            f"{entry.stack_name}: the plan does not hold any more:\n  " + "\n  ".join(stale),
            exit_code=Exit.STALE,
            next_step=_next_step(run, entry, holds),
        )
    return holds


def _next_step(run: Run, entry: Entry, holds: Holds) -> str:
    """This very change set may have been executed by somebody else: in the console, or by another tool."""
    if holds.execution in {"EXECUTE_IN_PROGRESS", "EXECUTE_COMPLETE"}:
        return (
            "somebody else has executed this very change set; to see how it "
            f"{'goes on' if holds.execution == 'EXECUTE_IN_PROGRESS' else 'ended'}: "
            f"deploy-stack watch {run.environment.name} {entry.name}"
        )
    return "nothing was executed; plan again"


def _differences(run: Run, entry: Entry, holds: Holds) -> Iterator[str]:
    stack = stacks.find(run.aws, entry.stack_id)
    if stack is None:
        yield "the stack is gone"
        return
    if stack.status != entry.stack_status:
        yield f"the stack was in {entry.stack_status} and is in {stack.status}"
    if stack.token != entry.stack_token:
        yield f"the stack was changed meanwhile (last at {stack.changed.isoformat(timespec='seconds')})"
    if not entry.change_set_id:
        return
    try:
        description = changesets.describe(run.aws, entry.change_set_id)
    except DeployError as error:
        if error.exit_code is not Exit.STALE:
            raise
        yield error.message
        return
    holds.execution = description["ExecutionStatus"]
    if description["ExecutionStatus"] != "AVAILABLE":
        yield f"the change set is {description['ExecutionStatus']}, not AVAILABLE"
        return
    if described_parameters_digest(description) != entry.parameters_digest:
        yield "the change set's parameters are not those that were reviewed"
    if digest(description["Changes"]) != entry.changes_digest:
        yield "the change set's changes are not those that were reviewed"
    holds.template = stacks.template_of(run.aws, entry.stack_id, entry.change_set_id)
    if digest(holds.template) != entry.template_digest:
        yield "the change set's template is not the one that was reviewed"
    yield from _moved_values(run, entry, description.get("Parameters", ()))
    # A lifecycle rule of the registry may have expired one while the plan waited for its approval.
    yield from filter(None, (image_mistake(run.aws, *image) for image in entry.images.items()))
    changes = resource_changes(description["Changes"])
    if touches_rules(changes):
        changes = with_owners(changes, stacks.template_of(run.aws, entry.stack_id))
    shown = review(stack=entry.name, stack_name=entry.stack_name, operation=entry.operation, changes=changes)
    holds.findings = shown.blocking


def _moved_values(run: Run, entry: Entry, parameters: list[dict[str, str]]) -> Iterator[str]:
    """A change set keeps the SSM values of its birth; a stack that was executed since may have moved them."""
    if not entry.ssm:
        return
    now = stacks.ssm_values(run.aws, entry.ssm.values())
    for each in parameters:
        name = entry.ssm.get(each["ParameterKey"])
        if name and each.get("ResolvedValue", now.get(name)) != now.get(name):
            yield f"{name} was {each['ResolvedValue']} and is {now.get(name, 'gone')}"
