"""`deploy-stack apply`: execute exactly what a plan file says, or refuse.

In: a plan file. Out: progress, outputs. Refuses to know: the working tree; a plan is about an account.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from deploy_stack.options import session_options

if TYPE_CHECKING:
    from deploy_stack.applying import Outcome
    from deploy_stack.board import Board
    from deploy_stack.exits import Exit
    from deploy_stack.planfile import Entry, PlanFile
    from deploy_stack.run import Run


@click.command("apply")
@click.argument("plan", metavar="PLANFILE|ENVIRONMENT")
@session_options
@click.option("--allow", multiple=True, metavar="ID", help="Allow exactly this blocked change. May be repeated.")
@click.option(
    "--max-age",
    type=click.FloatRange(min=0),
    default=72.0,
    show_default=True,
    metavar="HOURS",
    help="Refuse a plan that is older.",
)
def command(plan: str, allow: tuple[str, ...], max_age: float, **typed: Any) -> int:
    """Execute exactly what PLANFILE says, or refuse with exit 12 and what became stale.

    It does not ask: the plan is what was asked about. Applying a plan again follows the operation that it started.

    \b
      deploy-stack plan production --out production.plan.json
      deploy-stack apply production.plan.json
    """
    from deploy_stack import planfile
    from deploy_stack.commands.common import watching
    from deploy_stack.exits import DeployError, Exit
    from deploy_stack.freshness import check_age

    path = Path(plan) if Path(plan).is_file() else planfile.default_path(plan)
    if not path.is_file():
        file = Path(plan).suffix or Path(plan).name != plan
        raise DeployError(
            f"{plan}: no such plan file"
            + ("" if file else f", and no plan of an environment of this name here ({Path.cwd() / path})"),
            exit_code=Exit.USAGE,
            next_step=f"make one: deploy-stack plan {f'ENVIRONMENT --out {plan}' if file else plan}",
        )
    found = planfile.read(path)
    check_age(found, max_age)
    run = open_run(found, typed, frozenset((*found.allowed, *allow)))
    return watching(run, lambda: _apply(run, found, as_json=typed["as_json"]))


def open_run(plan: PlanFile, typed: dict[str, Any], allowed: frozenset[str]) -> Run:
    """Return a run for the account and region of a plan."""
    import threading

    from deploy_stack.aws import Aws, choose_region
    from deploy_stack.narrate import Narrator
    from deploy_stack.pace import TokenBucket
    from deploy_stack.project import Environment, Target
    from deploy_stack.run import Run

    target = Target(plan.account, plan.region)
    stop = threading.Event()
    aws = Aws(
        region=choose_region(target, typed["region"], typed["profile"]),
        profile=typed["profile"],
        endpoint_url=typed["endpoint_url"],
        bucket=TokenBucket(sleep=stop.wait),
    )
    aws.warm("cloudformation", "sts")
    return Run(
        environment=Environment(plan.environment, plan.version, target, ()),
        aws=aws,
        narrator=Narrator(),
        allowed=allowed,
        yes=True,
        stop=stop,
        patience=typed["patience"],
    )


def _apply(run: Run, plan: PlanFile, *, as_json: bool) -> Exit:
    from deploy_stack.applying import new_run_id
    from deploy_stack.board import make_board
    from deploy_stack.deploying import settle
    from deploy_stack.exits import Exit
    from deploy_stack.preflight import check_account
    from deploy_stack.report import finish
    from deploy_stack.schedule import in_order

    who = run.caller()
    check_account(who.account, run.environment.target, plan.environment)
    entries = {each.name: each for each in plan.stacks}
    templates, refused = check_all(run, entries)
    if refused:
        return finish(run.narrator, refused, as_json=as_json, Environment=plan.environment)
    run_id = new_run_id()
    with make_board(run.narrator) as board:
        done = in_order(
            list(entries),
            {each.name: each.depends_on for each in plan.stacks},
            lambda name: _one(run, plan, entries[name], templates.get(name), who.arn, board, run_id),
            goes_on=lambda outcome: outcome.exit_code is Exit.DONE,
            stop=run.stop,
        )
    outcomes = [settle(run, name, each) for name, each in done.items()]
    for text in plan.waiting:
        run.narrator.say(f"{text}; plan again")
    return finish(run.narrator, outcomes, as_json=as_json, Environment=plan.environment)


def check_all(run: Run, entries: dict[str, Entry]) -> tuple[dict[str, dict[str, Any]], list[Outcome]]:
    """Check every stack before any is executed; return (templates by stack, the refusals)."""
    from deploy_stack.applying import Outcome
    from deploy_stack.deploying import settle
    from deploy_stack.exits import Exit
    from deploy_stack.schedule import side_by_side

    done = side_by_side(list(entries), lambda name: _look(run, entries[name]), stop=run.stop)
    refused: list[Outcome] = []
    templates = {}
    for name, each in done.items():
        if isinstance(each.result, Outcome):
            refused.append(each.result)
        elif each.result is not None:
            templates[name] = each.result
        else:
            refused.append(settle(run, name, each))  # type: ignore[arg-type]
    if refused:
        names = {each.name for each in refused}
        refused.extend(Outcome(name, Exit.ERROR, "not begun", begun=False) for name in entries if name not in names)
    return templates, refused


def _look(run: Run, line: Entry) -> dict[str, Any] | Outcome:
    """Return the template of the change set, or why it must not be executed; {} when it already runs."""
    from deploy_stack.applying import Outcome
    from deploy_stack.exits import Exit
    from deploy_stack.freshness import already_running, check

    if already_running(run, line):
        return {}
    holds = check(run, line)
    blocking = [each for each in holds.findings if each.key not in run.allowed]
    if blocking:
        text = "; ".join(f"{each.logical_id} {each.text}" for each in blocking)
        step = " ".join(f"--allow {each.key}" for each in blocking)
        return Outcome(line.name, Exit.BLOCKED, "blocked", text, f"if that is what you want: {step}")
    return holds.template


def _one(  # noqa: PLR0917
    run: Run, plan: PlanFile, line: Entry, template: dict[str, Any] | None, who: str, board: Board, run_id: str
) -> Outcome:
    from deploy_stack.applying import Recipe, apply_one
    from deploy_stack.deploying import approved_entry
    from deploy_stack.freshness import already_running, check
    from deploy_stack.stacks import template_of

    if set(line.depends_on) & {each.name for each in plan.stacks} and not already_running(run, line):
        check(run, line)  # a stack before this one may have moved the values that it was planned with
    recipe = Recipe(
        template=template or template_of(run.aws, line.stack_id),
        parameters=line.parameters,
        version=line.version,
        revision=plan.revision,
        caller=who,
        restores=(plan.restores or {}).get(line.name, 0),
    )
    return apply_one(run, approved_entry(line), recipe, board, run_id)
