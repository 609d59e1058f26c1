"""Stop what runs: cancel an update, end a creation, or give up a review; and what Ctrl-C does while watching.

In: a `Run` and a stack. Out: an `Ending`, or words. Refuses to know: what the operation was for.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable

from deploy_stack.aws import as_deploy_error, error_text
from deploy_stack.changesets import PREFIX
from deploy_stack.deletion import delete_and_follow
from deploy_stack.events import Ending, Event, Progress, current_operation, follow
from deploy_stack.run import Run
from deploy_stack.stacks import find

TOO_LATE = "You can cancel only stacks that are in the UPDATE_IN_PROGRESS state"


def cancel_update(
    run: Run,
    name: str,
    stack_id: str,
    *,
    on_event: Callable[[Event], None] | None = None,
    progress: Progress | None = None,
) -> Ending:
    """Cancel a running update and follow the rollback; an update that has just ended is followed to that end."""
    tokens = current_operation(run, stack_id)
    token = PREFIX + uuid.uuid4().hex
    try:
        run.aws.client("cloudformation").cancel_update_stack(StackName=stack_id, ClientRequestToken=token)
    except Exception as error:
        if TOO_LATE not in error_text(error) and "CancelUpdateStack cannot be called" not in error_text(error):
            raise as_deploy_error(error, f"cancelling the update of {name}") from error
        run.say(name, "it cannot be cancelled any more; following it")
    resume = f"deploy-stack watch {run.environment.name} {name}"
    return follow(run, name, stack_id, {*tokens, token}, on_event=on_event, progress=progress, resume=resume)


def stop_watching(run: Run) -> None:
    """After Ctrl-C: say what goes on in AWS and how to come back to it, and offer to cancel it."""
    environment = run.environment.name
    run.stop.clear()  # what follows may wait again
    for name in run.running:
        run.insist(name, "stopped watching; the operation goes on in AWS")
        run.narrator.insist(f"  to watch it again: deploy-stack watch {environment} {name}")
        if name in run.deleting:
            run.narrator.insist("  a deletion cannot be cancelled")
        else:
            run.narrator.insist(f"  to cancel it:      deploy-stack cancel {environment} {name}")
    if not run.running:
        run.narrator.insist("interrupted; nothing is running in AWS because of this command")
        return
    if not run.narrator.interactive:
        return
    for name, stack_id in list(run.running.items()):
        stack = find(run.aws, stack_id)
        if stack is None:
            continue
        if stack.status == "UPDATE_IN_PROGRESS":
            if run.narrator.ask(f"Cancel the update of {name}?", otherwise=""):
                ending = cancel_update(run, name, stack_id)
                run.insist(name, f"cancelled: {ending.status}")
        elif stack.status == "CREATE_IN_PROGRESS" and run.narrator.ask(
            f"End the creation of {name} by deleting it?", otherwise=""
        ):
            ending = delete_and_follow(run, name, stack_id)
            run.insist(name, f"cancelled: {ending.status}")
