"""Operations as phases: which steps each has, and what follows when they are all settled.

create            -> CREATE_COMPLETE         or rollback, delete (OnFailure=DELETE), CREATE_FAILED
rollback          -> ROLLBACK_COMPLETE       or ROLLBACK_FAILED
update            -> update-cleanup          or update-rollback, UPDATE_FAILED
update-cleanup    -> UPDATE_COMPLETE
update-rollback   -> rollback-cleanup        or UPDATE_ROLLBACK_FAILED
rollback-cleanup  -> UPDATE_ROLLBACK_COMPLETE
delete            -> DELETE_COMPLETE         or DELETE_FAILED
import            -> IMPORT_COMPLETE         or IMPORT_ROLLBACK_COMPLETE
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from local_cloudformation import model
from local_cloudformation.errors import ServiceError
from local_cloudformation.events import resource_event, stack_event
from local_cloudformation.model import Resource
from local_cloudformation.records import Operation, Stack, Task
from local_cloudformation.stack_policy import DELETE, denial
from local_cloudformation.world import World

FORWARD = frozenset({"create", "update", "import"})
USER = "User Initiated"


class Phases:
    """Begins and ends phases in a world (the engine)."""

    def __init__(self, world: World) -> None:
        self._world = world

    def begin(self, stack: Stack, operation: Operation, at: float) -> None:
        """Put a stack into an operation, at the first step of its first phase."""
        stack.operation = operation
        stack.operations.append({"OperationType": operation.kind, "OperationId": operation.operation_id})
        if operation.phase in FORWARD:
            self._forward(stack, operation)
        elif operation.phase in {"delete", "rollback"}:
            self._deletions(stack, operation, [*stack.resources.values(), *stack.leftovers])
        elif operation.phase == "update-rollback":
            self._restorations(stack, operation)
        self._world.store.touch("stack", stack.stack_id)

    def _forward(self, stack: Stack, operation: Operation) -> None:
        resolver = self._world.resolver(stack)
        graph = model.dependencies(stack.template, resolver)
        operation.tasks = {name: Task(name, name, "apply", graph[name]) for name in model.in_order(graph)}
        # Resources the template no longer has go in the clean-up; a stack policy speaks before anything happens.
        for name, resource in stack.resources.items():
            if name in graph:
                continue
            denied = denial(stack.policy, DELETE, name, resource.type_name)
            if denied:
                key = f"{name}#delete"
                operation.tasks[key] = Task(key, name, "update", (), target=resource, objection=denied)

    def _deletions(self, stack: Stack, operation: Operation, resources: Iterable[Resource]) -> None:
        wanted = list(resources)
        keys = {each.logical_id: _key(each) for each in wanted}
        operation.tasks = {
            _key(each): Task(
                _key(each),
                each.logical_id,
                "delete",
                tuple(keys[other.logical_id] for other in wanted if each.logical_id in other.depends_on),
                target=each,
            )
            for each in wanted
        }

    def _restorations(self, stack: Stack, operation: Operation) -> None:
        """Steps that bring back every resource the update touched."""
        previous = stack.previous
        assert previous is not None  # noqa: S101  (only updates are rolled back this way)
        failed = {name for name, row in stack.rows.items() if row.status == "UPDATE_FAILED"}
        operation.tasks = {}
        for name, resource in previous.resources.items():
            standing = stack.resources.get(name)
            if standing == resource and name not in failed:
                continue
            if name in operation.skip:
                stack.resources[name] = standing or resource
                at = operation.time
                resource_event(self._world.store, stack, resource, status="UPDATE_COMPLETE", at=at)
                continue
            operation.tasks[name] = Task(name, name, "restore", (), target=resource)
        for name, task in operation.tasks.items():
            wanted = previous.resources[name].depends_on
            task.after = tuple(each for each in wanted if each in operation.tasks)

    # --- the end of a phase ---

    def finish(self, stack: Stack, operation: Operation) -> None:
        """Every step is settled: go on to the next phase, or end the operation."""
        endings: dict[str, Callable[[Stack, Operation], None]] = {
            "create": self._create_ended,
            "update": self._update_ended,
            "import": self._import_ended,
            "rollback": self._rollback_ended,
            "delete": self._delete_ended,
            "update-cleanup": self._update_cleanup_ended,
            "update-rollback": self._update_rollback_ended,
            "rollback-cleanup": self._rollback_cleanup_ended,
        }
        endings[operation.phase](stack, operation)
        self._world.store.touch("stack", stack.stack_id)

    def fail(self, stack: Stack, operation: Operation) -> None:
        """A forward phase stopped: roll back, or stay as the caller wished."""
        reason = operation.failure or failed_words(operation)
        if operation.phase == "create":
            self._create_failed(stack, operation, reason)
        elif operation.phase == "import":
            self._back(stack)
            self._end(stack, "IMPORT_ROLLBACK_COMPLETE", reason)
        elif operation.on_failure == "DO_NOTHING" and not operation.cancelled:
            self._end(stack, "UPDATE_FAILED", reason, keep_previous=True)
        elif stack.previous is None:
            # An update of a stack that never was complete: no earlier state to return to, so everything goes.
            stack_event(self._world.store, stack, "ROLLBACK_IN_PROGRESS", operation.time, reason)
            self._next(operation, "rollback")
            self._deletions(stack, operation, [*stack.resources.values(), *stack.leftovers])
        else:
            stack_event(self._world.store, stack, "UPDATE_ROLLBACK_IN_PROGRESS", operation.time, reason)
            self._next(operation, "update-rollback")
            self._restorations(stack, operation)

    def _create_failed(self, stack: Stack, operation: Operation, reason: str) -> None:
        if operation.on_failure == "DO_NOTHING":
            self._end(stack, "CREATE_FAILED", reason)
            return
        wished = (
            f"{reason}Delete requested by user."
            if operation.on_failure == "DELETE"
            else (f"{reason}Rollback requested by user.")
        )
        status = "DELETE_IN_PROGRESS" if operation.on_failure == "DELETE" else "ROLLBACK_IN_PROGRESS"
        stack_event(self._world.store, stack, status, operation.time, wished)
        self._next(operation, "delete" if operation.on_failure == "DELETE" else "rollback")
        self._deletions(stack, operation, [*stack.resources.values(), *stack.leftovers])

    def _create_ended(self, stack: Stack, operation: Operation) -> None:
        if self._outputs(stack, operation):
            self._end(stack, "CREATE_COMPLETE")

    def _update_ended(self, stack: Stack, operation: Operation) -> None:
        if not self._outputs(stack, operation):
            return
        active = set(model.active_resources(stack.template, self._world.resolver(stack)))
        removed = [each for name, each in stack.resources.items() if name not in active]
        stack_event(self._world.store, stack, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", operation.time)
        self._next(operation, "update-cleanup")
        self._deletions(stack, operation, [*removed, *stack.leftovers])

    def _outputs(self, stack: Stack, operation: Operation) -> bool:
        """Resolve outputs and exports; False when that failed and the phase went to its failure."""
        try:
            stack.outputs = model.resolve_outputs(stack.template, self._world.resolver(stack))
            problem = self._world.export_problem(stack)
        except ServiceError as error:
            problem = error.message
        if problem:
            operation.failure = f"{problem}. " if operation.phase == "create" else problem
            self.fail(stack, operation)
            return False
        return True

    def _import_ended(self, stack: Stack, operation: Operation) -> None:
        if self._outputs(stack, operation):
            self._end(stack, "IMPORT_COMPLETE")

    def _update_cleanup_ended(self, stack: Stack, _: Operation) -> None:
        # What could not be deleted stays behind, in no stack: the service says nothing more about it.
        stack.leftovers.clear()
        active = set(model.active_resources(stack.template, self._world.resolver(stack)))
        stack.resources = {name: each for name, each in stack.resources.items() if name in active}
        self._end(stack, "UPDATE_COMPLETE")

    def _update_rollback_ended(self, stack: Stack, operation: Operation) -> None:
        if failed := _failed(operation):
            reason = f"The following resource(s) failed to update: [{', '.join(failed)}]. "
            self._end(stack, "UPDATE_ROLLBACK_FAILED", reason, keep_previous=True)
            return
        self._back(stack)
        previous = stack.previous
        kept = set(previous.resources) if previous else set()
        added = [each for name, each in stack.resources.items() if name not in kept]
        stack_event(self._world.store, stack, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", operation.time)
        self._next(operation, "rollback-cleanup")
        self._deletions(stack, operation, [*added, *stack.leftovers])

    def _rollback_cleanup_ended(self, stack: Stack, _: Operation) -> None:
        kept = set(stack.previous.resources) if stack.previous else set()
        stack.resources = {name: each for name, each in stack.resources.items() if name in kept}
        stack.leftovers.clear()
        self._end(stack, "UPDATE_ROLLBACK_COMPLETE")

    def _rollback_ended(self, stack: Stack, operation: Operation) -> None:
        self._deleted(stack, operation, "ROLLBACK_COMPLETE", "ROLLBACK_FAILED")

    def _delete_ended(self, stack: Stack, operation: Operation) -> None:
        self._deleted(stack, operation, "DELETE_COMPLETE", "DELETE_FAILED")

    def _deleted(self, stack: Stack, operation: Operation, good: str, bad: str) -> None:
        if failed := _failed(operation):
            self._end(stack, bad, f"The following resource(s) failed to delete: [{', '.join(failed)}]. ")
            return
        stack.outputs = {}
        if good == "DELETE_COMPLETE":
            stack.deleted = operation.time
        self._end(stack, good)

    def _next(self, operation: Operation, phase: str) -> None:
        operation.phase, operation.tasks = phase, {}

    def _back(self, stack: Stack) -> None:
        """Template, parameters, tags and outputs are again what they were."""
        previous = stack.previous
        if previous is not None:
            stack.template, stack.parameters, stack.tags = previous.template, previous.parameters, previous.tags
            stack.outputs = dict(previous.outputs)
            stack.description = previous.template.description

    def _end(self, stack: Stack, status: str, reason: str | None = None, *, keep_previous: bool = False) -> None:
        operation = stack.operation
        assert operation is not None  # noqa: S101  (phases run inside an operation only)
        stack_event(self._world.store, stack, status, operation.time, reason)
        if not keep_previous:
            stack.previous = None
        self._world.ended(stack)
        stack.operation = None


def failed_words(operation: Operation) -> str:
    """The reason a stack gives for a failed operation, with every resource that failed or was cancelled."""
    words = ""
    for verb, actions in (("create", {"create"}), ("update", {"update", "replace"}), ("import", {"import"})):
        names = sorted(
            task.logical_id
            for task in operation.tasks.values()
            if task.stage in {"failed", "cancelled"} and task.action in actions and task.target is not None
        )
        if names:
            words += f"The following resource(s) failed to {verb}: [{', '.join(names)}]. "
    return words


def _failed(operation: Operation) -> list[str]:
    return sorted(task.logical_id for task in operation.tasks.values() if task.stage == "failed")


def _key(resource: Resource) -> str:
    return f"{resource.logical_id}#{resource.physical_id}"
