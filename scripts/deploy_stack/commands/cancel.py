"""`deploy-stack cancel`: stop what is running.

In: an environment. Out: the rollback followed to its end. Refuses to know: why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from deploy_stack.options import Options, session_options, stack_arguments, yes_option

if TYPE_CHECKING:
    from deploy_stack.applying import Outcome
    from deploy_stack.board import Board
    from deploy_stack.exits import Exit
    from deploy_stack.project import StackSpec
    from deploy_stack.run import Run
    from deploy_stack.stacks import Stack


@click.command("cancel")
@stack_arguments
@session_options
@yes_option
def command(**typed: Any) -> int:
    """Cancel a running update (it rolls back), end a running creation (by deleting it), or give up a review.

    Done is done: with exit 0 the stack is back where it was. What cannot be cancelled any more is followed to its end.
    """
    from deploy_stack.commands.common import watching
    from deploy_stack.session import begin

    options = Options(**typed)
    run, specs = begin(options)
    return watching(run, lambda: _cancel(run, specs, as_json=options.as_json))


def _cancel(run: Run, specs: tuple[StackSpec, ...], *, as_json: bool) -> Exit:
    from deploy_stack.board import make_board
    from deploy_stack.deploying import settle
    from deploy_stack.report import finish
    from deploy_stack.schedule import side_by_side

    wanted = _what_to_do(run, specs)
    with make_board(run.narrator) as board:
        done = side_by_side(list(wanted), lambda name: _one(run, name, wanted[name], board), stop=run.stop)
    outcomes = [settle(run, name, each) for name, each in done.items()]
    return finish(run.narrator, outcomes, as_json=as_json, Environment=run.environment.name)


def _what_to_do(run: Run, specs: tuple[StackSpec, ...]) -> dict[str, Stack | None]:
    """Read the stacks, and ask before a creation is ended: that deletes what it has made."""
    from deploy_stack.exits import DeployError, Exit
    from deploy_stack.states import Move, Verb, answer

    wanted = {}
    for spec in specs:
        stack = run.find(spec.stack_name)
        move = answer(Verb.CANCEL, stack.status if stack else None).move
        if move is Move.DELETE_CREATION and not run.yes:
            question = f"{spec.stack_name} is being created. End that by deleting it?"
            if not run.narrator.ask(question, otherwise="to agree: --yes"):
                raise DeployError("declined; nothing was cancelled", exit_code=Exit.BLOCKED)
        wanted[spec.name] = stack
    return wanted


def _one(run: Run, name: str, stack: Stack | None, board: Board) -> Outcome:
    from deploy_stack import changesets
    from deploy_stack.applying import Outcome
    from deploy_stack.cancellation import cancel_update
    from deploy_stack.deletion import delete_and_follow
    from deploy_stack.events import follow_current
    from deploy_stack.exits import Exit
    from deploy_stack.states import Move, Verb, answer

    found = answer(Verb.CANCEL, stack.status if stack else None)
    if stack is None or found.move is Move.NOTHING:
        return Outcome(name, Exit.DONE, found.say)
    if found.move is Move.CLEAN_REVIEW:
        for each in changesets.ours(run.aws, stack.id):
            changesets.delete(run.aws, each["ChangeSetId"])
        gone = changesets.delete_empty_review_stack(run.aws, stack.id)
        return Outcome(name, Exit.DONE, "review given up" if gone else "our change sets are deleted; others remain")
    progress = board.add(name)
    progress.status = stack.status
    tell = board.listener(progress)
    if found.move is Move.CANCEL_UPDATE:
        ending = cancel_update(run, name, stack.id, on_event=tell, progress=progress)
        done = ending.status == "UPDATE_ROLLBACK_COMPLETE"
    elif found.move is Move.DELETE_CREATION:
        ending = delete_and_follow(run, name, stack.id, on_event=tell, progress=progress)
        done = ending.exit_code is Exit.DONE
    else:
        run.say(name, found.say)
        ending = follow_current(run, name, stack.id, on_event=tell, progress=progress)
        done = ending.exit_code in {Exit.DONE, Exit.ROLLED_BACK}
    return Outcome(name, Exit.DONE if done else ending.exit_code, ending.status, ending.reason)
