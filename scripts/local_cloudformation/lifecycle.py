"""Playing operations in time: which step ends next, what may start then, when a phase is over.

`advance` plays a stack up to a moment; steps that should have ended earlier end at the time they should have, so the same
events come out whether the engine was asked every second, once, or was restarted in between.
"""

from __future__ import annotations

from local_cloudformation.phases import FORWARD, Phases
from local_cloudformation.records import Operation, Stack, Task
from local_cloudformation.steps import Steps
from local_cloudformation.world import World

_RUNNING = {"started", "initiated", "signalling"}


class Lifecycle:
    """The player."""

    def __init__(self, world: World) -> None:
        self.steps = Steps(world)
        self.phases = Phases(world)
        self._world = world

    def advance(self, stack: Stack, now: float) -> None:
        """Play a stack up to `now`."""
        while (operation := stack.operation) is not None:
            if operation.phase in FORWARD and (reason := self._world.alarm(stack)):
                operation.time = max(operation.time, now)
                self.stop(stack, operation, reason)
                continue
            self._start_ready(stack, operation)
            running = [each for each in operation.tasks.values() if each.stage in _RUNNING]
            if not running and operation.phase in FORWARD and _broken(operation):
                self.stop(stack, operation)
            elif running:
                task = min(running, key=lambda each: each.due)
                if task.due > now:
                    return
                operation.time = max(operation.time, task.due)
                self.steps.proceed(stack, task)
                self._world.store.touch("stack", stack.stack_id)
                if task.stage == "failed" and operation.phase in FORWARD:
                    self.stop(stack, operation)
            else:
                wait = _not_before(operation)
                if wait > now:
                    return
                operation.time = max(operation.time, wait)
                self.phases.finish(stack, operation)

    def due(self, stack: Stack) -> float | None:
        """When something will next happen by itself; None for never."""
        operation = stack.operation
        if operation is None:
            return None
        running = [each.due for each in operation.tasks.values() if each.stage in _RUNNING]
        return min(running) if running else _not_before(operation)

    def stop(self, stack: Stack, operation: Operation, reason: str | None = None) -> None:
        """A forward phase cannot go on: cancel what is under way and turn back."""
        for task in operation.tasks.values():
            if task.stage in _RUNNING:
                self.steps.cancel(stack, task, operation.time)
            elif task.stage == "waiting":
                task.stage = "cancelled"
        if reason:
            operation.failure = reason
        self.phases.fail(stack, operation)
        self._world.store.touch("stack", stack.stack_id)

    def _start_ready(self, stack: Stack, operation: Operation) -> None:
        """Start every step whose predecessors are done; drop those that wait for one that failed."""
        moved = True
        while moved:
            moved = False
            for task in operation.tasks.values():
                if task.stage != "waiting":
                    continue
                before = [operation.tasks[key] for key in task.after if key in operation.tasks]
                # A clean-up tries everything; any other phase does not touch what a failed step still stands on.
                blocked = any(each.stage in {"failed", "cancelled"} for each in before)
                if blocked and "cleanup" not in operation.phase:
                    task.stage = "cancelled"
                elif all(each.is_settled for each in before):
                    self.steps.start(stack, task, operation.time)
                    self._world.store.touch("stack", stack.stack_id)
                else:
                    continue
                moved = moved or task.is_settled


def _broken(operation: Operation) -> bool:
    return any(task.stage == "failed" for task in operation.tasks.values())


def _not_before(operation: Operation) -> float:
    """A forward phase lasts its scripted time, and then as long as its alarms are watched."""
    if operation.phase not in FORWARD:
        return operation.time
    return max(operation.time, operation.ends) + operation.monitor_seconds


def waiting_for_signal(stack: Stack, logical_id: str) -> Task | None:
    """The step on a resource that waits for signals."""
    operation = stack.operation
    tasks = operation.tasks.values() if operation else ()
    return next((each for each in tasks if each.logical_id == logical_id and each.stage == "signalling"), None)
