"""Bring a stack out of a state in which nothing else can be done: finish a failed rollback, or roll a failed update back.

In: a `Run` and a stack. Out: an `Ending`. Refuses to know: versions. Nothing here deletes anything.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence

from deploy_stack.aws import as_deploy_error
from deploy_stack.changesets import PREFIX
from deploy_stack.events import Ending, Event, Progress, follow
from deploy_stack.run import Run
from deploy_stack.stacks import resources_of


def stuck_resources(run: Run, stack_id: str) -> list[tuple[str, str]]:
    """Return (logical id, reason) of the resources that keep a rollback from finishing: the only ones it may skip."""
    return [
        (each["LogicalResourceId"], each.get("ResourceStatusReason", ""))
        for each in resources_of(run.aws, stack_id)
        if each["ResourceStatus"] == "UPDATE_FAILED"
    ]


def continue_rollback(
    run: Run,
    name: str,
    stack_id: str,
    skip: Sequence[str],
    *,
    on_event: Callable[[Event], None] | None = None,
    progress: Progress | None = None,
) -> Ending:
    """Continue a failed rollback. A skipped resource counts as rolled back, and no longer matches the template."""
    token = PREFIX + uuid.uuid4().hex
    more = {"ResourcesToSkip": list(skip)} if skip else {}
    try:
        run.aws.client("cloudformation").continue_update_rollback(StackName=stack_id, ClientRequestToken=token, **more)
    except Exception as error:
        raise as_deploy_error(error, f"continuing the rollback of {name}") from error
    return _follow(run, name, stack_id, token, on_event, progress)


def roll_back(
    run: Run,
    name: str,
    stack_id: str,
    *,
    on_event: Callable[[Event], None] | None = None,
    progress: Progress | None = None,
) -> Ending:
    """Roll a stack back whose operation failed with rollback disabled."""
    token = PREFIX + uuid.uuid4().hex
    try:
        run.aws.client("cloudformation").rollback_stack(
            StackName=stack_id, ClientRequestToken=token, RetainExceptOnCreate=True
        )
    except Exception as error:
        raise as_deploy_error(error, f"rolling {name} back") from error
    return _follow(run, name, stack_id, token, on_event, progress)


def _follow(  # noqa: PLR0917
    run: Run,
    name: str,
    stack_id: str,
    token: str,
    on_event: Callable[[Event], None] | None,
    progress: Progress | None,
) -> Ending:
    resume = f"deploy-stack watch {run.environment.name} {name}"
    return follow(run, name, stack_id, {token}, on_event=on_event, progress=progress, resume=resume)
