"""Stacks: create, update, delete."""

from __future__ import annotations

import uuid
from typing import Any

from local_cloudformation import changes, model
from local_cloudformation.changesets import settings_change
from local_cloudformation.engine import Engine
from local_cloudformation.errors import ServiceError, ValidationError
from local_cloudformation.events import stack_event
from local_cloudformation.phases import USER
from local_cloudformation.records import Stack
from local_cloudformation.requests import (
    Request,
    apply_settings,
    check_rollback_configuration,
    check_stack_name,
    check_submission,
    read_parameters,
    read_tags,
    read_template,
    take_token,
)
from local_cloudformation.stack_policy import check_syntax
from local_cloudformation.template import Template
from local_cloudformation.values import UNKNOWN, Environment

_STABLE = {
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
    "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_COMPLETE",
}
# Left as they are by a failure whose rollback was disabled, a stack may be updated too.
UPDATABLE = _STABLE | {"UPDATE_FAILED", "CREATE_FAILED"}


def new_stack(engine: Engine, request: Request, name: str) -> Stack:
    """A stack's record, with nothing in it yet."""
    partition = Environment(engine.account, request.region).partition
    stack_id = f"arn:{partition}:cloudformation:{request.region}:{engine.account}:stack/{name}/{uuid.uuid4()}"
    stack = Stack(stack_id, name, engine.clock.now(), "REVIEW_IN_PROGRESS", engine.account, request.region)
    engine.store.stacks[stack_id] = stack
    engine.store.touch("stack", stack_id)
    return stack


def begin_update(engine: Engine, stack: Stack, desired: model.Desired, kind: str, options: dict[str, Any]) -> None:
    """Put a stack into its creation, update or import.

    :param kind: CREATE, UPDATE or IMPORT, as a change set's type
    :param options: further fields of the operation
    """
    creating = stack.status == "REVIEW_IN_PROGRESS"
    if not creating:
        _refuse_other_types(stack, desired.template)
        # Only a finished state is one to return to: a creation that failed and stayed is not.
        if stack.previous is None and stack.status.endswith("_COMPLETE"):
            stack.previous = stack.deployed
        stack.updated = engine.clock.now()
    elif options.get("change_set_id"):
        stack.updated = engine.clock.now()
    stack.template, stack.parameters, stack.tags = desired.template, desired.parameters, desired.tags
    stack.description = desired.template.description
    stack.drift_status = "NOT_CHECKED"
    if kind == "IMPORT":
        phase, status = "import", "IMPORT_IN_PROGRESS"
    else:
        phase, status = ("create", "CREATE_IN_PROGRESS") if creating else ("update", "UPDATE_IN_PROGRESS")
    operation_kind = "CREATE_STACK" if creating else "UPDATE_STACK"
    operation = engine.begin(stack, operation_kind, phase, **options)
    stack_event(engine.store, stack, status, operation.time, USER)


def _refuse_other_types(stack: Stack, template: Template) -> None:
    changed = sorted(
        name
        for name, each in template.resources.items()
        if name in stack.resources and stack.resources[name].type_name != each["Type"]
    )
    if changed:
        raise ValidationError(
            "Update of resource type is not permitted. The new template modifies resource type of the following "
            f"resources: [{', '.join(changed)}]"
        )


def create_stack(engine: Engine, request: Request) -> dict[str, Any]:
    """CreateStack."""
    name = request["StackName"]
    check_stack_name(name)
    standing = engine.find(name, request.region)
    token = request.get("ClientRequestToken")
    if standing is not None and token is not None and standing.tokens.get(token) == request.operation:
        return {"StackId": standing.stack_id}
    if standing is not None:
        raise ServiceError("AlreadyExistsException", f"Stack [{name}] already exists")
    on_failure = _on_failure(request)
    template = read_template(engine, request)
    check_submission(request, template)
    check_rollback_configuration(request)
    parameters = read_parameters(engine, request, template, None)
    tags = read_tags(request, None)
    policy = _policy(request)
    # What cannot be resolved is refused before there is a stack.
    place = Environment(engine.account, request.region, name)
    desired = model.Desired(template, parameters, place, tags, lambda export: UNKNOWN)
    changes.plan(model.Deployed(), desired)
    stack = new_stack(engine, request, name)
    apply_settings(stack, request.params)
    stack.policy = policy
    stack.termination_protection = bool(request.get("EnableTerminationProtection"))
    stack.timeout_minutes = request.get("TimeoutInMinutes")
    stack.disable_rollback = on_failure == "DO_NOTHING"
    options = {
        "token": take_token(stack, request),
        "on_failure": on_failure,
        "retain_except_on_create": bool(request.get("RetainExceptOnCreate")),
    }
    begin_update(engine, stack, desired, "CREATE", options)
    return {"StackId": stack.stack_id}


def _on_failure(request: Request) -> str:
    if request.get("OnFailure") and request.get("DisableRollback") is not None:
        raise ValidationError("Either DisableRollback or OnFailure can be specified, not both.")
    return str(request.get("OnFailure") or ("DO_NOTHING" if request.get("DisableRollback") else "ROLLBACK"))


def _policy(request: Request) -> str | None:
    body = request.get("StackPolicyBody")
    if body is not None:
        check_syntax(body)
    return body if body is None else str(body)


def update_stack(engine: Engine, request: Request) -> dict[str, Any]:
    """UpdateStack."""
    from local_cloudformation.api.change_sets import refuse_non_terminal  # noqa: PLC0415  (it needs begin_update)

    stack = engine.stack(request["StackName"], request.region)
    on_failure = "DO_NOTHING" if request.get("DisableRollback") else "ROLLBACK"
    refuse_non_terminal(stack, on_failure)
    if stack.status not in UPDATABLE:
        raise ValidationError(f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated.")
    template = read_template(engine, request, stack)
    check_submission(request, template)
    check_rollback_configuration(request)
    parameters = read_parameters(engine, request, template, stack.parameters)
    tags = read_tags(request, stack)
    policy = _policy(request)
    desired = model.Desired(template, parameters, engine.environment(stack), tags)
    _refuse_empty_update(engine, stack, request, desired)
    token = take_token(stack, request)
    stack.policy = policy if policy is not None else stack.policy
    apply_settings(stack, request.params)
    stack.disable_rollback = on_failure == "DO_NOTHING"
    for change_set in engine.change_sets_of(stack):
        if change_set.execution_status == "AVAILABLE":
            change_set.execution_status = "OBSOLETE"
            engine.store.touch("change-set", change_set.change_set_id)
    options = {"token": token, "on_failure": on_failure}
    begin_update(engine, stack, desired, "UPDATE", options)
    return {"StackId": stack.stack_id, "OperationId": stack.operations[-1]["OperationId"]}


def _refuse_empty_update(engine: Engine, stack: Stack, request: Request, desired: model.Desired) -> None:
    def export(name: str) -> Any:
        found = engine.exports(stack.region)
        if name not in found:
            raise ValidationError(f"No export named {name} found.")
        return found[name][1]

    wanted = model.Desired(desired.template, desired.parameters, desired.environment, desired.tags, export)
    plan = changes.plan(stack.deployed, wanted)
    policy = request.get("StackPolicyBody")
    settings = settings_change(stack, request.params) or (policy is not None and policy != stack.policy)
    if plan.is_empty and stack.status in _STABLE and not settings:
        raise ValidationError("No updates are to be performed.")


def delete_stack(engine: Engine, request: Request) -> dict[str, Any]:
    """DeleteStack. A stack that is not there is no error; by name, a deleted one is not there."""
    stack = engine.find(request["StackName"], request.region)
    if stack is None:
        return {}
    token = request.get("ClientRequestToken")
    if stack.status == "DELETE_IN_PROGRESS" or (token is not None and token in stack.tokens):
        return {}
    if stack.termination_protection:
        raise ValidationError(f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled")
    _refuse_undeletable(stack, request)
    take_token(stack, request)
    users = sorted(
        (name, user.name)
        for name in (each.get("ExportName") for each in stack.outputs.values())
        if name
        for user in engine.importers(name, stack.region)
    )
    for change_set in engine.change_sets_of(stack):
        del engine.store.change_sets[change_set.change_set_id]
        engine.store.touch("change-set", change_set.change_set_id)
    stack.deletion_mode = request.get("DeletionMode")
    stack.operation = None
    retained = tuple(request.get("RetainResources") or ())
    if stack.deletion_mode == "FORCE_DELETE_STACK":
        retained = tuple(name for name, row in stack.rows.items() if row.status == "DELETE_FAILED")
    operation = engine.begin(stack, "DELETE_STACK", "delete", token=token, retain=retained)
    stack_event(engine.store, stack, "DELETE_IN_PROGRESS", operation.time, USER)
    if users:
        name, user = users[0]
        reason = f"Export {name} cannot be deleted as it is in use by {user}"
        stack_event(engine.store, stack, "DELETE_FAILED", operation.time, reason)
        stack.operation = None
    return {}


def _refuse_undeletable(stack: Stack, request: Request) -> None:
    updating = {"UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS"}
    updating |= {"UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "IMPORT_IN_PROGRESS", "ROLLBACK_IN_PROGRESS"}
    if stack.status in updating:
        raise ValidationError(f"Stack [{stack.stack_id}] cannot be deleted while in status {stack.status}")
    failed = stack.status == "DELETE_FAILED"
    if request.get("RetainResources") and not failed:
        raise ValidationError(
            f"Invalid operation on stack [{stack.stack_id}]. When you delete a stack, specify which resources to retain "
            "only when the stack is in the DELETE_FAILED state."
        )
    if request.get("DeletionMode") == "FORCE_DELETE_STACK" and not failed:
        raise ValidationError("FORCE_DELETE_STACK can only be used when the stack is in the DELETE_FAILED state")


OPERATIONS = {"CreateStack": create_stack, "DeleteStack": delete_stack, "UpdateStack": update_stack}
