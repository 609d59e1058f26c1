"""What is watched, and from when on it wakes somebody: one alarm for each thing that users feel or that runs full.

In: an environment and its services, and the template they are watched in (for the names other stacks publish). Out: one `Watch`
for each alarm: its name's words, its text, its properties in CloudWatch's spelling. Who is told, and how, is the stack's.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from troposphere import Template, cloudwatch

from generator.model import Compute, Environment, Service
from generator.naming import cluster_name, logical_id, service_name
from generator.strategies import COLOURS
from generator.wiring import take

# The design document names no thresholds for alarms; these are judgements, each to be changed here.
# Answers with 5xx a minute that are more than one user's bad luck.
ERRORS_PER_MINUTE = 10
# Seconds: a chat that takes longer feels broken.
LATENCY_SECONDS = 2
# Percent. Scaling holds CPU at 70 and memory at 80 (document, Auto-Scaling Configuration): above 90 it has run out of copies.
FULL_PERCENT = 90
# Bytes. An index that two servers wrote to at once grew to 73 GB (measured on Chroma); 20 GiB hold millions of vectors.
FILE_SYSTEM_BYTES = 20 * 2**30

# Words of the alarms that a release can set off.
BALANCER_ERRORS = ("load-balancer", "5xx")
RELEASE_KINDS = ("5xx", "unhealthy")

_WHERE = {(Compute.FARGATE, Compute.EC2): "on Fargate or on EC2", COLOURS: "in either version"}


@dataclass(frozen=True, kw_only=True)
class Watch:
    """One alarm: the words of its name, what it says to the person it wakes, and CloudWatch's own properties."""

    words: tuple[str, ...]
    about: str
    properties: dict[str, Any]

    @property
    def of_release(self) -> bool:
        """Whether a release can set it off."""
        return self.words == BALANCER_ERRORS or self.words[-1] in RELEASE_KINDS


def watches(
    template: Template, environment: Environment, services: tuple[Service, ...]
) -> Iterator[tuple[Service | None, list[Watch]]]:
    """What is watched, by service; None is the environment itself."""
    yield None, [_balancer_errors(template, environment), *_file_system(template, environment, services)]
    for service in services:
        public = _public(template, environment, service) if service.public else ()
        yield service, [*public, *_tasks(environment, service)]


def _balancer_errors(template: Template, environment: Environment) -> Watch:
    balancer = take(template, environment, "edge", "LoadBalancerFullName")
    return Watch(
        words=BALANCER_ERRORS,
        about=f"The load balancer itself answers with more than {ERRORS_PER_MINUTE} 5xx a minute: it finds no healthy target, "
        "or gets no answer from one in time",
        properties=_metric("AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", "Sum", LoadBalancer=balancer)
        | _when(">", ERRORS_PER_MINUTE, of=5, at_least=3),
    )


def _file_system(template: Template, environment: Environment, services: tuple[Service, ...]) -> Iterator[Watch]:
    if any(service.data for service in services):
        system = take(template, environment, "data", "FileSystemId")
        metric = _metric("AWS/EFS", "StorageBytes", "Average", FileSystemId=system, StorageClass="Total")
        yield Watch(
            words=("file-system", "size"),
            about=f"The file system holds more than {FILE_SYSTEM_BYTES // 2**30} GiB: look for an index that grows without end, "
            "the mark of two servers that write to it",
            # EFS reports it every quarter of an hour.
            properties=metric | _when(">", FILE_SYSTEM_BYTES, of=1, at_least=1) | {"Period": 900},
        )


def _public(template: Template, environment: Environment, service: Service) -> Iterator[Watch]:
    """What users of a public service feel, over both target groups of its rule."""
    words = environment.target_groups(service)
    groups = [
        take(template, environment, "edge", logical_id(service.name, word, "target group full name")) for word in words
    ]
    balancer = take(template, environment, "edge", "LoadBalancerFullName")

    def both(metric: str, statistic: str, together: str, period: int = 60) -> dict[str, Any]:
        """The metric of both target groups, brought together by an expression over their words."""
        queries = [cloudwatch.MetricDataQuery(Id="both", Expression=together)]
        for word, group in zip(words, groups, strict=True):
            dimensions = _dimensions({"LoadBalancer": balancer, "TargetGroup": group})
            one = cloudwatch.Metric(Namespace="AWS/ApplicationELB", MetricName=metric, Dimensions=dimensions)
            stat = cloudwatch.MetricStat(Metric=one, Period=period, Stat=statistic)
            queries.append(cloudwatch.MetricDataQuery(Id=str(word), ReturnData=False, MetricStat=stat))
        return {"Metrics": queries}

    # A group that no task or host is in reports nothing, and counts as 0. A minute that CloudWatch does not have yet is
    # filled as well (CloudWatch guide, "Using metric math", FILL), so no alarm may turn on the newest period alone.
    filled = ", ".join(f"FILL({word}, 0)" for word in words)
    total, largest = f"SUM([{filled}])", f"MAX([{filled}])"
    name = service.name
    yield Watch(
        words=(name, "5xx"),
        about=f"{name} answers with more than {ERRORS_PER_MINUTE} 5xx a minute",
        properties=both("HTTPCode_Target_5XX_Count", "Sum", total) | _when(">", ERRORS_PER_MINUTE, of=5, at_least=3),
    )
    yield Watch(
        words=(name, "unhealthy"),
        about=f"A target of {name} has failed its health checks for three of five minutes",
        properties=both("UnHealthyHostCount", "Maximum", total) | _when(">", 0, of=5, at_least=3),
    )
    yield Watch(
        words=(name, "no-healthy-host"),
        about=f"Nothing serves {name}: no target is healthy, {_WHERE[words]}",
        # Groups without any target report nothing at all: that is the worst case, not a quiet one.
        properties=both("HealthyHostCount", "Maximum", total)
        | _when("<", 1, of=3, at_least=3)
        | {"TreatMissingData": "breaching"},
    )
    yield Watch(
        words=(name, "latency"),
        about=f"One request in twenty to {name} has taken more than {LATENCY_SECONDS} s for a quarter of an hour (p95)",
        properties=both("TargetResponseTime", "p95", largest, 300) | _when(">", LATENCY_SECONDS, of=4, at_least=3),
    )


def _tasks(environment: Environment, service: Service) -> Iterator[Watch]:
    """CPU and memory of the service on ECS; while it runs on EC2 there is nothing to measure, and nothing wrong."""
    for kind, what, metric in (("cpu", "CPU", "CPUUtilization"), ("memory", "memory", "MemoryUtilization")):
        yield Watch(
            words=(service.name, kind),
            about=f"{service.name} has used more than {FULL_PERCENT} % of its {what} for a quarter of an hour",
            properties=_metric(
                "AWS/ECS",
                metric,
                "Average",
                ClusterName=cluster_name(environment),
                ServiceName=service_name(environment, service),
            )
            | _when(">", FULL_PERCENT, of=15, at_least=15),
        )


def _metric(namespace: str, name: str, statistic: str, **dimensions: Any) -> dict[str, Any]:
    """One metric, by the minute."""
    return {
        "Namespace": namespace,
        "MetricName": name,
        "Statistic": statistic,
        "Period": 60,
        "Dimensions": _dimensions(dimensions),
    }


def _dimensions(values: dict[str, Any]) -> list[cloudwatch.MetricDimension]:
    return [cloudwatch.MetricDimension(Name=name, Value=value) for name, value in sorted(values.items())]


def _when(operator: str, threshold: float, *, of: int, at_least: int) -> dict[str, Any]:
    """Beyond the threshold in `at_least` of the last `of` periods; nothing measured is nothing wrong."""
    word = {">": "GreaterThanThreshold", "<": "LessThanThreshold"}[operator]
    return {
        "ComparisonOperator": word,
        "Threshold": threshold,
        "EvaluationPeriods": of,
        "DatapointsToAlarm": at_least,
        "TreatMissingData": "notBreaching",
    }
