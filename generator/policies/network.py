"""Permissions of the network stack."""

from typing import Any

from awacs import aws, logs

from generator.policies.common import allow, document


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
