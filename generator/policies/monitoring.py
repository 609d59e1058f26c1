"""Permissions of the monitoring stack: who may speak to the alarm topic."""

from typing import Any

from awacs import aws, sns
from troposphere import AccountId

from generator.model import Environment
from generator.naming import alarm_name
from generator.policies.common import arn, document


def publish_alarms(environment: Environment, topic: Any, rules: list[Any]) -> aws.PolicyDocument:
    """Topic policy: this environment's alarms, these event rules and the account's budgets may publish, over TLS.

    Roles of the account need no statement: their own policies decide. SNS guide, "Example cases for Amazon SNS access control";
    budgets: Cost Management guide, "Creating an Amazon SNS topic for budget notifications".
    """
    alarms = arn("cloudwatch", f"alarm:{alarm_name(environment)}-*")
    return document(
        _publish("Alarms", "cloudwatch", topic, aws.ArnLike({"aws:SourceArn": alarms})),
        _publish("EventRules", "events", topic, aws.ArnEquals({"aws:SourceArn": rules})),
        _publish(
            "Budgets",
            "budgets",
            topic,
            aws.StringEquals({"aws:SourceAccount": AccountId}),
            aws.ArnLike({"aws:SourceArn": arn("budgets", "*", region=False)}),
        ),
        aws.Statement(
            Sid="DenyPlainHttp",
            Effect=aws.Deny,
            Principal=aws.Principal("*"),
            Action=[sns.Publish],
            Resource=[topic],
            Condition=aws.Condition([aws.Bool({"aws:SecureTransport": "false"})]),
        ),
    )


def _publish(sid: str, service: str, topic: Any, *conditions: aws.ConditionElement) -> aws.Statement:
    return aws.Statement(
        Sid=sid,
        Effect=aws.Allow,
        Principal=aws.Principal("Service", [f"{service}.amazonaws.com"]),
        Action=[sns.Publish],
        Resource=[topic],
        Condition=aws.Condition(list(conditions)),
    )
