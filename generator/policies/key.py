"""Permissions of the environment's own key: who may use it, and for what."""

from typing import Any

from awacs import aws, kms
from troposphere import AccountId, Sub

from generator.model import Environment
from generator.naming import alarm_name, log_group_patterns, stack_name
from generator.policies.common import allow, arn, document


def key_policy(environment: Environment) -> aws.PolicyDocument:
    """Key policy: IAM decides for this account's people and roles; services use it for this environment's logs and alarms.

    In a key policy `*` is the key itself. KMS guide, "Default key policy"; CloudWatch Logs guide, "Encrypt log data using KMS"; SNS
    guide, "Enable compatibility between event sources from AWS services and encrypted topics".
    """
    topic = {"kms:EncryptionContext:aws:sns:topicArn": arn("sns", f"{stack_name(environment.name, 'monitoring')}-*")}
    of_account = aws.StringEquals({"aws:SourceAccount": AccountId})
    return document(
        # Without it nobody could ever change this policy again, and no role's own policy would count.
        aws.Statement(
            Sid="Account",
            Effect=aws.Allow,
            Principal=aws.Principal("AWS", [arn("iam", "root", region=False)]),
            Action=[kms.Action("*")],
            Resource=["*"],
        ),
        _use(
            "Logs",
            Sub("logs.${AWS::Region}.amazonaws.com"),
            [*_BOTH_WAYS, kms.Encrypt, kms.ReEncryptFrom, kms.ReEncryptTo, kms.DescribeKey],
            aws.ArnLike(
                {
                    "kms:EncryptionContext:aws:logs:arn": [
                        arn("logs", f"log-group:{pattern}") for pattern in log_group_patterns(environment)
                    ]
                }
            ),
        ),
        _use(
            "Alarms",
            "cloudwatch.amazonaws.com",
            _BOTH_WAYS,
            aws.ArnLike(topic | {"aws:SourceArn": arn("cloudwatch", f"alarm:{alarm_name(environment)}-*")}),
            of_account,
        ),
        _use("Budgets", "budgets.amazonaws.com", _BOTH_WAYS, aws.ArnLike(topic), of_account),
        # EventBridge sends neither source account nor source ARN to KMS: asked for them, it would drop every message in silence.
        _use("EventRules", "events.amazonaws.com", _BOTH_WAYS, aws.ArnLike(topic)),
    )


_BOTH_WAYS: list[aws.Action] = [kms.Decrypt, kms.GenerateDataKey]


def _use(sid: str, service: Any, actions: list[aws.Action], *conditions: aws.ConditionElement) -> aws.Statement:
    return aws.Statement(
        Sid=sid,
        Effect=aws.Allow,
        Principal=aws.Principal("Service", [service]),
        Action=actions,
        Resource=["*"],
        Condition=aws.Condition(list(conditions)),
    )


def use_key(key_arn: Any, service: str, *, write: bool = False) -> aws.Statement:
    """Read what `service` (`secretsmanager`) keeps under the key, through that service only; with `write`, add to it."""
    return allow(
        f"KeyOf{service.title()}",
        _BOTH_WAYS if write else [kms.Decrypt],
        [key_arn],
        aws.StringEquals({"kms:ViaService": Sub(f"{service}.${{AWS::Region}}.${{AWS::URLSuffix}}")}),
    )
