"""What all steps of one move share.

In: the command's options. Out: a `Trip`. Refuses to know: what a step does.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from deploy_stack.applying import Recipe
from deploy_stack.choice import Choice
from deploy_stack.exits import DeployError, Exit
from deploy_stack.moving.route import Kind, Step, other
from deploy_stack.planning import Planned
from deploy_stack.run import Run


class SetbackError(DeployError):
    """A step did not come to what it should. What is already moved is to be taken back where that is safe."""


@dataclass(frozen=True)
class Arrival:
    """How a move ended."""

    exit_code: Exit
    text: str = ""
    next_step: str = ""


@dataclass
class Done:
    """A step and what became of it; `seconds` is how long it took."""

    step: Step
    status: str = "begun"
    seconds: float = 0.0


@dataclass
class Trip:
    """One move at work."""

    run: Run
    choice: Choice
    to: str
    shares: tuple[int, ...]
    pause: float  # seconds after each shift in which the alarms are watched
    within: float  # seconds that targets have to become healthy
    alarms: tuple[str, ...]  # watched, and rollback triggers of each shift
    show: Callable[[Planned], None]
    recipe: Callable[[Planned], Recipe]
    run_id: str
    images: Mapping[str, str] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)  # ARN of each target group, by the output that names it
    gap: float | None = None  # seconds without a home, measured
    done: list[Done] = field(default_factory=list)
    prepared: dict[Kind, list[Planned]] = field(default_factory=dict)  # change sets that wait for their step

    @property
    def origin(self) -> str:
        """The option that is left."""
        return other(self.to)

    @property
    def command(self) -> str:
        """The command that goes on with this move."""
        return f"deploy-stack move {self.run.environment.name} --to {self.to}"

    @property
    def back(self) -> str:
        """The command that goes the other way."""
        return f"deploy-stack move {self.run.environment.name} --to {self.origin}"

    def say(self, text: str) -> None:
        """Say a line about the move."""
        self.run.narrator.say(f"move: {text}")

    def insist(self, text: str) -> None:
        """Say a line about the move, wanted or not."""
        self.run.narrator.insist(f"move: {text}")

    @contextmanager
    def step(self, step: Step) -> Iterator[Done]:
        """Keep what becomes of a step."""
        found, begun = Done(step), time.monotonic()
        self.done.append(found)
        try:
            yield found
            found.status = "done"
        except BaseException as error:
            found.status = (
                "failed" if isinstance(error, DeployError) and error.exit_code is not Exit.INTERRUPTED else "stopped"
            )
            raise
        finally:
            found.seconds = round(time.monotonic() - begun, 1)
