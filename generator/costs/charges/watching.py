"""Logs and monitoring: log groups, alarms, dashboards, Container Insights."""

from __future__ import annotations

from collections.abc import Iterator

from generator.costs.charges.charge import Charge, Stack, fixed, number
from generator.costs.charges.compute import copies_of
from generator.costs.resolve import Resource, reference
from generator.costs.traffic import HOURS, Range, Traffic

DAYS = HOURS / 24  # of a month
KEPT_FOR_EVER = 365  # days counted for a group that never expires


def log_group(resource: Resource, stack: Stack, traffic: Traffic) -> Iterator[Charge]:
    """A log group: what comes in, and what its retention keeps, uncompressed."""
    vended, share = _vended(resource, stack, traffic)
    if vended:
        received = share
    else:
        groups = [
            each for each in stack.of("AWS::Logs::LogGroup")
            if not _vended(each, stack, traffic)[0] and each.id not in _of_shells(stack)
        ]  # fmt: skip
        everything = traffic.gigabytes(traffic.log_kilobytes_per_request)
        mine = resource.id not in _of_shells(stack)
        received = Range(everything.low / len(groups), everything.high / len(groups)) if mine else Range()
    days = number(resource.get("RetentionInDays"), KEPT_FOR_EVER)
    kept = Range(received.low * days / DAYS, received.high * days / DAYS)
    item = "logs-vended-gb" if vended else "logs-ingested-gb"
    yield Charge(item, received, f"{received.low:.2g} to {received.high:.2g} GB of logs")
    yield Charge("logs-stored-gb-month", kept, f"{kept.low:.2g} to {kept.high:.2g} GB kept for {days:g} days")


def _vended(resource: Resource, stack: Stack, traffic: Traffic) -> tuple[bool, Range]:
    """Whether an AWS service writes this group, and how much of that there is."""
    name = str(resource.get("LogGroupName") or "")
    if name.startswith("aws-waf-logs-"):
        return True, traffic.waf_log_gigabytes
    flows = [each for each in stack.of("AWS::EC2::FlowLog") if reference(each.get("LogGroupName")) == resource.id]
    return bool(flows), traffic.flow_log_gigabytes


def _of_shells(stack: Stack) -> set[str]:
    """The groups that record interactive shells: next to nothing."""
    path = ("Configuration", "ExecuteCommandConfiguration", "LogConfiguration", "CloudWatchLogGroupName")
    return {found for each in stack.of("AWS::ECS::Cluster") if (found := reference(each.get(*path)))}


def alarm(resource: Resource, stack: Stack, traffic: Traffic) -> Iterator[Charge]:
    """An alarm costs for each metric it reads; periods under a minute cost more."""
    read = [each for each in resource.get("Metrics") or () if isinstance(each, dict) and "MetricStat" in each]
    metrics = len(read) or 1
    period = number(resource.get("Period"), 60)
    item = "alarm-month" if period >= 60 else "alarm-fast-month"
    yield Charge(item, fixed(metrics), "alarm" if metrics == 1 else f"alarm of {metrics} metrics")


def composite_alarm(resource: Resource, stack: Stack, traffic: Traffic) -> Iterator[Charge]:
    """An alarm over alarms."""
    yield Charge("composite-alarm-month", fixed(1), "composite alarm")


def dashboard(resource: Resource, stack: Stack, traffic: Traffic) -> Iterator[Charge]:
    """A dashboard; the three that an account has free may be somebody else's."""
    yield Charge("dashboard-month", fixed(1), "dashboard")


def cluster(resource: Resource, stack: Stack, traffic: Traffic) -> Iterator[Charge]:
    """Container Insights: metrics of cluster and services as custom metrics, or enhanced ones for each task as well."""
    level = next(
        (
            each.get("Value")
            for each in resource.get("ClusterSettings") or ()
            if each.get("Name") == "containerInsights"
        ),
        "disabled",
    )
    if level not in {"enabled", "enhanced"}:
        return
    services = [each for each in stack.of("AWS::ECS::Service") if copies_of(each, stack).high > 0]
    of_cluster, of_service = traffic.insights_cluster_metrics, traffic.insights_service_metrics
    metrics = Range(of_cluster.low + of_service.low * len(services), of_cluster.high + of_service.high * len(services))
    if level == "enhanced":
        of_task = traffic.insights_task_metrics
        tasks = [copies_of(each, stack) for each in services]
        metrics = Range(
            metrics.low + of_task.low * sum(each.low for each in tasks),
            metrics.high + of_task.high * sum(each.high for each in tasks),
        )
    item = "container-insights-metric-month" if level == "enhanced" else "metric-month"
    basis = tuple(each.id for each in services)
    yield Charge(item, metrics, f"{metrics} metrics of Container Insights ({level})", basis)
