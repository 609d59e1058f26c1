"""Permissions of the CloudFormation execution roles on what watches an environment: logs, alarms, dashboards, events, the budget.

Out: one document, below the quota of a managed policy and the same for every environment, like those of `execution.py`.
"""

from awacs import aws, budgets, cloudwatch, events, logs, sns
from troposphere import Region

from generator.model import PROJECT
from generator.policies.common import actions, allow, arn, document
from generator.policies.scope import OWN, OWN_SHORT


def observation() -> aws.PolicyDocument:
    """Log groups, alarms, dashboards, event rules, topics and the budget, each by name."""
    own = f"{PROJECT}-{OWN}-*"
    groups = (f"/ecs/{PROJECT}-{OWN_SHORT}-*", f"/aws/ec2/{PROJECT}-{OWN}*", f"aws-waf-logs-{PROJECT}-{OWN_SHORT}", own)
    return document(
        allow(
            "LogGroups",
            actions(
                logs,
                "AssociateKmsKey CreateLogGroup DeleteLogGroup DeleteRetentionPolicy DisassociateKmsKey"
                " ListTagsForResource PutRetentionPolicy TagResource UntagResource",
            ),
            [arn("logs", f"log-group:{group}{end}") for group in groups for end in ("", ":*")],
        ),
        *_alarms(),
        allow(
            "EventRules",
            actions(
                events,
                "DeleteRule DescribeRule DisableRule EnableRule ListTagsForResource ListTargetsByRule PutRule"
                " PutTargets RemoveTargets TagResource UntagResource",
            ),
            [arn("events", f"rule/{own}")],
        ),
        allow(
            "Topics",
            actions(
                sns,
                "CreateTopic DeleteTopic GetDataProtectionPolicy GetTopicAttributes ListSubscriptionsByTopic"
                " ListTagsForResource SetSubscriptionAttributes SetTopicAttributes Subscribe TagResource UntagResource",
            ),
            [arn("sns", own)],
        ),
        allow(
            "Budget",
            actions(budgets, "ListTagsForResource ModifyBudget TagResource UntagResource ViewBudget"),
            [arn("budgets", f"budget/{PROJECT}-{OWN_SHORT}-*", region=False)],
        ),
    )


def _alarms() -> tuple[aws.Statement, ...]:
    """Alarms and dashboards. Composite alarms, and what takes no resource, are allowed on everything in the stack's own region."""
    return (
        allow(
            "Alarms",
            actions(cloudwatch, "ListTagsForResource PutMetricAlarm TagResource UntagResource"),
            [
                arn("cloudwatch", f"alarm:{PROJECT}-{OWN_SHORT}-*"),
                # Application Auto Scaling makes these in the caller's name.
                arn("cloudwatch", f"alarm:TargetTracking-service/{PROJECT}-{OWN_SHORT}-cluster/*"),
            ],
        ),
        # CloudWatch API reference, PutCompositeAlarm, DeleteAlarms, DescribeAlarms: composite alarms need the scope `*`. The two
        # others take no resource.
        allow(
            "CompositeAlarms",
            [
                cloudwatch.DeleteAlarms,
                cloudwatch.DescribeAlarms,
                cloudwatch.PutCompositeAlarm,
                logs.DescribeLogGroups,
                sns.Unsubscribe,
                sns.GetSubscriptionAttributes,
            ],
            ["*"],
            aws.StringEquals({"aws:RequestedRegion": Region}),
        ),
        allow(
            "Dashboards",
            actions(cloudwatch, "DeleteDashboards GetDashboard PutDashboard"),
            [arn("cloudwatch", f"dashboard/{PROJECT}-{OWN_SHORT}{end}", region=False) for end in ("", "-*")],
        ),
    )
