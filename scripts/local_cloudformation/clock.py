"""Time, so that a test can hold it still."""

from __future__ import annotations

import time


class WallClock:
    """Real time, in seconds since the epoch."""

    def now(self) -> float:
        """The moment."""
        return time.time()


class ManualClock:
    """Time that moves only when told to."""

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        self._now = start

    def now(self) -> float:
        """The moment."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._now += seconds


Clock = WallClock | ManualClock
