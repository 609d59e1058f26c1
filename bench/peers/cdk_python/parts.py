"""What several stacks make: published values, log groups, buckets, grants."""

import re

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_ssm as ssm


def publish(scope, folder, values):
    """Values that other tools read, at /aldeia/<environment>/<stack>/<name>."""
    for name, value in values.items():
        ssm.StringParameter(scope, f"{name}Parameter", parameter_name=f"/aldeia/{folder}/{name}", string_value=value)


def log_group(scope, name, settings, key, log_group_name=None):
    retention = {14: logs.RetentionDays.TWO_WEEKS, 90: logs.RetentionDays.THREE_MONTHS}
    return logs.LogGroup(
        scope, name, log_group_name=log_group_name, encryption_key=key, retention=retention[settings["logDays"]]
    )


def bucket(scope, name, **properties):
    rule = s3.LifecycleRule(
        id="expire",
        abort_incomplete_multipart_upload_after=Duration.days(7),
        noncurrent_version_expiration=Duration.days(90),
    )
    return s3.Bucket(
        scope,
        name,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        enforce_ssl=True,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        versioned=True,
        lifecycle_rules=[rule],
        **properties,
    )


def served(system):
    """The services that the load balancer serves."""
    return {name: service for name, service in system["services"].items() if service["path"]}


def grant_mount(role, data):
    """Through the access point only, as the file system's policy demands."""
    role.add_to_principal_policy(
        iam.PolicyStatement(
            actions=["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
            resources=[data.file_system.file_system_arn],
            conditions={"StringEquals": {"elasticfilesystem:AccessPointArn": data.access_point.access_point_arn}},
        )
    )


def filled(text, values):
    """The text with what it has in braces, where there is a value of that name."""
    return re.sub(r"\{(\w+)\}", lambda found: values.get(found[1], found[0]), text)
