"""One step on one resource: create, update, replace, import, restore or delete it, through the service's states.

A step is played at given times: `start` when what it waits for is done, `proceed` each time its present stage ends. What
really happens (which ids, which failure) is decided at the start.
"""

from __future__ import annotations

from local_cloudformation import model
from local_cloudformation.decisions import Decisions
from local_cloudformation.events import resource_event
from local_cloudformation.model import Resource
from local_cloudformation.records import Stack, Task
from local_cloudformation.signals import needed_signals, signal_timeout
from local_cloudformation.world import World

# Where in its time a creation is said to be initiated.
_INITIATED = 0.3
_VERBS = {
    "create": "CREATE",
    "update": "UPDATE",
    "replace": "UPDATE",
    "restore": "UPDATE",
    "delete": "DELETE",
    "import": "IMPORT",
}
_MAKES = {"create", "replace"}
_CANCELLED = {"create": "Resource creation cancelled", "delete": "Resource deletion cancelled"}


class Steps:
    """Plays steps in a world (the engine)."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._decisions = Decisions(world)

    def start(self, stack: Stack, task: Task, at: float) -> None:
        """Begin a step: decide what it is to do and write its first event."""
        if task.action == "apply":
            self._decisions.decide(stack, task)
        if task.is_settled:
            return
        resource = _target(task)
        if task.action == "delete" and self._is_retained(stack, resource):
            self._event(stack, task, "DELETE_SKIPPED", at)
            self._world.leave_behind(stack, resource)
            self._forget(stack, resource)
            task.stage = "skipped"
            return
        reason = None
        if task.action == "replace":
            reason = "Requested update requires the creation of a new physical resource; hence creating one."
        known = task.action not in {"create", "import"}
        shown = stack.resources[task.logical_id] if task.action == "replace" else resource
        status = self._status(task, "IN_PROGRESS")
        resource_event(self._world.store, stack, shown, status=status, at=at, reason=reason, with_id=known)
        task.stage, task.due = "started", at
        if task.objection is None:
            task.fault = self._world.failure(stack, resource, _scripted_action(stack, task))
            task.due = at + self._world.seconds(stack, resource) * (_INITIATED if task.action in _MAKES else 1)

    def proceed(self, stack: Stack, task: Task) -> None:
        """The present stage ended at `task.due`: go on to the next, or end."""
        at = task.due
        if task.objection is not None:
            task.fault = task.objection
            self._fail(stack, task, at)
        elif task.stage == "started" and task.action in _MAKES:
            self._initiated(stack, task, at)
        elif task.stage == "signalling":
            late = f"Failed to receive {task.signals} resource signal(s) within the specified duration"
            task.fault = task.fault or late
            self._fail(stack, task, at)
        elif task.fault is not None:
            self._fail(stack, task, at)
        elif not self._await_signals(stack, task, at):
            self._finish(stack, task, at)

    def cancel(self, stack: Stack, task: Task, at: float) -> None:
        """Another step failed: this one, under way, stops."""
        reason = _CANCELLED.get(task.action, "Resource update cancelled")
        self._keep_for_cleanup(stack, task)
        self._event(stack, task, self._status(task, "FAILED"), at, reason=reason)
        task.stage = "cancelled"

    def signal(self, stack: Stack, task: Task, unique_id: str, status: str, at: float) -> None:
        """A signal arrived for a resource that waits."""
        words = f"Received {status} signal with UniqueId {unique_id}"
        self._event(stack, task, self._status(task, "IN_PROGRESS"), at, reason=words)
        if status == "FAILURE":
            task.fault = words
            task.due = at
        elif unique_id not in task.received:
            task.received.append(unique_id)
        if task.fault is None and len(task.received) >= task.signals:
            self._finish(stack, task, at)

    # --- stages ---

    def _initiated(self, stack: Stack, task: Task, at: float) -> None:
        resource, problem = self._world.initiate(stack, _target(task))
        task.target, task.fault = resource, problem or task.fault
        if problem:
            self._fail(stack, task, at)
            return
        stack.generations[task.logical_id] = resource.physical.generation
        self._event(stack, task, self._status(task, "IN_PROGRESS"), at, reason="Resource creation Initiated")
        if task.action == "create":
            stack.resources[task.logical_id] = resource
        task.stage = "initiated"
        task.due = at + self._world.seconds(stack, resource) * (1 - _INITIATED)

    def _await_signals(self, stack: Stack, task: Task, at: float) -> bool:
        resource, standing = _target(task), stack.resources.get(task.logical_id)
        count = needed_signals(resource, standing if task.action == "update" else None)
        if not count or task.action not in {"create", "replace", "update"}:
            return False
        task.signals, task.stage = count, "signalling"
        task.due = at + signal_timeout(resource, task.action)
        mode = self._world.script.signals
        if mode == "none":
            return True
        for number in range(count):
            if task.stage == "signalling" and task.fault is None:
                unique_id = f"i-{resource.physical_id.encode().hex()[-14:]:0>14}{number:03x}"
                self.signal(stack, task, unique_id, "SUCCESS" if mode == "automatic" else "FAILURE", at)
        return True

    def _finish(self, stack: Stack, task: Task, at: float) -> None:
        resource, standing = _target(task), stack.resources.get(task.logical_id)
        problem = self._world.provide(stack, task.action, resource, standing)
        if problem:
            task.fault = problem
            self._fail(stack, task, at)
            return
        if task.action == "delete":
            self._event(stack, task, "DELETE_COMPLETE", at)
            self._forget(stack, resource)
        else:
            moved = standing is not None and standing.physical_id != resource.physical_id
            if moved and standing is not None:
                stack.leftovers.append(standing)
            stack.resources[task.logical_id] = resource
            stack.leftovers = [each for each in stack.leftovers if each.physical_id != resource.physical_id]
            self._event(stack, task, self._status(task, "COMPLETE"), at)
        task.stage = "done"

    def _fail(self, stack: Stack, task: Task, at: float) -> None:
        self._keep_for_cleanup(stack, task)
        known = task.stage != "started"
        self._event(stack, task, self._status(task, "FAILED"), at, reason=task.fault, known=known)
        task.stage = "failed"

    def _keep_for_cleanup(self, stack: Stack, task: Task) -> None:
        """A replacement that had begun must be deleted when the update is rolled back."""
        if task.action == "replace" and task.stage in {"initiated", "signalling"} and task.target is not None:
            stack.leftovers.append(task.target)

    def _forget(self, stack: Stack, resource: Resource) -> None:
        standing = stack.resources.get(resource.logical_id)
        if standing is not None and standing.physical_id == resource.physical_id:
            del stack.resources[resource.logical_id]
        stack.leftovers = [each for each in stack.leftovers if each.physical_id != resource.physical_id]

    def _is_retained(self, stack: Stack, resource: Resource) -> bool:
        operation = stack.operation
        assert operation is not None  # noqa: S101  (steps run inside an operation only)
        replaced = resource.logical_id in stack.resources and (
            stack.resources[resource.logical_id].physical_id != resource.physical_id
        )
        attribute = "UpdateReplacePolicy" if replaced else "DeletionPolicy"
        definition = {"Type": resource.type_name, "Properties": resource.properties, **resource.attributes}
        policy = model.deletion_policy(definition, attribute)
        if operation.phase == "delete" and resource.logical_id in operation.retain:
            return True
        creating = operation.phase == "rollback"
        if creating and (policy == "RetainExceptOnCreate" or operation.retain_except_on_create):
            return False
        return policy.startswith("Retain") and operation.phase != "rollback-cleanup"

    def _event(
        self, stack: Stack, task: Task, status: str, at: float, *, reason: str | None = None, known: bool = True
    ) -> None:
        has_id = known or task.action not in {"create", "import"}
        shown = _shown(stack, task, status)
        resource_event(self._world.store, stack, shown, status=status, at=at, reason=reason, with_id=has_id)

    def _status(self, task: Task, ending: str) -> str:
        return f"{_VERBS[task.action]}_{ending}"


def _target(task: Task) -> Resource:
    assert task.target is not None  # noqa: S101  (every step but `apply` is made with its resource)
    return task.target


def _shown(stack: Stack, task: Task, status: str) -> Resource:
    """A failed replacement leaves the resource that stood; its event names that one."""
    if task.action in {"replace", "update"} and status.endswith("FAILED"):
        return stack.resources.get(task.logical_id, _target(task))
    return _target(task)


def _scripted_action(stack: Stack, task: Task) -> str:
    rolling_back = stack.operation is not None and "rollback" in stack.operation.phase
    if rolling_back:
        return "rollback"
    return {"create": "create", "import": "create", "delete": "delete"}.get(task.action, "update")
