"""The end of a run: outputs on stdout, the root cause repeated at the very end of stderr, and the exit code.

In: `Outcome`s. Out: text, JSON, an exit code. Refuses to know: how they came about.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import click

from deploy_stack import github
from deploy_stack.applying import Outcome
from deploy_stack.exits import Exit, worst
from deploy_stack.narrate import Narrator
from deploy_stack.states import NOW


def finish(narrator: Narrator, outcomes: Sequence[Outcome], *, as_json: bool, **more: Any) -> Exit:
    """Print what the run came to and return its exit code."""
    # What was not begun because of another stack says nothing; the other one does.
    code = worst([each.exit_code for each in outcomes if each.begun])
    if as_json:
        click.echo(
            json.dumps({**more, "Exit": int(code), "Stacks": [outcome_json(each) for each in outcomes]}, indent=2)
        )
    else:
        for outcome in outcomes:
            for key, value in sorted(outcome.outputs.items()):
                click.echo(f"{outcome.name}.{key} = {value}")
    for each in alike(outcomes):
        say_outcome(narrator, each)
    return code


def alike(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Return the outcomes with those joined that say the same: expired credentials are one message, not one a stack."""
    found: dict[object, Outcome] = {}
    for each in outcomes:
        same = (each.exit_code, each.status, each.text, each.next_step)
        key: object = each.name if each.exit_code is Exit.DONE or each.cause else same
        found[key] = replace(found[key], name=f"{found[key].name}, {each.name}") if key in found else each
    return list(found.values())


def say_outcome(narrator: Narrator, outcome: Outcome) -> None:
    """Say what became of one stack, with the cause and the next step where there are any."""
    if outcome.exit_code is Exit.DONE:
        for note in outcome.notes:
            narrator.insist(f"{outcome.name}: {note}")
        narrator.say(f"{outcome.name}: {outcome.status}")
        return
    narrator.insist(f"\n{outcome.name}: {_headline(outcome)}{': ' + outcome.text if outcome.text else ''}")
    _annotate(outcome)
    if outcome.cause:
        narrator.insist(f"  cause: {outcome.cause.logical_id} ({outcome.cause.type})")
        narrator.insist(f"         {outcome.cause.reason}")
        for line in outcome.cause.details:
            narrator.insist(f"         {line}")
        for link in outcome.cause.links:
            narrator.insist(f"  look: {link}")
    if now := NOW.get(outcome.status):
        narrator.insist(f"  now: {now}")
    for line in outcome.next_step.splitlines():
        narrator.insist(f"  next: {line}")


def _annotate(outcome: Outcome) -> None:
    if outcome.begun:
        cause = outcome.cause
        reason = f"{cause.logical_id} ({cause.type}): {cause.reason}" if cause else outcome.text
        text = "\n".join(each for each in (reason, outcome.next_step) if each)
        github.error(f"{outcome.name}: {_headline(outcome)}", text)


def _headline(outcome: Outcome) -> str:
    words = {
        Exit.ROLLED_BACK: f"FAILED, and rolled back ({outcome.status})",
        Exit.NEEDS_PERSON: f"FAILED, and needs a person ({outcome.status})",
        Exit.LOST_SIGHT: "UNKNOWN",
    }
    return words.get(outcome.exit_code, outcome.status)


def outcome_json(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome for machines."""
    found: dict[str, Any] = {
        "Stack": outcome.name,
        "Status": outcome.status,
        "Exit": int(outcome.exit_code),
        "Text": outcome.text,
        "NextStep": outcome.next_step,
        "Outputs": dict(outcome.outputs),
        "Notes": list(outcome.notes),
    }
    if outcome.cause:
        found["Cause"] = {
            "LogicalResourceId": outcome.cause.logical_id,
            "ResourceType": outcome.cause.type,
            "Reason": outcome.cause.reason,
            "Details": list(outcome.cause.details),
            "Links": list(outcome.cause.links),
        }
    return found
