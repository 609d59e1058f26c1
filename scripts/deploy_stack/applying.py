"""Apply one approved stack and say what it came to; stop watching when asked, and offer to cancel.

In: a `Run`, what was approved, a board. Out: an `Outcome`. Refuses to know: how it was approved.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from deploy_stack import changesets, releases
from deploy_stack.board import Board
from deploy_stack.causes import DEPLOY_AGAIN, Cause, find_cause
from deploy_stack.events import Ending
from deploy_stack.execution import Approved, execute, outputs
from deploy_stack.exits import DeployError, Exit
from deploy_stack.mending import stuck_resources
from deploy_stack.run import Run, together
from deploy_stack.templates import digest


@dataclass(frozen=True)
class Outcome:
    """What became of one stack."""

    name: str
    exit_code: Exit
    status: str
    text: str = ""
    next_step: str = ""
    cause: Cause | None = None
    outputs: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    begun: bool = True  # False when another stack's failure kept it from being tried


@dataclass(frozen=True)
class Recipe:
    """What the release record needs to know of an approved stack."""

    template: Mapping[str, Any]
    parameters: Mapping[str, str]
    version: str
    revision: str | None
    caller: str
    restores: int = 0


def apply_one(run: Run, approved: Approved, recipe: Recipe | None, board: Board, run_id: str) -> Outcome:
    """Execute one approved stack and return what it came to. Raises DeployError, InterruptError.

    Without a recipe it is no release: what `move` sets is nothing that a rollback goes back to.
    """
    progress = board.add(approved.name)
    run.running[approved.name] = approved.stack_id
    keeping = threading.Thread(target=_keep, args=(run, approved.name, recipe), daemon=True) if recipe else None
    if keeping:
        keeping.start()
    try:
        ending = execute(run, approved, on_event=board.listener(progress), progress=progress)
    except DeployError as error:
        progress.status = "lost sight" if error.exit_code is Exit.LOST_SIGHT else "not started"
        if error.exit_code in {Exit.STALE, Exit.ERROR}:
            run.running.pop(approved.name, None)
        raise
    run.running.pop(approved.name, None)
    progress.status, progress.total = ending.status, max(progress.done, len(progress.states), 1)
    if ending.exit_code is not Exit.DONE:
        changesets.delete(run.aws, approved.change_set_id)  # what failed is not to be executed again
        return failed(run, approved.name, approved.stack_id, ending)
    closing: list[Callable[[], Any]] = [lambda: outputs(run, approved.stack_id)]
    if approved.change_set_id and recipe and keeping:
        closing.append(lambda: _record(run, approved.name, recipe, run_id, keeping))
    found = together(*closing)[0]
    return Outcome(
        name=approved.name,
        exit_code=Exit.DONE,
        status=ending.status,
        outputs=found,
        notes=tuple(cleanup_failures(ending)),
    )


def failed(run: Run, name: str, stack_id: str, ending: Ending) -> Outcome:
    """Return the outcome of an operation that did not succeed, with its root cause."""
    environment = run.environment.name
    cause = find_cause(run.aws, stack_id, ending.events)
    step = cause.next_step if cause else ""
    if ending.exit_code is Exit.NEEDS_PERSON:
        first = "mend what holds it up" if step == DEPLOY_AGAIN else step  # something of the change is left
        if ending.status == "UPDATE_ROLLBACK_FAILED":
            first = "; ".join((*_holding_up(run, stack_id), first))
        step = f"{first + '; then ' if first else ''}deploy-stack rollback {environment} {name}"
        if ending.status in {"ROLLBACK_FAILED", "DELETE_FAILED"}:
            step = f"deploy-stack delete {environment} {name}"
    return Outcome(
        name=name,
        exit_code=ending.exit_code,
        status=ending.status,
        text=ending.reason,
        next_step=step,
        cause=cause,
    )


def _holding_up(run: Run, stack_id: str) -> list[str]:
    """Return what keeps a rollback from finishing, which need not be what made the update fail; nothing if nobody can tell."""
    try:
        return [f"{name} holds it up: {reason}" for name, reason in stuck_resources(run, stack_id)]
    except Exception:  # what is known already is not to be lost over it
        return []


def cleanup_failures(ending: Ending) -> list[str]:
    """Return the old resources that CloudFormation could not remove: it skips them without failing the update."""
    cleaning, found = False, []
    for event in ending.events:
        if event.root and event.status == "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS":
            cleaning = True
        if cleaning and event.status == "DELETE_FAILED":
            found.append(
                f"{event.logical_id}: the old resource {event.physical_id} could not be deleted and is left over: "
                f"{event.reason}"
            )
    return found


def _keep(run: Run, name: str, recipe: Recipe) -> None:
    """Store the template under its digest while CloudFormation works; make the client for the record meanwhile."""
    try:
        run.aws.client("ssm")
        releases.keep_template(run.aws, recipe.template)
    except DeployError as error:
        run.say(name, f"the template was not kept for a rollback: {error.message}")


def _record(run: Run, name: str, recipe: Recipe, run_id: str, keeping: threading.Thread) -> None:
    keeping.join(timeout=run.patience)
    release = releases.Release(
        number=0,
        run=run_id,
        version=recipe.version,
        revision=recipe.revision,
        template=digest(recipe.template),
        parameters=recipe.parameters,
        time=datetime.now(UTC).isoformat(timespec="seconds"),
        caller=recipe.caller,
        restores=recipe.restores,
    )
    try:
        releases.record(run.aws, run.environment.name, name, release)
    except DeployError as error:
        run.insist(name, f"deployed, but not recorded for a rollback: {error.message}")


def new_run_id() -> str:
    """Return the id that the stacks deployed together share in the record of releases."""
    return uuid.uuid4().hex
