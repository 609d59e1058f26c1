"""Stopped tasks of ECS services that a script lets fail, and the few ECS answers that show them.

A service whose image does not start leaves tasks with a `stoppedReason`; a deployer looks for them when CloudFormation
says no more than "circuit breaker". They stay readable after the rollback, as the real ones do for about an hour.
"""

from __future__ import annotations

import fnmatch
import hashlib
from dataclasses import dataclass
from typing import Any

from local_cloudformation.model import Resource
from local_cloudformation.records import Stack
from local_cloudformation.script import Failure

SERVICE = "AWS::ECS::Service"
TASK_DEFINITION = "AWS::ECS::TaskDefinition"
# How many attempts a circuit breaker sees before it gives up, for a small service (ECS developer guide: the threshold is at
# least 3).
_ATTEMPTS = 3


@dataclass(frozen=True)
class StoppedTask:
    """One stopped task, in ECS's own words."""

    cluster: str
    service: str
    region: str
    body: dict[str, Any]


class StoppedTasks:
    """All of them, newest last."""

    def __init__(self) -> None:
        self._tasks: list[StoppedTask] = []

    def clear(self) -> None:
        """Forget all."""
        self._tasks.clear()

    def add(self, stack: Stack, service: Resource, rule: Failure, at: float) -> None:
        """The tasks of a service that did not start."""
        physical = service.physical
        cluster = _last(str(service.properties.get("Cluster", "default")))
        definition = _definition(stack, service)
        containers = definition.properties.get("ContainerDefinitions", []) if definition else []
        prefix = f"arn:{physical.environment.partition}:ecs:{stack.region}:{stack.account}"
        for attempt in range(_ATTEMPTS):
            number = hashlib.sha256(f"{physical.physical_id}{at}{attempt}".encode()).hexdigest()[:32]
            arn = f"{prefix}:task/{cluster}/{number}"
            body = {
                "taskArn": arn,
                "clusterArn": f"{prefix}:cluster/{cluster}",
                "taskDefinitionArn": str(service.properties.get("TaskDefinition", "")),
                "group": f"service:{physical.name}",
                "startedBy": f"ecs-svc/{int(number[:15], 16)}",
                "lastStatus": "STOPPED",
                "desiredStatus": "STOPPED",
                "launchType": str(service.properties.get("LaunchType", "FARGATE")),
                "createdAt": at,
                "stoppedAt": at,
                "stopCode": "TaskFailedToStart" if rule.container_exit_code is None else "EssentialContainerExited",
                "stoppedReason": rule.stopped_reason,
                "containers": [_container(arn, each, rule) for each in containers],
            }
            self._tasks.append(StoppedTask(cluster, physical.name, stack.region, body))

    def uses_image(self, stack: Stack, service: Resource, pattern: str) -> bool:
        """Whether a service's task definition has an image that matches."""
        definition = _definition(stack, service)
        containers = definition.properties.get("ContainerDefinitions", []) if definition else []
        return any(fnmatch.fnmatchcase(str(each.get("Image", "")), pattern) for each in containers)

    def of(self, cluster: str, region: str, service: str | None = None) -> list[dict[str, Any]]:
        """Bodies of a cluster's stopped tasks, newest first."""
        return [
            each.body
            for each in reversed(self._tasks)
            if each.cluster == _last(cluster) and each.region == region and service in {None, each.service}
        ]


def _container(task_arn: str, definition: dict[str, Any], rule: Failure) -> dict[str, Any]:
    container = {
        "containerArn": f"{task_arn.replace(':task/', ':container/')}/{definition.get('Name', 'app')}",
        "taskArn": task_arn,
        "name": definition.get("Name", "app"),
        "image": str(definition.get("Image", "")),
        "lastStatus": "STOPPED",
        "reason": rule.stopped_reason,
    }
    return container if rule.container_exit_code is None else {**container, "exitCode": rule.container_exit_code}


def _definition(stack: Stack, service: Resource) -> Resource | None:
    wanted = service.properties.get("TaskDefinition")
    return next(
        (each for each in stack.resources.values() if each.type_name == TASK_DEFINITION and each.physical_id == wanted),
        None,
    )


def _last(name: str) -> str:
    return name.rsplit("/", 1)[-1]
