"""What is watched and who is told, and that every name in alarms and composite alarms leads to something."""

import json
import re
from typing import Any

import pytest

from generator.environments import PRODUCTION, STAGING
from generator.model import Environment
from generator.naming import cluster_name, service_name
from generator.render import to_dict
from generator.services import SERVICES
from generator.stacks import fargate, monitoring
from tests.generator.monitoring_reading import (
    BOTH,
    LONGEST_RULE,
    MOST_CHILDREN,
    OPTIONS,
    PUBLIC,
    Json,
    alarms,
    rendered,
)
from tests.generator.policy_evaluator import holds, resolve
from tests.generator.reading import of_type
from tests.generator.variants import many_services

# CloudFormation API reference, RollbackConfiguration.
MOST_TRIGGERS = 5


@pytest.fixture(scope="module", params=BOTH)
def environment(request: pytest.FixtureRequest) -> Environment:
    return BOTH[request.param]


@pytest.fixture(scope="module")
def template(environment: Environment) -> Json:
    return rendered(environment)


# --- alarms ---


def test_what_calls_a_person(environment: Environment, template: Json) -> None:
    kinds = ("5xx", "unhealthy", "no-healthy-host", "latency")
    words = [
        "load-balancer-5xx",
        "file-system-size",
        *(f"{service}-{kind}" for service in PUBLIC for kind in kinds),
        *(f"{service.name}-{kind}" for service in SERVICES for kind in ("cpu", "memory")),
    ]

    assert set(alarms(template)) == {f"aldeia-{environment.short}-{word}" for word in words}


def test_every_alarm_tells_the_topic(template: Json) -> None:
    """When it turns on and when it is over; and it says in words what is wrong."""
    for name, alarm in alarms(template).items():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": "AlarmTopic"}], name
        assert len(alarm["AlarmDescription"]) > 20, name


# (alarm, metric, operator, threshold, points, of periods, seconds, missing data)
THRESHOLDS = [
    ("load-balancer-5xx", "HTTPCode_ELB_5XX_Count", ">", 10, 3, 5, 60, "notBreaching"),
    ("backend-5xx", "HTTPCode_Target_5XX_Count", ">", 10, 3, 5, 60, "notBreaching"),
    ("backend-unhealthy", "UnHealthyHostCount", ">", 0, 3, 5, 60, "notBreaching"),
    ("backend-no-healthy-host", "HealthyHostCount", "<", 1, 3, 3, 60, "breaching"),
    ("backend-latency", "TargetResponseTime", ">", 2, 3, 4, 300, "notBreaching"),
    ("chromadb-cpu", "CPUUtilization", ">", 90, 15, 15, 60, "notBreaching"),
    ("chromadb-memory", "MemoryUtilization", ">", 90, 15, 15, 60, "notBreaching"),
    ("file-system-size", "StorageBytes", ">", 20 * 1024**3, 1, 1, 900, "notBreaching"),
]


@pytest.mark.parametrize("row", THRESHOLDS, ids=lambda row: row[0])
def test_thresholds(environment: Environment, template: Json, row: tuple[Any, ...]) -> None:
    word, metric, operator, threshold, points, periods, seconds, missing = row
    alarm = alarms(template)[f"aldeia-{environment.short}-{word}"]
    if "Metrics" in alarm:
        stats = [query["MetricStat"] for query in alarm["Metrics"] if "MetricStat" in query]
        measured = {(stat["Metric"]["MetricName"], stat["Period"]) for stat in stats}
    else:
        measured = {(alarm["MetricName"], alarm["Period"])}

    assert measured == {(metric, seconds)}
    assert alarm["ComparisonOperator"] == {">": "GreaterThanThreshold", "<": "LessThanThreshold"}[operator]
    assert alarm["Threshold"] == threshold
    assert (alarm["DatapointsToAlarm"], alarm["EvaluationPeriods"]) == (points, periods)
    assert alarm["TreatMissingData"] == missing


@pytest.mark.parametrize("service", PUBLIC)
@pytest.mark.parametrize("kind", ["5xx", "unhealthy", "no-healthy-host", "latency"])
def test_both_compute_options_count(environment: Environment, template: Json, service: str, kind: str) -> None:
    """Whichever runs, and during a move: both target groups are read, an absent one counts as 0, one number comes out."""
    queries = alarms(template)[f"aldeia-{environment.short}-{service}-{kind}"]["Metrics"]
    expression, *sources = queries
    groups = [
        dimension["Value"]["Ref"]
        for query in sources
        for dimension in query["MetricStat"]["Metric"]["Dimensions"]
        if dimension["Name"] == "TargetGroup"
    ]

    assert groups == [f"{service.title()}{option}TargetGroupFullName" for option in OPTIONS]
    assert [query.get("ReturnData", True) for query in queries] == [True, False, False]
    assert set(re.findall(r"FILL\((\w+), 0\)", expression["Expression"])) == {query["Id"] for query in sources}


def test_ecs_alarms_name_the_services_that_run(environment: Environment, template: Json) -> None:
    """By fixed names, so that this stack needs no compute stack; they are the names that the fargate stack gives."""
    runs = to_dict(fargate.build(environment, SERVICES))["Resources"].values()
    real = {r["Properties"]["ServiceName"] for r in runs if r["Type"] == "AWS::ECS::Service"}
    named = {
        (dimension["Name"], dimension["Value"])
        for alarm in alarms(template).values()
        if alarm.get("Namespace") == "AWS/ECS"
        for dimension in alarm["Dimensions"]
    }

    assert named == {("ClusterName", cluster_name(environment)), *(("ServiceName", name) for name in real)}


def test_nothing_is_taken_from_a_compute_stack(template: Json) -> None:
    taken = {p["Default"].split("/")[3] for p in template["Parameters"].values() if "Default" in p}

    assert taken - {"network"} == {"edge", "data"}


def test_names_do_not_meet_those_of_other_stacks(environment: Environment, template: Json) -> None:
    """Two stacks that name one alarm would overwrite each other's."""
    other = to_dict(fargate.build(environment, SERVICES))["Resources"].values()
    others = {r["Properties"]["AlarmName"] for r in other if r["Type"] == "AWS::CloudWatch::Alarm"}
    own = set(alarms(template)) | {
        a["AlarmName"] for a in of_type(template, "AWS::CloudWatch::CompositeAlarm").values()
    }

    assert others
    assert not own & others


# --- composite alarms and rollback triggers ---


def children(template: Json, title: str) -> list[str]:
    """Logical ids in a composite alarm's rule."""
    rule = template["Resources"][title]["Properties"]["AlarmRule"]["Fn::Sub"]
    found = re.findall(r'ALARM\("\$\{(\w+)\}"\)', rule)

    assert rule == " OR ".join(f'ALARM("${{{name}}}")' for name in found)
    return found


def leaves(template: Json, title: str) -> list[str]:
    """Names of the metric alarms below a composite alarm."""
    resource = template["Resources"][title]
    if resource["Type"] == "AWS::CloudWatch::Alarm":
        return [resource["Properties"]["AlarmName"]]
    return [name for child in children(template, title) for name in leaves(template, child)]


@pytest.mark.parametrize("count", [0, 1, 30, 45])
def test_the_environment_alarm_covers_every_alarm_once(count: int) -> None:
    template = rendered(PRODUCTION, many_services(count))

    assert sorted(leaves(template, "EnvironmentCompositeAlarm")) == sorted(alarms(template))


@pytest.mark.parametrize("count", [0, 30, 45])
def test_composite_alarms_stay_in_cloudwatchs_limits(count: int) -> None:
    template = rendered(PRODUCTION, many_services(count))
    composites = of_type(template, "AWS::CloudWatch::CompositeAlarm")
    names = {title: r["Properties"].get("AlarmName", "") for title, r in template["Resources"].items()}

    assert len({alarm["AlarmName"] for alarm in composites.values()}) == len(composites)
    for title in composites:
        found = children(template, title)
        assert len(found) <= MOST_CHILDREN, title
        assert len(" OR ".join(f'ALARM("{names[name]}")' for name in found)) <= LONGEST_RULE, title


def test_composite_alarms_call_nobody(template: Json) -> None:
    """One that is on would hide the next; each metric alarm speaks for itself."""
    for title, alarm in of_type(template, "AWS::CloudWatch::CompositeAlarm").items():
        assert not {"AlarmActions", "OKActions", "InsufficientDataActions"} & set(alarm), title


def test_rollback_triggers_are_the_alarms_of_a_release(environment: Environment, template: Json) -> None:
    triggers = monitoring.rollback_alarms(environment, SERVICES)

    assert sorted(triggers) == sorted(leaves(template, "ReleaseCompositeAlarm"))
    assert triggers == (
        f"aldeia-{environment.short}-load-balancer-5xx",
        f"aldeia-{environment.short}-backend-5xx",
        f"aldeia-{environment.short}-backend-unhealthy",
        f"aldeia-{environment.short}-frontend-5xx",
        f"aldeia-{environment.short}-frontend-unhealthy",
    )


@pytest.mark.parametrize("count", [0, 1, 30])
def test_rollback_triggers_are_at_most_five_and_exist(count: int) -> None:
    services = many_services(count)
    template = rendered(PRODUCTION, services)
    composites = {a["AlarmName"] for a in of_type(template, "AWS::CloudWatch::CompositeAlarm").values()}
    triggers = monitoring.rollback_alarms(PRODUCTION, services)

    assert len(triggers) <= MOST_TRIGGERS
    assert set(triggers) <= set(alarms(template)) | composites


# --- topic, events, budget ---


def test_the_topic_mails_the_address(template: Json) -> None:
    (subscription,) = of_type(template, "AWS::SNS::Subscription").values()

    assert subscription == {"TopicArn": {"Ref": "AlarmTopic"}, "Protocol": "email", "Endpoint": {"Ref": "AlarmEmail"}}
    assert "Default" not in template["Parameters"]["AlarmEmail"]
    assert template["Outputs"]["AlarmTopicArn"]["Value"] == {"Ref": "AlarmTopic"}


def test_who_may_publish(environment: Environment, template: Json) -> None:
    """Alarms of this environment, the two rules, budgets of this account, each only as itself; nobody without TLS."""
    statements = {
        statement["Sid"]: statement
        for statement in template["Resources"]["AlarmTopicPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    }
    rule = "arn:aws:events:us-east-1:111122223333:rule/x"
    names = {"AlarmTopic": "topic", "DeploymentFailedRule.Arn": rule, "TaskStoppedRule.Arn": f"{rule}y"}

    def may(sid: str, **context: str) -> bool:
        return holds(
            resolve(statements[sid]["Condition"], names), {f"aws:{key}": value for key, value in context.items()}
        )

    alarm = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:aldeia"
    assert may("Alarms", SourceArn=f"{alarm}-{environment.short}-backend-5xx")
    assert not may("Alarms", SourceArn=f"{alarm}-other-backend-5xx")
    assert not may("Alarms")
    assert may("EventRules", SourceArn=rule)
    assert not may("EventRules", SourceArn=f"{rule}z")
    budget = "arn:aws:budgets::111122223333:budget/x"
    assert may("Budgets", SourceAccount="111122223333", SourceArn=budget)
    assert not may("Budgets", SourceAccount="444455556666", SourceArn=budget)
    assert may("DenyPlainHttp", SecureTransport="false")
    assert statements["DenyPlainHttp"]["Effect"] == "Deny"
    for statement in statements.values():
        assert statement["Resource"] == [{"Ref": "AlarmTopic"}]
        assert statement["Action"] == ["sns:Publish"]


# ECS developer guide, "Amazon ECS service deployment state change events" and "Amazon ECS task state change events".
FAILED = {
    "source": "aws.ecs",
    "detail-type": "ECS Deployment State Change",
    "time": "2026-05-23T12:31:14Z",
    "resources": ["arn:aws:ecs:us-east-1:111122223333:service/{cluster}/{service}"],
    "detail": {"eventName": "SERVICE_DEPLOYMENT_FAILED", "reason": "circuit breaker: task failed to start."},
}


STOPPED = {
    "source": "aws.ecs",
    "detail-type": "ECS Task State Change",
    "time": "2026-05-23T12:31:14Z",
    "resources": [],
    "detail": {
        "clusterArn": "arn:aws:ecs:us-east-1:111122223333:cluster/{cluster}",
        "lastStatus": "STOPPED",
        "stopCode": "EssentialContainerExited",
        "stoppedReason": "Essential container in task exited",
        "group": "service:{service}",
        "taskArn": "arn:aws:ecs:us-east-1:111122223333:task/{cluster}/0a1b",
    },
}


EVENTS = {
    "a failed deployment": ("DeploymentFailedRule", FAILED, {}, True),
    "a finished one": ("DeploymentFailedRule", FAILED, {"eventName": "SERVICE_DEPLOYMENT_COMPLETED"}, False),
    "a crashed task": ("TaskStoppedRule", STOPPED, {}, True),
    "a task that cannot start": ("TaskStoppedRule", STOPPED, {"stopCode": "TaskFailedToStart"}, True),
    "a task that scaling stopped": ("TaskStoppedRule", STOPPED, {"stopCode": "ServiceSchedulerInitiated"}, False),
    "a task that still runs": ("TaskStoppedRule", STOPPED, {"lastStatus": "RUNNING"}, False),
}


def matches(pattern: Any, event: Any) -> bool:
    """EventBridge guide, "Event patterns": every key must match, by one of its values; an array by one of its items."""
    if isinstance(pattern, dict):
        return all(key in event and matches(wanted, event[key]) for key, wanted in pattern.items())
    found = event if isinstance(event, list) else [event]
    return any(
        item.startswith(wanted["prefix"]) if isinstance(wanted, dict) else item == wanted
        for wanted in pattern
        for item in found
    )


def event(name: str, environment: Environment) -> Json:
    _, base, changes, _ = EVENTS[name]
    text = json.dumps({**base, "detail": {**base["detail"], **changes}})
    text = text.replace("{cluster}", cluster_name(environment))
    found: Json = json.loads(text.replace("{service}", service_name(environment, SERVICES[0])))
    return found


@pytest.mark.parametrize("name", EVENTS)
def test_events_that_are_told(environment: Environment, template: Json, name: str) -> None:
    rule, _, _, told = EVENTS[name]
    pattern = resolve(template["Resources"][rule]["Properties"]["EventPattern"], {})

    assert matches(pattern, event(name, environment)) is told
    other = STAGING if environment is PRODUCTION else PRODUCTION
    assert not matches(pattern, event(name, other))


@pytest.mark.parametrize("name", ["a failed deployment", "a crashed task"])
def test_the_mail_can_be_read(environment: Environment, template: Json, name: str) -> None:
    """Every placeholder is filled from the event, each line stands in quotes, and the words name service and reason."""
    (target,) = template["Resources"][EVENTS[name][0]]["Properties"]["Targets"]
    transformer = target["InputTransformer"]
    happened = event(name, environment)

    def value(path: str) -> str:
        found: Any = happened
        for key in re.findall(r"[\w-]+", path.removeprefix("$")):
            found = found[int(key)] if isinstance(found, list) else found[key]
        return str(found)

    text = transformer["InputTemplate"]
    for word, path in transformer["InputPathsMap"].items():
        text = text.replace(f"<{word}>", value(path))
    lines = [json.loads(line) for line in text.split("\n")]

    assert "<" not in text
    assert len(lines) >= 4
    assert environment.name in lines[0]
    assert service_name(environment, SERVICES[0]) in text
    assert happened["detail"].get("reason", happened["detail"].get("stoppedReason")) in text


def test_the_budget(environment: Environment, template: Json) -> None:
    """The environment's own, by its tag; warned of at 80 %, at 100 % and when the forecast says so."""
    (budget,) = of_type(template, "AWS::Budgets::Budget").values()

    assert budget["Budget"]["BudgetLimit"] == {"Amount": environment.monthly_budget, "Unit": "USD"}
    assert budget["Budget"]["CostFilters"] == {"TagKeyValue": [f"user:Environment${environment.name}"]}
    assert budget["Budget"]["TimeUnit"] == "MONTHLY"
    warnings = [
        (each["Notification"]["NotificationType"], each["Notification"]["Threshold"])
        for each in budget["NotificationsWithSubscribers"]
    ]
    assert warnings == [("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100)]
    subscribers = [each["Subscribers"] for each in budget["NotificationsWithSubscribers"]]
    assert subscribers == [[{"SubscriptionType": "SNS", "Address": {"Ref": "AlarmTopic"}}]] * 3
    assert template["Resources"]["MonthlyBudget"]["DependsOn"] == "AlarmTopicPolicy"
