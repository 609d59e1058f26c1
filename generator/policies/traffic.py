"""Permissions of ECS itself where it shifts traffic between two versions of a service: its infrastructure role.

In: references to what the edge stack published. Out: documents. The managed policy that AWS offers for it
(AmazonECSInfrastructureRolePolicyForLoadBalancers) covers every load balancer of the account; this is the same for one service.
"""

from typing import Any

from awacs import aws, elasticloadbalancing, sts
from troposphere import AccountId

from generator.policies.common import allow, document

ECS = "ecs.amazonaws.com"


def trust_ecs() -> aws.PolicyDocument:
    """ECS, and where it says for which account it acts, only for this one.

    `IfExists`, because the ECS guide ("Amazon ECS infrastructure IAM role for load balancers") documents no such key here.
    """
    return document(
        aws.Statement(
            Sid="Assume",
            Effect=aws.Allow,
            Principal=aws.Principal("Service", [ECS]),
            Action=[sts.AssumeRole],
            Condition=aws.Condition([aws.StringEqualsIfExists({"aws:SourceAccount": AccountId})]),
        )
    )


def shift_traffic(target_groups: list[Any], rules: list[Any]) -> aws.PolicyDocument:
    """Move tasks in and out of exactly these groups, and set the weights of exactly these rules."""
    return document(
        # None of these takes a resource (Service authorization reference, Elastic Load Balancing V2).
        allow(
            "Look",
            [
                elasticloadbalancing.DescribeListeners,
                elasticloadbalancing.DescribeRules,
                elasticloadbalancing.DescribeTargetGroups,
                elasticloadbalancing.DescribeTargetHealth,
            ],
            ["*"],
        ),
        allow(
            "MoveTasks", [elasticloadbalancing.RegisterTargets, elasticloadbalancing.DeregisterTargets], target_groups
        ),
        allow("SetWeights", [elasticloadbalancing.ModifyRule], rules),
    )
