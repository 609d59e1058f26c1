"""The steps of a move in a row, and the way back when one does not succeed.

In: a `Trip` and its steps. Out: an `Arrival`. Refuses to know: options, forms of output, how a step is done.

All requests go back to the old option when an alarm rings, targets are not healthy or somebody presses Ctrl-C, as long as that is
safe: the old option is healthy, and the data is not between two homes. A home that was left for one that cannot be entered is
entered again. What is neither done nor taken back is said, with the command that goes on.
"""

from __future__ import annotations

from collections.abc import Sequence

from deploy_stack.exits import DeployError, Exit, InterruptError
from deploy_stack.moving import steps as doing
from deploy_stack.moving.changes import discard_all
from deploy_stack.moving.route import WHOLE, Kind, Step
from deploy_stack.moving.standing import Situation, look
from deploy_stack.moving.telling import gap_text, words_of
from deploy_stack.moving.trip import Arrival, SetbackError, Trip
from deploy_stack.moving.watch import healthy_within

OLD_HEALTHY_WITHIN = 5.0  # seconds the old option has to show that it can take everything back


def travel(trip: Trip, steps: Sequence[Step]) -> Arrival:
    """Do the steps. Raises KeyboardInterrupt and DeployError where nothing is to be taken back."""
    try:
        return _travel(trip, steps)
    finally:
        discard_all(trip)


def _travel(trip: Trip, steps: Sequence[Step]) -> Arrival:
    for index, step in enumerate(steps):
        trip.say(f"step {index + 1} of {len(steps)}: {words_of(trip, step)}")
        try:
            if step.kind is Kind.LEAVE:
                doing.prepare(trip, step)
                _agree_to_the_gap(trip)
            doing.timed(trip, step)
        except SetbackError as error:
            return _after_setback(trip, step, error)
        except (KeyboardInterrupt, InterruptError):
            if step.kind in {Kind.SHIFT, Kind.CHECK} and not _is_at_home_steps(trip):
                return _after_stop(trip)
            trip.insist(f"stopped at: {words_of(trip, step)}\n  to go on: {trip.command}\n  to go back: {trip.back}")
            raise
        except DeployError as error:
            raise _with_a_way_on(trip, error) from error
    return Arrival(Exit.DONE)


def _agree_to_the_gap(trip: Trip) -> None:
    trip.insist(gap_text(trip))
    if trip.run.yes:
        return
    if not trip.run.narrator.ask("Begin the gap now?", otherwise="to agree: --yes"):
        raise SetbackError(
            "declined; the data stays where it is", exit_code=Exit.BLOCKED, next_step=f"to go on: {trip.command}"
        )


def _is_at_home_steps(trip: Trip) -> bool:
    """Whether the newest change of this command was one of homes: the hosts of EC2 may just be replaced, so nothing goes there."""
    kinds = [each.step.kind for each in trip.done if each.step.kind in {Kind.SHIFT, Kind.LEAVE, Kind.ENTER}]
    return bool(kinds) and kinds[-1] is not Kind.SHIFT


def _after_stop(trip: Trip) -> Arrival:
    trip.run.stop.clear()  # the way back may wait again
    trip.insist("stopped; the requests go back (Ctrl-C again leaves them where they are)")
    back = _go_back(trip, "stopped by the operator")
    return back if back.exit_code is Exit.NEEDS_PERSON else Arrival(Exit.INTERRUPTED, back.text, back.next_step)


def _after_setback(trip: Trip, step: Step, error: SetbackError) -> Arrival:
    if step.kind is Kind.ENTER:
        return _enter_again(trip, error)
    if step.kind not in {Kind.SHIFT, Kind.CHECK} or error.exit_code is Exit.BLOCKED or _is_at_home_steps(trip):
        return Arrival(error.exit_code, error.message, error.next_step)
    back = _go_back(trip, error.message)
    if back.exit_code is Exit.DONE:  # nothing had been moved
        return Arrival(error.exit_code, error.message, error.next_step)
    return back


def _go_back(trip: Trip, why: str) -> Arrival:
    """Give everything back to the old option. DONE when it had everything all the time."""
    run, origin = trip.run, trip.origin
    situation = look(run, trip.choice, origin)
    run.running.clear()  # what this command had begun has come to its end
    if situation.standing.share(origin) == WHOLE:
        return Arrival(Exit.DONE, f"{why}; {origin} has all requests, as before", f"to go on: {trip.command}")
    old = healthy_within(run, OLD_HEALTHY_WITHIN, lambda: doing.ask_health(trip, origin))
    new = doing.ask_health(trip, trip.to)
    if not all(each.good for each in old) and all(each.good for each in new):
        return Arrival(
            Exit.NEEDS_PERSON,
            f"{why}; but {origin} is not healthy ({'; '.join(str(each) for each in old)}), so {_shares(trip, situation)} stays",
            f"to go on: {trip.command}\nto go back all the same: {trip.back}",
        )
    trip.insist(f"{why}: all requests go back to {origin}")
    try:
        with trip.step(Step(Kind.SHIFT, origin, WHOLE)):
            # Without triggers: an alarm that rings would call the way back back.
            doing.set_share(trip, origin, WHOLE, ())
    except SetbackError as error:
        return Arrival(Exit.NEEDS_PERSON, f"{why}; and going back failed: {error.message}", f"to go back: {trip.back}")
    home = _home_text(trip, situation)
    return Arrival(
        Exit.ROLLED_BACK,
        f"{why}; all requests are back on {origin}{home}",
        f"to go on: {trip.command}" + (f"\nto bring the data back too: {trip.back}" if home else ""),
    )


def _home_text(trip: Trip, situation: Situation) -> str:
    if trip.to not in situation.standing.homes:
        return ""
    return f"; {', '.join(trip.choice.homes)} stays on {trip.to}, which {trip.origin} reaches by the same name"


def _shares(trip: Trip, situation: Situation) -> str:
    return " and ".join(f"{each} {situation.standing.share(each)} %" for each in (trip.origin, trip.to))


def _enter_again(trip: Trip, error: SetbackError) -> Arrival:
    """The new home could not be entered: the old one is, so that the gap ends."""
    situation = look(trip.run, trip.choice, trip.origin)
    left = any(each.step.kind is Kind.LEAVE and each.status == "done" for each in trip.done)
    data = ", ".join(trip.choice.homes)
    if situation.standing.homes or not left:
        return Arrival(error.exit_code, error.message, error.next_step)
    trip.insist(f"{trip.to} could not start {data}: starting it on {trip.origin} again")
    trip.run.leaves = frozenset()
    try:
        doing.timed(trip, Step(Kind.ENTER, trip.origin))
    except SetbackError as again:
        return Arrival(
            Exit.NEEDS_PERSON,
            f"{error.message}; and {trip.origin} could not start {data} again: {again.message}",
            f"nobody runs {data} now; to start it: {trip.back}\nor: {trip.command}",
        )
    return Arrival(Exit.ROLLED_BACK, f"{error.message}; {data} runs on {trip.origin} again", error.next_step)


def _with_a_way_on(trip: Trip, error: DeployError) -> DeployError:
    way = f"to go on with the move: {trip.command}"
    if trip.command in error.next_step:
        return error
    return DeployError(
        error.message, exit_code=error.exit_code, next_step=f"{error.next_step}\n{way}" if error.next_step else way
    )
