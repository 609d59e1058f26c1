"""Interruption: what serves users is replaced, removed or restarted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from deploy_stack.review.model import ResourceChange
from deploy_stack.review.verdicts.machines import rolling_update
from deploy_stack.review.verdicts.opinion import Opinion, note, warn

SERVES: Mapping[str, str] = {
    "AWS::ApplicationAutoScaling::ScalableTarget": "scaling stands still meanwhile",
    "AWS::AutoScaling::AutoScalingGroup": "its instances are replaced together",
    "AWS::EC2::Instance": "what runs on it stops",
    "AWS::EC2::InternetGateway": "the network has no way out meanwhile",
    "AWS::EC2::NatGateway": "outgoing connections break, and the outgoing address changes",
    "AWS::EC2::SecurityGroup": "open connections may break",
    "AWS::EC2::Subnet": "everything in it moves",
    "AWS::EC2::VPC": "everything in it moves",
    "AWS::ECS::Cluster": "every service in it moves",
    "AWS::ECS::Service": "its tasks stop before new ones serve",
    "AWS::EFS::MountTarget": "mounted files hang meanwhile",
    "AWS::ElasticLoadBalancingV2::Listener": "its port does not answer meanwhile",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "its address changes; DNS has to follow",
    "AWS::ElasticLoadBalancingV2::TargetGroup": "targets have to become healthy in the new one first",
    "AWS::RDS::DBInstance": "the database does not answer meanwhile",
    "AWS::Route53::RecordSet": "the name does not resolve meanwhile",
    "AWS::ServiceDiscovery::PrivateDnsNamespace": "private names do not resolve meanwhile",
    "AWS::ServiceDiscovery::Service": "the private name does not resolve meanwhile",
}


def judge(change: ResourceChange, _: str) -> Iterator[Opinion]:
    """`service-interrupted`"""
    effect = SERVES.get(change.type)
    if not effect:
        return
    if change.replaced and not change.only_unknown:
        yield warn(f"is replaced: {effect}")
    elif change.perhaps_replaced and rolling_update(change) is not None:
        return  # the group stays; `hosts-replaced` says what happens to its hosts
    elif change.replaced or change.perhaps_replaced:
        yield note(f"may be replaced: {effect}")
    elif change.action == "Remove" and change.policy_action != "Retain":
        yield warn(f"is removed: {effect.replace(' meanwhile', '')}")
