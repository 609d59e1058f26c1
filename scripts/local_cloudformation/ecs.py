"""The few ECS answers a deployer needs when a service does not start: in front of moto, for clusters our stacks made.

ListTasks, DescribeTasks and DescribeServices tell of services and stopped tasks of the engine. Any other call, and any
cluster no stack made, goes on to moto.
"""

from __future__ import annotations

import json
from typing import Any

from local_cloudformation.ecs_tasks import SERVICE
from local_cloudformation.engine import Engine
from local_cloudformation.model import Resource
from local_cloudformation.records import Stack

PREFIX = "AmazonEC2ContainerServiceV20141113."


def answer(engine: Engine, operation: str, body: bytes, region: str) -> dict[str, Any] | None:
    """The answer to an ECS call, None when it is not ours to give."""
    handler = {"ListTasks": _list_tasks, "DescribeTasks": _describe_tasks, "DescribeServices": _describe_services}.get(
        operation
    )
    if handler is None:
        return None
    request = json.loads(body or b"{}")
    with engine.lock:
        return handler(engine, request, region)


def _list_tasks(engine: Engine, request: dict[str, Any], region: str) -> dict[str, Any] | None:
    cluster = request.get("cluster", "default")
    service = str(request.get("serviceName", "")).rsplit("/", 1)[-1] or None
    stopped = engine.stopped_tasks.of(cluster, region, service)
    if not stopped and not _services(engine, cluster, region):
        return None
    wanted = request.get("desiredStatus", "RUNNING")
    return {"taskArns": [each["taskArn"] for each in stopped] if wanted == "STOPPED" else []}


def _describe_tasks(engine: Engine, request: dict[str, Any], region: str) -> dict[str, Any] | None:
    cluster = request.get("cluster", "default")
    by_arn = {each["taskArn"]: each for each in engine.stopped_tasks.of(cluster, region)}
    if not by_arn:
        return None
    found, failures = [], []
    for name in request.get("tasks", []):
        match = next((each for arn, each in by_arn.items() if arn == name or arn.endswith(f"/{name}")), None)
        if match:
            found.append(match)
        else:
            failures.append({"arn": name, "reason": "MISSING"})
    return {"tasks": found, "failures": failures}


def _describe_services(engine: Engine, request: dict[str, Any], region: str) -> dict[str, Any] | None:
    cluster = request.get("cluster", "default")
    ours = _services(engine, cluster, region)
    if not ours:
        return None
    shown, failures = [], []
    for name in request.get("services", []):
        match = next((each for each in ours if str(name).rsplit("/", 1)[-1] == each[1].physical.name), None)
        if match:
            shown.append(_shown(engine, *match, cluster, region))
        else:
            failures.append({"arn": name, "reason": "MISSING"})
    return {"services": shown, "failures": failures}


def _services(engine: Engine, cluster: str, region: str) -> list[tuple[Stack, Resource]]:
    wanted = cluster.rsplit("/", 1)[-1]
    return [
        (stack, each)
        for stack in engine.store.stacks.values()
        if stack.region == region
        for each in stack.resources.values()
        if each.type_name == SERVICE and str(each.properties.get("Cluster", "default")).rsplit("/", 1)[-1] == wanted
    ]


def _shown(engine: Engine, stack: Stack, service: Resource, cluster: str, region: str) -> dict[str, Any]:
    properties, name = service.properties, service.physical.name
    row = stack.rows.get(service.logical_id)
    running = row is not None and row.status in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
    count = int(properties.get("DesiredCount", 1))
    stopped = engine.stopped_tasks.of(cluster, region, name)
    events = [
        {
            "id": each["taskArn"][-36:],
            "createdAt": each["stoppedAt"],
            "message": f"(service {name}) {each['stoppedReason']}",
        }
        for each in stopped[:1]
    ]
    return {
        "serviceArn": service.physical_id,
        "serviceName": name,
        "clusterArn": f"arn:{service.physical.environment.partition}:ecs:{region}:{stack.account}:cluster/{cluster}",
        "status": "ACTIVE",
        "desiredCount": count,
        "runningCount": count if running else 0,
        "pendingCount": 0,
        "taskDefinition": str(properties.get("TaskDefinition", "")),
        "deployments": [],
        "events": events,
    }
