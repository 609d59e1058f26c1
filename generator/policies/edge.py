"""Permissions of the edge stack: who may write the access logs."""

from awacs import aws, s3
from troposphere import Sub

from generator.policies.common import arn, document
from generator.policies.data import deny_plain_http


def load_balancer_logs(bucket: str) -> aws.PolicyDocument:
    """Bucket policy: Elastic Load Balancing writes access logs of this account's balancers, and nothing comes without TLS.

    Elastic Load Balancing guide, "Enable access logs": the log delivery service principal, in every region.
    """
    return document(
        aws.Statement(
            Sid="WriteAccessLogs",
            Effect=aws.Allow,
            Principal=aws.Principal("Service", ["logdelivery.elasticloadbalancing.amazonaws.com"]),
            Action=[s3.PutObject],
            Resource=[Sub(f"${{{bucket}.Arn}}/AWSLogs/${{AWS::AccountId}}/*")],
            Condition=aws.Condition([aws.ArnLike({"aws:SourceArn": arn("elasticloadbalancing", "loadbalancer/*")})]),
        ),
        deny_plain_http(bucket),
    )
