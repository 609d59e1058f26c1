"""`deploy-stack delete`: delete stacks, those that depend on others first.

In: an environment and stacks. Out: the review of each deletion, progress. Refuses to know: whether that is wise; it says what is
lost and what stops, and asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from deploy_stack.options import Options, form_options, session_options, stack_arguments, yes_option

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from deploy_stack.applying import Outcome
    from deploy_stack.board import Board
    from deploy_stack.exits import Exit
    from deploy_stack.forms import Forms
    from deploy_stack.project import StackSpec
    from deploy_stack.review.model import Finding
    from deploy_stack.run import Run
    from deploy_stack.stacks import Stack

EMPTY = {
    "REVIEW_IN_PROGRESS": "it was never created; a change set waits for its review",
    "ROLLBACK_COMPLETE": "nothing is left in it but its name",
}


@click.command("delete")
@stack_arguments
@session_options
@form_options
@yes_option
@click.option("--all", "everything", is_flag=True, help="Delete every stack of the environment.")
@click.option(
    "--allow",
    multiple=True,
    metavar="ID",
    help="Allow exactly this loss, by the id that the review shows. May be repeated.",
)
@click.option(
    "--retain",
    multiple=True,
    metavar="LOGICAL_ID",
    help="After a failed deletion: leave this resource behind. May be repeated.",
)
def command(everything: bool, retain: tuple[str, ...], markdown: Path | None, html: Path | None, **typed: Any) -> int:
    """Delete the named stacks, or with --all every stack of the environment; those that depend on others first.

    The review says what the stack holds and what becomes of it: what is retained stays, outside CloudFormation. Data that
    would be lost is blocked (exit 11) until --allow names it, and so is a compute stack that has requests or is the home
    of ChromaDB, the last compute stack behind the load balancer, and a stack that others are built on. Termination
    protection has to be taken off by a deployment first.

    \b
      deploy-stack delete staging ec2
      deploy-stack delete staging --all --html farewell.html
    """
    from deploy_stack.commands.common import watching
    from deploy_stack.exits import DeployError, Exit
    from deploy_stack.forms import Forms
    from deploy_stack.session import begin

    options, forms = Options(**typed), Forms(markdown, html)
    forms.check()
    if not options.stacks and not everything:
        raise DeployError(
            "name the stacks to delete, or say --all", exit_code=Exit.USAGE, next_step="deploy-stack status shows them"
        )
    run, specs = begin(options)
    if everything:
        specs = run.environment.stacks
    return watching(run, lambda: delete(run, specs, retain, forms, as_json=options.as_json))


def delete(run: Run, specs: Sequence[StackSpec], retain: tuple[str, ...], forms: Forms, *, as_json: bool) -> Exit:
    """Show, ask, delete, and report what became of the stacks. Raises DeployError for what nobody has agreed to."""
    from deploy_stack.board import make_board
    from deploy_stack.deploying import settle
    from deploy_stack.exits import Exit
    from deploy_stack.removal import standing
    from deploy_stack.report import finish
    from deploy_stack.schedule import in_order

    there = standing(run)
    live = _live(run, specs, there)
    _consent(run, live, there, forms, as_json=as_json)
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


def _live(run: Run, specs: Sequence[StackSpec], there: Mapping[str, Stack]) -> dict[str, Stack]:
    """Return the stacks that are there, in deploy order. Raises DeployError for one that is busy or protected."""
    from deploy_stack.exits import DeployError, Exit
    from deploy_stack.states import Move, Verb, answer

    found = {}
    for spec in specs:
        stack = there.get(spec.name)
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
                next_step="take it off (for an environment: protected=False in generator/environments.py, make templates), "
                "deploy that, then delete",
            )
        found[spec.name] = stack
    return found


def _consent(run: Run, live: dict[str, Stack], there: Mapping[str, Stack], forms: Forms, *, as_json: bool) -> None:
    """Show what each deletion does, refuse what nobody has allowed, and ask."""
    from deploy_stack.commands.common import show_text
    from deploy_stack.exits import DeployError, Exit
    from deploy_stack.forms import Pages
    from deploy_stack.removal import leaving, review_of, standing

    names = list(live)[::-1]  # in the order of their deletion
    reviews = []
    for name, how in leaving(run, names, there).items():
        if live[name].status in EMPTY:
            run.insist(name, f"{live[name].status}: {EMPTY[live[name].status]}")
        elif live[name].status != "DELETE_IN_PROGRESS":
            reviews.append(review_of(run, name, live[name], how))
    for each in reviews:
        show_text(run, each, as_json=as_json)
    Pages(run, forms, ("deploy-stack", "delete", run.environment.name, *live)).show(reviews)
    _refuse(run, [finding for each in reviews for finding in each.blocked_by(run.allowed)])
    if not live or run.yes:
        return
    question = f"Delete {', '.join(stack.name for stack in list(live.values())[::-1])}?"
    if not run.narrator.ask(question, otherwise="to agree: --yes"):
        raise DeployError("declined; nothing was deleted", exit_code=Exit.BLOCKED)
    # Somebody may have moved requests or data here while the question stood on the screen.
    if leaving(run, names, standing(run)) != leaving(run, names, there):
        raise DeployError(
            "requests, data or stacks have moved since the question: nothing was deleted",
            exit_code=Exit.STALE,
            next_step="run the same command again, and read what it shows",
        )


def _refuse(run: Run, blocking: Sequence[Finding]) -> None:
    """Raise DeployError (blocked) that says what would be lost or stop, and what allows exactly that."""
    from deploy_stack.exits import DeployError, Exit
    from deploy_stack.review.verdicts import REMOVALS

    if not blocking:
        return
    about = {"data-deleted": "data would be lost", **{each.id: each.about for each in REMOVALS}}
    found: dict[str, list[str]] = {}
    for each in blocking:
        found.setdefault(about[each.rule], []).append(f"{each.stack}/{each.logical_id}")
    said = "; ".join(f"{text}: {', '.join(names)}" for text, names in found.items())
    steps = [f"if that is what you want: {' '.join(f'--allow {each.key}' for each in blocking)}"]
    choice = run.environment.choice
    served = [each.stack for each in blocking if each.rule in {"requests-dropped", "home-deleted"}]
    option = choice.option_of(served[0]) if choice and served else None
    if choice and option:
        other = choice.other(option.name)
        steps.insert(0, f"to move what it does first: deploy-stack move {run.environment.name} --to {other}")
    raise DeployError(f"nothing was deleted. {said}", exit_code=Exit.BLOCKED, next_step="\n".join(steps))


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
        look = f"to see them: aws cloudformation list-change-sets --stack-name {stack.name}"
        return Outcome(
            name, Exit.ERROR, stack.status, "ours are deleted; others have change sets there, so it stays", look
        )
    progress = board.add(name)
    progress.total = 0
    run.running[name] = stack.id
    run.deleting.add(name)
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
