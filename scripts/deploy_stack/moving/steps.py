"""What each kind of step does: a function for each, and the registry of them.

In: a `Trip` and a `Step`. Out: nothing when it succeeded. Raises SetbackError when it did not, DeployError when nothing is known.
Refuses to know: what comes before and after, and what to do about a setback.

A shift or a change of home is a change set of the stack as it is deployed: one parameter has another value, and nothing else
changes. It is shown like any other, and held to that promise before it is executed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from deploy_stack import stacks
from deploy_stack.applying import Outcome, apply_one
from deploy_stack.board import make_board
from deploy_stack.choice import FARGATE
from deploy_stack.deploying import Deployment, approved
from deploy_stack.exits import DeployError, Exit, worst
from deploy_stack.moving import gap
from deploy_stack.moving.route import WHOLE, Kind, Step
from deploy_stack.moving.standing import as_deployed, keeping, members, weighing
from deploy_stack.moving.trip import SetbackError, Trip
from deploy_stack.moving.watch import Health, health, healthy_within, quiet_for, ringing
from deploy_stack.planning import Planned, Unchanged, Waiting, plan_stack
from deploy_stack.project import StackSpec
from deploy_stack.report import say_outcome
from deploy_stack.values import Overrides
from deploy_stack.workflow import discard, waiting_text


def deploy(trip: Trip, step: Step) -> None:
    """Deploy the option's stacks from the files, with the images the other option runs, and without being anybody's home."""
    run, option = trip.run, trip.choice.options[step.option]
    specs = members(run, option)
    given = run.overrides
    nobodys_home: dict[tuple[str | None, str], str] = {
        (spec.name, key): "false"
        for spec in specs
        for key in trip.choice.homes.values()
        if key in spec.declared and stacks.find(run.aws, spec.stack_name) is None
    }
    run.overrides = replace(
        given, images={**trip.images, **given.images}, parameters={**nobodys_home, **given.parameters}
    )
    try:
        deployment = Deployment(run, trip.show, trip.recipe, trip.run_id)
        outcomes = deployment.without_person(specs) if run.yes else deployment.with_person(specs)
    finally:
        run.overrides = given
    _succeed(trip, outcomes)


def check(trip: Trip, step: Step) -> None:
    """Every target group of the option has the healthy targets that it needs, within the time that they are given."""
    for each in _healthy(trip, step.option):
        trip.say(f"{step.option}: {each}")


def _healthy(trip: Trip, option: str) -> list[Health]:
    found = healthy_within(trip.run, trip.within, lambda: ask_health(trip, option))
    bad = [str(each) for each in found if not each.good]
    if bad:
        raise SetbackError(
            f"{option} is not healthy after {trip.within:.0f} s: {'; '.join(bad)}",
            next_step=f"look at its targets, then go on: {trip.command}\nor the other way: {trip.back}",
        )
    return found


def ask_health(trip: Trip, option: str) -> list[Health]:
    """Return the health of each target group of the option now."""
    outputs: dict[str, str] = {}
    for spec in weighing(trip.run, trip.choice):
        stack = stacks.find(trip.run.aws, spec.stack_name)
        outputs.update(stack.outputs if stack else {})
    return health(trip.run, trip.choice, option, outputs)


def shift(trip: Trip, step: Step) -> None:
    """Give the option its share, then watch the alarms for the pause."""
    if step.option == trip.to:
        _healthy(trip, step.option)
        _be_quiet(ringing(trip.run, trip.alarms))
    set_share(trip, step.option, step.share, trip.alarms)
    if trip.pause and step.option == trip.to:
        trip.say(f"watching {len(trip.alarms)} alarms for {trip.pause:g} s")
        _be_quiet(quiet_for(trip.run, trip.pause, trip.alarms))


def _be_quiet(alarms: Sequence[str]) -> None:
    if alarms:
        raise SetbackError(f"in ALARM: {', '.join(alarms)}", exit_code=Exit.ROLLED_BACK)


def set_share(trip: Trip, option: str, share: int, alarms: tuple[str, ...]) -> None:
    """Set the weight by a change set of each stack that holds it. `alarms` are its rollback triggers."""
    weight = share if option == FARGATE else WHOLE - share
    for spec in weighing(trip.run, trip.choice):
        wanted = as_deployed(trip.run, spec, **{trip.choice.weight: str(weight)})
        _carry_out(trip, replace(wanted, rollback_alarms=alarms), only=("AWS::ElasticLoadBalancingV2::ListenerRule",))
    trip.say(f"{option} has {share} % of the requests")


def leave(trip: Trip, step: Step) -> None:
    """Stop the services with data in this option. The gap begins."""
    _set_home(trip, step.option, "false")


def enter(trip: Trip, step: Step) -> None:
    """Start the services with data in this option. The gap ends, and is told as it was."""
    _set_home(trip, step.option, "true")
    trip.gap = gap.measured(
        trip.run, keeping(trip.run, trip.choice, trip.origin), keeping(trip.run, trip.choice, step.option)
    )
    names = ", ".join(trip.choice.homes)
    measured = f", after a gap of {trip.gap:.0f} s" if trip.gap is not None else ""
    trip.insist(f"{names} is at home on {step.option}{measured}")


def _set_home(trip: Trip, option: str, value: str) -> None:
    # Without rollback triggers: while nobody is at home, alarms may ring, and going back would only make the gap longer.
    for spec in keeping(trip.run, trip.choice, option):
        keys = [key for key in trip.choice.homes.values() if key in spec.declared]
        _carry_out(trip, as_deployed(trip.run, spec, **dict.fromkeys(keys, value)))


def _carry_out(trip: Trip, spec: StackSpec, only: tuple[str, ...] = ()) -> None:
    """Plan, show, hold to the promise, apply. `only` are the types that may change; none stands for all."""
    run = trip.run
    given, run.overrides = run.overrides, Overrides()
    try:
        plan = plan_stack(run, spec)
    finally:
        run.overrides = given
    if isinstance(plan, Unchanged):
        return
    if isinstance(plan, Waiting):
        raise DeployError(waiting_text(run, plan))
    trip.show(plan)
    _hold(trip, plan, only)
    with make_board(run.narrator) as board:
        outcome = apply_one(run, approved(plan), None, board, trip.run_id)
    _succeed(trip, [outcome])


def _hold(trip: Trip, plan: Planned, only: tuple[str, ...]) -> None:
    more = [
        each.logical_id for each in plan.review.changes if only and (each.type not in only or each.verb != "change")
    ]
    blocking = plan.review.blocked_by(trip.run.allowed)
    if not more and not blocking:
        return
    discard(trip.run, [plan])
    if more:
        first = f"deploy-stack deploy {trip.run.environment.name} {plan.spec.name}"
        raise SetbackError(
            f"{plan.spec.name}: the change set would change more than the weight: {', '.join(more)}",
            exit_code=Exit.BLOCKED,
            next_step=f"deploy that first: {first}\nthen go on: {trip.command}",
        )
    raise SetbackError(
        "; ".join(f"{each.logical_id} {each.text}" for each in blocking),
        exit_code=Exit.BLOCKED,
        next_step=" ".join([trip.command, *(f"--allow {each.key}" for each in blocking)]),
    )


def _succeed(trip: Trip, outcomes: Sequence[Outcome]) -> None:
    code = worst([each.exit_code for each in outcomes if each.begun])
    if code is Exit.DONE:
        return
    for each in outcomes:
        if each.exit_code is not Exit.DONE:
            say_outcome(trip.run.narrator, each)
    names = ", ".join(each.name for each in outcomes if each.exit_code is code)
    raise SetbackError(f"{names} did not become what it should", exit_code=code, next_step=f"to go on: {trip.command}")


STEPS: Mapping[Kind, Callable[[Trip, Step], None]] = {
    Kind.DEPLOY: deploy,
    Kind.CHECK: check,
    Kind.SHIFT: shift,
    Kind.LEAVE: leave,
    Kind.ENTER: enter,
}


def timed(trip: Trip, step: Step) -> float:
    """Do a step and return how long it took, in seconds."""
    begun = time.monotonic()
    with trip.step(step):
        STEPS[step.kind](trip, step)
    return time.monotonic() - begun
