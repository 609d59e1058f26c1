"""What runs: ECS services on Fargate, or hosts with the containers of their compose file.

In: templates. Out: workloads: boxes without a place yet, with the security groups and target groups they use.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from generator.pictures._scene import Box, Option, Place
from generator.pictures._templates import Resource, Templates, at, items

_COMPOSE = re.compile(r"<<'?COMPOSE'?\n(.*?)\nCOMPOSE\n", re.DOTALL)
_WORD = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")


@dataclass(frozen=True)
class Workload:
    """A box and what connects it: keys of its security groups and of the target groups that send it requests."""

    box: Box
    groups: frozenset[str]
    target_groups: frozenset[str]


def workloads(templates: Templates, option: Option) -> list[Workload]:
    """What one option runs, in the order of the templates."""
    if option == "fargate":
        return [_service(templates, service) for service in templates.of("AWS::ECS::Service")]
    return [_hosts(templates, group) for group in templates.of("AWS::AutoScaling::AutoScalingGroup")]


def words(name: str) -> str:
    """`DataHostGroup` as `Data host group`."""
    found = _WORD.findall(name)
    return " ".join([found[0], *(word if word.isupper() else word.lower() for word in found[1:])]) if found else name


def _service(templates: Templates, service: Resource) -> Workload:
    stack = service.stack
    task = next(
        (r for key in templates.follow(stack, service.get("TaskDefinition")) if (r := templates.resources[key])), None
    )
    containers = items(task.get("ContainerDefinitions")) if task else []
    balanced = at(service.get("LoadBalancers"), 0, "ContainerName")
    container = next((c for c in containers if at(c, "Name") == balanced), at(containers, 0))
    ports = [str(at(mapping, "ContainerPort")) for mapping in items(at(container, "PortMappings"))]
    lines = (_task_size(templates, task), _task_count(templates, service))
    box = Box(
        key=service.key,
        icon="container",
        name=templates.text(stack, at(container, "Name")) or words(service.name),
        place=Place.BACK,
        port=", ".join(ports),
        lines=tuple(line for line in lines if line),
        resources=frozenset({service.key}),
    )
    network = service.get("NetworkConfiguration", "AwsvpcConfiguration", "SecurityGroups")
    return Workload(
        box,
        frozenset(templates.follow(stack, network)),
        frozenset(templates.follow(stack, service.get("LoadBalancers"))),
    )


def _task_size(templates: Templates, task: Resource | None) -> str:
    if task is None:
        return ""
    cpu, memory = (templates.number(task.stack, task.get(key)) for key in ("Cpu", "Memory"))
    return f"{cpu / 1024:g} vCPU, {memory / 1024:g} GiB" if cpu and memory else ""


def _task_count(templates: Templates, service: Resource) -> str:
    lowest = highest = templates.number(service.stack, service.get("DesiredCount"))
    for target in templates.of("AWS::ApplicationAutoScaling::ScalableTarget"):
        if service.key in templates.follow(target.stack, target.get("ResourceId")):
            lowest, highest = (
                templates.number(target.stack, target.get(key)) for key in ("MinCapacity", "MaxCapacity")
            )
    spot = "FARGATE_SPOT" in str(service.get("CapacityProviderStrategy"))
    once = service.get("DeploymentConfiguration", "MaximumPercent") == 100
    noun = "task" if highest == 1 else "tasks"
    return _count(lowest, highest, noun, once=once) + (", Spot" if spot else "")


def _count(lowest: int | None, highest: int | None, noun: str, *, once: bool) -> str:
    """`2 to 4 tasks`; `once` says that a deployment stops the old one before it starts the new one."""
    if highest is None:
        return noun
    if highest == 1 and once:
        return f"1 {noun}, never two"
    return f"{highest} {noun}" if lowest in (None, highest) else f"{lowest} to {highest} {noun}"


def _hosts(templates: Templates, group: Resource) -> Workload:
    stack = group.stack
    launch = next(
        (
            resource
            for key in templates.follow(stack, [group.get("LaunchTemplate"), group.get("MixedInstancesPolicy")])
            if (resource := templates.resources[key]).type == "AWS::EC2::LaunchTemplate"
        ),
        None,
    )
    data = launch.get("LaunchTemplateData") if launch else None
    once = group.get("InstanceMaintenancePolicy", "MaxHealthyPercentage") == 100
    lowest, highest = (templates.number(stack, group.get(key)) for key in ("MinSize", "MaxSize"))
    kind = templates.text(stack, at(data, "InstanceType"))
    lines = (
        _count(lowest, highest, f"\u00d7 {kind}" if kind else "hosts", once=once),
        ", ".join(_disks(templates, stack, data)),
    )
    behind = frozenset({group.key, *([launch.key] if launch else [])})
    box = Box(
        key=group.key,
        icon="host",
        name=words(group.name.removesuffix("Group")) + ("" if highest == 1 else "s"),
        place=Place.BACK,
        lines=tuple(line for line in lines if line),
        resources=behind,
        inner=tuple(_containers(group.key, at(data, "UserData"), behind)),
    )
    return Workload(
        box,
        frozenset(templates.follow(stack, [at(data, "SecurityGroupIds"), at(data, "NetworkInterfaces")])),
        frozenset(templates.follow(stack, group.get("TargetGroupARNs"))),
    )


def _disks(templates: Templates, stack: str, data: Any) -> Iterator[str]:
    for mapping in items(at(data, "BlockDeviceMappings")):
        size = templates.number(stack, at(mapping, "Ebs", "VolumeSize"))
        kind = templates.text(stack, at(mapping, "Ebs", "VolumeType"))
        if size:
            yield f"{size} GiB {kind}".strip()


def _containers(host: str, user_data: Any, behind: frozenset[str]) -> Iterator[Box]:
    """One box for each service of the compose file that the user data carries."""
    for text in _strings(user_data):
        for found in _COMPOSE.finditer(text + "\n"):
            for name, service in _compose_services(found[1]):
                ports = [str(port).split("/")[0].split(":")[0] for port in items(at(service, "ports"))]
                memory = str(at(service, "mem_limit") or "")
                yield Box(
                    key=f"{host}/{name}",
                    icon="container",
                    name=str(name),
                    place=Place.BACK,
                    port=", ".join(ports),
                    lines=(f"{int(memory[:-1]):,} MiB".replace(",", " "),) if re.fullmatch(r"\d+m", memory) else (),
                    resources=behind,
                )


def _compose_services(text: str) -> list[tuple[str, Any]]:
    try:
        services = at(yaml.safe_load(text), "services")  # type: ignore[no-untyped-call]
    except yaml.YAMLError:
        return []
    return [(str(name), service) for name, service in services.items()] if isinstance(services, dict) else []


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _strings(item)
