"""The words and the JSON of a move.

In: a `Trip`, steps, a `Situation`. Out: texts and plain values. Refuses to know: where they are shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from deploy_stack.choice import EC2
from deploy_stack.moving import gap
from deploy_stack.moving.route import Kind, Step
from deploy_stack.moving.standing import Situation, keeping
from deploy_stack.moving.trip import Arrival, Trip


def words_of(trip: Trip, step: Step) -> str:
    """Say what a step does, in a few words."""
    data = ", ".join(trip.choice.homes)
    return {
        Kind.DEPLOY: f"deploy {step.option}, without requests and without {data or 'data'}",
        Kind.CHECK: f"check the targets of {step.option}",
        Kind.SHIFT: f"give {step.option} {step.share} % of the requests",
        Kind.LEAVE: f"stop {data} on {step.option}",
        Kind.ENTER: f"start {data} on {step.option}",
    }[step.kind]


def plan_text(trip: Trip, situation: Situation, steps: Sequence[Step]) -> str:
    """Return the whole plan of a move."""
    lines = [f"move {trip.run.environment.name} to {trip.to}", f"  now     {standing_text(trip, situation)}"]
    lines += [f"  {number:>2}      {words_of(trip, step)}{_more(trip, step)}" for number, step in enumerate(steps, 1)]
    lines.append(
        f"  back    all requests return to {trip.origin} at Ctrl-C, and when one of these rings during a shift:"
    )
    lines += [f"          {each}" for each in trip.alarms or ("none",)]
    if any(each.kind is Kind.ENTER for each in steps):
        lines.append(f"  gap     {gap_text(trip)}")
    lines.append(
        f"  after   {trip.origin} stays deployed without requests until it is deleted, which is offered at the end"
    )
    return "\n".join(lines) + "\n"


def standing_text(trip: Trip, situation: Situation) -> str:
    """Return where requests and data are."""
    standing, data = situation.standing, ", ".join(trip.choice.homes)
    shares = ", ".join(f"{each} {standing.share(each)} %" for each in (trip.origin, trip.to))
    return f"requests: {shares}" + (f"; {data} at home on {''.join(standing.homes) or 'neither'}" if data else "")


def _more(trip: Trip, step: Step) -> str:
    if step.kind is Kind.DEPLOY:
        images = " ".join(f"{name}={tag}" for name, tag in sorted(trip.images.items()))
        return f" ({images})" if images else ""
    if step.kind is Kind.CHECK:
        targets = trip.choice.options[step.option].targets
        each = ", ".join(f"{name.removesuffix('TargetGroupArn')} {count}" for name, count in targets.items())
        return f" (healthy at least: {each})"
    if step.kind is Kind.SHIFT and trip.pause and step.option == trip.to:
        return f", then watch the alarms for {trip.pause:g} s"
    if step.kind is Kind.LEAVE and step.option == EC2:
        return "; its hosts may be replaced, and have no requests by then"
    return ""


def gap_text(trip: Trip) -> str:
    """Return how long nobody will be at home, as far as it can be told."""
    choice, data = trip.choice, ", ".join(trip.choice.homes)
    seconds = gap.estimated(trip.run, keeping(trip.run, choice, trip.origin), keeping(trip.run, choice, trip.to))
    if seconds is None:
        how_long = f"how long is told before it begins, once it is known how long {trip.to} takes to start"
    else:
        how_long = f"about {seconds_text(seconds)}, as long as both stacks took last"
    return f"{data} answers nobody between its two homes: {how_long}; its data and its name stay"


def seconds_text(seconds: float) -> str:
    """Return a length of time, short ones with a tenth."""
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"


def closing(trip: Trip) -> list[str]:
    """Return what a person has to know when everything has moved."""
    environment, default = trip.run.environment.name, trip.choice.default
    lines = [f"{environment} runs on {trip.to}: all requests" + (", all data" if trip.choice.homes else "")]
    if default != trip.to:
        lines.append(
            f"the description still says {default}: in generator/environments.py give {environment} "
            f"compute=Compute.{trip.to.upper()}, run make templates, commit it"
        )
        lines.append("until then a deployment keeps the weight and the home, and refuses a second home")
    return lines


def move_json(trip: Trip, arrival: Arrival, situation: Situation | None) -> dict[str, Any]:
    """Return the whole move for machines."""
    standing = situation.standing if situation else None
    return {
        "Environment": trip.run.environment.name,
        "To": trip.to,
        "Exit": int(arrival.exit_code),
        "Text": arrival.text,
        "NextStep": arrival.next_step,
        "Shares": {each: standing.share(each) for each in trip.choice.options} if standing else None,
        "Homes": sorted(standing.homes) if standing else None,
        "GapSeconds": trip.gap,
        "Steps": [
            {
                "Step": each.step.kind.value,
                "Option": each.step.option,
                **({"Share": each.step.share} if each.step.kind is Kind.SHIFT else {}),
                "Status": each.status,
                "Seconds": each.seconds,
            }
            for each in trip.done
        ],
    }
