"""Progress: a live table on a terminal, plain lines everywhere else.

In: `Progress` values that watchers keep up to date. Out: what the user sees on stderr. Refuses to know: AWS.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from deploy_stack.events import Event, Progress
from deploy_stack.narrate import Narrator, clock

if TYPE_CHECKING:
    from rich.table import Table

DRAWS = 5  # a second
FINAL = ("_COMPLETE", "_FAILED", "_SKIPPED")


class Board(Protocol):
    """Something that shows how several stacks get on."""

    def __enter__(self) -> Self:
        """Begin to show."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop showing, and leave the screen as it should be read afterwards."""

    def add(self, name: str) -> Progress:
        """Return the progress of a stack, which the board shows from now on."""

    def listener(self, progress: Progress) -> Callable[[Event], None]:
        """Return what a watcher calls with each event."""


def make_board(narrator: Narrator) -> Board:
    """Return the board that suits where stderr goes."""
    return LiveBoard(narrator) if sys.stderr.isatty() else PlainBoard(narrator)


class PlainBoard:
    """One line for every resource that is finished, and for every step of the stack itself."""

    def __init__(self, narrator: Narrator) -> None:
        self._narrator = narrator

    def __enter__(self) -> Self:
        """Begin to show."""
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is left to be put right."""

    def add(self, name: str) -> Progress:
        """Return the progress of a stack."""
        return Progress(name)

    def listener(self, progress: Progress) -> Callable[[Event], None]:
        """Return what a watcher calls with each event."""

        def tell(event: Event) -> None:
            if not event.root and not event.status.endswith(FINAL):
                return
            count = f"{progress.done}/{max(progress.total, len(progress.states))}"
            what = "stack" if event.root else event.logical_id
            reason = f" ({event.reason})" if event.reason else ""
            at = clock(time.monotonic() - progress.started)
            self._narrator.say(f"{progress.name} {at:>5} {count:>7}  {what} {event.status}{reason}")

        return tell


class LiveBoard:
    """A table that is drawn again in place: a row and a bar for each stack."""

    def __init__(self, narrator: Narrator) -> None:
        from rich.console import Console
        from rich.live import Live

        self._narrator = narrator
        self._rows: list[Progress] = []
        console = Console(stderr=True, highlight=False)
        self._live = Live(console=console, refresh_per_second=DRAWS, get_renderable=self._table, transient=False)

    def __enter__(self) -> Self:
        """Take over the bottom of the screen; lines that are said go above it."""
        self._live.start()
        self._narrator.divert(lambda text: self._live.console.print(text, markup=False))
        return self

    def __exit__(self, *_: object) -> None:
        """Draw the last state, which stays, and give the screen back."""
        self._narrator.divert(None)
        self._live.refresh()
        self._live.stop()

    def add(self, name: str) -> Progress:
        """Return the progress of a stack, shown from now on."""
        progress = Progress(name)
        self._rows.append(progress)
        return progress

    def listener(self, progress: Progress) -> Callable[[Event], None]:
        """Return what a watcher calls with each event: failures are worth a line of their own, the rest is drawn."""

        def tell(event: Event) -> None:
            if event.status.endswith("_FAILED") and not event.root:
                self._narrator.say(f"{progress.name}: {event.logical_id} {event.status}: {event.reason}")

        return tell

    def _table(self) -> Table:
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
        for title, justify in (("stack", "left"), ("state", "left"), ("", "left"), ("done", "right")):
            table.add_column(title, justify=justify, no_wrap=True)  # type: ignore[arg-type]
        table.add_column("run", justify="right")
        table.add_column("fail", justify="right")
        table.add_column("time", justify="right")
        for row in list(self._rows):
            total = max(row.total, len(row.states), 1)
            failed = row.count("_FAILED")
            colour = "red" if failed or "ROLLBACK" in row.status else "green" if row.ended else "yellow"
            table.add_row(
                row.name,
                Text(row.status, style=colour),
                ProgressBar(total=total, completed=row.done, width=12),
                f"{row.done}/{total}",
                str(row.count("_IN_PROGRESS")),
                Text(str(failed), style="red" if failed else ""),
                clock((row.ended or time.monotonic()) - row.started),
            )
        return table
