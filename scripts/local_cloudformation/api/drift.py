"""Drift: what the script says was changed behind CloudFormation's back."""

from __future__ import annotations

import copy
import fnmatch
import json
import uuid
from typing import Any

from local_cloudformation.change_shapes import marked, secrets_of, value_text
from local_cloudformation.engine import Engine
from local_cloudformation.errors import ValidationError
from local_cloudformation.model import Resource
from local_cloudformation.records import DriftDetection, Stack
from local_cloudformation.requests import Request, page
from local_cloudformation.script import Drift

_CHECKABLE = {
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
    "UPDATE_ROLLBACK_FAILED",
    "IMPORT_COMPLETE",
}


def detect_stack_drift(engine: Engine, request: Request) -> dict[str, Any]:
    """DetectStackDrift."""
    stack = engine.stack(request["StackName"], request.region)
    if stack.status not in _CHECKABLE:
        raise ValidationError(
            f"Drift detection cannot be performed on stack [{stack.stack_id}] in {stack.status} state"
        )
    wanted = list(request.get("LogicalResourceIds") or stack.resources)
    now = engine.clock.now()
    detection = DriftDetection(
        str(uuid.uuid4()), stack.stack_id, now, now + engine.script.seconds.drift, logical_ids=wanted
    )
    engine.store.detections[detection.detection_id] = detection
    engine.store.touch("detection", detection.detection_id)
    return {"StackDriftDetectionId": detection.detection_id}


def describe_stack_drift_detection_status(engine: Engine, request: Request) -> dict[str, Any]:
    """DescribeStackDriftDetectionStatus. The result is taken when the detection is over."""
    detection = engine.store.detections.get(request["StackDriftDetectionId"])
    if detection is None:
        raise ValidationError(f"Drift detection [{request['StackDriftDetectionId']}] does not exist")
    stack = engine.store.stacks[detection.stack_id]
    shown: dict[str, Any] = {
        "StackId": stack.stack_id,
        "StackDriftDetectionId": detection.detection_id,
        "DetectionStatus": detection.status,
        "Timestamp": detection.started,
    }
    if detection.status == "DETECTION_COMPLETE":
        drifts = take_result(engine, stack, detection)
        drifted = [each for each in drifts if each["StackResourceDriftStatus"] in {"MODIFIED", "DELETED"}]
        shown |= {
            "StackDriftStatus": "DRIFTED" if drifted else "IN_SYNC",
            "DriftedStackResourceCount": len(drifted),
        }
    return shown


def take_result(engine: Engine, stack: Stack, detection: DriftDetection) -> list[dict[str, Any]]:
    """Compare each resource with what the script says it is, and note the outcome on the stack."""
    drifts = [
        _drift(engine, stack, stack.resources[name], detection.due)
        for name in detection.logical_ids
        if name in stack.resources
    ]
    kept = [each for each in stack.drifts if each["LogicalResourceId"] not in detection.logical_ids]
    stack.drifts = [*kept, *drifts]
    for each in drifts:
        stack.rows[each["LogicalResourceId"]].drift_status = each["StackResourceDriftStatus"]
    worst = {each["StackResourceDriftStatus"] for each in stack.drifts} & {"MODIFIED", "DELETED"}
    stack.drift_status, stack.drift_checked = ("DRIFTED" if worst else "IN_SYNC"), detection.due
    engine.store.touch("stack", stack.stack_id)
    return drifts


def _drift(engine: Engine, stack: Stack, resource: Resource, at: float) -> dict[str, Any]:
    rule = _rule(engine, stack, resource)
    expected = marked(dict(resource.properties), secrets_of(stack.parameters))
    shown: dict[str, Any] = {
        "StackId": stack.stack_id,
        "LogicalResourceId": resource.logical_id,
        "PhysicalResourceId": resource.physical_id,
        "ResourceType": resource.type_name,
        "StackResourceDriftStatus": "IN_SYNC",
        "ExpectedProperties": json.dumps(expected),
        "Timestamp": at,
        "PropertyDifferences": [],
    }
    if rule is None:
        return {**shown, "ActualProperties": shown["ExpectedProperties"]}
    if rule.deleted:
        return {**shown, "StackResourceDriftStatus": "DELETED", "PropertyDifferences": None}
    actual = copy.deepcopy(expected)
    differences = [_difference(actual, path, value) for path, value in rule.actual.items()]
    return {
        **shown,
        "StackResourceDriftStatus": "MODIFIED",
        "ActualProperties": json.dumps(actual),
        "PropertyDifferences": differences,
    }


def _rule(engine: Engine, stack: Stack, resource: Resource) -> Drift | None:
    rules = (each for each in engine.script.drift if fnmatch.fnmatchcase(stack.name, each.stack))
    return next((each for each in rules if each.logical_id == resource.logical_id), None)


def _difference(actual: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Set a property to its actual value (null: gone) and say how it differs."""
    *parents, last = path.strip("/").removeprefix("Properties/").split("/")
    node: Any = actual
    for part in parents:
        node = node[int(part)] if isinstance(node, list) else node.setdefault(part, {})
    key: Any = int(last) if isinstance(node, list) else last
    absent = key not in node if isinstance(node, dict) else key >= len(node)
    expected = None if absent else node[key]
    if value is None:
        del node[key]
    elif isinstance(node, list) and absent:
        node.append(marked(value))
    else:
        node[key] = marked(value)
    kind = "ADD" if expected is None else ("REMOVE" if value is None else "NOT_EQUAL")
    return {
        "PropertyPath": "/" + path.strip("/").removeprefix("Properties/"),
        "ExpectedValue": "" if expected is None else value_text(expected),
        "ActualValue": "" if value is None else value_text(marked(value)),
        "DifferenceType": kind,
    }


def describe_stack_resource_drifts(engine: Engine, request: Request) -> dict[str, Any]:
    """DescribeStackResourceDrifts, of the last detection."""
    stack = engine.stack(request["StackName"], request.region)
    wanted = set(request.get("StackResourceDriftStatusFilters") or ())
    found = [each for each in stack.drifts if not wanted or each["StackResourceDriftStatus"] in wanted]
    return page(request, found, "StackResourceDrifts", request.get("MaxResults", 100))


def detect_stack_resource_drift(engine: Engine, request: Request) -> dict[str, Any]:
    """DetectStackResourceDrift: one resource, answered at once."""
    stack = engine.stack(request["StackName"], request.region)
    name = request["LogicalResourceId"]
    if name not in stack.resources:
        raise ValidationError(f"Resource {name} does not exist for stack {stack.name}")
    now = engine.clock.now()
    found = take_result(engine, stack, DriftDetection("", stack.stack_id, now, now, logical_ids=[name]))
    return {"StackResourceDrift": found[0]}


OPERATIONS = {
    "DescribeStackDriftDetectionStatus": describe_stack_drift_detection_status,
    "DescribeStackResourceDrifts": describe_stack_resource_drifts,
    "DetectStackDrift": detect_stack_drift,
    "DetectStackResourceDrift": detect_stack_resource_drift,
}
