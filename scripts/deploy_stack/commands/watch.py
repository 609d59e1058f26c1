"""`deploy-stack watch`: follow what is running to its end, whoever began it.

In: an environment. Out: progress, outputs, the exit code that the deployment would have had.
Refuses to know: how to change anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from deploy_stack.options import Options, session_options, stack_arguments

if TYPE_CHECKING:
    from deploy_stack.applying import Outcome
    from deploy_stack.board import Board
    from deploy_stack.exits import Exit
    from deploy_stack.project import StackSpec
    from deploy_stack.run import Run


@click.command("watch")
@stack_arguments
@session_options
def command(**typed: Any) -> int:
    """Follow what is running to its end; where nothing runs, say how the last operation ended.

    Ends with the exit code of the operation: 0, 13 (rolled back) or 14 (needs a person).
    """
    from deploy_stack.commands.common import watching
    from deploy_stack.session import begin

    options = Options(**typed)
    run, specs = begin(options)
    return watching(run, lambda: watch(run, specs, as_json=options.as_json))


def watch(run: Run, specs: tuple[StackSpec, ...], *, as_json: bool) -> Exit:
    """Follow all of the stacks and report."""
    from deploy_stack.board import make_board
    from deploy_stack.deploying import settle
    from deploy_stack.report import finish
    from deploy_stack.schedule import side_by_side

    by_name = {each.name: each for each in specs}
    with make_board(run.narrator) as board:
        done = side_by_side(list(by_name), lambda name: watch_one(run, by_name[name], board), stop=run.stop)
    outcomes = [settle(run, name, each) for name, each in done.items()]
    return finish(run.narrator, outcomes, as_json=as_json, Environment=run.environment.name)


def watch_one(run: Run, spec: StackSpec, board: Board) -> Outcome:
    """Follow one stack, or say how its last operation ended."""
    from dataclasses import replace

    from deploy_stack.applying import Outcome, cleanup_failures, failed
    from deploy_stack.events import Ending, follow_current
    from deploy_stack.execution import outputs
    from deploy_stack.exits import Exit
    from deploy_stack.states import GONE, Move, Verb, answer, outcome

    stack = run.find(spec.stack_name)
    found = answer(Verb.WATCH, stack.status if stack else None)
    if stack is None or stack.status in GONE or stack.status == "REVIEW_IN_PROGRESS":
        return Outcome(spec.name, Exit.DONE, found.say or "REVIEW_IN_PROGRESS")
    progress = board.add(spec.name)
    progress.status = stack.status
    if found.move is Move.FOLLOW:
        run.running[spec.name] = stack.id
        resume = f"deploy-stack watch {spec.environment} {spec.name}"
        ending = follow_current(
            run, spec.name, stack.id, on_event=board.listener(progress), progress=progress, resume=resume
        )
        run.running.pop(spec.name, None)
    else:
        code = outcome(stack.status, deleting=stack.status == "DELETE_FAILED")
        ending = Ending(stack.status, stack.reason, code)
        if code is not Exit.DONE:  # the events say why; that it failed, the stack says itself
            ending = replace(ending, events=follow_current(run, spec.name, stack.id).events)
    if ending.exit_code is not Exit.DONE:
        return failed(run, spec.name, stack.id, ending)
    return Outcome(
        spec.name, Exit.DONE, ending.status, outputs=outputs(run, stack.id), notes=tuple(cleanup_failures(ending))
    )
