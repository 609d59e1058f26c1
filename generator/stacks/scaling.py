"""Scaling of an ECS service, and the alarms that send a bad deployment back. Part of stack `fargate`.

In: a template with the service in it. Out: the same with a scalable target, three target-tracking policies, two alarms.
"""

from typing import Any

from troposphere import Join, Ref, Sub, Template, cloudwatch, ecs
from troposphere import applicationautoscaling as scaling_api

from generator.model import Compute, Environment, Service
from generator.naming import alarm_name, logical_id
from generator.stacks.nights import task_schedule
from generator.wiring import is_home, take


def scale_service(
    template: Template,
    environment: Environment,
    service: Service,
    cluster: ecs.Cluster,
    running: ecs.Service,
) -> None:
    """Document, Option B, Auto-Scaling Configuration: CPU, memory, and requests of a public service."""
    scaling = environment.task(service).scaling
    target = scalable_target(template, environment, service, cluster, running)
    metrics: dict[str, tuple[int, scaling_api.PredefinedMetricSpecification]] = {
        "cpu-scaling-policy": (scaling.cpu_percent, _metric("ECSServiceAverageCPUUtilization")),
        "memory-scaling-policy": (scaling.memory_percent, _metric("ECSServiceAverageMemoryUtilization")),
    }
    if service.public:
        label = Join(
            "/",
            [
                take(template, environment, "edge", "LoadBalancerFullName"),
                take(template, environment, "edge", _group_name(service)),
            ],
        )
        requests = _metric("ALBRequestCountPerTarget", ResourceLabel=label)
        metrics["alb-request-count-scaling"] = (scaling.requests_per_minute, requests)
    for name, (value, metric) in metrics.items():
        template.add_resource(
            scaling_api.ScalingPolicy(
                logical_id(service.name, name.removesuffix("-policy"), "policy"),
                PolicyName=name,
                PolicyType="TargetTrackingScaling",
                ScalingTargetId=Ref(target),
                TargetTrackingScalingPolicyConfiguration=scaling_api.TargetTrackingScalingPolicyConfiguration(
                    TargetValue=float(value),
                    PredefinedMetricSpecification=metric,
                    ScaleInCooldown=scaling.scale_in_cooldown,
                    ScaleOutCooldown=scaling.scale_out_cooldown,
                ),
            )
        )


def scalable_target(
    template: Template,
    environment: Environment,
    service: Service,
    cluster: ecs.Cluster,
    running: ecs.Service,
) -> scaling_api.ScalableTarget:
    """What may change the service's count, within its limits: policies, and in office hours the clock.

    A service of a fixed number has one for the clock alone. One with data too, where it is at home: no policy ever refers to that
    target, and its maximum is the one copy that its volume bears.
    """
    scaling = environment.task(service).scaling
    optional: dict[str, Any] = {}
    if environment.office_hours is not None:
        optional["ScheduledActions"] = task_schedule(environment.office_hours, scaling.minimum, scaling.maximum)
    if service.data is not None:
        optional["Condition"] = is_home(template, environment, service, Compute.FARGATE)
    target: scaling_api.ScalableTarget = template.add_resource(
        scaling_api.ScalableTarget(
            logical_id(service.name, "scalable target"),
            ServiceNamespace="ecs",
            ScalableDimension="ecs:service:DesiredCount",
            ResourceId=Sub(f"service/${{{cluster.title}}}/${{{running.title}.Name}}"),
            MinCapacity=scaling.minimum,
            MaxCapacity=scaling.maximum,
            **optional,
        )
    )
    return target


def _metric(name: str, **optional: Any) -> scaling_api.PredefinedMetricSpecification:
    return scaling_api.PredefinedMetricSpecification(PredefinedMetricType=name, **optional)


def _group_name(service: Service) -> str:
    return logical_id(service.name, Compute.FARGATE, "target group full name")


def deployment_alarms(template: Template, environment: Environment, service: Service) -> list[str]:
    """Two alarms with fixed names, so that the service names them without a circle of references. Returns their logical ids.

    They only judge deployments, so they act on nothing; the alarms that page a person are in `monitoring`.
    """
    dimensions = {
        "LoadBalancer": take(template, environment, "edge", "LoadBalancerFullName"),
        "TargetGroup": take(template, environment, "edge", _group_name(service)),
    }
    # More than 10 answers with 5xx a minute, or a task that fails its checks, in two of three minutes: one blip is no verdict.
    rows = (
        ("5xx", "HTTPCode_Target_5XX_Count", "Sum", 10),
        ("unhealthy", "UnHealthyHostCount", "Maximum", 0),
    )
    alarms = []
    for kind, metric, statistic, threshold in rows:
        alarm = template.add_resource(
            cloudwatch.Alarm(
                logical_id(service.name, "deployment", kind, "alarm"),
                AlarmName=alarm_name(environment, service.name, f"deployment-{kind}"),
                AlarmDescription=f"Sends a deployment of {service.name} back to the version before",
                Namespace="AWS/ApplicationELB",
                MetricName=metric,
                Dimensions=[
                    cloudwatch.MetricDimension(Name=name, Value=value) for name, value in sorted(dimensions.items())
                ],
                Statistic=statistic,
                Period=60,
                EvaluationPeriods=3,
                DatapointsToAlarm=2,
                Threshold=threshold,
                ComparisonOperator="GreaterThanThreshold",
                TreatMissingData="notBreaching",
            )
        )
        alarms.append(str(alarm.title))
    return alarms
