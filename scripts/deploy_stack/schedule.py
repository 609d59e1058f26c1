"""Stacks side by side, in dependency order.

In: names, what each depends on, and the work for one. Out: what each came to. Refuses to know: stacks.
The main thread only waits, so that Ctrl-C reaches it; the work runs in threads that look at the wish to stop.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from threading import Event
from typing import Generic, TypeVar

Result = TypeVar("Result")
WIDTH = 8  # stacks at a time; the budget of calls is shared, so more would only wait for each other
LOOK = 0.2  # seconds between two looks for Ctrl-C


@dataclass(frozen=True)
class Done(Generic[Result]):
    """What one piece of work came to: a result, an error, or neither because what it depends on failed."""

    result: Result | None = None
    error: Exception | None = None

    @property
    def skipped(self) -> bool:
        """Whether it was never begun."""
        return self.result is None and self.error is None


def in_order(
    names: Sequence[str],
    depends_on: Mapping[str, Collection[str]],
    work: Callable[[str], Result],
    *,
    goes_on: Callable[[Result], bool],
    stop: Event,
) -> dict[str, Done[Result]]:
    """Return what each name came to; a name begins as soon as everything that it depends on here went well.

    `goes_on` tells whether a result lets those that depend on it begin. On KeyboardInterrupt `stop` is set, the threads
    are waited for, and the exception goes on.
    """
    done: dict[str, Done[Result]] = {}
    running: dict[Future[Result], str] = {}
    pending = list(names)
    with ThreadPoolExecutor(max_workers=WIDTH) as pool:
        try:
            while pending or running:
                for name in list(pending):
                    here = [each for each in depends_on.get(name, ()) if each in names]
                    if any(each in done and not _went_well(done[each], goes_on) for each in here):
                        done[name] = Done()
                        pending.remove(name)
                    elif all(each in done for each in here):
                        running[pool.submit(work, name)] = name
                        pending.remove(name)
                if not running:
                    continue
                finished, _ = wait(running, timeout=LOOK, return_when=FIRST_COMPLETED)
                for future in finished:
                    done[running.pop(future)] = _outcome(future)
        except KeyboardInterrupt:
            stop.set()
            raise
    return {name: done[name] for name in names}


def side_by_side(names: Sequence[str], work: Callable[[str], Result], *, stop: Event) -> dict[str, Done[Result]]:
    """Return what each name came to, all begun at once."""
    return in_order(names, {}, work, goes_on=lambda _: True, stop=stop)


def levels(names: Sequence[str], depends_on: Mapping[str, Collection[str]]) -> list[list[str]]:
    """Return the names in groups: each group depends only on the groups before it."""
    found: list[list[str]] = []
    placed: set[str] = set()
    while len(placed) < len(names):
        group = [
            each
            for each in names
            if each not in placed and all(up in placed or up not in names for up in depends_on.get(each, ()))
        ]
        if not group:
            raise ValueError(f"a circle among {', '.join(each for each in names if each not in placed)}")
        found.append(group)
        placed.update(group)
    return found


def _went_well(done: Done[Result], goes_on: Callable[[Result], bool]) -> bool:
    return done.result is not None and goes_on(done.result)


def _outcome(future: Future[Result]) -> Done[Result]:
    error = future.exception()
    if error is None:
        return Done(result=future.result())
    if isinstance(error, Exception):
        return Done(error=error)
    raise error
