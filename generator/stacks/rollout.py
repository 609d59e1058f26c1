"""How an ECS service gets its next version, and what sends a bad one back. Part of stack `fargate`.

In: a template, an environment, a service. Out: properties of the service; for a public one also the alarms of its deployments, and
where ECS shifts traffic the role by which it does. What may be shifted at all, and for how long, the model knows.
"""

from typing import Any

from troposphere import GetAtt, Template, cloudwatch, ecs, iam

from generator.model import Compute, Environment, Service, Shifting
from generator.naming import alarm_name, logical_id
from generator.policies.traffic import shift_traffic, trust_ecs
from generator.wiring import take

# Words of the alarms' names, CloudWatch's metric, statistic and threshold. More than 10 answers with 5xx a minute, or a task that
# fails its checks, in two of three minutes: one blip is no verdict.
_ALARMS = (
    ("5xx", "HTTPCode_Target_5XX_Count", "Sum", 10),
    ("unhealthy", "UnHealthyHostCount", "Maximum", 0),
)


def deployment_alarms(template: Template, environment: Environment, service: Service) -> list[str]:
    """Two alarms with fixed names, so that the service names them without a circle of references. Returns their logical ids.

    They only judge deployments, so they act on nothing; the alarms that page a person are in `monitoring`.
    """
    alarms = []
    for kind, metric, statistic, threshold in _ALARMS:
        alarm = template.add_resource(
            cloudwatch.Alarm(
                logical_id(service.name, "deployment", kind, "alarm"),
                AlarmName=_alarm_name(environment, service, kind),
                AlarmDescription=f"Sends a deployment of {service.name} back to the version before",
                EvaluationPeriods=3,
                DatapointsToAlarm=2,
                Threshold=threshold,
                ComparisonOperator="GreaterThanThreshold",
                TreatMissingData="notBreaching",
                **_watched(template, environment, service, metric, statistic),
            )
        )
        alarms.append(str(alarm.title))
    return alarms


def rollout(environment: Environment, service: Service) -> dict[str, Any]:
    """The service's deployment properties. A service with data stops before its successor starts."""
    alone = service.data is not None and not service.data.allow_two_writers_and_lose_data
    return {
        "AvailabilityZoneRebalancing": "DISABLED" if alone else "ENABLED",
        "DeploymentController": ecs.DeploymentController(Type="ECS"),
        "DeploymentConfiguration": ecs.DeploymentConfiguration(
            MinimumHealthyPercent=0 if alone else 100,
            MaximumPercent=100 if alone else 200,
            **_strategy(environment, service),
            **_alarms(environment, service),
        ),
    }


def load_balancer(template: Template, environment: Environment, service: Service) -> ecs.LoadBalancer:
    """Where the tasks of a public service register; where ECS shifts traffic, also between which groups and by which rules."""
    more: dict[str, Any] = {}
    if isinstance(environment.deployment(service), Shifting):
        more["AdvancedConfiguration"] = _advanced(template, environment, service)
    return ecs.LoadBalancer(
        ContainerName=service.name,
        ContainerPort=service.port,
        TargetGroupArn=_edge(template, environment, service, Compute.FARGATE, "target group arn"),
        **more,
    )


def _advanced(template: Template, environment: Environment, service: Service) -> ecs.AdvancedConfiguration:
    groups = [
        _edge(template, environment, service, word, "target group arn") for word in environment.target_groups(service)
    ]
    rules = [_edge(template, environment, service, word) for word in ("listener rule arn", "test listener rule arn")]
    role = template.add_resource(
        iam.Role(
            logical_id(service.name, "infrastructure role"),
            Description=f"ECS shifts traffic between two versions of {service.name} in {environment.name}",
            AssumeRolePolicyDocument=trust_ecs(),
            Policies=[iam.Policy(PolicyName="shift-traffic", PolicyDocument=shift_traffic(groups, rules))],
        )
    )
    return ecs.AdvancedConfiguration(
        AlternateTargetGroupArn=groups[1],
        ProductionListenerRule=rules[0],
        TestListenerRule=rules[1],
        RoleArn=GetAtt(role, "Arn"),
    )


def _strategy(environment: Environment, service: Service) -> dict[str, Any]:
    deployment = environment.deployment(service)
    if not isinstance(deployment, Shifting):
        return {"DeploymentCircuitBreaker": ecs.DeploymentCircuitBreaker(Enable=True, Rollback=True)}
    # No circuit breaker: ECS has it for rolling deployments only (API reference, DeploymentConfiguration).
    return {
        "Strategy": deployment.strategy,
        "BakeTimeInMinutes": deployment.bake_time_in_minutes,
        **{name: getattr(ecs, name)(**values) for name, values in deployment.settings.items()},
    }


def _alarms(environment: Environment, service: Service) -> dict[str, Any]:
    if not service.public:
        return {}
    names = [_alarm_name(environment, service, kind) for kind, *_ in _ALARMS]
    return {"Alarms": ecs.DeploymentAlarms(AlarmNames=names, Enable=True, Rollback=True)}


def _alarm_name(environment: Environment, service: Service, kind: str) -> str:
    return alarm_name(environment, service.name, f"deployment-{kind}")


def _watched(
    template: Template, environment: Environment, service: Service, metric: str, statistic: str
) -> dict[str, Any]:
    """The metric of the group that tasks are in; of both where they change from one to the other."""

    def dimensions(word: str) -> list[cloudwatch.MetricDimension]:
        balancer = take(template, environment, "edge", "LoadBalancerFullName")
        group = _edge(template, environment, service, word, "target group full name")
        return [
            cloudwatch.MetricDimension(Name=name, Value=value)
            for name, value in (("LoadBalancer", balancer), ("TargetGroup", group))
        ]

    if not isinstance(environment.deployment(service), Shifting):
        return {
            "Namespace": "AWS/ApplicationELB",
            "MetricName": metric,
            "Dimensions": dimensions(Compute.FARGATE),
            "Statistic": statistic,
            "Period": 60,
        }
    words = environment.target_groups(service)
    total = f"SUM([{', '.join(f'FILL({word}, 0)' for word in words)}])"
    queries = [cloudwatch.MetricDataQuery(Id="both", Expression=total)]
    for word in words:
        one = cloudwatch.Metric(Namespace="AWS/ApplicationELB", MetricName=metric, Dimensions=dimensions(word))
        stat = cloudwatch.MetricStat(Metric=one, Period=60, Stat=statistic)
        queries.append(cloudwatch.MetricDataQuery(Id=str(word), ReturnData=False, MetricStat=stat))
    return {"Metrics": queries}


def _edge(template: Template, environment: Environment, service: Service, *words: str) -> Any:
    """What the edge stack published of the service under these words."""
    return take(template, environment, "edge", logical_id(service.name, *words))
