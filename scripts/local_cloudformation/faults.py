"""Faults of the wire: decides, call by call, whether a request is throttled, lost, refused or late.

The same seed and the same sequence of calls give the same faults. Calls are counted per rule; the account's limit is a
token bucket over all clients.
"""

from __future__ import annotations

import fnmatch
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass

from local_cloudformation.errors import ServiceError
from local_cloudformation.script import Fault, Script

_REFUSALS = {
    "throttle": ("Throttling", "Rate exceeded", 400),
    "expired-token": ("ExpiredToken", "The security token included in the request is expired", 403),
    "http-500": ("InternalFailure", "An internal error occurred.", 500),
}


@dataclass(frozen=True)
class Verdict:
    """What happens to one call: seconds of delay, then an error, a lost request, or a lost answer."""

    delay: float = 0.0
    error: ServiceError | None = None
    drop: bool = False
    drop_after: bool = False

    @property
    def name(self) -> str | None:
        """For the log of calls."""
        if self.drop or self.drop_after:
            return "drop" if self.drop else "drop-after"
        return self.error.code if self.error else None


class Faults:
    """Counts calls and decides. Safe to use from many threads."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self.reset(Script())

    def reset(self, script: Script) -> None:
        """Begin to count anew under a script."""
        with self._lock:
            self._script = script
            self._random = random.Random(script.seed)  # noqa: S311  (repeatable on purpose)
            self._counts = [0] * len(script.faults)
            self._used = [0] * len(script.faults)
            self._tokens = float(script.rate.burst)
            self._filled = self._clock()

    def judge(self, service: str, operation: str) -> Verdict:
        """What happens to a call."""
        with self._lock:
            delay = self._script.latency if service == "cloudformation" else 0.0
            for number, rule in enumerate(self._script.faults):
                if not self._strikes(number, rule, service, operation):
                    continue
                if rule.fault == "latency":
                    delay += rule.seconds
                else:
                    return _verdict(rule, delay + rule.seconds, operation)
            if service == "cloudformation" and not self._take_token():
                return Verdict(delay, ServiceError(*_REFUSALS["throttle"]))
            return Verdict(delay)

    def _strikes(self, number: int, rule: Fault, service: str, operation: str) -> bool:
        if not (fnmatch.fnmatchcase(service, rule.service) and fnmatch.fnmatchcase(operation, rule.operation)):
            return False
        self._counts[number] += 1
        if rule.times is not None and self._used[number] >= rule.times:
            return False
        if rule.call is not None and self._counts[number] != rule.call:
            return False
        if rule.probability is not None and self._random.random() >= rule.probability:
            return False
        self._used[number] += 1
        return True

    def _take_token(self) -> bool:
        rate = self._script.rate
        if rate.calls_per_second <= 0:
            return True
        now = self._clock()
        self._tokens = min(float(rate.burst), self._tokens + (now - self._filled) * rate.calls_per_second)
        self._filled = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


def _verdict(rule: Fault, delay: float, operation: str) -> Verdict:
    if rule.fault == "drop":
        return Verdict(delay, drop=True)
    if rule.fault == "drop-after":
        return Verdict(delay, drop_after=True)
    if rule.fault == "access-denied":
        words = f"User: arn:aws:iam::111122223333:user/example is not authorized to perform: cloudformation:{operation}"
        return Verdict(delay, ServiceError("AccessDenied", words, 403))
    return Verdict(delay, ServiceError(*_REFUSALS[rule.fault]))
