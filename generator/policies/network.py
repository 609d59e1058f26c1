"""Permissions of the network stack."""

from typing import Any

from awacs import aws, logs
from troposphere import AccountId

from generator.policies.common import allow, document
from generator.protection import Endpoint


def write_flow_log(group_arn: Any) -> aws.PolicyDocument:
    """Write to the flow log's own group (VPC guide, "IAM role for publishing flow logs to CloudWatch Logs").

    `group_arn` is GetAtt's, which ends in `:*` and so covers the group's streams.
    """
    return document(
        allow(
            "WriteFlowLog",
            [logs.CreateLogStream, logs.PutLogEvents, logs.DescribeLogGroups, logs.DescribeLogStreams],
            [group_arn],
        )
    )


# What the endpoint of a service lets through, where its name is not the one that its actions begin with.
_ACTIONS = {Endpoint.ECR_API: "ecr", Endpoint.ECR_IMAGES: "ecr", Endpoint.METRICS: "cloudwatch"}


def own_account_only(endpoint: Endpoint) -> aws.PolicyDocument:
    """Endpoint policy: this service's actions, by roles of this account. A stranger's key brought into the VPC opens nothing.

    What a role of ours may do, its own policies say (VPC guide, "Control access to VPC endpoints using endpoint policies").
    """
    return document(
        aws.Statement(
            Sid="OwnAccountOnly",
            Effect=aws.Allow,
            Principal=aws.Principal("*"),
            Action=[aws.Action(_ACTIONS.get(endpoint, endpoint.value), "*")],
            Resource=["*"],
            Condition=aws.Condition([aws.StringEquals({"aws:PrincipalAccount": AccountId})]),
        )
    )
