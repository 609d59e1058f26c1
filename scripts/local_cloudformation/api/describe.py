"""Looking at stacks and their resources."""

from __future__ import annotations

import json
from typing import Any

from local_cloudformation.change_shapes import marked, secrets_of
from local_cloudformation.engine import Engine
from local_cloudformation.errors import ValidationError
from local_cloudformation.records import Row, Stack
from local_cloudformation.requests import Request, page

_HIDDEN = {"DELETE_COMPLETE", "DELETE_SKIPPED"}


def describe_stacks(engine: Engine, request: Request) -> dict[str, Any]:
    """DescribeStacks: one by name or id (a deleted one by its id), or all that are not deleted."""
    name = request.get("StackName")
    if name:
        stack = engine.stack(name, request.region, gone=True, words="Stack with id {} does not exist")
        return {"Stacks": [shown_stack(stack)]}
    standing = [each for each in _newest_first(engine, request.region) if not each.is_gone]
    return page(request, [shown_stack(each) for each in standing], "Stacks")


def _newest_first(engine: Engine, region: str) -> list[Stack]:
    return [each for each in reversed(engine.store.stacks.values()) if each.region == region]


def shown_stack(stack: Stack) -> dict[str, Any]:
    """The `Stack` shape."""
    return {
        "StackId": stack.stack_id,
        "StackName": stack.name,
        "ChangeSetId": stack.change_set_id,
        "Description": stack.description,
        "Parameters": [each.as_api() for each in stack.parameters.values()] or None,
        "CreationTime": stack.created,
        "DeletionTime": stack.deleted,
        "LastUpdatedTime": stack.updated,
        "RollbackConfiguration": stack.rollback_configuration,
        "StackStatus": stack.status,
        "StackStatusReason": stack.reason,
        "DisableRollback": stack.disable_rollback,
        "NotificationARNs": list(stack.notification_arns),
        "TimeoutInMinutes": stack.timeout_minutes,
        "Capabilities": stack.capabilities or None,
        "Outputs": shown_outputs(stack) or None,
        "RoleARN": stack.role_arn,
        "Tags": [{"Key": key, "Value": value} for key, value in stack.tags.items()],
        "EnableTerminationProtection": stack.termination_protection,
        "DriftInformation": _drift(stack),
        "DeletionMode": stack.deletion_mode,
        "LastOperations": stack.operations[-1:] or None,
    }


def shown_outputs(stack: Stack) -> list[dict[str, Any]]:
    """The `Outputs` list."""
    shown = []
    for key, each in stack.outputs.items():
        value = marked(each["Value"], secrets_of(stack.parameters))
        text = value if isinstance(value, str) else json.dumps(value)
        shown.append(
            {
                "OutputKey": key,
                "OutputValue": text,
                "Description": each.get("Description"),
                "ExportName": each.get("ExportName"),
            }
        )
    return shown


def _drift(stack: Stack) -> dict[str, Any]:
    return {"StackDriftStatus": stack.drift_status, "LastCheckTimestamp": stack.drift_checked}


def list_stacks(engine: Engine, request: Request) -> dict[str, Any]:
    """ListStacks, deleted ones too."""
    wanted = set(request.get("StackStatusFilter") or ())
    found = [
        {
            "StackId": each.stack_id,
            "StackName": each.name,
            "TemplateDescription": each.description,
            "CreationTime": each.created,
            "LastUpdatedTime": each.updated,
            "DeletionTime": each.deleted,
            "StackStatus": each.status,
            "StackStatusReason": each.reason,
            "DriftInformation": _drift(each),
            "LastOperations": each.operations[-1:] or None,
        }
        for each in _newest_first(engine, request.region)
        if not wanted or each.status in wanted
    ]
    return page(request, found, "StackSummaries")


def describe_stack_resource(engine: Engine, request: Request) -> dict[str, Any]:
    """DescribeStackResource."""
    stack = engine.stack(request["StackName"], request.region, gone=True, words="Stack '{}' does not exist")
    name = request["LogicalResourceId"]
    row = stack.rows.get(name)
    if row is None:
        raise ValidationError(f"Resource {name} does not exist for stack {stack.name}")
    standing = stack.resources.get(name)
    detail = _shown_row(stack, row)
    detail["LastUpdatedTimestamp"] = detail.pop("Timestamp")
    metadata = standing.metadata if standing else None
    detail["Metadata"] = "{}" if metadata is None else json.dumps(marked(metadata))
    return {"StackResourceDetail": detail}


def describe_stack_resources(engine: Engine, request: Request) -> dict[str, Any]:
    """DescribeStackResources: at most 100, as at the real service."""
    name, physical_id = request.get("StackName"), request.get("PhysicalResourceId")
    if bool(name) == bool(physical_id):
        raise ValidationError("You must specify either StackName or PhysicalResourceId, but not both")
    if name:
        stack = engine.stack(name, request.region, gone=True, words="Stack with id {} does not exist")
    else:
        found = (
            each
            for each in engine.store.stacks.values()
            if any(row.physical_id == physical_id for row in each.rows.values())
        )
        owner = next(found, None)
        if owner is None:
            raise ValidationError(f"Stack for {physical_id} does not exist")
        stack = owner
    logical_id = request.get("LogicalResourceId")
    rows = [each for each in _rows(stack) if logical_id in (None, each.logical_id)]
    if logical_id and not rows:
        raise ValidationError(f"Resource {logical_id} does not exist for stack {stack.name}")
    return {"StackResources": [_shown_row(stack, each) for each in rows[:100]]}


def list_stack_resources(engine: Engine, request: Request) -> dict[str, Any]:
    """ListStackResources."""
    stack = engine.stack(request["StackName"], request.region, gone=True, words="Stack with id {} does not exist")
    summaries = []
    for row in _rows(stack):
        shown = _shown_row(stack, row)
        shown["LastUpdatedTimestamp"] = shown.pop("Timestamp")
        summaries.append(
            {key: each for key, each in shown.items() if key not in {"StackId", "StackName", "Description"}}
        )
    return page(request, summaries, "StackResourceSummaries")


def _rows(stack: Stack) -> list[Row]:
    rows = (each for each in stack.rows.values() if stack.is_gone or each.status not in _HIDDEN)
    return sorted(rows, key=lambda each: each.logical_id)


def _shown_row(stack: Stack, row: Row) -> dict[str, Any]:
    return {
        "StackName": stack.name,
        "StackId": stack.stack_id,
        "LogicalResourceId": row.logical_id,
        "PhysicalResourceId": row.physical_id or None,
        "ResourceType": row.type_name,
        "Timestamp": row.timestamp,
        "ResourceStatus": row.status,
        "ResourceStatusReason": row.reason,
        "DriftInformation": {"StackResourceDriftStatus": row.drift_status},
    }


OPERATIONS = {
    "DescribeStackResource": describe_stack_resource,
    "DescribeStackResources": describe_stack_resources,
    "DescribeStacks": describe_stacks,
    "ListStackResources": list_stack_resources,
    "ListStacks": list_stacks,
}
