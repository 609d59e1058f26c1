"""The dashboard of an environment: one screen that answers "is it well, and which part is not".

In: an environment, its services, names of its alarms. Out: the body, JSON text for Fn::Sub: `${LoadBalancerFullName}` and its kind
are parameters of the template it stands in, `${Alarm}` is the ARN of an alarm up to its name. A graph holds one line for each
service, so services are compared at a glance; a public one has a line for each target group, so a move between the compute options,
or from one version to the next, is seen.

The structure is that of the CloudWatch API reference, "Dashboard Body Structure and Syntax".
"""

import json
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from generator.model import PROJECT, Compute, Environment, Service
from generator.naming import cluster_name, logical_id, service_name

# CloudWatch API reference: an alarm widget takes 100 alarms.
MOST_ALARMS = 100

_WIDTH, _HEIGHT, _COLUMNS = 8, 6, 24
_GROUPS = {Compute.FARGATE: "Fargate", Compute.EC2: "EC2", "alternate": "the alternate group"}
Line = list[Any]


def body(environment: Environment, services: Sequence[Service], alarms: Sequence[str], *, whole: bool = True) -> str:
    """The body for `services`; with `whole`, the environment's own graphs too (hosts, file system)."""
    graphs = [*_balancer_graphs(environment, services), *_task_graphs(environment, services)]
    if whole:
        graphs += _host_graphs(environment)
        if any(service.data for service in services):
            graphs += _file_system_graphs()
    widgets = [_alarm_widget(alarms), *(_place(graph, place) for place, graph in enumerate(graphs))]
    return json.dumps({"widgets": widgets}, sort_keys=True, separators=(",", ":"))


def _alarm_widget(alarms: Sequence[str]) -> dict[str, Any]:
    properties = {"title": "Alarms", "alarms": [f"${{Alarm}}{name}" for name in alarms[:MOST_ALARMS]]}
    return {"type": "alarm", "x": 0, "y": 0, "width": _COLUMNS, "height": _HEIGHT // 2, "properties": properties}


def _place(graph: dict[str, Any], place: int) -> dict[str, Any]:
    """The graph as a widget, three in a row below the alarms."""
    row, column = divmod(place, _COLUMNS // _WIDTH)
    where = {"x": column * _WIDTH, "y": _HEIGHT // 2 + row * _HEIGHT, "width": _WIDTH, "height": _HEIGHT}
    common = {"view": "timeSeries", "region": "${AWS::Region}", "period": 60}
    return {"type": "metric", **where, "properties": common | graph}


def _graph(title: str, unit: str, metrics: list[Line], **properties: Any) -> dict[str, Any]:
    return {
        "title": title,
        "metrics": _short(metrics),
        "yAxis": {"left": {"min": 0, "label": unit, "showUnits": False}},
        **properties,
    }


def _short(lines: list[Line]) -> list[Line]:
    """The same lines, each without what it begins with as the line before does; the console reads `...` as just that."""
    short = lines[:1]
    for before, line in pairwise(lines):
        same = len(line) == len(before) > 4 and line[:-2] == before[:-2]
        short.append(["...", *line[-2:]] if same else line)
    return short


def _balancer_graphs(environment: Environment, services: Sequence[Service]) -> list[dict[str, Any]]:
    def lines(metric: str) -> list[Line]:
        return [
            [
                "AWS/ApplicationELB",
                metric,
                "LoadBalancer",
                "${LoadBalancerFullName}",
                "TargetGroup",
                f"${{{logical_id(service.name, word, 'target group full name')}}}",
                {"label": f"{service.name} on {_GROUPS[word]}"},
            ]
            for service in services
            if service.public
            for word in environment.target_groups(service)
        ]

    if not lines(""):
        return []
    own = [
        "AWS/ApplicationELB",
        "HTTPCode_ELB_5XX_Count",
        "LoadBalancer",
        "${LoadBalancerFullName}",
        {"label": "load balancer"},
    ]
    return [
        _graph("Requests", "a minute", lines("RequestCount"), stat="Sum", stacked=True),
        _graph("Answers with 5xx", "a minute", [own, *lines("HTTPCode_Target_5XX_Count")], stat="Sum"),
        _graph("Latency, p95", "seconds", lines("TargetResponseTime"), stat="p95"),
        _graph("Healthy targets", "targets", lines("HealthyHostCount"), stat="Maximum"),
    ]


def _task_graphs(environment: Environment, services: Sequence[Service]) -> list[dict[str, Any]]:
    def lines(metric: str) -> list[Line]:
        return [
            [
                "AWS/ECS",
                metric,
                "ClusterName",
                cluster_name(environment),
                "ServiceName",
                service_name(environment, service),
                {"label": service.name},
            ]
            for service in services
        ]

    return [
        _graph("CPU of tasks on Fargate", "percent", lines("CPUUtilization"), stat="Average"),
        _graph("Memory of tasks on Fargate", "percent", lines("MemoryUtilization"), stat="Average"),
    ]


def _host_graphs(environment: Environment) -> list[dict[str, Any]]:
    """EC2 hosts, found by the words of their group's generated name; the ec2 stack need not be there."""

    def found(namespace: str, metric: str) -> list[Line]:
        words = f"{PROJECT} {environment.name.replace('-', ' ')} {Compute.EC2}"
        search = f'{{{namespace},AutoScalingGroupName}} MetricName="{metric}" {words}'
        return [[{"expression": f"SEARCH('{search}', 'Average', 60)", "id": "hosts"}]]

    # The agent's metrics: document, Option A, EC2 User Data Script.
    return [
        _graph("CPU of hosts", "percent", found("AWS/EC2", "CPUUtilization")),
        _graph("Memory of hosts", "percent", found("Aldeia/EC2", "MEMORY_USED")),
        _graph("Disk of hosts", "percent", found("Aldeia/EC2", "DISK_USED")),
    ]


def _file_system_graphs() -> list[dict[str, Any]]:
    system = ["FileSystemId", "${FileSystemId}"]
    return [
        _graph(
            "Size of the file system",
            "bytes",
            [["AWS/EFS", "StorageBytes", "StorageClass", "Total", *system, {"label": "all storage classes"}]],
            stat="Average",
            period=900,  # EFS reports it every quarter of an hour
        ),
        _graph(
            "Clients of the file system",
            "connections",
            [["AWS/EFS", "ClientConnections", *system, {"label": "connections"}]],
            stat="Sum",
        ),
    ]
