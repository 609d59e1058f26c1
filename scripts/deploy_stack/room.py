"""Make a stack ready for a change, or say why it is not.

In: a `Run`, a `StackSpec` and what the account says. Out: the situation afterwards, and whether to create or to update.
Refuses to know: the change itself. The only deletion here is of a stack whose creation failed, by its id, with consent.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from deploy_stack.exits import ConsentNeededError, DeployError, Exit
from deploy_stack.project import StackSpec
from deploy_stack.run import Run
from deploy_stack.stacks import Stack
from deploy_stack.states import Move, Verb, answer

if TYPE_CHECKING:
    from deploy_stack.planning import Situation


def make_room(
    run: Run, spec: StackSpec, situation: Situation, look: Callable[[Run, StackSpec], Situation]
) -> tuple[Situation, Move]:
    """Wait for another operation, or clear what a failed creation left. Raises DeployError when neither is allowed."""
    while True:
        stack = situation.stack
        found = answer(Verb.CHANGE, stack.status if stack else None)
        if stack is None or found.move in {Move.UPDATE, Move.CREATE_IN_REVIEW}:
            _refuse_other_mode(stack)
            return situation, found.move
        say = found.say.format(environment=spec.environment, stack=spec.name)
        if found.move is Move.WAIT and run.wait:
            from deploy_stack.events import follow_current  # most stacks are not in anybody's way

            run.say(spec.name, f"{stack.status}: {say}; waiting for it to end")
            follow_current(run, spec.name, stack.id)
        elif found.move is Move.RECREATE:
            _clear(run, spec, stack)
        elif found.move is Move.WAIT:
            raise DeployError(
                f"{spec.stack_name} is in {stack.status}: {say}",
                exit_code=found.exit_code,
                next_step=f"wait for it with --wait, or look on with: deploy-stack watch {spec.environment} {spec.name}",
            )
        else:
            raise DeployError(
                f"{spec.stack_name} is in {stack.status}: {say}",
                exit_code=found.exit_code,
                next_step=f"to read why: deploy-stack watch {spec.environment} {spec.name}",
            )
        situation = look(run, spec)


def _clear(run: Run, spec: StackSpec, stack: Stack) -> None:
    from deploy_stack.deletion import delete_and_follow

    key = f"recreate:{spec.name}"
    if key not in run.allowed and not run.yes:
        raise ConsentNeededError(
            key,
            f"{spec.stack_name} is in {stack.status}: its creation failed. Delete what it left, and create it again?",
        )
    run.say(spec.name, "deleting what the failed creation left")
    ending = delete_and_follow(run, spec.name, stack.id)
    if ending.exit_code is not Exit.DONE:
        raise DeployError(
            f"{spec.stack_name}: what the failed creation left could not be deleted: {ending.reason or ending.status}",
            exit_code=Exit.NEEDS_PERSON,
            next_step=f"deploy-stack delete {spec.environment} {spec.name}",
        )


def _refuse_other_mode(stack: Stack | None) -> None:
    """An operation in EXPRESS mode cannot be followed by one in STANDARD: CloudFormation refuses half-way."""
    if stack and stack.mode != "STANDARD" and stack.status != "REVIEW_IN_PROGRESS":
        raise DeployError(
            f"{stack.name} was last deployed in {stack.mode} mode by another tool; this one deploys in STANDARD only",
            exit_code=Exit.NEEDS_PERSON,
            next_step="finish with the tool that began, in its mode, or set the stack back to STANDARD",
        )
