"""The dashboards: every service is on one, every metric leads to something, and nothing overlaps."""

import json
import re
from typing import Any

import pytest

from generator.environments import PRODUCTION
from generator.model import Environment
from generator.naming import cluster_name, service_name
from generator.render import to_dict
from generator.services import SERVICES
from generator.stacks import edge
from tests.generator.monitoring_reading import BOTH, MOST_CHILDREN, MOST_LINES, PUBLIC, Json, alarms, rendered
from tests.generator.policy_evaluator import resolve
from tests.generator.reading import of_type
from tests.generator.variants import many_services


@pytest.fixture(scope="module", params=BOTH)
def environment(request: pytest.FixtureRequest) -> Environment:
    return BOTH[request.param]


@pytest.fixture(scope="module")
def template(environment: Environment) -> Json:
    return rendered(environment)


def dashboards(template: Json) -> dict[str, Json]:
    """Bodies by name, parameters filled in with their own names."""
    values = {name: name for name in template["Parameters"]}
    return {
        each["DashboardName"]: json.loads(resolve(each["DashboardBody"], values))
        for each in of_type(template, "AWS::CloudWatch::Dashboard").values()
    }


def lines(widget: Json) -> list[list[Any]]:
    """A graph's lines with `...` written out."""
    found: list[list[Any]] = []
    for line in widget["properties"].get("metrics", []):
        found.append([*found[-1][: len(found[-1]) - len(line) + 1], *line[1:]] if line[0] == "..." else line)
    return found


def test_one_dashboard_shows_every_service(environment: Environment, template: Json) -> None:
    (name, body), *others = dashboards(template).items()
    labels = [line[-1].get("label") for widget in body["widgets"] for line in lines(widget)]

    assert (name, others) == (f"aldeia-{environment.short}", [])
    for service in SERVICES:
        assert labels.count(service.name) == 2, service.name
    for service in PUBLIC:
        for option in ("Fargate", "EC2"):
            assert labels.count(f"{service} on {option}") == 4, (service, option)


def test_the_dashboard_shows_what_is_there(environment: Environment, template: Json) -> None:
    """Every alarm, target group, load balancer, file system, cluster and service on it exists."""
    (body,) = dashboards(template).values()
    published = to_dict(edge.build(environment, SERVICES))["Outputs"]
    real = {
        "LoadBalancer": {"LoadBalancerFullName"},
        "TargetGroup": {name for name in published if name.endswith("TargetGroupFullName")},
        "FileSystemId": {"FileSystemId"},
        "ClusterName": {cluster_name(environment)},
        "ServiceName": {service_name(environment, service) for service in SERVICES},
        "StorageClass": {"Total"},
    }
    used: dict[str, set[str]] = {}
    for widget in body["widgets"]:
        for line in lines(widget):
            pairs = line[2:-1]
            for name, value in zip(pairs[::2], pairs[1::2], strict=True):
                used.setdefault(name, set()).add(value)
    shown = [arn.rsplit(":", 1)[1] for arn in body["widgets"][0]["properties"]["alarms"]]
    composites = [a["AlarmName"] for a in of_type(template, "AWS::CloudWatch::CompositeAlarm").values()]

    assert used == real
    assert sorted(shown) == sorted([*alarms(template), *composites])


def test_widgets_do_not_overlap(template: Json) -> None:
    (body,) = dashboards(template).values()
    cells = [
        (x, y)
        for widget in body["widgets"]
        for x in range(widget["x"], widget["x"] + widget["width"])
        for y in range(widget["y"], widget["y"] + widget["height"])
    ]

    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24


def test_hosts_are_found_by_the_words_of_their_group(environment: Environment, template: Json) -> None:
    """The group's name is generated; its words are the stack's. The agent's metrics have the document's names."""
    (body,) = dashboards(template).values()
    searches = [
        line[0]["expression"] for widget in body["widgets"] for line in lines(widget) if "expression" in line[0]
    ]

    assert [re.findall(r'MetricName="(\w+)"', search)[0] for search in searches] == [
        "CPUUtilization",
        "MEMORY_USED",
        "DISK_USED",
    ]
    for search in searches:
        assert f"aldeia {environment.name} ec2" in search


@pytest.mark.parametrize("count", [30, 45])
def test_many_services_are_spread_over_dashboards(count: int) -> None:
    template = rendered(PRODUCTION, many_services(count))
    found = dashboards(template)

    assert len(found) == -(-(count + 3) // 20)
    for body in found.values():
        assert max(len(lines(widget)) for widget in body["widgets"]) <= MOST_LINES
        assert len(body["widgets"][0]["properties"]["alarms"]) <= MOST_CHILDREN
