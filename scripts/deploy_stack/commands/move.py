"""`deploy-stack move`: bring an environment from one compute option to the other, and back when something is wrong.

In: an environment and an option. Out: the plan of the move, progress, how it ended. Refuses to know: how a step is done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from deploy_stack.options import Options, change_options, session_options, yes_option

if TYPE_CHECKING:
    from deploy_stack.exits import Exit
    from deploy_stack.moving.standing import Situation
    from deploy_stack.moving.trip import Arrival, Trip
    from deploy_stack.project import Environment
    from deploy_stack.run import Run


@click.command("move")
@click.argument("environment", metavar="ENVIRONMENT")
@click.option(
    "--to", type=click.Choice(["fargate", "ec2"]), required=True, help="The option that is to have everything."
)
@click.option(
    "--step",
    default="10,50,100",
    show_default=True,
    metavar="SHARES",
    help="The shares of the requests that it gets, one after the other, in percent.",
)
@click.option(
    "--pause",
    type=click.FloatRange(min=0),
    default=300.0,
    show_default=True,
    metavar="SECONDS",
    help="How long the alarms are watched after each share.",
)
@click.option(
    "--healthy-within",
    type=click.FloatRange(min=0),
    default=600.0,
    show_default=True,
    metavar="SECONDS",
    help="How long its targets may take to become healthy.",
)
@click.option(
    "--delete",
    "deletes",
    is_flag=True,
    help="With --yes: delete the old option's stacks at the end. At a terminal it is asked.",
)
@session_options
@change_options
@yes_option
def command(to: str, step: str, pause: float, healthy_within: float, deletes: bool, **typed: Any) -> int:
    """Move ENVIRONMENT to the other compute option: deploy it, check its targets, give it the requests share by share,
    bring ChromaDB over, and offer to delete the old stacks.

    The whole plan is shown first. All requests return to the old option when an alarm rings or at Ctrl-C. What is done
    shows in AWS alone: run the same command again to go on, or move to the other option to go back.

    \b
      deploy-stack move staging --to fargate
      deploy-stack move production --to ec2 --step 1,10,50,100 --pause 600
    """
    from deploy_stack.commands.common import watching
    from deploy_stack.session import begin_change

    options = Options(**typed)
    run, _ = begin_change(options, choose=lambda environment: _members(environment, to))
    run.aws.warm("elbv2", "cloudwatch")
    run.wait = True  # what still runs may be the last step of a move that was killed
    return watching(run, lambda: _move(run, options, to, step, pause, healthy_within, deletes=deletes))


def _members(environment: Environment, to: str) -> tuple[str, ...]:
    return environment.choice.options[to].stacks if environment.choice else ()


def _move(  # noqa: PLR0917
    run: Run, options: Options, to: str, step: str, pause: float, within: float, *, deletes: bool
) -> Exit:
    from deploy_stack.applying import new_run_id
    from deploy_stack.commands.common import folders, recipes, revision_of, shower
    from deploy_stack.exits import Exit
    from deploy_stack.moving.journey import travel
    from deploy_stack.moving.route import route, stations
    from deploy_stack.moving.standing import allowed_shares, choice_of, look, members
    from deploy_stack.moving.telling import plan_text
    from deploy_stack.moving.trip import Arrival, Trip

    choice = choice_of(run)
    shares = stations(step, allowed_shares(run, choice, to))
    situation = look(run, choice, to)
    steps = route(situation.standing, to, shares)
    trip = Trip(
        run=run,
        choice=choice,
        to=to,
        shares=shares,
        pause=pause,
        within=within,
        alarms=_alarms(run, choice.alarms) if steps else (),
        show=shower(run, as_json=options.as_json),
        recipe=recipes(run, revision_of(options.at, *folders(options))),
        run_id=new_run_id(),
        images=situation.images(members(run, choice.options[choice.other(to)])),
    )
    if not steps:
        run.narrator.say(f"{run.environment.name} already runs on {to}")
        return _finish(trip, Arrival(Exit.DONE), as_json=options.as_json, deletes=deletes)
    _show(run, plan_text(trip, situation, steps), as_json=options.as_json)
    if not run.yes and not run.narrator.ask(f"Move {run.environment.name} to {to}?", otherwise="to agree: --yes"):
        return _finish(trip, Arrival(Exit.BLOCKED, "declined; nothing was changed"), as_json=options.as_json)
    return _finish(trip, travel(trip, steps), as_json=options.as_json, deletes=deletes)


def _show(run: Run, text: str, *, as_json: bool) -> None:
    if run.yes or as_json:
        run.narrator.insist(text.rstrip("\n"))
    else:
        click.echo(text, nl=False)


def _alarms(run: Run, wanted: tuple[str, ...]) -> tuple[str, ...]:
    """Return the alarms that can call a step back: those that are there and quiet. Raises what a person has to agree to."""
    from deploy_stack.exits import ConsentNeededError
    from deploy_stack.moving.watch import states

    found = states(run, wanted)
    missing = [each for each in wanted if each not in found]
    loud = [each for each, state in found.items() if state == "ALARM"]
    for key, names, what in (
        ("unwatched:edge", missing, "are not there, so they call nothing back (deploy monitoring first)"),
        ("ringing:edge", loud, "ring already, so they cannot tell what the move breaks"),
    ):
        if names and key not in run.allowed:
            question = f"{run.environment.name}: these alarms {what}: {', '.join(names)}. Move all the same?"
            if run.yes or not run.narrator.interactive or not run.narrator.ask(question, otherwise=f"--allow {key}"):
                raise ConsentNeededError(key, question)
    return tuple(each for each in wanted if each in found and each not in loud)


def _finish(trip: Trip, arrival: Arrival, *, as_json: bool, deletes: bool = False) -> Exit:
    import json

    from deploy_stack.exits import Exit
    from deploy_stack.moving.standing import look
    from deploy_stack.moving.telling import closing, move_json, standing_text

    run = trip.run
    situation = look(run, trip.choice, trip.to)
    code = arrival.exit_code
    if code is Exit.DONE:
        for line in closing(trip):
            run.narrator.insist(line)
        code = _offer_deletion(trip, situation, deletes=deletes)
    else:
        run.narrator.insist(f"\nmove: {arrival.text}")
        for line in arrival.next_step.splitlines():
            run.narrator.insist(f"  next: {line}")
        run.narrator.insist(f"  now: {standing_text(trip, situation)}")
    if as_json:
        click.echo(json.dumps(move_json(trip, arrival, situation), indent=2))
    return code


def _offer_deletion(trip: Trip, situation: Situation, *, deletes: bool) -> Exit:
    """Delete the old option's stacks if somebody wants that; what they retain stays, and what would lose data is blocked."""
    from deploy_stack.commands.delete import delete
    from deploy_stack.exits import DeployError, Exit
    from deploy_stack.forms import Forms
    from deploy_stack.moving.standing import members

    run = trip.run
    old = [each for each in members(run, trip.choice.options[trip.origin]) if each.name in situation.stacks]
    if not old:
        return Exit.DONE
    if not deletes and (run.yes or not run.narrator.interactive):
        command = f"deploy-stack delete {run.environment.name} {' '.join(each.name for each in old)}"
        run.narrator.say(f"{trip.origin} is still deployed, without requests; to delete it: {command}")
        return Exit.DONE
    try:
        return delete(run, old, (), Forms(), as_json=False)
    except DeployError as error:
        if deletes or error.exit_code is not Exit.BLOCKED:
            raise
        # The move itself is done; what a person does not want deleted stays.
        run.narrator.insist("\n  next: ".join(filter(None, (error.message, *error.next_step.splitlines()))))
        return Exit.DONE
