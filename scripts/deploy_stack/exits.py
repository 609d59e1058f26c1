"""Exit codes, and the one exception that carries a sentence for the user to the top.

In: nothing. Out: `Exit` and `DeployError`. Refuses to know: click, AWS.
"""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What a calling job may rely on; the numbers are part of the project's contracts."""

    DONE = 0
    ERROR = 1
    USAGE = 2
    CHANGES_WAITING = 10
    BLOCKED = 11
    STALE = 12
    ROLLED_BACK = 13
    NEEDS_PERSON = 14
    LOST_SIGHT = 15
    INTERRUPTED = 130


# When several stacks end differently, the run ends with the first of these that occurred.
WORST_FIRST = (
    Exit.INTERRUPTED,
    Exit.NEEDS_PERSON,
    Exit.ROLLED_BACK,
    Exit.LOST_SIGHT,
    Exit.ERROR,
    Exit.STALE,
    Exit.BLOCKED,
    Exit.USAGE,
    Exit.CHANGES_WAITING,
    Exit.DONE,
)


def worst(codes: list[Exit]) -> Exit:
    """Return the code that says most about a run of several stacks; `Exit.DONE` for none."""
    return min(codes, key=WORST_FIRST.index, default=Exit.DONE)


class DeployError(Exception):
    """An expected failure: one sentence, what to do next, and the exit code. Never shown with a traceback."""

    def __init__(self, message: str, *, exit_code: Exit = Exit.ERROR, next_step: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.exit_code = exit_code
        self.next_step = next_step


class InterruptError(DeployError):
    """Somebody pressed Ctrl-C, or the job was told to end, while a stack was being watched."""

    def __init__(self) -> None:
        super().__init__("interrupted", exit_code=Exit.INTERRUPTED)


class ConsentNeededError(DeployError):
    """A person has to agree first. At a terminal the command asks; elsewhere `--allow KEY` is the answer."""

    def __init__(self, key: str, question: str) -> None:
        super().__init__(question, exit_code=Exit.BLOCKED, next_step=f"to agree: --allow {key}")
        self.key = key
        self.question = question
