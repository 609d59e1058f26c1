"""Change sets: create, describe, list, delete, execute."""

from __future__ import annotations

import re
import uuid
from typing import Any

from local_cloudformation import model
from local_cloudformation.api.stacks import UPDATABLE, begin_update, new_stack
from local_cloudformation.changesets import WITH_VALUES, WITHOUT_VALUES, fingerprint, plan_of
from local_cloudformation.engine import Engine
from local_cloudformation.errors import ServiceError, ValidationError
from local_cloudformation.events import stack_event
from local_cloudformation.parameters import Parameters
from local_cloudformation.phases import USER
from local_cloudformation.protocol import constraint_error
from local_cloudformation.records import ChangeSet, Stack
from local_cloudformation.requests import (
    Request,
    apply_settings,
    check_rollback_configuration,
    check_stack_name,
    check_submission,
    page,
    page_by_bytes,
    read_parameters,
    read_tags,
    read_template,
    take_token,
)

# "1 MB for each page of DescribeChangeSet", in bytes of JSON.
_PAGE_BYTES = 1_000_000


def create_change_set(engine: Engine, request: Request) -> dict[str, Any]:
    """CreateChangeSet."""
    name, change_set_name = request["StackName"], request["ChangeSetName"]
    if not re.fullmatch(r"[a-zA-Z][-a-zA-Z0-9]*", change_set_name):
        raise constraint_error(
            change_set_name, "changeSetName", "Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"
        )
    kind = request.get("ChangeSetType", "UPDATE")
    stack = _stack_for(engine, request, kind)
    standing = stack if stack is not None and stack.status != "REVIEW_IN_PROGRESS" else None
    template = read_template(engine, request, standing)
    check_submission(request, template)
    check_rollback_configuration(request)
    _check_failure_options(request, kind)
    previous = standing.parameters if standing else None
    parameters = read_parameters(engine, request, template, previous, kind)
    tags = read_tags(request, standing)
    print_of = fingerprint(request.params, template.original)
    if stack is not None:
        same = _same_name(engine, stack, change_set_name)
        if same is not None:
            return _repeated(same, request, print_of)
        if len(engine.change_sets_of(stack)) >= engine.script.change_set_limit:
            raise ServiceError("LimitExceededException", f"ChangeSet limit exceeded for stack {stack.stack_id}")
    if stack is None:
        check_stack_name(name)
        stack = new_stack(engine, request, name)
        stack_event(engine.store, stack, "REVIEW_IN_PROGRESS", engine.clock.now(), USER)
    now = engine.clock.now()
    change_set = ChangeSet(
        f"{stack.stack_id.split(':stack/')[0]}:changeSet/{change_set_name}/{uuid.uuid4()}",
        change_set_name,
        stack.stack_id,
        kind,
        now,
        now + engine.script.seconds.change_set,
        template,
        parameters,
        {key: value for key, value in request.params.items() if key not in {"TemplateBody", "Parameters"}},
        tags=tags,
        operation_id=str(uuid.uuid4()),
        fingerprint=print_of,
    )
    engine.store.change_sets[change_set.change_set_id] = change_set
    engine.store.touch("change-set", change_set.change_set_id)
    return {"Id": change_set.change_set_id, "StackId": stack.stack_id}


def _stack_for(engine: Engine, request: Request, kind: str) -> Stack | None:
    """The stack a change set is for, None when it is to make one."""
    name, change_set_name = request["StackName"], request["ChangeSetName"]
    stack = engine.find(name, request.region)
    if kind == "CREATE":
        if stack is not None and stack.status != "REVIEW_IN_PROGRESS":
            raise ValidationError(
                f"Stack [{name}] already exists and cannot be created again with the changeSet [{change_set_name}]."
            )
        if stack is None and name.startswith("arn:"):
            raise ValidationError(f"Stack [{name}] does not exist")
        return stack
    if kind == "IMPORT" and stack is None and not name.startswith("arn:"):
        return None
    if stack is None or (stack.status == "REVIEW_IN_PROGRESS" and kind == "UPDATE"):
        raise ValidationError(f"Stack [{name}] does not exist")
    if stack.status not in {*UPDATABLE, "REVIEW_IN_PROGRESS"}:
        raise ValidationError(f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated.")
    return stack


def _check_failure_options(request: Request, kind: str) -> None:
    if request.get("OnStackFailure") == "DELETE" and kind != "CREATE":
        raise ValidationError("OnStackFailure DELETE can only be used when ChangeSetType is CREATE")
    if kind == "IMPORT" and not request.get("ResourcesToImport"):
        raise ValidationError("You must specify ResourcesToImport when ChangeSetType is IMPORT")
    if kind != "IMPORT" and request.get("ResourcesToImport"):
        raise ValidationError("You can only specify ResourcesToImport when ChangeSetType is IMPORT")


def _same_name(engine: Engine, stack: Stack, name: str) -> ChangeSet | None:
    return next((each for each in engine.change_sets_of(stack) if each.name == name), None)


def _repeated(found: ChangeSet, request: Request, print_of: str) -> dict[str, Any]:
    """A name used again: the same request with the same token is answered as before, anything else refused."""
    token = request.get("ClientToken")
    if token is not None and found.request.get("ClientToken") == token and found.fingerprint == print_of:
        return {"Id": found.change_set_id, "StackId": found.stack_id}
    raise ServiceError(
        "AlreadyExistsException",
        f"ChangeSet {found.name} cannot be created due to a mismatch with existing attribute Template",
    )


def find_change_set(engine: Engine, request: Request) -> ChangeSet:
    """The change set a request names by ARN, or by name together with its stack."""
    name, stack_name = request["ChangeSetName"], request.get("StackName")
    if name.startswith("arn:"):
        found = engine.store.change_sets.get(name)
    elif stack_name is None:
        raise ValidationError("StackName must be specified if ChangeSetName is not specified as an ARN.")
    else:
        stack = engine.stack(stack_name, request.region)
        found = _same_name(engine, stack, name)
    if found is None:
        raise ServiceError("ChangeSetNotFound", f"ChangeSet [{name}] does not exist", 404)
    return found


def describe_change_set(engine: Engine, request: Request) -> dict[str, Any]:
    """DescribeChangeSet, in pages of at most 1 MB."""
    change_set = find_change_set(engine, request)
    stack = engine.store.stacks[change_set.stack_id]
    asked = change_set.request
    key = WITH_VALUES if request.get("IncludePropertyValues") else WITHOUT_VALUES
    return {
        **_summary(change_set, stack),
        "Parameters": _shown_parameters(change_set.parameters),
        "NotificationARNs": asked.get("NotificationARNs") or [],
        "RollbackConfiguration": asked.get("RollbackConfiguration") or {},
        "Capabilities": asked.get("Capabilities") or [],
        "Tags": [{"Key": each, "Value": value} for each, value in change_set.tags.items()] or None,
        "OnStackFailure": asked.get("OnStackFailure"),
        **page_by_bytes(request, change_set.changes.get(key, []), "Changes", _PAGE_BYTES),
    } | ({"StatusReason": None} if key == WITHOUT_VALUES and (change_set.reason or "").startswith("[WARN]") else {})


def _shown_parameters(parameters: Parameters) -> list[dict[str, Any]] | None:
    return [each.as_api() for each in parameters.values()] or None


def _summary(change_set: ChangeSet, stack: Stack) -> dict[str, Any]:
    return {
        "ChangeSetId": change_set.change_set_id,
        "ChangeSetName": change_set.name,
        "StackId": stack.stack_id,
        "StackName": stack.name,
        "Description": change_set.request.get("Description"),
        "CreationTime": change_set.created,
        "Status": change_set.status,
        "StatusReason": change_set.reason,
        "ExecutionStatus": change_set.execution_status,
        "IncludeNestedStacks": bool(change_set.request.get("IncludeNestedStacks")),
        "ImportExistingResources": change_set.request.get("ImportExistingResources"),
    }


def list_change_sets(engine: Engine, request: Request) -> dict[str, Any]:
    """ListChangeSets."""
    stack = engine.stack(request["StackName"], request.region)
    return page(request, [_summary(each, stack) for each in engine.change_sets_of(stack)], "Summaries")


def delete_change_set(engine: Engine, request: Request) -> dict[str, Any]:
    """DeleteChangeSet. The empty stack a CREATE set made stays, as it does at the real service."""
    try:
        change_set = find_change_set(engine, request)
    except ServiceError as error:
        if error.code == "ChangeSetNotFound":
            return {}
        raise
    if change_set.execution_status == "EXECUTE_IN_PROGRESS":
        raise ServiceError(
            "InvalidChangeSetStatus",
            f"ChangeSet [{change_set.change_set_id}] cannot be deleted in its current execution status of "
            f"[{change_set.execution_status}]",
        )
    _drop(engine, change_set)
    return {}


def _drop(engine: Engine, change_set: ChangeSet) -> None:
    del engine.store.change_sets[change_set.change_set_id]
    engine.store.touch("change-set", change_set.change_set_id)


def execute_change_set(engine: Engine, request: Request) -> dict[str, Any]:
    """ExecuteChangeSet."""
    change_set = find_change_set(engine, request)
    stack = engine.store.stacks[change_set.stack_id]
    on_failure = _on_failure(request, change_set)
    token = take_token(stack, request)
    _refuse_unexecutable(stack, change_set, on_failure)
    _, imports = plan_of(engine, stack, change_set)
    for other in engine.change_sets_of(stack):
        if other is not change_set:
            _drop(engine, other)
    change_set.execution_status = "EXECUTE_IN_PROGRESS"
    engine.store.touch("change-set", change_set.change_set_id)
    stack.change_set_id = change_set.change_set_id
    apply_settings(stack, change_set.request)
    stack.disable_rollback = on_failure == "DO_NOTHING"
    options = {
        "token": token,
        "change_set_id": change_set.change_set_id,
        "on_failure": on_failure,
        "retain_except_on_create": bool(request.get("RetainExceptOnCreate")),
        "imports": imports,
    }
    place = engine.environment(stack)
    desired = model.Desired(change_set.template, change_set.parameters, place, change_set.tags)
    begin_update(engine, stack, desired, change_set.type, options)
    return {}


def _on_failure(request: Request, change_set: ChangeSet) -> str:
    wished, disabled = change_set.request.get("OnStackFailure"), request.get("DisableRollback")
    if wished and disabled is not None:
        raise ValidationError("You cannot specify DisableRollback when OnStackFailure was specified for the change set")
    return str(wished or ("DO_NOTHING" if disabled else "ROLLBACK"))


def _refuse_unexecutable(stack: Stack, change_set: ChangeSet, on_failure: str) -> None:
    if change_set.execution_status != "AVAILABLE":
        # A set that is not ready is refused by its status, one that is too late by its execution status.
        late = change_set.status == "CREATE_COMPLETE"
        words = f"execution status of [{change_set.execution_status}]" if late else f"status of [{change_set.status}]"
        raise ServiceError(
            "InvalidChangeSetStatus",
            f"ChangeSet [{change_set.change_set_id}] cannot be executed in its current {words}",
        )
    if stack.is_busy:
        raise ValidationError(f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated.")
    refuse_non_terminal(stack, on_failure)


def refuse_non_terminal(stack: Stack, on_failure: str) -> None:
    """A stack whose failed update was kept goes on only with rollback disabled."""
    if stack.status in {"UPDATE_FAILED", "CREATE_FAILED"} and on_failure != "DO_NOTHING":
        raise ValidationError(
            f"This stack is currently in a non-terminal [{stack.status}] state. To update the stack from this state, "
            "please use the disable-rollback parameter with update-stack API. To rollback to the last known good "
            "state, use the rollback-stack API"
        )


OPERATIONS = {
    "CreateChangeSet": create_change_set,
    "DeleteChangeSet": delete_change_set,
    "DescribeChangeSet": describe_change_set,
    "ExecuteChangeSet": execute_change_set,
    "ListChangeSets": list_change_sets,
}
