"""Events of stacks, operations and change sets."""

from __future__ import annotations

from typing import Any

from local_cloudformation.engine import Engine
from local_cloudformation.errors import ServiceError, ValidationError
from local_cloudformation.events import STACK_TYPE
from local_cloudformation.records import ChangeSet, Event, Stack
from local_cloudformation.requests import Request, page

_ONE_OF = "One of ChangeSetName, OperationId or StackName must be specified"


def describe_stack_events(engine: Engine, request: Request) -> dict[str, Any]:
    """DescribeStackEvents, newest first; of a deleted stack by its id."""
    stack = engine.stack(request["StackName"], request.region, gone=True)
    newest_first = list(reversed(engine.store.events.get(stack.stack_id, [])))
    found = page(request, newest_first, "StackEvents")
    return {**found, "StackEvents": [_shown(stack, each) for each in found["StackEvents"]]}


def _shown(stack: Stack, event: Event) -> dict[str, Any]:
    return {
        "StackId": stack.stack_id,
        "EventId": event.event_id,
        "StackName": stack.name,
        "OperationId": event.operation_id,
        **_resource(event),
        "DetailedStatus": event.detailed_status,
    }


def _resource(event: Event) -> dict[str, Any]:
    """What both calls say of an event's resource."""
    return {
        "LogicalResourceId": event.logical_id,
        "PhysicalResourceId": event.physical_id,
        "ResourceType": event.type_name,
        "Timestamp": event.timestamp,
        "ResourceStatus": event.status,
        "ResourceStatusReason": event.reason,
        "ResourceProperties": event.properties,
        "ClientRequestToken": event.token,
    }


def describe_events(engine: Engine, request: Request) -> dict[str, Any]:
    """DescribeEvents: of a change set (by ARN), an operation or a stack; on request only those that failed."""
    change_set_name, operation_id, stack_name = (
        request.get(key) for key in ("ChangeSetName", "OperationId", "StackName")
    )
    if change_set_name:
        if not change_set_name.startswith("arn:") and not stack_name:
            raise ValidationError(_ONE_OF)
        found = _change_set_events(_change_set(engine, request))
    elif operation_id:
        found = _operation_events(engine, operation_id)
    elif stack_name:
        stack = engine.stack(stack_name, request.region, gone=True)
        found = _stack_events(engine, stack)
    else:
        raise ValidationError(_ONE_OF)
    if (request.get("Filters") or {}).get("FailedEvents"):
        found = [each for each in found if _failed(each)]
    return page(request, found, "OperationEvents")


def _change_set(engine: Engine, request: Request) -> ChangeSet:
    name = request["ChangeSetName"]
    stack = engine.find(request.get("StackName", ""), request.region)
    for each in engine.store.change_sets.values():
        if name in {each.change_set_id, each.name} and (stack is None or each.stack_id == stack.stack_id):
            return each
    raise ServiceError("ChangeSetNotFound", f"ChangeSet [{name}] does not exist", 404)


def _change_set_events(change_set: ChangeSet) -> list[dict[str, Any]]:
    running = change_set.status in {"CREATE_PENDING", "CREATE_IN_PROGRESS"}
    done = "FAILED" if change_set.status == "FAILED" else "SUCCEEDED"
    common = {
        "StackId": change_set.stack_id,
        "OperationId": change_set.operation_id,
        "OperationType": "CREATE_CHANGESET",
        "StartTime": change_set.created,
        "Timestamp": change_set.due,
    }
    events: list[dict[str, Any]] = [
        {
            **common,
            "EventId": f"{change_set.operation_id}-end",
            "EventType": "STACK_EVENT",
            "OperationStatus": "IN_PROGRESS" if running else done,
            "LogicalResourceId": change_set.name,
            "PhysicalResourceId": change_set.change_set_id,
            "ResourceType": "AWS::CloudFormation::ChangeSet",
            "EndTime": None if running else change_set.due,
        }
    ]
    for number, each in enumerate(change_set.validations):
        events.append(
            {**common, "EventId": f"{change_set.operation_id}-{number}", "EventType": "VALIDATION_ERROR", **each}
        )
    for number, each in enumerate(change_set.hooks):
        if each["Status"] == "HOOK_COMPLETE_FAILED":
            events.append(
                {
                    **common,
                    "EventId": f"{change_set.operation_id}-hook-{number}",
                    "EventType": "HOOK_INVOCATION_ERROR",
                    "HookType": each["TypeName"],
                    "HookStatus": each["Status"],
                    "HookStatusReason": each["HookStatusReason"],
                    "HookInvocationPoint": "PRE_PROVISION",
                    "HookFailureMode": each["FailureMode"],
                }
            )
    return events


def _operation_events(engine: Engine, operation_id: str) -> list[dict[str, Any]]:
    for change_set in engine.store.change_sets.values():
        if change_set.operation_id == operation_id:
            return _change_set_events(change_set)
    for stack in engine.store.stacks.values():
        if any(each["OperationId"] == operation_id for each in stack.operations):
            return [each for each in _stack_events(engine, stack) if each["OperationId"] == operation_id]
    raise ValidationError(f"Operation [{operation_id}] does not exist")


def _stack_events(engine: Engine, stack: Stack) -> list[dict[str, Any]]:
    kinds = {each["OperationId"]: each["OperationType"] for each in stack.operations}
    return [_operation_event(stack, each, kinds) for each in reversed(engine.store.events.get(stack.stack_id, []))]


def _operation_event(stack: Stack, event: Event, kinds: dict[str, str]) -> dict[str, Any]:
    is_stack = event.type_name == STACK_TYPE and event.physical_id == stack.stack_id
    failed = event.status.endswith("FAILED")
    shown: dict[str, Any] = {
        "EventId": event.event_id,
        "StackId": stack.stack_id,
        "OperationId": event.operation_id,
        "OperationType": kinds.get(event.operation_id or ""),
        "EventType": "STACK_EVENT" if is_stack else ("PROVISIONING_ERROR" if failed else "PROGRESS_EVENT"),
        **_resource(event),
    }
    if is_stack:
        ending = "IN_PROGRESS" if event.status.endswith("IN_PROGRESS") else "SUCCEEDED"
        bad = failed or event.status in {"ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"}
        shown["OperationStatus"] = "FAILED" if bad else ending
    return shown


def _failed(event: dict[str, Any]) -> bool:
    return (
        event["EventType"] in {"VALIDATION_ERROR", "PROVISIONING_ERROR", "HOOK_INVOCATION_ERROR"}
        or event.get("OperationStatus") == "FAILED"
    )


OPERATIONS = {"DescribeEvents": describe_events, "DescribeStackEvents": describe_stack_events}
