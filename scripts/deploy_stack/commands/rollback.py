"""`deploy-stack rollback`: a plan to the version deployed before; or the end of a rollback that failed.

In: an environment. Out: a plan file, or a deployment when somebody agrees. Refuses to know: what was wrong.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from deploy_stack.forms import Files, Forms
from deploy_stack.options import (
    Options,
    change_options,
    command_line,
    form_options,
    session_options,
    stack_arguments,
    yes_option,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deploy_stack.applying import Outcome
    from deploy_stack.board import Board
    from deploy_stack.exits import Exit
    from deploy_stack.project import StackSpec
    from deploy_stack.run import Run
    from deploy_stack.stacks import Stack


@click.command("rollback")
@stack_arguments
@session_options
@change_options
@yes_option
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="The plan file to write.")
@form_options
@click.option("--to", metavar="VERSION|NUMBER", help="Go back to this release instead of the one before.")
@click.option("--list", "listing", is_flag=True, help="Show the recorded releases and do nothing.")
@click.option(
    "--skip",
    multiple=True,
    metavar="LOGICAL_ID",
    help="For a rollback that failed: do not roll this resource back. May be repeated.",
)
def command(  # noqa: PLR0917
    to: str | None,
    listing: bool,
    skip: tuple[str, ...],
    out: Path | None,
    markdown: Path | None,
    html: Path | None,
    **typed: Any,
) -> int:
    """Plan the version deployed before. At a terminal it asks and deploys it; with --yes it deploys; otherwise it
    writes a plan file and ends with 10.

    Without a stack, the stacks of the newest deployment go back. A stack whose rollback failed
    (UPDATE_ROLLBACK_FAILED) is continued instead, a failed update without rollback is rolled back; the resources that
    hold it up are shown first, and --skip leaves one of them as it is.
    """
    from deploy_stack.commands.common import watching
    from deploy_stack.session import begin_change

    options, forms = Options(**typed), Forms(markdown, html)
    forms.check()
    run, specs = begin_change(options)
    run.guard = lambda: None  # an earlier version is not what the files say today
    if listing:
        return watching(run, lambda: _list(run, specs, as_json=options.as_json))
    return watching(run, lambda: _rollback(run, specs, options, to, skip, files=Files(out, forms)))


def _rollback(
    run: Run, specs: Sequence[StackSpec], options: Options, to: str | None, skip: tuple[str, ...], *, files: Files
) -> Exit:
    from deploy_stack.exits import DeployError, Exit
    from deploy_stack.states import Move, Verb, answer

    found = {each.name: run.find(each.stack_name) for each in specs}
    answers = {name: answer(Verb.ROLLBACK, stack.status if stack else None) for name, stack in found.items()}
    broken = {
        name: stack
        for name, stack in found.items()
        if stack and answers[name].move in {Move.CONTINUE_ROLLBACK, Move.ROLL_BACK}
    }
    if broken:
        if any(files.forms):
            run.narrator.insist("a rollback that failed is finished without a change set: there is no review to write")
        return _mend(run, broken, skip, as_json=options.as_json)
    if skip:
        raise DeployError("--skip is for a rollback that failed, and none has", exit_code=Exit.USAGE)
    refused = {name: each for name, each in answers.items() if each.move in {Move.REFUSE, Move.WAIT}}
    if refused and (options.stacks or len(refused) == len(specs)):
        name, reason = next(iter(refused.items()))
        say = reason.say.format(environment=run.environment.name, stack=name)
        raise DeployError(f"{name}: {say}", exit_code=reason.exit_code)
    return _to_release(run, [each for each in specs if each.name not in refused], options, to, files)


def _to_release(run: Run, specs: Sequence[StackSpec], options: Options, to: str | None, files: Files) -> Exit:
    from deploy_stack.commands.common import folders
    from deploy_stack.commands.deploy import deploy
    from deploy_stack.commands.plan import leave
    from deploy_stack.forms import Pages
    from deploy_stack.restoring import choose, restore
    from deploy_stack.workflow import plan_all

    templates, _ = folders(options)
    chosen = choose(run, specs, to, named=bool(options.stacks))
    restores = [restore(run, each, chosen[each.name], templates) for each in specs if each.name in chosen]
    for each in restores:
        run.say(each.spec.name, f"back to release {each.release.number}: {each.release.version} of {each.release.time}")
    numbers = {each.spec.name: each.release.restores or each.release.number for each in restores}
    earlier = [each.spec for each in restores]
    if run.yes or run.narrator.interactive:
        pages = Pages(run, files.forms, command_line("rollback", options, *(("--to", to) if to else ())))
        return deploy(run, earlier, options, pages, numbers)
    return leave(run, plan_all(run, earlier), options, files, numbers)


def _mend(run: Run, broken: dict[str, Stack], skip: tuple[str, ...], *, as_json: bool) -> Exit:
    from deploy_stack.board import make_board
    from deploy_stack.deploying import settle
    from deploy_stack.exits import DeployError, Exit
    from deploy_stack.mending import stuck_resources
    from deploy_stack.report import finish
    from deploy_stack.schedule import side_by_side

    stuck = {name: stuck_resources(run, stack.id) for name, stack in broken.items()}
    for name, stack in broken.items():
        run.insist(name, f"{stack.status}: {stack.reason}".rstrip(": "))
        for logical_id, reason in stuck[name]:
            word = "to be skipped" if logical_id in skip else "holds it up"
            run.insist(name, f"  {logical_id} {word}: {reason}")
    unknown = sorted(set(skip) - {logical_id for rows in stuck.values() for logical_id, _ in rows})
    if unknown:
        raise DeployError(
            f"--skip {', '.join(unknown)}: only a resource that keeps the rollback from finishing can be skipped",
            exit_code=Exit.USAGE,
        )
    if not run.yes:
        after = " (what is skipped no longer matches its template)" if skip else ""
        if not run.narrator.ask(f"Finish the rollback of {', '.join(broken)}{after}?", otherwise="to agree: --yes"):
            raise DeployError("declined; nothing was done", exit_code=Exit.BLOCKED)
    with make_board(run.narrator) as board:
        done = side_by_side(list(broken), lambda name: _mend_one(run, name, broken[name], skip, board), stop=run.stop)
    outcomes = [settle(run, name, each) for name, each in done.items()]
    return finish(run.narrator, outcomes, as_json=as_json, Environment=run.environment.name)


def _mend_one(run: Run, name: str, stack: Stack, skip: tuple[str, ...], board: Board) -> Outcome:
    from deploy_stack.applying import Outcome, failed
    from deploy_stack.exits import Exit
    from deploy_stack.mending import continue_rollback, roll_back

    progress = board.add(name)
    tell = board.listener(progress)
    run.running[name] = stack.id
    if stack.status == "UPDATE_ROLLBACK_FAILED":
        ending = continue_rollback(run, name, stack.id, skip, on_event=tell, progress=progress)
    else:
        ending = roll_back(run, name, stack.id, on_event=tell, progress=progress)
    run.running.pop(name, None)
    if ending.exit_code is Exit.ROLLED_BACK:  # here, that is what was asked for
        return Outcome(name, Exit.DONE, ending.status)
    return failed(run, name, stack.id, ending)


def _list(run: Run, specs: Sequence[StackSpec], *, as_json: bool) -> Exit:
    import json

    from deploy_stack import releases
    from deploy_stack.exits import Exit

    found = {each.name: releases.history(run.aws, run.environment.name, each.name) for each in specs}
    if as_json:
        rows = {
            name: [
                {
                    "Number": each.number,
                    "Version": each.version,
                    "Revision": each.revision,
                    "Time": each.time,
                    "Caller": each.caller,
                    "Restores": each.restores,
                    "Template": each.template,
                    "Parameters": dict(each.parameters),
                }
                for each in history
            ]
            for name, history in found.items()
        }
        click.echo(json.dumps(rows, indent=2))
        return Exit.DONE
    images = {each.name: {image.parameter: image.name for image in each.images} for each in specs}
    for name, history in found.items():
        for each in history:
            tags = "".join(f"  {image}={each.parameters.get(key, '?')}" for key, image in images[name].items())
            what = f" (again {each.restores})" if each.restores else ""
            revision = (each.revision or "uncommitted")[:12]
            click.echo(f"{name}  {each.number:>3}  {each.version}  {each.time}  {revision}  {each.caller}{tags}{what}")
        if not history:
            run.narrator.say(f"{name}: no release is recorded")
    return Exit.DONE
