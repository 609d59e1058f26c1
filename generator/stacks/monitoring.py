"""Stack `monitoring`: what calls a person, and what he looks at then.

A topic, alarms on what users feel and on what runs full, two composite alarms, events of failed deployments and stopped tasks, a
dashboard, a budget. It works whichever compute option runs, and during a move: alarms of public services add up both target
groups, and a service that does not run on ECS has no CPU there to be alarmed about. Alarms on hosts are the ec2 stack's own.

Each alarm speaks for itself: one that is on, a full disk for days, must not hide another. The composite alarms say in one word
how the environment is, to the deployer and to the dashboard, and call nobody.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from troposphere import GetAtt, Ref, Sub, Template, budgets, cloudwatch, events, sns

from generator.alarms import BALANCER_ERRORS, RELEASE_KINDS, Watch, watches
from generator.dashboard import body
from generator.model import Environment, Service
from generator.naming import alarm_name, cluster_name, logical_id
from generator.policies.common import arn
from generator.policies.monitoring import publish_alarms
from generator.stacks.nights import mute_alarms
from generator.tagging import common_tags
from generator.wiring import begin, fact, publish, with_key

NAME = "monitoring"

# Services that one composite alarm and one dashboard hold: CloudWatch lets a composite alarm refer to 100 alarms
# (PutCompositeAlarm), and a service has up to four in one of them.
PART = 20
# CloudFormation API reference, RollbackConfiguration: rollback triggers of one change set.
MOST_TRIGGERS = 5


def build(environment: Environment, services: tuple[Service, ...]) -> Template:
    """The monitoring of `environment`."""
    template = begin(environment.name, NAME, "alarms, dashboard, budget")
    email = fact(
        template,
        "AlarmEmail",
        group="People",
        label="E-mail address for alarms",
        AllowedPattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$",
        ConstraintDescription="must be one e-mail address",
        Description="Gets alarms, failed deployments and the budget's warnings; SNS asks it to confirm first",
    )
    topic = _topic(template, environment, email)
    rules = [GetAtt(rule, "Arn") for rule in _event_rules(template, environment, topic)]
    policy = template.add_resource(
        sns.TopicPolicy(
            "AlarmTopicPolicy", Topics=[Ref(topic)], PolicyDocument=publish_alarms(environment, Ref(topic), rules)
        )
    )
    _budget(template, environment, topic, policy)
    alarms = _alarms(template, environment, services, topic)
    _dashboards(template, environment, services, alarms)
    publish(template, "AlarmTopicArn", Ref(topic), "Topic that reaches the people on call")
    return template


def rollback_alarms(environment: Environment, services: tuple[Service, ...]) -> tuple[str, ...]:
    """Names of the alarms that call a change set back while it is executed: the load balancer's and each public service's.

    CloudFormation takes five; where there would be more, the one composite alarm over them, whose type as a rollback trigger is
    AWS::CloudWatch::CompositeAlarm.
    """
    public = [service.name for service in services if service.public]
    words = [BALANCER_ERRORS, *((name, kind) for name in public for kind in RELEASE_KINDS)]
    names = tuple(alarm_name(environment, *each) for each in words)
    return names if len(names) <= MOST_TRIGGERS else (alarm_name(environment, "release"),)


def _topic(template: Template, environment: Environment, email: Ref) -> sns.Topic:
    """The alarm topic, encrypted where the environment has a key: alarms cannot publish under SNS's own key."""
    topic: sns.Topic = template.add_resource(
        sns.Topic("AlarmTopic", **with_key(template, environment, "KmsMasterKeyId"))
    )
    template.add_resource(
        sns.SubscriptionResource("AlarmSubscription", TopicArn=Ref(topic), Protocol="email", Endpoint=email)
    )
    return topic


# --- alarms ---


def _alarms(template: Template, environment: Environment, services: tuple[Service, ...], topic: sns.Topic) -> list[str]:
    """Every alarm, and the composite ones. Returns all names, the composite ones first."""
    found: list[tuple[Service | None, Watch, cloudwatch.Alarm]] = []
    for service, watched in watches(template, environment, services):
        for watch in watched:
            alarm = cloudwatch.Alarm(
                logical_id(*watch.words, "alarm"),
                AlarmName=alarm_name(environment, *watch.words),
                AlarmDescription=watch.about,
                AlarmActions=[Ref(topic)],
                OKActions=[Ref(topic)],
                **watch.properties,
            )
            found.append((service, watch, template.add_resource(alarm)))
    if environment.office_hours is not None:
        # All but the file system, which is no smaller at night.
        resting = [alarm for service, watch, alarm in found if service or watch.words == BALANCER_ERRORS]
        mute_alarms(template, environment, environment.office_hours, resting)
    release = _composite(
        template,
        environment,
        "release",
        "What a release can break: requests fail or targets are unhealthy",
        [(service, alarm) for service, watch, alarm in found if watch.of_release],
    )
    others = [(service, alarm) for service, watch, alarm in found if not watch.of_release]
    everything = _composite(template, environment, "environment", f"Anything in {environment.name}", others, release)
    names = [each.AlarmName for each in (everything, release)]
    return names + [alarm.AlarmName for _, _, alarm in found]


def _composite(
    template: Template,
    environment: Environment,
    word: str,
    about: str,
    alarms: Sequence[tuple[Service | None, cloudwatch.Alarm]],
    *more: cloudwatch.CompositeAlarm,
) -> cloudwatch.CompositeAlarm:
    """On while any of `alarms` is. Where those are too many for one, it stands over one for every twenty services."""

    def any_of(title: str, name: str, over: Sequence[Any]) -> cloudwatch.CompositeAlarm:
        # By reference, not by name: CloudWatch refuses a rule about an alarm that does not exist yet.
        rule = Sub(" OR ".join(f'ALARM("${{{each.title}}}")' for each in over))
        alarm: cloudwatch.CompositeAlarm = template.add_resource(
            cloudwatch.CompositeAlarm(title, AlarmName=name, AlarmDescription=about, AlarmRule=rule)
        )
        return alarm

    title, name = logical_id(word, "composite alarm"), alarm_name(environment, word)
    owners = list(dict.fromkeys(service.name for service, _ in alarms if service))
    if len(owners) <= PART:
        return any_of(title, name, [alarm for _, alarm in alarms] + list(more))
    over: list[Any] = [alarm for service, alarm in alarms if service is None]
    for number, start in enumerate(range(0, len(owners), PART), start=1):
        part = owners[start : start + PART]
        over.append(
            # Named after its last service: where a template is cut into parts, it goes with that one.
            any_of(
                logical_id(part[-1], word, "composite alarm"),
                f"{name}-{number}",
                [alarm for service, alarm in alarms if service and service.name in part],
            )
        )
    return any_of(title, name, over + list(more))


# --- events ---


def _event_rules(template: Template, environment: Environment, topic: sns.Topic) -> Iterator[events.Rule]:
    """ECS's own word on what no metric shows: why a deployment failed and why a task stopped."""
    cluster = cluster_name(environment)
    yield _event_rule(
        template,
        topic,
        "DeploymentFailed",
        about=f"A deployment in {cluster} failed",
        pattern={
            "detail-type": ["ECS Deployment State Change"],
            "resources": [{"prefix": arn("ecs", f"service/{cluster}/")}],
            "detail": {"eventName": ["SERVICE_DEPLOYMENT_FAILED"]},
        },
        paths={"service": "$.resources[0]", "reason": "$.detail.reason", "time": "$.time"},
        text=f"Aldeia {environment.name}: a deployment failed.|Service: <service>|Reason: <reason>|Time: <time>"
        "|ECS brings the version before back. Its events: ECS console, the service, Deployments.",
    )
    yield _event_rule(
        template,
        topic,
        "TaskStopped",
        about=f"A task in {cluster} stopped by itself or could not start",
        pattern={
            "detail-type": ["ECS Task State Change"],
            "detail": {
                "clusterArn": [arn("ecs", f"cluster/{cluster}")],
                "lastStatus": ["STOPPED"],
                # Not those that scaling, a deployment or a person stopped.
                "stopCode": ["EssentialContainerExited", "TaskFailedToStart"],
            },
        },
        paths={
            "group": "$.detail.group",
            "code": "$.detail.stopCode",
            "reason": "$.detail.stoppedReason",
            "task": "$.detail.taskArn",
            "time": "$.time",
        },
        text=f"Aldeia {environment.name}: a task stopped.|Belongs to: <group>|Reason: <reason> (<code>)|Task: <task>|Time: <time>",
    )


def _event_rule(
    template: Template,
    topic: sns.Topic,
    title: str,
    *,
    about: str,
    pattern: dict[str, Any],
    paths: dict[str, str],
    text: str,
) -> events.Rule:
    """A rule that mails `text`, lines parted by bars, its <words> taken from the event."""
    rule: events.Rule = template.add_resource(
        events.Rule(
            f"{title}Rule",
            Description=about,
            EventPattern={"source": ["aws.ecs"], **pattern},
            Targets=[
                events.Target(
                    Id="topic",
                    Arn=Ref(topic),
                    InputTransformer=events.InputTransformer(
                        InputPathsMap=paths,
                        # EventBridge guide, "Input transformation": each line a string in quotes.
                        InputTemplate="\n".join(f'"{line}"' for line in text.split("|")),
                    ),
                )
            ],
        )
    )
    return rule


# --- money, and the screen ---


def _budget(template: Template, environment: Environment, topic: sns.Topic, policy: sns.TopicPolicy) -> None:
    """Warns at 80 % spent, at the whole, and when the forecast passes it.

    Costs are told apart by the tag Environment, which somebody activates once as a cost allocation tag in the Billing console.
    """
    subscriber = budgets.Subscriber(SubscriptionType="SNS", Address=Ref(topic))
    template.add_resource(
        budgets.Budget(
            "MonthlyBudget",
            Budget=budgets.BudgetData(
                BudgetName=alarm_name(environment, "monthly"),
                BudgetType="COST",
                TimeUnit="MONTHLY",
                BudgetLimit=budgets.Spend(Amount=environment.monthly_budget, Unit="USD"),
                CostFilters={"TagKeyValue": [f"user:Environment${environment.name}"]},
            ),
            NotificationsWithSubscribers=[
                budgets.NotificationWithSubscribers(
                    Notification=budgets.Notification(
                        NotificationType=kind,
                        ComparisonOperator="GREATER_THAN",
                        Threshold=percent,
                        ThresholdType="PERCENTAGE",
                    ),
                    Subscribers=[subscriber],
                )
                for kind, percent in (("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100))
            ],
            ResourceTags=[
                budgets.ResourceTag(Key=key, Value=value) for key, value in common_tags(environment.name, NAME).items()
            ],
            DependsOn=policy,  # Budgets tries the topic when the budget is made
        )
    )


def _dashboards(
    template: Template, environment: Environment, services: tuple[Service, ...], alarms: Sequence[str]
) -> None:
    """One dashboard; where services are very many, one for every twenty, the environment's own graphs on the first."""
    for number, start in enumerate(range(0, len(services), PART), start=1):
        part = services[start : start + PART]
        whole = number == 1
        template.add_resource(
            cloudwatch.Dashboard(
                "Dashboard" if whole else logical_id(part[-1].name, "dashboard"),
                DashboardName=alarm_name(environment) if whole else alarm_name(environment, str(number)),
                DashboardBody=Sub(body(environment, part, alarms, whole=whole), Alarm=arn("cloudwatch", "alarm:")),
            )
        )
