"""Faults for any template: for each resource of a kind, what may go wrong with it, and where that must be found.

A generator per kind yields `Fault`s: the changes, the id that must be found, and the path (below Resources).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from tests.rules.faults import Fault
from tests.rules.support import GONE

Body = dict[str, Any]
Planter = Callable[[str, Body, Body], Iterator[Fault]]


def one(name: str, id: str, path: str, value: Any) -> Fault:  # noqa: A002
    return Fault(f"{path}: {name}", ((path, value),), id, path)


def elsewhere(name: str, id: str, found_at: str, *changes: tuple[str, Any]) -> Fault:  # noqa: A002
    return Fault(f"{changes[0][0]}: {name}", changes, id, found_at)


def task(name: str, body: Body, template: Body) -> Iterator[Fault]:
    top = f"{name}/Properties"
    for index, container in enumerate(body["Properties"]["ContainerDefinitions"]):
        at = f"{top}/ContainerDefinitions/{index}"
        environment, mounts = len(container.get("Environment", [])), len(container.get("MountPoints", []))
        yield one("latest", "W9110", f"{at}/Image", "example/image:latest")
        yield one("short account", "E9111", f"{at}/Image", "123456789.dkr.ecr.us-east-1.amazonaws.com/aldeia/x:1")
        secret = {"Name": "API_TOKEN", "Value": "correct-horse"}
        yield elsewhere(
            "plain secret",
            "W9119",
            f"{at}/Environment/{environment}/Value",
            (f"{at}/Environment/{environment}", secret),
        )
        mount = {"SourceVolume": "nowhere", "ContainerPath": "/x"}
        if mounts:
            yield elsewhere(
                "no volume", "E9104", f"{at}/MountPoints/{mounts}/SourceVolume", (f"{at}/MountPoints/{mounts}", mount)
            )
        if container.get("Secrets"):
            yield elsewhere("no execution role", "E9105", f"{at}/Secrets", (f"{top}/ExecutionRoleArn", GONE))
            arn = "arn:aws:secretsmanager:us-east-1:123456789:secret:x-Ab12Cd:KEY::"
            yield one("short account", "E9111", f"{at}/Secrets/0/ValueFrom", arn)
        yield from _role_of(name, at, body, container, template)
        if "chromadb" in json.dumps(container.get("Image")):
            check = ["CMD-SHELL", "curl -f http://localhost:8000/ || exit 1"]
            yield elsewhere("curl", "E9118", f"{at}/HealthCheck/Command/1", (f"{at}/HealthCheck/Command", check))
            yield one("mount of 0.x", "E9204", f"{at}/MountPoints/0/ContainerPath", "/chroma/chroma")
            yield from _volume(f"{top}/Volumes/0/EFSVolumeConfiguration")


def _volume(at: str) -> Iterator[Fault]:
    yield elsewhere("no TLS", "E9206", f"{at}/AuthorizationConfig/IAM", (f"{at}/TransitEncryption", GONE))
    yield one("root directory", "E9207", f"{at}/RootDirectory", "/chroma")


def _role_of(name: str, at: str, body: Body, container: Body, template: Body) -> Iterator[Fault]:
    role = body["Properties"]["ExecutionRoleArn"]["Fn::GetAtt"][0]
    policy = f"{role}/Properties/Policies/0/PolicyDocument/Statement"
    statements = template["Resources"][role]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    image = f"{at}/Image/Fn::If/1" if "Fn::If" in container["Image"] else f"{at}/Image"
    needs = {
        "ecr:GetAuthorizationToken": ("E9107", image),
        "ecr:BatchGetImage": ("E9107", image),
        "logs:CreateLogStream": ("E9108", f"{at}/LogConfiguration/Options/awslogs-group"),
        "secretsmanager:GetSecretValue": ("E9106", f"{at}/Secrets/0/ValueFrom"),
    }
    for index, statement in enumerate(statements):
        for action, (rule, place) in needs.items():
            if action in statement["Action"]:
                yield elsewhere(
                    f"no {action} for {name}", rule, place, (f"{policy}/{index}/Action", ["ec2:DescribeVpcs"])
                )
        if "secretsmanager:GetSecretValue" in statement["Action"]:
            yield one("every secret", "W9109", f"{policy}/{index}/Resource/0", "*")


def service(name: str, body: Body, template: Body) -> Iterator[Fault]:
    at = f"{name}/Properties"
    properties = body["Properties"]
    yield one("launch type", "E9112", f"{at}/LaunchType", "FARGATE")
    yield one("canary settings", "E9115", f"{at}/DeploymentConfiguration/CanaryConfiguration", {"CanaryPercent": 10})
    address = f"{at}/NetworkConfiguration/AwsvpcConfiguration/AssignPublicIp"
    yield one("public address", "W9307", address, "ENABLED")
    if properties["DeploymentConfiguration"]["MaximumPercent"] == 100:
        yield one("rebalancing", "E9113", f"{at}/AvailabilityZoneRebalancing", "ENABLED")
        yield one("two stores", "E9201", f"{at}/DesiredCount", 2)
        yield one("overlap", "E9202", f"{at}/DeploymentConfiguration/MaximumPercent", 200)
        yield one("blue/green store", "E9202", f"{at}/DeploymentConfiguration/Strategy", "BLUE_GREEN")
        balanced = [{"ContainerName": "chromadb", "ContainerPort": 8000, "TargetGroupArn": "x"}]
        yield elsewhere(
            "public store", "E9305", f"{at}/LoadBalancers/0/ContainerName", (f"{at}/LoadBalancers", balanced)
        )
    if properties.get("LoadBalancers"):
        entry = f"{at}/LoadBalancers/0"
        yield one("no such container", "E9101", f"{entry}/ContainerName", "nobody")
        yield one("no such port", "E9102", f"{entry}/ContainerPort", 81)
        yield elsewhere("blue/green", "E9114", entry, (f"{at}/DeploymentConfiguration/Strategy", "BLUE_GREEN"))
    if any(
        f"${{{name}.Name}}" in json.dumps(r)
        for r in template["Resources"].values()
        if r["Type"].endswith("ScalableTarget")
    ):
        yield one("fixed count", "W9134", f"{at}/DesiredCount", 2)


def scaling_policy(name: str, body: Body, template: Body) -> Iterator[Fault]:
    top = f"{name}/Properties"
    at = f"{top}/TargetTrackingScalingPolicyConfiguration"
    yield elsewhere("no configuration", "E9132", top, (at, GONE))
    metric = body["Properties"]["TargetTrackingScalingPolicyConfiguration"]["PredefinedMetricSpecification"]
    if "ResourceLabel" in metric:
        place = f"{at}/PredefinedMetricSpecification"
        yield elsewhere("no label", "E9131", place, (f"{place}/ResourceLabel", GONE))
        yield one("half a label", "E9131", f"{place}/ResourceLabel", "app/only-the-balancer/0123456789abcdef")


def scalable_target(name: str, body: Body, template: Body) -> Iterator[Fault]:
    yield one("minimum above maximum", "E9133", f"{name}/Properties/MinCapacity", 99)


def ingress(name: str, body: Body, template: Body) -> Iterator[Fault]:
    at = f"{name}/Properties"
    number = body["Properties"]["FromPort"]
    rule = "E9302" if number in {2049, 8000} else "W9301"
    gone = (f"{at}/SourceSecurityGroupId", GONE)
    for key, world in (("CidrIp", "0.0.0.0/0"), ("CidrIpv6", "::/0")):
        yield elsewhere(f"open to {world}", rule, f"{at}/{key}", (f"{at}/{key}", world), gone)
    if number in {2049, 8000}:
        yield one("from the balancer", "E9304", f"{at}/SourceSecurityGroupId", {"Ref": "LoadBalancerSecurityGroup"})


def listener_rule(name: str, body: Body, template: Body) -> Iterator[Fault]:
    first, *others = sorted(n for n, r in template["Resources"].items() if r["Type"] == body["Type"])
    if name in others:
        priority = template["Resources"][first]["Properties"]["Priority"]
        found_at = max((first, name), key=list(template["Resources"]).index)
        place = f"{name}/Properties/Priority"
        yield elsewhere("priority of another", "E9306", f"{found_at}/Properties/Priority", (place, priority))


def named(name: str, body: Body, template: Body) -> Iterator[Fault]:
    yield one("long name", "E9308", f"{name}/Properties/Name", "n" * 33)


def role(name: str, body: Body, template: Body) -> Iterator[Fault]:
    trust = f"{name}/Properties/AssumeRolePolicyDocument/Statement/0"
    statement = body["Properties"]["AssumeRolePolicyDocument"]["Statement"][0]
    principal = json.dumps(statement["Principal"])
    if "ecs-tasks" in principal or "flow-logs" in principal:
        yield elsewhere("trust of everybody", "W9407", trust, (f"{trust}/Condition", GONE))
    if "WebIdentity" in json.dumps(statement["Action"]):
        yield elsewhere("trust without conditions", "E9401", trust, (f"{trust}/Condition", GONE))
        for operator, keys in statement["Condition"].items():
            for key in (key for key in keys if key.endswith(":sub")):
                yield elsewhere(
                    "any subject",
                    "E9402",
                    f"{trust}/Condition/StringLike/{key}",
                    (f"{trust}/Condition/{operator}", GONE),
                    (f"{trust}/Condition/StringLike", {key: "repo:*"}),
                )
    for index, policy in enumerate(body["Properties"].get("Policies", [])):
        yield from _statements(
            f"{name}/Properties/Policies/{index}/PolicyDocument/Statement", policy["PolicyDocument"]["Statement"]
        )


def policy(name: str, body: Body, template: Body) -> Iterator[Fault]:
    if "boundary" not in name.lower():
        yield from _statements(
            f"{name}/Properties/PolicyDocument/Statement", body["Properties"]["PolicyDocument"]["Statement"]
        )


def _statements(at: str, statements: list[Body]) -> Iterator[Fault]:
    for index, statement in enumerate(statements):
        if statement["Effect"] != "Allow" or "Action" not in statement:
            continue
        place = f"{at}/{index}"
        yield elsewhere("misspelt action", "E9404", f"{place}/Action/0", (f"{place}/Action", ["ecr:PutImages"]))
        yield elsewhere(
            "everything",
            "E9403",
            f"{place}/Action/0",
            (f"{place}/Action", ["*"]),
            (f"{place}/Resource", ["*"]),
            *([(f"{place}/Condition", GONE)] if "Condition" in statement else []),
        )
        if "iam:PassRole" in statement["Action"]:
            yield elsewhere("passed to anybody", "W9406", f"{place}/Action/0", (f"{place}/Condition", GONE))
        if set(statement["Action"]) & {
            "secretsmanager:GetSecretValue",
            "logs:PutLogEvents",
            "ecr:PutImage",
            "s3:GetObject",
        }:
            arn = "arn:aws:sqs:us-east-1:111122223333:queue"
            yield elsewhere("ARN of another service", "E9405", f"{place}/Resource/0", (f"{place}/Resource", [arn]))


def launch_template(name: str, body: Body, template: Body) -> Iterator[Fault]:
    at = f"{name}/Properties/LaunchTemplateData"
    yield one("IMDSv1", "W9501", f"{at}/MetadataOptions/HttpTokens", "optional")
    yield elsewhere("IMDSv1 by default", "W9501", f"{at}/MetadataOptions", (f"{at}/MetadataOptions/HttpTokens", GONE))
    yield one("17 kB", "E9504", f"{at}/UserData", {"Fn::Base64": "#!/bin/bash\n" + "x" * 17000})
    for index, _ in enumerate(body["Properties"]["LaunchTemplateData"]["BlockDeviceMappings"]):
        disk = f"{at}/BlockDeviceMappings/{index}/Ebs"
        yield one("100,000 GiB", "E9503", f"{disk}/VolumeSize", 100000)
        yield one("4,000 MiB/s", "E9503", f"{disk}/Throughput", 4000)
        yield elsewhere("unencrypted", "W9502", disk, (f"{disk}/Encrypted", GONE))
    silent = {"Fn::Base64": "#!/bin/bash\nsystemctl start docker\n"}
    for group, other in template["Resources"].items():
        if other["Type"].endswith("AutoScalingGroup") and json.dumps(name) in json.dumps(
            other["Properties"]["LaunchTemplate"]
        ):
            yield elsewhere(
                "nobody signals", "E9505", f"{group}/CreationPolicy/ResourceSignal", (f"{at}/UserData", silent)
            )
            stay = [{"Key": "A", "Value": "b", "PropagateAtLaunch": False}]
            gone = (
                [(f"{at}/TagSpecifications", GONE)]
                if "TagSpecifications" in body["Properties"]["LaunchTemplateData"]
                else []
            )
            yield elsewhere(
                "tags that stay", "W9506", f"{group}/Properties/Tags", (f"{group}/Properties/Tags", stay), *gone
            )


def alarm(name: str, body: Body, template: Body) -> Iterator[Fault]:
    actions = json.dumps(body["Properties"].get("AlarmActions"))
    if "Less" in body["Properties"]["ComparisonOperator"] and "Policy" in actions:
        yield one("overlap", "E9507", f"{name}/Properties/Threshold", 95)


def kept(name: str, body: Body, template: Body) -> Iterator[Fault]:
    for key in ("DeletionPolicy", "UpdateReplacePolicy"):
        yield elsewhere(f"no {key}", "W9210", f"{name}/Type", (f"{name}/{key}", GONE))


def repository(name: str, body: Body, template: Body) -> Iterator[Fault]:
    at = f"{name}/Properties"
    yield one("mutable", "W9603", f"{at}/ImageTagMutability", "MUTABLE")
    yield elsewhere("mutable by default", "W9603", at, (f"{at}/ImageTagMutability", GONE))
    text = f"{at}/LifecyclePolicy/LifecyclePolicyText"
    document = json.loads(body["Properties"]["LifecyclePolicy"]["LifecyclePolicyText"])
    yield one("not JSON", "E9601", text, "{" + "x" * 120)
    for rule in document["rules"]:
        rule["rulePriority"] = 1
    yield one("one priority", "E9601", text, json.dumps(document))
    releases = {"tagStatus": "tagged", "tagPrefixList": ["v"], "countType": "imageCountMoreThan", "countNumber": 10}
    only = {"rules": [{"rulePriority": 1, "selection": releases, "action": {"type": "expire"}}]}
    yield one("releases alone", "W9602", text, json.dumps(only))


PLANTERS: dict[str, Planter] = {
    "AWS::ECS::TaskDefinition": task,
    "AWS::ECS::Service": service,
    "AWS::ApplicationAutoScaling::ScalingPolicy": scaling_policy,
    "AWS::ApplicationAutoScaling::ScalableTarget": scalable_target,
    "AWS::EC2::SecurityGroupIngress": ingress,
    "AWS::ElasticLoadBalancingV2::ListenerRule": listener_rule,
    "AWS::ElasticLoadBalancingV2::TargetGroup": named,
    "AWS::ElasticLoadBalancingV2::LoadBalancer": named,
    "AWS::IAM::Role": role,
    "AWS::IAM::RolePolicy": policy,
    "AWS::IAM::ManagedPolicy": policy,
    "AWS::EC2::LaunchTemplate": launch_template,
    "AWS::CloudWatch::Alarm": alarm,
    "AWS::EFS::FileSystem": kept,
    "AWS::ECR::Repository": repository,
}


def faults(template: Body) -> list[Fault]:
    """Every fault that can be planted into a template."""
    return [
        planted
        for name, body in template["Resources"].items()
        for planted in PLANTERS.get(body["Type"], lambda *_: iter(()))(name, body, template)
    ]
