"""Execute one approved change set, with everything that belongs to it, and follow it to its end.

In: a `Run` and an `Approved`. Out: an `Ending`. Refuses to know: who approved, and how it is shown.

The token of the execution follows from the change set's ARN. So a repetition (after a lost answer, after a kill, in
another job) is the same request to CloudFormation, and finds the operation that is already running.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from deploy_stack import stacks
from deploy_stack.aws import as_deploy_error, error_code, error_text, is_expired, is_passing
from deploy_stack.changesets import PREFIX
from deploy_stack.events import Ending, Event, Progress, current_operation, follow
from deploy_stack.exits import DeployError, Exit
from deploy_stack.run import Run

GONE = frozenset({"ChangeSetNotFound", "ChangeSetNotFoundException", "InvalidChangeSetStatus"})


@dataclass(frozen=True)
class Approved:
    """What was approved, and no more: the executor adds nothing of its own."""

    name: str
    stack_name: str
    stack_id: str
    change_set_id: str  # "" when only settings change
    operation: str
    protect: bool | None  # None leaves termination protection as it is
    policy: Mapping[str, Any] | None  # None leaves the stack policy as it is
    resources: int = 0


def token_of(change_set_id: str) -> str:
    """Return the ClientRequestToken of a change set's execution."""
    return PREFIX + hashlib.sha256(change_set_id.encode()).hexdigest()[:32]


def execute(
    run: Run,
    approved: Approved,
    *,
    on_event: Callable[[Event], None] | None = None,
    progress: Progress | None = None,
) -> Ending:
    """Execute and return how it ended.

    Settings of an existing stack come first: a stack policy has to be there when it is asked. A new stack's come after
    it exists. Raises DeployError (stale, lost sight), InterruptError.
    """
    if approved.operation == "UPDATE":
        _settings(run, approved)
    if not approved.change_set_id:
        return Ending("UPDATE_COMPLETE", "", Exit.DONE)
    token = token_of(approved.change_set_id)
    start(run, approved, token)
    if progress:
        progress.total = approved.resources
    ending = follow(
        run,
        approved.name,
        approved.stack_id,
        {token},
        on_event=on_event,
        progress=progress,
        resume=f"deploy-stack watch {run.environment.name} {approved.name}",
    )
    if approved.operation == "CREATE" and ending.exit_code is Exit.DONE:
        _settings(run, approved)
    return ending


def start(run: Run, approved: Approved, token: str) -> None:
    """Start the execution, or find that it already runs. Raises DeployError (stale) when it cannot be started any more.

    DisableRollback is always sent: the service's documentation and its behaviour differ on the default.
    RetainExceptOnCreate lets a rollback delete what this very operation created: an empty log group that is retained
    would be in the way of the next attempt. What was there before is retained as its policy says.
    """
    try:
        run.aws.client("cloudformation").execute_change_set(
            ChangeSetName=approved.change_set_id,
            ClientRequestToken=token,
            DisableRollback=False,
            RetainExceptOnCreate=True,
        )
    except Exception as error:
        if error_code(error) == "TokenAlreadyExistsException" or is_running(run, approved.stack_id, token, error):
            run.say(approved.name, "this change set is already being executed; following it")
            return
        if error_code(error) in GONE:
            raise DeployError(
                f"{approved.stack_name}: {error_text(error)}",
                exit_code=Exit.STALE,
                next_step="the stack was changed meanwhile, or the change set is gone: plan again",
            ) from error
        if is_passing(error) or is_expired(error):
            raise DeployError(
                f"{approved.stack_name}: no answer to the order to execute ({error_text(error)}): it may or may not run",
                exit_code=Exit.LOST_SIGHT,
                next_step=("sign in again\n" if is_expired(error) else "")
                + f"to see whether it runs: deploy-stack watch {run.environment.name} {approved.name}",
            ) from error
        raise as_deploy_error(error, f"executing the change set of {approved.stack_name}") from error


def is_running(run: Run, stack_id: str, token: str, error: Exception) -> bool:
    """Tell whether, in spite of the error, the stack's events show our execution."""
    if is_expired(error):
        return False
    try:
        return token in current_operation(run, stack_id)
    except Exception:
        return False


def _settings(run: Run, approved: Approved) -> None:
    client = run.aws.client("cloudformation")
    try:
        if approved.policy is not None:
            client.set_stack_policy(StackName=approved.stack_id, StackPolicyBody=json.dumps(approved.policy))
            run.say(approved.name, "stack policy set")
        if approved.protect is not None:
            client.update_termination_protection(
                StackName=approved.stack_id, EnableTerminationProtection=approved.protect
            )
            run.say(approved.name, f"termination protection {'on' if approved.protect else 'off'}")
    except Exception as error:
        raise as_deploy_error(error, f"setting up {approved.stack_name}") from error


def outputs(run: Run, stack_id: str) -> dict[str, str]:
    """Return the stack's outputs; none when they cannot be read: a failed read must not fail what succeeded."""
    try:
        stack = stacks.find(run.aws, stack_id)
    except DeployError:
        return {}
    return dict(stack.outputs) if stack else {}
