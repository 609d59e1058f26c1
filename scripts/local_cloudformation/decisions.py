"""What a step on a resource is to do: create it, update or replace what stands, import it, or nothing at all.

It is decided when the step's turn has come, from the values its dependencies really have; and so is whether the step can
begin at all (stack policy, properties that do not fit, names that are taken, references that lead nowhere).
"""

from __future__ import annotations

from dataclasses import replace

from local_cloudformation import model, stack_policy
from local_cloudformation.differences import differences
from local_cloudformation.errors import ServiceError
from local_cloudformation.model import Resource
from local_cloudformation.properties import misfits
from local_cloudformation.records import Stack, Task
from local_cloudformation.schemas import ALWAYS, schema_of
from local_cloudformation.values import same
from local_cloudformation.world import World


class Decisions:
    """Decides in a world (the engine)."""

    def __init__(self, world: World) -> None:
        self._world = world

    def decide(self, stack: Stack, task: Task) -> None:
        """Turn `apply` into create, update, replace or nothing."""
        name = task.logical_id
        definition = stack.template.resources[name]
        standing = stack.resources.get(name)
        try:
            resolver = self._world.resolver(stack)
            resolved = model.resolve_resource(definition, resolver)
        except ServiceError as error:
            empty = model.Resolved({}, None, {})
            made = standing or model.create(name, definition, empty, self._world.environment(stack))
            task.action, task.target, task.objection = "update" if standing else "create", made, error.message
            return
        row = stack.rows.get(name)
        if standing is not None and row is not None and row.status == "CREATE_FAILED":
            # Left by an operation that was told not to roll back: made again, the failed one deleted in the clean-up.
            stack.leftovers.append(standing)
            standing = None
        unfinished = row is not None and row.status == "UPDATE_FAILED"
        if standing is None:
            number = stack.generations.get(name, 0) + 1
            existing = stack.operation.imports.get(name) if stack.operation else None
            task.action = "import" if existing else "create"
            place = self._world.environment(stack)
            made = model.create(name, definition, resolved, place, generation=number, given_id=existing)
        elif not unfinished and not self._differs(stack, standing, resolved):
            task.stage = "skipped"
            return
        elif _must_replace(standing, resolved):
            number = stack.generations.get(name, standing.physical.generation) + 1
            place = self._world.environment(stack)
            made = model.create(name, definition, resolved, place, generation=number)
            task.action = "replace"
        else:
            made, task.action = model.update(standing, resolved), "update"
        task.target = replace(made, depends_on=task.after)
        task.objection = self._objection(stack, task, task.target, standing)

    def _differs(self, stack: Stack, standing: Resource, resolved: model.Resolved) -> bool:
        previous = stack.previous
        retagged = (
            previous is not None and previous.tags != stack.tags and model.takes_tags(standing.type_name, stack.region)
        )
        return retagged or not (
            same(dict(standing.properties), resolved.properties)
            and same({"": standing.metadata}, {"": resolved.metadata})
            and same(dict(standing.attributes), resolved.attributes)
        )

    def _objection(self, stack: Stack, task: Task, resource: Resource, standing: Resource | None) -> str | None:
        """Why the step cannot even begin at the service."""
        if task.action in {"update", "replace"}:
            verb = stack_policy.MODIFY if task.action == "update" else stack_policy.REPLACE
            denied = stack_policy.denial(stack.policy, verb, task.logical_id, resource.type_name)
            if denied:
                return denied
        schema = schema_of(resource.type_name, stack.region)
        if schema is not None:
            wrong = misfits(schema, dict(resource.properties))
            if wrong:
                return "Property validation failure: [" + ", ".join(each.reason for each in wrong) + "]"
        if standing is not None and task.action == "replace" and resource.physical_id == standing.physical_id:
            return (
                "CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename "
                f"{resource.physical_id} and update the stack again."
            )
        missing = self._world.unresolvable(resource)
        if missing:
            return missing
        if task.action in {"create", "replace"} and self._world.is_taken(stack, resource):
            return (
                'Resource handler returned message: "Resource of type '
                f"'{resource.type_name}' with identifier '{resource.physical_id}' already exists.\" "
                "(HandlerErrorCode: AlreadyExists)"
            )
        return None


def _must_replace(standing: Resource, resolved: model.Resolved) -> bool:
    schema = schema_of(standing.type_name, standing.physical.environment.region)
    if schema is None:
        return True
    found = differences(standing.properties, resolved.properties, schema.is_document)
    return any(schema.recreation(each.path) == ALWAYS for each in found)
