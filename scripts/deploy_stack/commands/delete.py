"""`deploy-stack delete`: delete stacks, those that depend on others first.

In: an environment and stacks. Out: progress. Refuses to know: whether that is wise; it says what is lost and asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from deploy_stack.options import Options, session_options, stack_arguments, yes_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deploy_stack.applying import Outcome
    from deploy_stack.board import Board
    from deploy_stack.exits import Exit
    from deploy_stack.project import StackSpec
    from deploy_stack.review.model import Finding
    from deploy_stack.run import Run
    from deploy_stack.stacks import Stack


@click.command("delete")
@stack_arguments
@session_options
@yes_option
@click.option("--all", "everything", is_flag=True, help="Delete every stack of the environment.")
@click.option("--allow", multiple=True, metavar="ID", help="Allow exactly this loss of data. May be repeated.")
@click.option(
    "--retain",
    multiple=True,
    metavar="LOGICAL_ID",
    help="After a failed deletion: leave this resource behind. May be repeated.",
)
def command(everything: bool, retain: tuple[str, ...], **typed: Any) -> int:
    """Delete the named stacks, or with --all every stack of the environment; those that depend on others first.

    What holds data and would be deleted with its stack is blocked (exit 11) until --allow names it. What is retained is
    listed: it stays, outside CloudFormation. Termination protection has to be taken off by a deployment first.
    """
    from deploy_stack.commands.common import watching
    from deploy_stack.exits import DeployError, Exit
    from deploy_stack.session import begin

    options = Options(**typed)
    if not options.stacks and not everything:
        raise DeployError(
            "name the stacks to delete, or say --all", exit_code=Exit.USAGE, next_step="deploy-stack status shows them"
        )
    run, specs = begin(options)
    if everything:
        specs = run.environment.stacks
    return watching(run, lambda: delete(run, specs, retain, as_json=options.as_json))


def delete(run: Run, specs: Sequence[StackSpec], retain: tuple[str, ...], *, as_json: bool) -> Exit:
    """Delete the stacks and report what became of them. Raises DeployError for what nobody has agreed to."""
    from deploy_stack.board import make_board
    from deploy_stack.deploying import settle
    from deploy_stack.exits import Exit
    from deploy_stack.report import finish
    from deploy_stack.schedule import in_order

    live = _live(run, specs)
    _consent(run, live)
    dependents = {
        name: [other.name for other in run.environment.stacks if name in other.depends_on and other.name in live]
        for name in live
    }
    with make_board(run.narrator) as board:
        done = in_order(
            list(live)[::-1],
            dependents,
            lambda name: _one(run, name, live[name], retain, board),
            goes_on=lambda outcome: outcome.exit_code is Exit.DONE,
            stop=run.stop,
        )
    outcomes = [settle(run, name, each) for name, each in done.items()]
    return finish(run.narrator, outcomes, as_json=as_json, Environment=run.environment.name)


def _live(run: Run, specs: Sequence[StackSpec]) -> dict[str, Stack]:
    """Return the stacks that are there, in deploy order. Raises DeployError for one that is busy."""
    from deploy_stack import stacks
    from deploy_stack.exits import DeployError, Exit
    from deploy_stack.states import Move, Verb, answer

    found = {}
    for spec in specs:
        stack = stacks.find(run.aws, spec.stack_name)
        what = answer(Verb.DELETE, stack.status if stack else None)
        if stack is None or what.move is Move.NOTHING:
            run.say(spec.name, what.say)
            continue
        if what.move is Move.WAIT:
            raise DeployError(
                f"{spec.stack_name} is in {stack.status} and cannot be deleted now",
                next_step=f"deploy-stack watch {spec.environment} {spec.name}",
            )
        if stack.protected:
            raise DeployError(
                f"{spec.stack_name}: termination protection is on",
                exit_code=Exit.BLOCKED,
                next_step="take TerminationProtection off for this stack, deploy that, then delete",
            )
        found[spec.name] = stack
    return found


def losses(name: str, template: dict[str, Any]) -> tuple[Finding, ...]:
    """Return what a deletion of the stack does to the resources that hold data."""
    from deploy_stack.review.model import ResourceChange
    from deploy_stack.review.reviewing import review

    removals = [
        ResourceChange(
            logical_id=logical_id,
            type=resource["Type"],
            action="Remove",
            policy_action=resource.get("DeletionPolicy", "Delete").replace("RetainExceptOnCreate", "Retain"),
        )
        for logical_id, resource in template.get("Resources", {}).items()
    ]
    shown = review(stack=name, stack_name=name, operation="DELETE", changes=removals)
    return tuple(each for each in shown.findings if each.rule == "data-deleted")


def _consent(run: Run, live: dict[str, Stack]) -> None:
    from deploy_stack import stacks
    from deploy_stack.exits import DeployError, Exit
    from deploy_stack.review.model import Severity

    blocking = []
    for name, stack in live.items():
        if stack.status in {"REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE"}:
            continue
        for finding in losses(name, stacks.template_of(run.aws, stack.id)):
            run.insist(name, f"{finding.logical_id} {finding.text}")
            if finding.severity is Severity.BLOCK and finding.key not in run.allowed:
                blocking.append(finding)
    if blocking:
        raise DeployError(
            "data would be lost: " + ", ".join(f"{each.stack}/{each.logical_id}" for each in blocking),
            exit_code=Exit.BLOCKED,
            next_step="if that is what you want: " + " ".join(f"--allow {each.key}" for each in blocking),
        )
    if live and not run.yes:
        question = f"Delete {', '.join(stack.name for stack in list(live.values())[::-1])}?"
        if not run.narrator.ask(question, otherwise="to agree: --yes"):
            raise DeployError("declined; nothing was deleted", exit_code=Exit.BLOCKED)


def _one(run: Run, name: str, stack: Stack, retain: tuple[str, ...], board: Board) -> Outcome:
    from deploy_stack import changesets
    from deploy_stack.applying import Outcome, failed
    from deploy_stack.deletion import delete_and_follow
    from deploy_stack.events import follow_current
    from deploy_stack.exits import Exit

    if stack.status == "REVIEW_IN_PROGRESS":
        for each in changesets.ours(run.aws, stack.id):
            changesets.delete(run.aws, each["ChangeSetId"])
        if changesets.delete_empty_review_stack(run.aws, stack.id):
            return Outcome(name, Exit.DONE, "review given up")
        return Outcome(name, Exit.ERROR, stack.status, "others have change sets there")
    progress = board.add(name)
    progress.total = 0
    run.running[name] = stack.id
    tell = board.listener(progress)
    if stack.status == "DELETE_IN_PROGRESS":
        ending = follow_current(run, name, stack.id, on_event=tell, progress=progress)
    else:
        kept = retain if stack.status == "DELETE_FAILED" else ()
        ending = delete_and_follow(run, name, stack.id, retain=kept, on_event=tell, progress=progress)
    run.running.pop(name, None)
    if ending.exit_code is not Exit.DONE:
        return failed(run, name, stack.id, ending)
    return Outcome(name, Exit.DONE, ending.status)
