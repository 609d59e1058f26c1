"""What changes the bill, and in which direction where that can be told from the change set alone. `pricing` says how much."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from deploy_stack.review.model import PropertyChange, ResourceChange
from deploy_stack.review.verdicts.opinion import Opinion, note

# Billed by the hour or by what is provisioned, so an addition or a removal shows on the bill by itself.
BILLED: Mapping[str, str] = {
    "AWS::AutoScaling::AutoScalingGroup": "instances by the hour",
    "AWS::EC2::EIP": "a public address by the hour",
    "AWS::EC2::Instance": "an instance by the hour",
    "AWS::EC2::NatGateway": "a NAT gateway by the hour and by traffic",
    "AWS::EC2::Volume": "provisioned storage",
    "AWS::ECS::Service": "running tasks by the hour",
    "AWS::EFS::FileSystem": "stored files",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "a load balancer by the hour",
    "AWS::KMS::Key": "a key by the month",
    "AWS::RDS::DBInstance": "a database by the hour",
    "AWS::SecretsManager::Secret": "a secret by the month",
}
AMOUNTS: Mapping[str, tuple[str, ...]] = {
    "AWS::ApplicationAutoScaling::ScalableTarget": ("MinCapacity", "MaxCapacity"),
    "AWS::AutoScaling::AutoScalingGroup": ("MinSize", "MaxSize", "DesiredCapacity"),
    "AWS::EC2::Volume": ("Size", "Iops", "VolumeType"),
    "AWS::EC2::Instance": ("InstanceType",),
    "AWS::EC2::LaunchTemplate": ("InstanceType", "VolumeSize", "VolumeType"),
    "AWS::ECS::Service": ("DesiredCount", "CapacityProviderStrategy"),
    "AWS::ECS::TaskDefinition": ("Cpu", "Memory", "EphemeralStorage"),
    "AWS::EFS::FileSystem": ("ThroughputMode", "ProvisionedThroughputInMibps"),
    "AWS::RDS::DBInstance": ("DBInstanceClass", "AllocatedStorage", "MultiAZ"),
    "AWS::Logs::LogGroup": ("RetentionInDays",),
}
INSTANCE_SIZES = ("nano", "micro", "small", "medium", "large", "xlarge")


def judge(change: ResourceChange, operation: str) -> Iterator[Opinion]:
    """`cost`"""
    if operation == "CREATE":
        return  # everything is new; a list of all of it would hide the rest
    billed = BILLED.get(change.type)
    if billed and change.action == "Add":
        yield note(f"raises the bill: {billed}")
    elif billed and change.action == "Remove":
        yield note(f"lowers the bill: {billed}")
    if change.action != "Modify":
        return
    for each in change.properties:
        parts = {re.sub(r"\[\d+\]", "", part) for part in each.path.split(".")}
        # A container's own Cpu and Memory share what the task pays for.
        if parts & set(AMOUNTS.get(change.type, ())) and "ContainerDefinitions" not in parts:
            yield note(f"{_direction(each)}: {each.path} {each.before or 'unset'} -> {each.after or 'unset'}")


def _direction(change: PropertyChange) -> str:
    before, after = _size(change.before), _size(change.after)
    if before is None or after is None or before[0] != after[0] or before == after:
        return "changes the bill"
    return "raises the bill" if after > before else "lowers the bill"


def _size(value: Any) -> tuple[str, float] | None:
    """Return (family, size): numbers compare with numbers, instance types within their family."""
    try:
        return "", float(str(value))
    except ValueError:
        pass
    family, dot, size = str(value).rpartition(".")
    times = size.removesuffix("xlarge")
    if dot and size in INSTANCE_SIZES:
        return family, float(INSTANCE_SIZES.index(size))
    if dot and times.isdigit() and size.endswith("xlarge"):
        return family, INSTANCE_SIZES.index("xlarge") + float(times)
    return None
