"""Permissions of Fargate tasks: what the agent may do to start one, and what the service's own code may do.

In: an environment, a service, and references to what other stacks published. Out: statements and documents.
"""

from collections.abc import Callable
from typing import Any

from awacs import aws, ecr, elasticfilesystem, logs, s3, secretsmanager, ses, ssmmessages
from troposphere import Sub

from generator.model import PROJECT, Environment, Permission, Service
from generator.naming import container_log_group
from generator.policies.common import allow, arn, document, trust
from generator.policies.key import use_key

ECS_TASKS = "ecs-tasks"


def trust_tasks() -> aws.PolicyDocument:
    """ECS tasks of this account and region (ECS developer guide, "Task IAM role": the confused-deputy condition)."""
    return trust(ECS_TASKS, arn("ecs", "*"))


def pull_images(*repositories: str) -> tuple[aws.Statement, ...]:
    """Pull from exactly these repositories (document, Task Execution Role)."""
    return (
        # ecr:GetAuthorizationToken takes no resource (Service authorization reference, Amazon ECR).
        allow("LogInToRegistry", [ecr.GetAuthorizationToken], ["*"]),
        allow(
            "PullImages",
            [ecr.BatchCheckLayerAvailability, ecr.GetDownloadUrlForLayer, ecr.BatchGetImage],
            [arn("ecr", f"repository/{repository}") for repository in repositories],
        ),
    )


def read_secrets(secret_arns: list[Any]) -> aws.Statement:
    """Read exactly these secrets, given by complete ARN (document, Task Execution Role)."""
    return allow("ReadSecrets", [secretsmanager.GetSecretValue], secret_arns)


def mount_file_system(file_system_id: Any, access_point_id: Any) -> aws.Statement:
    """Mount one file system, read and write, through one access point only."""
    point = Sub(
        "arn:${AWS::Partition}:elasticfilesystem:${AWS::Region}:${AWS::AccountId}:access-point/${Point}",
        Point=access_point_id,
    )
    system = Sub(
        "arn:${AWS::Partition}:elasticfilesystem:${AWS::Region}:${AWS::AccountId}:file-system/${System}",
        System=file_system_id,
    )
    return allow(
        "MountData",
        [elasticfilesystem.ClientMount, elasticfilesystem.ClientWrite],
        [system],
        aws.StringEquals({"elasticfilesystem:AccessPointArn": point}),
    )


def execution_policy(
    environment: Environment, service: Service, secret_arns: list[Any], key_arn: Any = None
) -> aws.PolicyDocument:
    """What the ECS agent needs to start this one service: its image, its log group, its secrets, the key these are under."""
    statements = [
        allow(
            "WriteLogs",
            [logs.CreateLogStream, logs.PutLogEvents],
            [arn("logs", f"log-group:{container_log_group(environment, service)}:*")],
        )
    ]
    if service.repository:
        statements = [*pull_images(service.repository), *statements]
    if secret_arns:
        statements.append(read_secrets(secret_arns))
        if key_arn is not None:
            statements.append(use_key(key_arn, "secretsmanager"))
    return document(*statements)


def _use_backups(environment: Environment) -> aws.Statement:
    """Document, Task Role: the environment's own backups bucket."""
    bucket = f"{PROJECT}-{environment.short}-backups-${{AWS::AccountId}}"
    return allow("UseBackups", [s3.GetObject, s3.PutObject], [arn("s3", f"{bucket}/*", region=False, account=False)])


def _send_email(environment: Environment) -> aws.Statement:
    """Document, Task Role: only as the environment's own domain, instead of any identity of the account."""
    return allow(
        "SendEmail",
        [ses.SendEmail, ses.SendRawEmail],
        [arn("ses", f"identity/{environment.domain}")],
        aws.StringLike({"ses:FromAddress": f"*@{environment.domain}"}),
    )


GRANTS: dict[Permission, Callable[[Environment], aws.Statement]] = {
    Permission.BACKUPS: _use_backups,
    Permission.EMAIL: _send_email,
}


def grants(environment: Environment, services: tuple[Service, ...]) -> list[aws.Statement]:
    """The statements that the services' own code needs, each once; Fargate tasks and EC2 hosts get the same."""
    wanted = {permission for service in services for permission in service.permissions}
    return [GRANTS[permission](environment) for permission in sorted(wanted)]


def open_shell(group: str) -> tuple[aws.Statement, ...]:
    """ECS Exec, recorded in the log group `group` (ECS developer guide, "Using ECS Exec"; the channels take no resource)."""
    return (
        allow(
            "OpenShell",
            [
                ssmmessages.CreateControlChannel,
                ssmmessages.CreateDataChannel,
                ssmmessages.OpenControlChannel,
                ssmmessages.OpenDataChannel,
            ],
            ["*"],
        ),
        allow("FindShellLog", [logs.DescribeLogGroups], ["*"]),
        allow(
            "RecordShell",
            [logs.CreateLogStream, logs.DescribeLogStreams, logs.PutLogEvents],
            [arn("logs", f"log-group:{group}:*")],
        ),
    )
