"""Delete a stack and follow it to its end.

In: a stack's ARN, never its name: a name may belong to another stack by now. Out: an `Ending`.
Refuses to know: whether it should be deleted.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence

from deploy_stack.aws import as_deploy_error, error_text
from deploy_stack.changesets import PREFIX
from deploy_stack.events import Ending, Event, Progress, follow
from deploy_stack.exits import DeployError, Exit
from deploy_stack.run import Run


def delete_and_follow(
    run: Run,
    name: str,
    stack_id: str,
    *,
    retain: Sequence[str] = (),
    on_event: Callable[[Event], None] | None = None,
    progress: Progress | None = None,
) -> Ending:
    """Delete the stack and return how that ended. Raises DeployError when CloudFormation refuses."""
    token = PREFIX + uuid.uuid4().hex
    more = {"RetainResources": list(retain)} if retain else {}
    try:
        run.aws.client("cloudformation").delete_stack(StackName=stack_id, ClientRequestToken=token, **more)
    except Exception as error:
        if "TerminationProtection" in error_text(error):
            raise DeployError(
                f"{name}: termination protection is on: {error_text(error)}",
                exit_code=Exit.BLOCKED,
                next_step="take TerminationProtection off in the manifest's stack, deploy that, then delete",
            ) from error
        raise as_deploy_error(error, f"deleting {name}") from error
    resume = f"deploy-stack watch {run.environment.name} {name}"
    return follow(run, name, stack_id, {token}, on_event=on_event, progress=progress, deleting=True, resume=resume)
