"""The load balancer's answers a deployer needs while it moves requests: in front of moto, for what our stacks made.

DescribeTargetHealth tells of the targets that ECS services and auto scaling groups of the engine register in a target group;
DescribeRules of listener rules with their weights. Any other call, and any ARN no stack made, goes on to moto.

Nothing runs, so a target is healthy as soon as the resource that brings it along is complete, unless the script says otherwise.
"""

from __future__ import annotations

import fnmatch
import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from local_cloudformation.engine import Engine
from local_cloudformation.model import Resource
from local_cloudformation.protocol import answer as to_xml
from local_cloudformation.protocol import form_fields, operation_model, parse_input
from local_cloudformation.records import Stack

SERVICE = "elasticloadbalancing"
_GROUP, _RULE = "AWS::ElasticLoadBalancingV2::TargetGroup", "AWS::ElasticLoadBalancingV2::ListenerRule"
_ECS, _HOSTS = "AWS::ECS::Service", "AWS::AutoScaling::AutoScalingGroup"
_SCALED = "AWS::ApplicationAutoScaling::ScalableTarget"
# Elastic Load Balancing API reference, TargetHealth: the reason that goes with each state.
_REASONS = {
    "initial": ("Elb.RegistrationInProgress", "Target registration is in progress"),
    "unhealthy": ("Target.FailedHealthChecks", "Health checks failed"),
    "draining": ("Target.DeregistrationInProgress", "Target deregistration is in progress"),
    "unused": ("Target.NotInUse", "Target group is not configured to receive traffic from the load balancer"),
}


def answer(engine: Engine, operation: str, body: bytes, query: str, region: str) -> bytes | None:
    """The answer to a call of the load balancer, None when it is not ours to give."""
    handlers: dict[str, Callable[[Engine, Mapping[str, Any], str], Mapping[str, Any] | None]] = {
        "DescribeTargetHealth": _target_health,
        "DescribeRules": _rules,
    }
    model = operation_model(operation, "elbv2") if operation in handlers else None
    if model is None:
        return None
    with engine.turn():
        found = handlers[operation](engine, parse_input(model, form_fields(body, query)), region)
    return None if found is None else to_xml(model, found)


def _resources(engine: Engine, region: str, *types: str) -> Iterator[tuple[Stack, Resource]]:
    for stack in engine.store.stacks.values():
        if stack.region == region and not stack.is_gone:
            for each in stack.resources.values():
                if each.type_name in types:
                    yield stack, each


def _target_health(engine: Engine, request: Mapping[str, Any], region: str) -> Mapping[str, Any] | None:
    arn = request["TargetGroupArn"]
    group = next((each for _, each in _resources(engine, region, _GROUP) if each.physical_id == arn), None)
    if group is None:
        return None
    port = int(group.properties.get("Port", 80))
    found = []
    for stack, resource in _resources(engine, region, _ECS, _HOSTS):
        for number in range(_targets(stack, resource, arn)):
            state = _state(engine, stack, resource, group)
            target = {"Id": _target_id(resource, number), "Port": port}
            if group.properties.get("TargetType") == "ip":
                target["AvailabilityZone"] = f"{region}{'ab'[number % 2]}"
            health = {"State": state}
            if state in _REASONS:
                health["Reason"], health["Description"] = _REASONS[state]
            found.append({"Target": target, "HealthCheckPort": str(port), "TargetHealth": health})
    return {"TargetHealthDescriptions": found}


def _targets(stack: Stack, resource: Resource, arn: str) -> int:
    """How many targets a resource registers in the target group; without a desired number, what scaling keeps at least."""
    properties = resource.properties
    if resource.type_name == _HOSTS:
        here = arn in (properties.get("TargetGroupARNs") or ())
        return int(properties.get("DesiredCapacity", properties.get("MinSize", 0))) if here else 0
    if not any(each.get("TargetGroupArn") == arn for each in properties.get("LoadBalancers") or ()):
        return 0
    kept = [
        int(each.properties.get("MinCapacity", 1))
        for each in stack.resources.values()
        if each.type_name == _SCALED
        and str(each.properties.get("ResourceId", "")).endswith(f"/{resource.physical.name}")
    ]
    return int(properties.get("DesiredCount", kept[0] if kept else 1))


def _state(engine: Engine, stack: Stack, resource: Resource, group: Resource) -> str:
    for pattern, state in engine.script.targets.items():
        if fnmatch.fnmatchcase(group.logical_id, pattern) or fnmatch.fnmatchcase(group.physical_id, pattern):
            return state
    row = stack.rows.get(resource.logical_id)
    status = row.status if row is not None else ""
    if status == "DELETE_IN_PROGRESS":
        return "draining"
    # A rolling update keeps targets in service; a group of one host at most has none while the host is replaced.
    alone = resource.type_name == _HOSTS and int(resource.properties.get("MaxSize", 1)) <= 1
    return "initial" if status == "CREATE_IN_PROGRESS" or (status == "UPDATE_IN_PROGRESS" and alone) else "healthy"


def _target_id(resource: Resource, number: int) -> str:
    digest = hashlib.sha256(f"{resource.physical_id}{number}".encode()).hexdigest()
    if resource.type_name == _HOSTS:
        return f"i-{digest[:17]}"
    return f"10.{int(digest[:2], 16)}.{int(digest[2:4], 16)}.{int(digest[4:6], 16)}"


def _rules(engine: Engine, request: Mapping[str, Any], region: str) -> Mapping[str, Any] | None:
    wanted, listener = request.get("RuleArns") or (), request.get("ListenerArn")
    found = [
        each
        for _, each in _resources(engine, region, _RULE)
        if each.physical_id in wanted or (listener and each.properties.get("ListenerArn") == listener)
    ]
    if not found:
        return None
    return {"Rules": [_rule(each) for each in sorted(found, key=lambda each: int(each.properties.get("Priority", 0)))]}


def _rule(resource: Resource) -> dict[str, Any]:
    return {
        "RuleArn": resource.physical_id,
        "Priority": str(resource.properties.get("Priority", "")),
        "Conditions": [dict(each) for each in resource.properties.get("Conditions") or ()],
        "Actions": [_action(each) for each in resource.properties.get("Actions") or ()],
        "IsDefault": False,
    }


def _action(action: Mapping[str, Any]) -> dict[str, Any]:
    forward = action.get("ForwardConfig")
    if not forward:
        return dict(action)
    groups = [{**each, "Weight": int(each.get("Weight", 1))} for each in forward.get("TargetGroups") or ()]
    return {**action, "ForwardConfig": {**forward, "TargetGroups": groups}}
