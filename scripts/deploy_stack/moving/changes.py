"""The change sets of a move: made, shown, held to what they promise, executed.

In: a `Trip` and stacks as they are deployed with other values of single parameters. Out: `Planned`s, then nothing when they
succeeded. Raises SetbackError when a change set wants more than it should, is blocked, or does not succeed.
Refuses to know: which values, and why.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from deploy_stack.applying import Outcome, apply_one
from deploy_stack.board import make_board
from deploy_stack.deploying import approved
from deploy_stack.exits import DeployError, Exit, worst
from deploy_stack.moving.standing import Deployed
from deploy_stack.moving.trip import SetbackError, Trip
from deploy_stack.planning import Planned, Unchanged, Waiting, plan_stack
from deploy_stack.report import say_outcome
from deploy_stack.values import Overrides
from deploy_stack.workflow import discard, waiting_text


def plan_changes(trip: Trip, wanted: Iterable[Deployed], only: tuple[str, ...] = ()) -> list[Planned]:
    """Make and show a change set of each stack that is not yet as it should be.

    `only` are the types whose change is promised; none stands for all. What is not executed in the end is `discard_all`ed.
    """
    run, found = trip.run, []
    given, run.overrides = run.overrides, Overrides()
    try:
        for each in wanted:
            plan = plan_stack(run, each.spec, each.situation)
            if isinstance(plan, Waiting):
                raise DeployError(waiting_text(run, plan))
            if isinstance(plan, Unchanged):
                continue
            found.append(plan)
            trip.show(plan)
            _hold(trip, plan, only)
    except BaseException:
        discard(run, found)
        raise
    finally:
        run.overrides = given
    return found


def _hold(trip: Trip, plan: Planned, only: tuple[str, ...]) -> None:
    more = [
        each.logical_id for each in plan.review.changes if only and (each.type not in only or each.verb != "change")
    ]
    if more:
        first = f"deploy-stack deploy {trip.run.environment.name} {plan.spec.name}"
        raise SetbackError(
            f"{plan.spec.name}: the change set would change more than it should: {', '.join(more)}",
            exit_code=Exit.BLOCKED,
            next_step=f"deploy that first: {first}\nthen go on: {trip.command}",
        )
    if blocking := plan.review.blocked_by(trip.run.allowed):
        raise SetbackError(
            "; ".join(f"{each.logical_id} {each.text}" for each in blocking),
            exit_code=Exit.BLOCKED,
            next_step=" ".join([trip.command, *(f"--allow {each.key}" for each in blocking)]),
        )


def execute(trip: Trip, plans: Iterable[Planned]) -> None:
    """Execute the change sets one after the other. None of them is a release: `rollback` does not go back to them."""
    for plan in plans:
        with make_board(trip.run.narrator) as board:
            outcome = apply_one(trip.run, approved(plan), None, board, trip.run_id)
        succeed(trip, [outcome])


def succeed(trip: Trip, outcomes: Sequence[Outcome]) -> None:
    """Return when all went well; say what did not."""
    code = worst([each.exit_code for each in outcomes if each.begun])
    if code is Exit.DONE:
        return
    for each in outcomes:
        if each.exit_code is not Exit.DONE:
            say_outcome(trip.run.narrator, each)
    names = ", ".join(each.name for each in outcomes if each.exit_code is code)
    raise SetbackError(f"{names} did not become what it should", exit_code=code, next_step=f"to go on: {trip.command}")


def discard_all(trip: Trip) -> None:
    """Delete the change sets that were prepared and never executed."""
    for plans in trip.prepared.values():
        discard(trip.run, plans)
    trip.prepared.clear()
