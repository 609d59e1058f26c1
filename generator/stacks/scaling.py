"""Scaling of an ECS service. Part of stack `fargate`.

In: a template with the service in it. Out: the same with a scalable target and three target-tracking policies.
"""

from typing import Any

from troposphere import Join, Ref, Sub, Template, ecs
from troposphere import applicationautoscaling as scaling_api

from generator.model import Compute, Environment, Service, Shifting
from generator.naming import logical_id
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
    metrics: dict[str, tuple[int, dict[str, Any]]] = {
        "cpu-scaling-policy": (scaling.cpu_percent, _metric("ECSServiceAverageCPUUtilization")),
        "memory-scaling-policy": (scaling.memory_percent, _metric("ECSServiceAverageMemoryUtilization")),
    }
    if service.public:
        shifting = isinstance(environment.deployment(service), Shifting)
        requests = (_of_both_groups if shifting else _of_one_group)(template, environment, service)
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
                    ScaleInCooldown=scaling.scale_in_cooldown,
                    ScaleOutCooldown=scaling.scale_out_cooldown,
                    **metric,
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


def _metric(name: str, **optional: Any) -> dict[str, Any]:
    metric = scaling_api.PredefinedMetricSpecification(PredefinedMetricType=name, **optional)
    return {"PredefinedMetricSpecification": metric}


def _of_one_group(template: Template, environment: Environment, service: Service) -> dict[str, Any]:
    """Requests per target and minute, as the document has it."""
    balancer = take(template, environment, "edge", "LoadBalancerFullName")
    group = take(template, environment, "edge", logical_id(service.name, Compute.FARGATE, "target group full name"))
    return _metric("ALBRequestCountPerTarget", ResourceLabel=Join("/", [balancer, group]))


def _of_both_groups(template: Template, environment: Environment, service: Service) -> dict[str, Any]:
    """The same number while requests go to either of two groups, or to both.

    ALBRequestCountPerTarget looks at one group, and ECS does not support it here (ECS guide, "Use a target metric to scale Amazon
    ECS services"): after every other deployment that group is empty. Each version has the full number of tasks, so the sum over
    both groups is what a task gets once one version has all requests; their average would be half of it and take tasks away
    in the middle of a deployment. A group without requests reports nothing and counts as 0.
    """
    balancer = take(template, environment, "edge", "LoadBalancerFullName")
    words = environment.target_groups(service)
    total = " + ".join(f"FILL({word}, 0)" for word in words)
    queries = [scaling_api.TargetTrackingMetricDataQuery(Id="requests", Expression=total, ReturnData=True)]
    for word in words:
        group = take(template, environment, "edge", logical_id(service.name, word, "target group full name"))
        metric = scaling_api.TargetTrackingMetric(
            Namespace="AWS/ApplicationELB",
            MetricName="RequestCountPerTarget",
            Dimensions=[
                scaling_api.TargetTrackingMetricDimension(Name="LoadBalancer", Value=balancer),
                scaling_api.TargetTrackingMetricDimension(Name="TargetGroup", Value=group),
            ],
        )
        stat = scaling_api.TargetTrackingMetricStat(Metric=metric, Stat="Sum")
        queries.append(scaling_api.TargetTrackingMetricDataQuery(Id=str(word), MetricStat=stat, ReturnData=False))
    return {"CustomizedMetricSpecification": scaling_api.CustomizedMetricSpecification(Metrics=queries)}
