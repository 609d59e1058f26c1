"""Office hours as resources: hosts and tasks that stop and start by the clock, and alarms that keep quiet meanwhile.

In: a template and what stops: a group of hosts, an ECS service, alarms. Out: the same with schedules. Part of the stacks `ec2`,
`fargate` and `monitoring`. Which hours they are, `OfficeHours` knows.
"""

from collections.abc import Sequence
from typing import Any

from troposphere import Ref, Template, autoscaling, cloudwatch
from troposphere import applicationautoscaling as scaling_api

from generator.hosts import HostKind
from generator.model import Environment, OfficeHours
from generator.naming import alarm_name, logical_id

# CloudWatch API reference, MuteTargets: alarms of one rule.
MOST_MUTED = 100


def stop_hosts(template: Template, kind: HostKind, hours: OfficeHours, group: autoscaling.AutoScalingGroup) -> None:
    """No host from each stop to the next start; then the documented numbers again.

    Without `IgnoreUnmodifiedGroupSizeProperties` on purpose: a deployment at night brings the numbers of the template back
    (CloudFormation guide, UpdatePolicy, AutoScalingScheduledAction), so what it deploys is started and judged.
    """
    host = kind.host
    condition: dict[str, Any] = {"Condition": group.resource["Condition"]} if "Condition" in group.resource else {}
    for word, recurrence, minimum, desired, maximum in (
        ("start", hours.starts(), host.minimum, host.desired, host.maximum),
        ("stop", hours.stops(), 0, 0, 0),
    ):
        template.add_resource(
            autoscaling.ScheduledAction(
                f"{kind.title}{word.title()}",
                AutoScalingGroupName=Ref(group),
                Recurrence=recurrence,
                TimeZone=hours.time_zone,
                MinSize=minimum,
                DesiredCapacity=desired,
                MaxSize=maximum,
                **condition,
            )
        )


def task_schedule(hours: OfficeHours, minimum: int, maximum: int) -> list[scaling_api.ScheduledAction]:
    """The scheduled actions of a scalable target that has room from `minimum` to `maximum` by day."""
    return [
        scaling_api.ScheduledAction(
            ScheduledActionName=word,
            Schedule=schedule,
            Timezone=hours.time_zone,
            ScalableTargetAction=scaling_api.ScalableTargetAction(MinCapacity=low, MaxCapacity=high),
        )
        for word, schedule, low, high in (
            ("start", hours.starts_by_name(), minimum, maximum),
            ("stop", hours.stops_by_name(), 0, 0),
        )
    ]


def mute_alarms(
    template: Template, environment: Environment, hours: OfficeHours, alarms: Sequence[cloudwatch.Alarm]
) -> None:
    """`alarms` call nobody at night. One that is still on in the morning calls then (CloudWatch guide, "Alarm mute rules")."""
    number = 0
    for first in range(0, len(alarms), MOST_MUTED):
        some = alarms[first : first + MOST_MUTED]
        for expression, duration in hours.nights():
            number += 1
            template.add_resource(
                cloudwatch.AlarmMuteRule(
                    logical_id("night", str(number), "mute rule"),
                    Name=alarm_name(environment, "night", str(number)),
                    Description=f"Nothing of {environment.name} runs then",
                    MuteTargets=cloudwatch.MuteTargets(AlarmNames=[Ref(alarm) for alarm in some]),
                    Rule=cloudwatch.Rule(
                        Schedule=cloudwatch.Schedule(Expression=expression, Duration=duration, Timezone=hours.time_zone)
                    ),
                )
            )
