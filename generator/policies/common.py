"""What all IAM documents share: the version, and trusts that another account's resources cannot borrow."""

from types import ModuleType
from typing import Any

from awacs import aws, sts
from troposphere import AccountId, Sub

VERSION = "2012-10-17"


def document(*statements: aws.Statement) -> aws.PolicyDocument:
    """A policy document with its Version; awacs and CloudFormation both accept one without, and read it as 2008's language."""
    return aws.PolicyDocument(Version=VERSION, Statement=list(statements))


def actions(module: ModuleType, names: str) -> list[aws.Action]:
    """The actions of awacs' `module` called `names`, separated by spaces; one that does not exist is an AttributeError."""
    return [getattr(module, name) for name in names.split()]


def allow(
    sid: str, actions: list[aws.Action], resources: list[Any], *conditions: aws.ConditionElement
) -> aws.Statement:
    """One Allow statement. `resources` are complete ARNs; pass ["*"] only where the service offers nothing narrower."""
    when = {"Condition": aws.Condition(list(conditions))} if conditions else {}
    return aws.Statement(Sid=sid, Effect=aws.Allow, Action=actions, Resource=resources, **when)


def trust(service: str, source_arn: Any | None = None) -> aws.PolicyDocument:
    """Lets `service` (`ecs-tasks`) assume the role, only on behalf of this account (IAM guide, "The confused deputy problem").

    `source_arn` narrows it to resources of that shape; None is for EC2 instance profiles, where EC2 sends no source.
    """
    conditions: list[aws.ConditionElement] = []
    if source_arn is not None:
        conditions = [
            aws.StringEquals({"aws:SourceAccount": AccountId}),
            aws.ArnLike({"aws:SourceArn": source_arn}),
        ]
    when = {"Condition": aws.Condition(conditions)} if conditions else {}
    return document(
        aws.Statement(
            Sid="Assume",
            Effect=aws.Allow,
            Action=[sts.AssumeRole],
            Principal=aws.Principal("Service", [f"{service}.amazonaws.com"]),
            **when,
        )
    )


def arn(service: str, resource: str, *, region: bool = True, account: bool = True) -> Sub:
    """An ARN in this partition: `arn("logs", "log-group:/ecs/x")`; S3 has neither region nor account, IAM no region."""
    where = "${AWS::Region}" if region else ""
    owner = "${AWS::AccountId}" if account else ""
    return Sub(f"arn:${{AWS::Partition}}:{service}:{where}:{owner}:{resource}")
