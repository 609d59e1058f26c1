"""The service without its wire: records, clock, script and the services behind, under one lock.

Every request and every tick first plays all operations up to now (`advance`), then looks or acts. The API's operations
(package `api`) use it; it is also the `World` of the life-cycle.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from local_cloudformation import changesets, dynamic
from local_cloudformation.backing import Backing, NoBacking
from local_cloudformation.clock import Clock, WallClock
from local_cloudformation.ecs_tasks import StoppedTasks
from local_cloudformation.errors import ValidationError
from local_cloudformation.intrinsics import Resolver
from local_cloudformation.lifecycle import Lifecycle
from local_cloudformation.model import Desired, Resource, ResourceLookup, in_order
from local_cloudformation.public_parameters import public_parameter
from local_cloudformation.records import ChangeSet, Operation, Stack
from local_cloudformation.schemas import schema_of
from local_cloudformation.script import Failure, Script
from local_cloudformation.store import Store
from local_cloudformation.validation import static_dependencies
from local_cloudformation.values import Environment


class Engine:
    """CloudFormation for one account and region at a time; a request says which region it means."""

    def __init__(
        self,
        *,
        account: str = "111122223333",
        region: str = "us-east-1",
        script: Script | None = None,
        store: Store | None = None,
        clock: Clock | None = None,
        backing: Backing | None = None,
    ) -> None:
        self.account, self.region = account, region
        self.script = script or Script()
        self.store = store or Store()
        self.clock: Clock = clock or WallClock()
        self.backing: Backing = backing or NoBacking()
        self.stopped_tasks = StoppedTasks()
        self.lifecycle = Lifecycle(self)
        self.lock = threading.RLock()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold the engine: everything due has happened, and what is done inside is written at the end."""
        with self.lock:
            self.advance()
            try:
                yield
            finally:
                # A change set or operation begun now may take no time at all.
                self.advance()
                self.store.flush()

    def advance(self) -> None:
        """Let everything happen that is due."""
        now = self.clock.now()
        for stack in self.store.stacks.values():
            if stack.operation is not None:
                self.lifecycle.advance(stack, now)
        for change_set in [each for each in self.store.change_sets.values() if each.status.startswith("CREATE_")]:
            if change_set.status != "CREATE_COMPLETE":
                changesets.advance(self, change_set, now)
        for detection in self.store.detections.values():
            if detection.status == "DETECTION_IN_PROGRESS" and detection.due <= now:
                detection.status = "DETECTION_COMPLETE"
                self.store.touch("detection", detection.detection_id)

    def next_due(self) -> float | None:
        """When something will next happen by itself."""
        times = [due for stack in self.store.stacks.values() if (due := self.lifecycle.due(stack)) is not None]
        times += [
            each.due
            for each in self.store.change_sets.values()
            if each.status in {"CREATE_PENDING", "CREATE_IN_PROGRESS"}
        ]
        return min(times, default=None)

    # --- finding ---

    def find(self, name: str, region: str, *, gone: bool = False) -> Stack | None:
        """A stack by name or id. A deleted one is found by its id only, and only when `gone` is asked for."""
        by_id = self.store.stacks.get(name)
        if by_id is not None:
            return by_id if gone or not by_id.is_gone else None
        found = (each for each in self.store.stacks.values() if each.name == name and each.region == region)
        return next((each for each in found if not each.is_gone), None)

    def stack(self, name: str, region: str, *, gone: bool = False, words: str = "Stack [{}] does not exist") -> Stack:
        """A stack by name or id, or the refusal in the operation's own words."""
        found = self.find(name, region, gone=gone)
        if found is None:
            raise ValidationError(words.format(name))
        return found

    def change_sets_of(self, stack: Stack) -> list[ChangeSet]:
        """A stack's change sets, oldest first."""
        return [each for each in self.store.change_sets.values() if each.stack_id == stack.stack_id]

    def exports(self, region: str) -> dict[str, tuple[Stack, Any]]:
        """Export names of a region with the exporting stack and the value."""
        found: dict[str, tuple[Stack, Any]] = {}
        for stack in self.store.stacks.values():
            if stack.region == region and not stack.is_gone:
                for each in stack.outputs.values():
                    if "ExportName" in each:
                        found[each["ExportName"]] = (stack, each["Value"])
        return found

    def importers(self, name: str, region: str) -> list[Stack]:
        """Stacks that import a name."""
        return [
            each
            for each in self.store.stacks.values()
            if each.region == region and not each.is_gone and name in each.imports
        ]

    def fetch_parameters(self, paths: Any, region: str) -> dict[str, str]:
        """Values of SSM parameters: the region's own, and the public ones from a table."""
        found = {}
        for path in paths:
            value = public_parameter(path, region) or self.backing.parameter(path, region)
            if value is not None:
                found[path] = value
        return found

    # --- operations ---

    def begin(self, stack: Stack, kind: str, phase: str, **options: Any) -> Operation:
        """Put a stack into an operation that begins now."""
        now = self.clock.now()
        operation = Operation(kind, str(uuid.uuid4()), phase, now, **options)
        seconds = self.script.seconds.stack
        if seconds is not None and phase in {"create", "update", "import", "delete"}:
            operation.ends = now + seconds
            operation.resource_seconds = seconds / (_depth(stack) + 1)
        if phase in {"create", "update"}:
            operation.monitor_seconds = 60.0 * int(stack.rollback_configuration.get("MonitoringTimeInMinutes") or 0)
        self.lifecycle.phases.begin(stack, operation, now)
        return operation

    # --- the World of the life-cycle ---

    def environment(self, stack: Stack) -> Environment:
        """Account, region and names of a stack."""
        return Environment(stack.account, stack.region, stack.name, stack.stack_id, tuple(stack.notification_arns))

    def resolver(self, stack: Stack) -> Resolver:
        """A resolver over the stack's template and standing resources; it notes what the stack imports."""

        def export(name: str) -> Any:
            found = self.exports(stack.region)
            if name not in found:
                raise ValidationError(f"No export named {name} found.")
            if name not in stack.imports:
                stack.imports.append(name)
            return found[name][1]

        desired = Desired(stack.template, stack.parameters, self.environment(stack), stack.tags, export)
        return desired.resolver(ResourceLookup(stack.resources, export))

    def seconds(self, stack: Stack, resource: Resource) -> float:
        """How long a step on a resource takes."""
        scripted = self.script.seconds
        for name in (resource.logical_id, resource.type_name):
            if name in scripted.types:
                return scripted.types[name]
        planned = stack.operation.resource_seconds if stack.operation else None
        return scripted.resource if planned is None else planned

    def failure(self, stack: Stack, resource: Resource, action: str) -> str | None:
        """The scripted reason for which a step fails; counts the rule as used and keeps its ECS tasks."""
        for rule in self.script.failures:
            if rule.matches(stack.name, resource.type_name, resource.logical_id, action) and (
                rule.image is None or self._uses_image(stack, resource, rule)
            ):
                if rule.times is not None:
                    rule.times -= 1
                if rule.stopped_reason:
                    self.stopped_tasks.add(stack, resource, rule, self.clock.now())
                return rule.reason
        return None

    def _uses_image(self, stack: Stack, resource: Resource, rule: Failure) -> bool:
        return self.stopped_tasks.uses_image(stack, resource, str(rule.image))

    def unresolvable(self, resource: Resource) -> str | None:
        """The reason a dynamic reference among the properties leads nowhere."""
        region = resource.physical.environment.region
        return dynamic.problem(resource.properties, lambda service, name: self.backing.dynamic(service, name, region))

    def is_taken(self, stack: Stack, resource: Resource) -> bool:
        """Whether a named resource exists already, in another stack or left behind by one."""
        schema = schema_of(resource.type_name, stack.region)
        if schema is None or not resource.physical.is_named:
            return False
        kept = self.store.retained.get(f"{stack.region}/{resource.type_name}/{resource.physical_id}")
        if kept is not None or self.backing.exists(resource):
            return True
        return any(
            standing.type_name == resource.type_name and standing.physical_id == resource.physical_id
            for other in self.store.stacks.values()
            if other.stack_id != stack.stack_id and other.region == stack.region
            for standing in other.resources.values()
        )

    def initiate(self, stack: Stack, resource: Resource) -> tuple[Resource, str | None]:
        """The service takes a creation up: the resource with the id it gives, or the reason it refuses."""
        given_id, problem = self.backing.initiate(resource)
        if given_id is not None:
            resource = replace(resource, physical=replace(resource.physical, given_id=given_id))
        return resource, problem

    def provide(self, stack: Stack, action: str, resource: Resource, standing: Resource | None) -> str | None:
        """Carry a step through to the services behind; the reason when they refuse."""
        if action == "import":
            key = f"{stack.region}/{resource.type_name}/{resource.physical_id}"
            self.store.retained.pop(key, None)
            self.store.touch("retained", key)
        return self.backing.provide(stack, action, resource, standing)

    def leave_behind(self, stack: Stack, resource: Resource) -> None:
        """A resource stays though its stack lets go of it."""
        key = f"{stack.region}/{resource.type_name}/{resource.physical_id}"
        self.store.retained[key] = {"type": resource.type_name, "id": resource.physical_id, "stack": stack.name}
        self.store.touch("retained", key)

    def alarm(self, stack: Stack) -> str | None:
        """The reason to roll back when a rollback trigger's alarm is in ALARM or missing."""
        for trigger in stack.rollback_configuration.get("RollbackTriggers") or []:
            name = str(trigger["Arn"]).rsplit(":alarm:", 1)[-1]
            state = self.script.alarms.get(name) or self.backing.alarm_state(name, stack.region)
            if state is None:
                return f"Rollback trigger alarm {trigger['Arn']} does not exist. "
            if state == "ALARM":
                return f"Rollback trigger alarm {trigger['Arn']} is in ALARM state. "
        return None

    def export_problem(self, stack: Stack) -> str | None:
        """Why the stack's exports cannot become what they are now."""
        names = {each["ExportName"]: each["Value"] for each in stack.outputs.values() if "ExportName" in each}
        for other in self.store.stacks.values():
            if other.stack_id != stack.stack_id and other.region == stack.region and not other.is_gone:
                for each in other.outputs.values():
                    if each.get("ExportName") in names:
                        return f"Export with name {each['ExportName']} is already exported by stack {other.name}"
        before = stack.previous.outputs if stack.previous else {}
        for each in before.values():
            name = each.get("ExportName")
            users = [user.name for user in self.importers(name, stack.region)] if name else []
            if users and name not in names:
                return f"Export {name} cannot be deleted as it is in use by {', '.join(users)}"
            if users and names.get(name) != each["Value"]:
                return f"Export {name} cannot be updated as it is in use by {', '.join(users)}"
        return None

    def ended(self, stack: Stack) -> None:
        """An operation came to its end: its change set is brought up to date."""
        if stack.is_gone or stack.status == "ROLLBACK_COMPLETE":
            stack.imports = []
        operation = stack.operation
        change_set = self.store.change_sets.get(operation.change_set_id or "") if operation else None
        if change_set is not None:
            good = stack.status in {"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"}
            change_set.execution_status = "EXECUTE_COMPLETE" if good else "EXECUTE_FAILED"
            self.store.touch("change-set", change_set.change_set_id)


def _depth(stack: Stack) -> int:
    """The longest chain of resources in the stack's template: how many must follow one another."""
    graph = static_dependencies(stack.template)
    depths: dict[str, int] = {}
    for name in in_order(graph):
        depths[name] = 1 + max((depths[each] for each in graph[name]), default=0)
    return max(depths.values(), default=0)
