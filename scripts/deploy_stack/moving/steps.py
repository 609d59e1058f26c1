"""What each kind of step does: a function for each, and the registry of them.

In: a `Trip` and a `Step`. Out: nothing when it succeeded. Raises SetbackError when it did not, DeployError when nothing is known.
Refuses to know: what comes before and after, and what to do about a setback.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from deploy_stack import stacks
from deploy_stack.choice import FARGATE
from deploy_stack.deploying import Deployment
from deploy_stack.exits import Exit
from deploy_stack.homes import is_on
from deploy_stack.moving import gap
from deploy_stack.moving.changes import execute, plan_changes, succeed
from deploy_stack.moving.route import WHOLE, Kind, Step
from deploy_stack.moving.standing import as_deployed, keeping, members, weighing
from deploy_stack.moving.telling import seconds_text
from deploy_stack.moving.trip import SetbackError, Trip
from deploy_stack.moving.watch import Health, health, healthy_within, quiet_for
from deploy_stack.planning import Planned

RULE = "AWS::ElasticLoadBalancingV2::ListenerRule"


def deploy(trip: Trip, step: Step) -> None:
    """Deploy the option's stacks from the files, with the images the other option runs, and without being anybody's home."""
    run, option = trip.run, trip.choice.options[step.option]
    specs = members(run, option)
    given = run.overrides
    homes: dict[tuple[str | None, str], str] = {}
    for spec in specs:
        stack = stacks.find(run.aws, spec.stack_name)
        for key in trip.choice.homes.values():
            if key in spec.declared:
                homes[spec.name, key] = "true" if stack and is_on(stack, key) else "false"
    run.overrides = replace(given, images={**trip.images, **given.images}, parameters={**homes, **given.parameters})
    try:
        deployment = Deployment(run, trip.show, trip.recipe, trip.run_id)
        outcomes = deployment.without_person(specs) if run.yes else deployment.with_person(specs)
    finally:
        run.overrides = given
    succeed(trip, outcomes)


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
    if not trip.groups:
        for spec in weighing(trip.run, trip.choice):
            stack = stacks.find(trip.run.aws, spec.stack_name)
            trip.groups.update(stack.outputs if stack else {})
    return health(trip.run, trip.choice, option, trip.groups)


def shift(trip: Trip, step: Step) -> None:
    """Give the option its share, then watch the alarms for the pause: at least one look."""
    onward = step.option == trip.to
    if onward and not _just_checked(trip, step.option):
        _healthy(trip, step.option)
    set_share(trip, step.option, step.share, trip.alarms)
    if onward:
        trip.say(f"watching {len(trip.alarms)} alarms for {trip.pause:g} s")
        if loud := quiet_for(trip.run, trip.pause, trip.alarms):
            raise SetbackError(f"in ALARM: {', '.join(loud)}", exit_code=Exit.ROLLED_BACK)


def _just_checked(trip: Trip, option: str) -> bool:
    """Whether the step before this one was to look at the option's targets."""
    before = trip.done[-2].step if len(trip.done) > 1 else None
    return before == Step(Kind.CHECK, option)


def set_share(trip: Trip, option: str, share: int, alarms: tuple[str, ...]) -> None:
    """Set the weight by a change set of each stack that holds it. `alarms` are its rollback triggers."""
    weight = share if option == FARGATE else WHOLE - share
    for spec in weighing(trip.run, trip.choice):
        wanted = as_deployed(trip.run, spec, **{trip.choice.weight: str(weight)})
        wanted = replace(wanted, spec=replace(wanted.spec, rollback_alarms=alarms))
        execute(trip, plan_changes(trip, [wanted], only=(RULE,)))
    trip.say(f"{option} has {share} % of the requests")


def prepare(trip: Trip, step: Step) -> None:
    """Make and show both change sets of a change of home before the first is executed.

    So nothing is left for a home that cannot be entered, and the gap holds no time for planning.
    """
    values = {(Kind.LEAVE, step.option): "false", (Kind.ENTER, trip.to): "true"}
    trip.run.leaves = frozenset(each.stack_name for each in keeping(trip.run, trip.choice, step.option))
    for (kind, option), value in values.items():
        trip.prepared[kind] = _home_changes(trip, option, value)


def leave(trip: Trip, step: Step) -> None:
    """Stop the services with data in this option. The gap begins."""
    execute(trip, _prepared(trip, step, "false"))


def enter(trip: Trip, step: Step) -> None:
    """Start the services with data in this option. The gap ends, and is told as it was."""
    execute(trip, _prepared(trip, step, "true"))
    trip.gap = gap.measured(
        trip.run, keeping(trip.run, trip.choice, trip.origin), keeping(trip.run, trip.choice, step.option)
    )
    names = ", ".join(trip.choice.homes)
    measured = f", after a gap of {seconds_text(trip.gap)}" if trip.gap is not None else ""
    trip.insist(f"{names} is at home on {step.option}{measured}")


def _prepared(trip: Trip, step: Step, value: str) -> list[Planned]:
    plans = trip.prepared.pop(step.kind, None) if step.option in {trip.to, trip.origin} else None
    return _home_changes(trip, step.option, value) if plans is None else plans


def _home_changes(trip: Trip, option: str, value: str) -> list[Planned]:
    # Without rollback triggers: while nobody is at home, alarms may ring, and going back would only make the gap longer.
    specs = keeping(trip.run, trip.choice, option)
    keys = [{key for key in trip.choice.homes.values() if key in each.declared} for each in specs]
    return plan_changes(
        trip,
        [as_deployed(trip.run, each, **dict.fromkeys(own, value)) for each, own in zip(specs, keys, strict=True)],
    )


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
