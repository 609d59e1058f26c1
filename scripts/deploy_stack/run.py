"""What every stage of one command shares: the environment, the session, the voice, and the wish to stop.

In: the command line's options. Out: a `Run`. Refuses to know: any verb.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from deploy_stack.aws import Aws
from deploy_stack.exits import InterruptError
from deploy_stack.narrate import Narrator
from deploy_stack.preflight import Caller, caller, check_account
from deploy_stack.project import Environment
from deploy_stack.stacks import Stack, find
from deploy_stack.values import Overrides


@dataclass
class Run:
    """One command at work."""

    environment: Environment
    aws: Aws
    narrator: Narrator
    overrides: Overrides = field(default_factory=Overrides)
    allowed: frozenset[str] = frozenset()
    yes: bool = False
    wait: bool = False
    stop: threading.Event = field(default_factory=threading.Event)
    patience: float = 300.0  # seconds without an answer before the watch is given up
    guard: Callable[[], None] = lambda: None  # refuses, before the first call that changes something
    dispose: Callable[[], None] = lambda: None  # ends what was begun in the background and is not needed any more
    leaves: frozenset[str] = frozenset()  # stacks that will be no home any more before what is planned now is executed
    _caller: Caller | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    running: dict[str, str] = field(default_factory=dict)  # stacks that AWS is working on for us: name -> ARN
    deleting: set[str] = field(default_factory=set)  # those of them that go away, which cannot be cancelled

    def sleep(self, seconds: float) -> None:
        """Wait, but not past the wish to stop. Raises InterruptError."""
        if self.stop.wait(seconds):
            raise InterruptError

    def caller(self) -> Caller:
        """Return whose credentials these are; asked once. Raises DeployError."""
        with self._lock:
            self._caller = self._caller or caller(self.aws)
            return self._caller

    def find(self, stack_name: str) -> Stack | None:
        """Return a stack, None when there is none. Raises DeployError for the wrong account.

        A stack's ARN tells whose credentials these are; only where there is none STS has to be asked: in another account
        every stack seems to be gone, or one of the same name is there.
        """
        stack = find(self.aws, stack_name)
        account = stack.account if stack else self.caller().account
        check_account(account, self.environment.target, self.environment.name)
        return stack

    def say(self, stack: str, text: str) -> None:
        """Say a line about a stack."""
        self.narrator.say(f"{stack}: {text}")

    def insist(self, stack: str, text: str) -> None:
        """Say a line about a stack, wanted or not."""
        self.narrator.insist(f"{stack}: {text}")


def together(*calls: Callable[[], Any]) -> Sequence[Any]:
    """Return the results of several independent calls made at the same time. Raises the first error."""
    if len(calls) == 1:
        return [calls[0]()]
    with ThreadPoolExecutor(max_workers=len(calls)) as pool:
        return [each.result() for each in [pool.submit(call) for call in calls]]
