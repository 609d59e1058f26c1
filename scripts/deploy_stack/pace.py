"""How often AWS is asked: one budget of calls for the whole process, and a rhythm for each thing that is watched.

In: a clock and a sleep, both injected (seconds). Out: permission to call now, and how long to wait before the next look.
Refuses to know: what is called.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

BURST = 16  # calls that a start may make at once: enough to look at eight stacks in one go
RATE = 8.0  # calls a second afterwards
SLOWEST = 0.25  # calls a second under heavy throttling
FOR_LOOKING = 0.6  # the part of the rate that watchers may use up
LATE = 60.0  # seconds after which even the last resource is looked at once a second only
RECOVERY = 0.2  # calls a second won back with each answer that is not throttled
ONE_BAD_MOMENT = 1.0  # seconds: refusals that close together are one piece of news


class TokenBucket:
    """A budget of calls. Throttling halves its rate, every good answer gives a little back.

    That is how several processes share one account's limit without knowing of each other: each backs off by
    proportion and returns by addition, as TCP does.
    """

    def __init__(
        self,
        *,
        rate: float = RATE,
        burst: float = BURST,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.rate = self._full_rate = rate
        self._burst = burst
        self._tokens = burst
        self._clock = clock
        self._sleep = sleep
        self._then = clock()
        self._watchers = 0
        self._refused = -ONE_BAD_MOMENT
        self._lock = threading.Lock()

    def take(self) -> None:
        """Wait until a call may be made, and take it out of the budget."""
        with self._lock:
            now = self._clock()
            self._tokens = min(self._burst, self._tokens + (now - self._then) * self.rate)
            self._then = now
            # The token is taken in advance, so that callers that wait leave in the order in which they came.
            self._tokens -= 1
            wait = -self._tokens / self.rate if self._tokens < 0 else 0.0
        if wait > 0:
            self._sleep(wait)

    @contextmanager
    def watching(self) -> Iterator[Callable[[float], float]]:
        """Count somebody who looks again and again; gives what stretches a wait to a fair part of the budget.

        All who watch share `FOR_LOOKING` of the rate, so that a creation or an execution never queues behind looks.
        """
        with self._lock:
            self._watchers += 1
        try:
            yield lambda seconds: max(seconds, self._watchers / (self.rate * FOR_LOOKING))
        finally:
            with self._lock:
                self._watchers -= 1

    def throttled(self) -> None:
        """AWS said "Rate exceeded": halve the rate and forget what was saved up."""
        with self._lock:
            now = self._clock()
            if now - self._refused >= ONE_BAD_MOMENT:
                self.rate = max(SLOWEST, self.rate / 2)
                self._refused = now
            self._tokens = min(self._tokens, 0.0)

    def answered(self) -> None:
        """A call went through: win back a little of the rate."""
        with self._lock:
            self.rate = min(self._full_rate, self.rate + RECOVERY)


@dataclass
class Rhythm:
    """How long to wait between two looks at one thing. Starts short, grows with age, doubles when throttled.

    `first`: seconds; `growth`: factor a look; `caps`: (age in seconds, longest wait from that age on), ascending.
    """

    first: float
    growth: float
    caps: tuple[tuple[float, float], ...]
    clock: Callable[[], float] = time.monotonic
    _started: float = field(init=False)
    _wait: float = field(init=False)
    _penalty: float = field(init=False, default=1.0)

    def __post_init__(self) -> None:
        self._started = self.clock()
        self._wait = self.first

    def next(self, *, nearly_done: bool = False) -> float:
        """Return the seconds until the next look; `nearly_done` keeps it short."""
        age = self.clock() - self._started
        cap = max(longest for start, longest in self.caps if age >= start)
        wait = min(self._wait, cap)
        if nearly_done:
            wait = min(wait, self.first if age < LATE else 1.0)
        self._wait = min(self._wait * self.growth, cap)
        seconds = wait * self._penalty
        self._penalty = max(1.0, self._penalty / 2)
        return seconds

    def throttled(self) -> None:
        """Wait twice as long next time, up to half a minute."""
        self._penalty = min(self._penalty * 4, 64.0)


def change_set_rhythm(clock: Callable[[], float] = time.monotonic) -> Rhythm:
    """A change set takes seconds, seldom minutes."""
    return Rhythm(first=0.15, growth=1.1, caps=((0, 0.25), (10, 1.0), (30, 3.0)), clock=clock)


def stack_rhythm(clock: Callable[[], float] = time.monotonic) -> Rhythm:
    """A stack takes from ten seconds to an hour."""
    return Rhythm(first=0.2, growth=1.15, caps=((0, 0.6), (60, 2.0), (600, 5.0)), clock=clock)
