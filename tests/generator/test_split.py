"""Descriptions larger than CloudFormation's limits are spread over numbered stacks that still fit together."""

import dataclasses
import json
from functools import cache
from typing import Any

import pytest

from generator.build import build
from generator.environments import STAGING
from generator.model import Compute, PrivateUrl, Service
from generator.services import SERVICES
from generator.split import MOST_OUTPUTS, MOST_PARAMETERS, MOST_RESOURCES, references

Json = dict[str, Any]

PSEUDO = (
    "AWS::AccountId",
    "AWS::NoValue",
    "AWS::Partition",
    "AWS::Region",
    "AWS::StackId",
    "AWS::StackName",
    "AWS::URLSuffix",
)


# A host cannot carry a hundred containers, so this environment has the Fargate option only.
FARGATE_ONLY = dataclasses.replace(STAGING, compute=Compute.FARGATE, options=(Compute.FARGATE,))


def many(count: int) -> tuple[Service, ...]:
    """Aldeia with `count` services more, each a copy of the backend on a port and a host of its own."""
    copies = [
        dataclasses.replace(SERVICES[0], name=f"worker{number}", port=10_000 + number, host=f"worker{number}")
        for number in range(count)
    ]
    return (*SERVICES, *copies)


@cache
def rendered(count: int) -> dict[str, Json]:
    return {
        path: json.loads(text) for path, text in build((FARGATE_ONLY,), many(count)).items() if path.endswith(".json")
    }


@pytest.mark.parametrize("count", [100, 300])
def test_every_part_is_within_the_limits(count: int) -> None:
    for path, template in rendered(count).items():
        if not path.endswith("manifest.json"):
            assert len(template["Resources"]) <= MOST_RESOURCES, path
            assert len(template.get("Parameters", {})) <= MOST_PARAMETERS, path
            assert len(template.get("Outputs", {})) <= MOST_OUTPUTS, path


def test_parts_have_clear_names() -> None:
    names = {path.split("/")[1].removesuffix(".json") for path in rendered(100) if path.startswith("staging/")}

    assert {"network", "network-2", "fargate", "fargate-2", "edge", "edge-2"} <= names


def test_nothing_is_lost_and_nothing_is_twice() -> None:
    """Each service has its task definition, exactly once."""
    found = [
        name
        for path, template in rendered(100).items()
        if path.startswith("staging/fargate")
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::ECS::TaskDefinition"
    ]

    assert len(found) == len(set(found)) == 103


def test_every_part_stands_alone() -> None:
    """References stay within a part; what comes from another part is a parameter that an earlier stack answers."""
    templates = rendered(100)
    published: set[str] = set()
    for environment in ("shared", "staging"):
        for entry in templates[f"{environment}/manifest.json"]["Stacks"]:
            template = templates[f"{environment}/{entry['Name']}.json"]
            known = {*template["Resources"], *template.get("Parameters", {}), *template.get("Conditions", {})}
            known |= {*template.get("Mappings", {}), *PSEUDO}
            used = {name for name, _ in references([template["Resources"], template.get("Outputs", {})])}
            assert used <= known, f"{entry['Name']}: {sorted(used - known)[:3]}"
            for name, parameter in template.get("Parameters", {}).items():
                assert name in used | {n for n, _ in references(template.get("Conditions", {}))}, name
                default = str(parameter.get("Default", ""))
                assert not default.startswith("/aldeia/") or default in published, f"{entry['Name']}: {default}"
            published |= {
                resource["Properties"]["Name"]
                for resource in template["Resources"].values()
                if resource["Type"] == "AWS::SSM::Parameter"
            }


def test_what_fits_is_left_alone() -> None:
    assert not any("-2" in path for path in rendered(0))


def test_private_calls_cross_parts() -> None:
    """The last worker calls the first, although their security groups stand in different stacks."""
    services = many(200)
    caller = dataclasses.replace(services[-1], environment={"FIRST": PrivateUrl(services[3].name)})
    files = build((FARGATE_ONLY,), (*services[:-1], caller))
    rules = [
        (path, name)
        for path, text in files.items()
        if path.startswith("staging/network")
        for name in json.loads(text)["Resources"]
        if name.startswith("Worker010000From")
    ]

    assert ("Worker010000FromWorker199") in {name for _, name in rules}
