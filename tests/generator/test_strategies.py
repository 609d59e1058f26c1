"""Deployment strategies: what is refused, what is rendered, and that ECS alone may do what it needs for it."""

import dataclasses
import json
from typing import Any

import pytest
from cfnlint import ConfigMixIn
from cfnlint.runner import run_template_by_data
from cfnlint.runner.cli import Runner

from generator.build import build
from generator.environments import ENVIRONMENTS, PRODUCTION
from generator.model import (
    BlueGreen,
    Canary,
    Compute,
    Deployment,
    Environment,
    Linear,
    Rolling,
    Service,
)
from generator.services import SERVICES
from generator.together import check_environment, check_environments
from tests.generator.policy_evaluator import ALLOWED, NOT_ALLOWED, decide, statements
from tests.generator.variants import Refused, assert_refused

BACKEND, FRONTEND, CHROMADB = SERVICES
FARGATE_ONLY = dataclasses.replace(PRODUCTION, options=(Compute.FARGATE,))

Json = dict[str, Any]


def environment(**deployments: Deployment) -> Environment:
    return dataclasses.replace(FARGATE_ONLY, deployments=deployments)


def render(where: Environment, services: tuple[Service, ...] = SERVICES) -> dict[str, Json]:
    """The environment's templates by stack name."""
    files = build((where,), services)
    return {
        path.split("/")[1][:-5]: json.loads(text) for path, text in files.items() if path.startswith(f"{where.name}/")
    }


def resource(templates: dict[str, Json], stack: str, name: str) -> Json:
    found: Json = templates[stack]["Resources"][name]["Properties"]
    return found


def checked(where: Environment, *services: Service) -> None:
    check_environment(where, services or SERVICES)


# --- what cannot work is refused where it is written ---

REFUSED: dict[str, Refused] = {
    "a day and a minute of bake": (
        lambda: BlueGreen(bake_time_in_minutes=1441),
        "BlueGreen.bake_time_in_minutes",
        "0 to 1440",
    ),
    "a negative bake": (lambda: Canary(bake_time_in_minutes=-1), "Canary.bake_time_in_minutes", "0 to 1440"),
    "no canary at all": (lambda: Canary(canary_percent=0), "Canary.canary_percent", "0.1 to 100.0"),
    "a hundredth of a percent": (lambda: Canary(canary_percent=0.25), "Canary.canary_percent", "steps of 0.1"),
    "a step below three": (lambda: Linear(step_percent=2.9), "Linear.step_percent", "3.0 to 100.0"),
    "a step of two days": (
        lambda: Linear(step_bake_time_in_minutes=2880),
        "Linear.step_bake_time_in_minutes",
        "0 to 1440",
    ),
    "longer than CloudFormation waits": (
        lambda: Canary(canary_bake_time_in_minutes=1440, bake_time_in_minutes=541),
        "1981 minutes in all",
        "at most 1980",
    ),
    "steps that take longer than that": (
        lambda: Linear(step_bake_time_in_minutes=219),
        "1986 minutes in all",
        "at most 1980",
    ),
    "two versions of one writer": (
        lambda: dataclasses.replace(CHROMADB, deployment=BlueGreen()),
        "Service(chromadb).deployment: found 'BlueGreen'",
        "one writer",
    ),
    "two versions of one writer in one environment": (
        lambda: checked(environment(chromadb=Canary())),
        "Environment(production).deployments[chromadb]: found 'Canary'",
        "one writer",
    ),
    "traffic of a private service": (
        lambda: dataclasses.replace(BACKEND, host=None, deployment=Linear()),
        "Service(backend).deployment: found 'Linear'",
        "give the service a host",
    ),
    "a service that is not there": (
        lambda: checked(environment(backnd=Canary())),
        "Environment(production).deployments: found 'backnd'",
        "there are backend, frontend, chromadb",
    ),
    "an environment between the options": (
        lambda: checked(dataclasses.replace(PRODUCTION, deployments={"backend": Canary()})),
        "Environment(production).deployments[backend]: found 'Canary'",
        "offers ec2 and fargate: use Rolling() here, or options=(Compute.FARGATE,)",
    ),
    "a service's own strategy in such an environment": (
        lambda: checked(PRODUCTION, dataclasses.replace(BACKEND, deployment=BlueGreen()), FRONTEND, CHROMADB),
        "Environment(production).deployments[backend]: found 'BlueGreen'",
        "use Rolling() here",
    ),
    "EC2 alone": (
        lambda: checked(
            dataclasses.replace(
                PRODUCTION, compute=Compute.EC2, options=(Compute.EC2,), deployments={"frontend": Linear()}
            )
        ),
        "deployments[frontend]",
        "offers ec2",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_work_is_refused(case: str) -> None:
    assert_refused(REFUSED[case])


# CloudFormation's own examples (AWS::ECS::Service, LinearConfiguration): 11 percent are nine waits, 50 percent one.
@pytest.mark.parametrize(
    ("deployment", "minutes"),
    [
        (BlueGreen(), 0),
        (Canary(canary_bake_time_in_minutes=30), 30),
        (Linear(step_percent=10, step_bake_time_in_minutes=6), 54),
        (Linear(step_percent=11, step_bake_time_in_minutes=1), 9),
        (Linear(step_percent=50, step_bake_time_in_minutes=1), 1),
        (Linear(step_percent=100, step_bake_time_in_minutes=5), 0),
        (Linear(step_percent=33.3, step_bake_time_in_minutes=1), 3),
    ],
)
def test_how_long_traffic_moves_is_known(deployment: Any, minutes: int) -> None:
    assert deployment.shift_minutes == minutes


def test_an_environment_s_word_goes_before_the_service_s() -> None:
    service = dataclasses.replace(BACKEND, deployment=Canary())

    assert environment().deployment(service) == Canary()
    assert environment(backend=Rolling()).deployment(service) == Rolling()
    check_environments(
        (dataclasses.replace(PRODUCTION, deployments={"backend": Rolling()}),), (service, FRONTEND, CHROMADB)
    )


# --- what is rendered ---


def test_rolling_is_what_everybody_has_unless_he_asks() -> None:
    """Saying it changes no byte."""
    named = {service.name: Rolling() for service in SERVICES}
    said = tuple(dataclasses.replace(each, deployments=named) for each in ENVIRONMENTS)

    assert build(said, SERVICES) == build(ENVIRONMENTS, SERVICES)


CONFIGURATIONS: list[tuple[Deployment, Json]] = [
    (BlueGreen(bake_time_in_minutes=30), {"Strategy": "BLUE_GREEN", "BakeTimeInMinutes": 30}),
    (
        Canary(canary_percent=2.5, canary_bake_time_in_minutes=20),
        {
            "Strategy": "CANARY",
            "BakeTimeInMinutes": 15,
            "CanaryConfiguration": {"CanaryPercent": 2.5, "CanaryBakeTimeInMinutes": 20},
        },
    ),
    (
        Linear(step_percent=25, step_bake_time_in_minutes=5, bake_time_in_minutes=0),
        {
            "Strategy": "LINEAR",
            "BakeTimeInMinutes": 0,
            "LinearConfiguration": {"StepPercent": 25.0, "StepBakeTimeInMinutes": 5},
        },
    ),
]
ALARMS = ["aldeia-prod-backend-deployment-5xx", "aldeia-prod-backend-deployment-unhealthy"]


@pytest.mark.parametrize(("deployment", "configuration"), CONFIGURATIONS)
def test_the_service_says_how_traffic_shifts(deployment: Deployment, configuration: Json) -> None:
    """No circuit breaker, which ECS has for rolling deployments only; the alarms stay."""
    service = resource(render(environment(backend=deployment)), "fargate", "BackendService")

    assert service["DeploymentController"] == {"Type": "ECS"}
    assert service["DeploymentConfiguration"] == {
        **configuration,
        "MinimumHealthyPercent": 100,
        "MaximumPercent": 200,
        "Alarms": {"AlarmNames": ALARMS, "Enable": True, "Rollback": True},
    }
    assert service["LoadBalancers"] == [
        {
            "ContainerName": "backend",
            "ContainerPort": 3001,
            "TargetGroupArn": {"Ref": "BackendFargateTargetGroupArn"},
            "AdvancedConfiguration": {
                "AlternateTargetGroupArn": {"Ref": "BackendAlternateTargetGroupArn"},
                "ProductionListenerRule": {"Ref": "BackendListenerRuleArn"},
                "TestListenerRule": {"Ref": "BackendTestListenerRuleArn"},
                "RoleArn": {"Fn::GetAtt": ["BackendInfrastructureRole", "Arn"]},
            },
        }
    ]


MIXED = render(environment(backend=Canary()))


def test_only_the_service_that_asks_is_shifted() -> None:
    for name in ("FrontendService", "ChromadbService"):
        configuration = resource(MIXED, "fargate", name)["DeploymentConfiguration"]
        assert "Strategy" not in configuration
        assert configuration["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": True}
    assert "AdvancedConfiguration" not in resource(MIXED, "fargate", "FrontendService")["LoadBalancers"][0]
    assert "FrontendInfrastructureRole" not in MIXED["fargate"]["Resources"]
    assert "FrontendEc2TargetGroup" in MIXED["edge"]["Resources"]


def test_two_alike_groups_stand_behind_two_rules() -> None:
    """The one for testers is asked first; both begin with the group that the tasks are in."""
    edge = MIXED["edge"]["Resources"]
    rule, test = (resource(MIXED, "edge", f"Backend{word}ListenerRule") for word in ("", "Test"))
    primary, alternate = (resource(MIXED, "edge", f"Backend{word}TargetGroup") for word in ("Fargate", "Alternate"))

    assert primary == alternate
    assert "BackendEc2TargetGroup" not in edge
    assert rule["Actions"] == test["Actions"]
    groups = rule["Actions"][0]["ForwardConfig"]["TargetGroups"]
    assert groups == [
        {"TargetGroupArn": {"Ref": "BackendFargateTargetGroup"}, "Weight": 100},
        {"TargetGroupArn": {"Ref": "BackendAlternateTargetGroup"}, "Weight": 0},
    ]
    host = {"Field": "host-header", "HostHeaderConfig": {"Values": ["api.aldeia.com"]}}
    header = {"HttpHeaderName": "X-Aldeia-Test", "Values": ["true"]}
    assert rule["Conditions"] == [host]
    assert test["Conditions"] == [host, {"Field": "http-header", "HttpHeaderConfig": header}]
    rules = [each["Properties"] for each in edge.values() if each["Type"].endswith("::ListenerRule")]
    priorities = [each["Priority"] for each in rules]
    assert test["Priority"] < rule["Priority"]
    assert len(set(priorities)) == len(priorities)


def test_the_weight_between_the_options_is_there_as_long_as_a_rule_reads_it() -> None:
    both = render(environment(backend=Canary(), frontend=Linear()))

    assert "FargateWeight" in MIXED["edge"]["Parameters"]
    assert "FargateWeight" not in both["edge"]["Parameters"]
    assert "Mappings" not in both["edge"]


def test_requests_are_counted_over_both_groups() -> None:
    """Each version has all its tasks, so the sum is what one task gets when it has all requests."""
    policy = resource(MIXED, "fargate", "BackendAlbRequestCountScalingPolicy")
    target = policy["TargetTrackingScalingPolicyConfiguration"]
    total, *parts = target["CustomizedMetricSpecification"]["Metrics"]

    assert "PredefinedMetricSpecification" not in target
    assert target["TargetValue"] == 1000
    assert (total["Expression"], total["ReturnData"]) == ("FILL(fargate, 0) + FILL(alternate, 0)", True)
    assert [part["Id"] for part in parts] == ["fargate", "alternate"]
    assert not any(part["ReturnData"] for part in parts)
    assert {(part["MetricStat"]["Metric"]["MetricName"], part["MetricStat"]["Stat"]) for part in parts} == {
        ("RequestCountPerTarget", "Sum")
    }
    rolling = resource(MIXED, "fargate", "FrontendAlbRequestCountScalingPolicy")
    assert "PredefinedMetricSpecification" in rolling["TargetTrackingScalingPolicyConfiguration"]


@pytest.mark.parametrize(
    ("stack", "name"),
    [
        ("fargate", "BackendDeployment5xxAlarm"),
        ("fargate", "BackendDeploymentUnhealthyAlarm"),
        ("monitoring", "Backend5xxAlarm"),
        ("monitoring", "BackendNoHealthyHostAlarm"),
        ("monitoring", "BackendLatencyAlarm"),
    ],
)
def test_alarms_look_at_both_groups(stack: str, name: str) -> None:
    queries = resource(MIXED, stack, name)["Metrics"]

    assert {query["Id"] for query in queries} == {"both", "fargate", "alternate"}
    assert "FILL(fargate, 0), FILL(alternate, 0)" in queries[0]["Expression"]
    assert "BackendAlternateTargetGroupFullName" in json.dumps(queries)


def test_ecs_may_shift_this_service_and_nothing_else() -> None:
    arn = "arn:aws:elasticloadbalancing:us-east-1:111122223333"
    values = {
        "BackendFargateTargetGroupArn": f"{arn}:targetgroup/blue/1",
        "BackendAlternateTargetGroupArn": f"{arn}:targetgroup/green/2",
        "BackendListenerRuleArn": f"{arn}:listener-rule/app/x/1/2/3",
        "BackendTestListenerRuleArn": f"{arn}:listener-rule/app/x/1/2/4",
    }
    found = statements(MIXED["fargate"], "BackendInfrastructureRole", values)
    service = "elasticloadbalancing"
    rows = [
        ("DescribeTargetHealth", "*", ALLOWED),
        ("ModifyRule", values["BackendListenerRuleArn"], ALLOWED),
        ("ModifyRule", values["BackendTestListenerRuleArn"], ALLOWED),
        ("ModifyRule", f"{arn}:listener-rule/app/x/1/2/5", NOT_ALLOWED),
        ("RegisterTargets", values["BackendAlternateTargetGroupArn"], ALLOWED),
        ("DeregisterTargets", values["BackendFargateTargetGroupArn"], ALLOWED),
        ("RegisterTargets", f"{arn}:targetgroup/other/3", NOT_ALLOWED),
        ("DeleteRule", values["BackendListenerRuleArn"], NOT_ALLOWED),
        ("ModifyListener", f"{arn}:listener/app/x/1/2", NOT_ALLOWED),
    ]
    for action, where, verdict in rows:
        assert decide(found, f"{service}:{action}", where, {}) == verdict, (action, where)
    trust = resource(MIXED, "fargate", "BackendInfrastructureRole")["AssumeRolePolicyDocument"]["Statement"]
    assert [statement["Principal"] for statement in trust] == [{"Service": ["ecs.amazonaws.com"]}]


def test_cfn_lint_and_our_own_rules_find_nothing() -> None:
    templates = render(environment(backend=Canary(), frontend=Linear()))
    runner = Runner(ConfigMixIn([], templates=[], regions=["us-east-1"]))
    for stack in ("edge", "fargate"):
        found = list(run_template_by_data(templates[stack], runner.config, runner.rules))
        assert not found, [f"{stack}: {match.rule.id} {match.message}" for match in found]
