"""What is said while things happen: lines on stderr, questions on stderr, data on stdout.

In: texts. Out: nothing but words. Refuses to know: what they are about. One lock, so that threads do not share a line.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable

import click

from deploy_stack.exits import DeployError, Exit


class Narrator:
    """Tells the user what goes on. A live table takes the lines over while it is on the screen."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._lock = threading.Lock()
        self._sink: Callable[[str], None] | None = None
        self._quiet = quiet
        self._started = time.monotonic()

    @property
    def interactive(self) -> bool:
        """Whether somebody is there to be asked: a question needs a terminal to read from and one to write to."""
        return sys.stdin.isatty() and sys.stderr.isatty()

    def elapsed(self) -> float:
        """Return the seconds since the command began."""
        return time.monotonic() - self._started

    def divert(self, sink: Callable[[str], None] | None) -> None:
        """Send the lines somewhere else (above a live table), or back to stderr with None."""
        with self._lock:
            self._sink = sink

    def say(self, text: str) -> None:
        """Say a line, unless only results were asked for."""
        if not self._quiet:
            self.insist(text)

    def insist(self, text: str) -> None:
        """Say a line in any case: a warning, a cause, a way on."""
        with self._lock:
            if self._sink:
                self._sink(text)
            else:
                click.echo(text, err=True)

    def ask(self, question: str, *, otherwise: str) -> bool:
        """Ask yes or no. Without a terminal nobody can answer: raises DeployError (blocked) that says `otherwise`."""
        if not self.interactive:
            raise DeployError(
                f"{question} Nobody is at the terminal to answer.", exit_code=Exit.BLOCKED, next_step=otherwise
            )
        return click.confirm(question, default=False, err=True)


def age(seconds: float) -> str:
    """Return a length of time as people say it: 41s, 12m, 5h, 3d."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= size:
            return f"{int(seconds // size)}{unit}"
    return f"{int(max(seconds, 0))}s"


def clock(seconds: float) -> str:
    """Return a running time as m:ss."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
