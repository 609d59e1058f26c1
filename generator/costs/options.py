"""One environment's files, and its bill with either compute option.

In: templates, parameter files and the traffic profile as they lie in the repository. Out: `Files`, and `Bill`s by option.
Refuses to know: the description that the templates were made from.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generator.costs.bill import Bill, Source, bill_of
from generator.costs.charges.charge import Stack
from generator.costs.prices import PriceTable
from generator.costs.resolve import Resource, published_values, resources
from generator.costs.traffic import FILE, Traffic, TrafficError, parse

OPTIONS = ("ec2", "fargate")
OPTION_WORDS = {"ec2": "EC2 with Docker Compose", "fargate": "ECS Fargate"}


class CostsError(ValueError):
    """Files that cannot be priced: the text names the file, what was found and what would be right."""


@dataclass(frozen=True)
class Files:
    """One environment as it is deployed: templates and parameter values by stack, in deploy order."""

    environment: str
    region: str
    default: tuple[str, ...]  # the stacks that run unless somebody names others
    templates: Mapping[str, Mapping[str, Any]]
    values: Mapping[str, Mapping[str, str]]
    traffic: Traffic
    protected: bool = False  # some of its stacks cannot be deleted: an environment that never sleeps

    @property
    def options(self) -> tuple[str, ...]:
        """The compute options that the environment has; () for `shared`."""
        return tuple(each for each in OPTIONS if any(_of_option(name, each) for name in self.templates))

    @property
    def default_option(self) -> str:
        """The option that runs unless somebody decides otherwise."""
        return next((each for each in self.options if any(_of_option(name, each) for name in self.default)), "")

    def stacks(self, option: str) -> Iterator[Source]:
        """Yield what runs with one option, ChromaDB in its compute stack."""
        published = published_values(self.templates.values())
        other = {each for each in self.options if each != option}
        for name, template in self.templates.items():
            if any(_of_option(name, each) for each in other):
                continue
            values = dict(self.values.get(name, {}))
            if "RunChromadb" in (template.get("Parameters") or {}):
                values["RunChromadb"] = "true"
            yield Source(name, template, values, published)

    def resolved(self, option: str) -> Iterator[Stack]:
        """Yield the resources of what runs with one option, worked out."""
        for each in self.stacks(option):
            yield Stack(each.name, resources(each.template, each.values, each.published))

    def compute(self, option: str) -> Stack:
        """The resources of one option's compute stacks, in one."""
        found: dict[str, Resource] = {}
        for stack in self.resolved(option):
            if _of_option(stack.name, option):
                found.update(stack.resources)
        return Stack(option, found)


def _of_option(stack: str, option: str) -> bool:
    return stack == option or stack.startswith(f"{option}-")


def bill(files: Files, option: str, table: PriceTable) -> Bill:
    """Return the whole bill of an environment with one option."""
    found = Bill(files.region)
    for source in files.stacks(option):
        found = found.plus(bill_of(source, files.traffic, files.region, table))
    return found


def read(environment: str, templates: Path, parameters: Path) -> Files:
    """Return an environment's files. Raises CostsError naming the file that is missing or wrong."""
    manifest = _json(templates / environment / "manifest.json")
    if manifest is None:
        known = sorted(each.parent.name for each in templates.glob("*/manifest.json"))
        raise CostsError(
            f"{environment}: no such environment; there are {', '.join(known) or 'none: run make templates'}"
        )
    target = _json(parameters / environment / "target.json") or {}
    if not isinstance(target.get("Region"), str):
        raise CostsError(
            f"{parameters / environment / 'target.json'}: Region: found {target.get('Region')!r}, expected a region"
        )
    names = [each["Name"] for each in manifest["Stacks"]]
    traffic = parameters / environment / FILE
    try:
        profile = parse(traffic.read_text(encoding="utf-8"), str(traffic)) if traffic.is_file() else Traffic()
    except TrafficError as error:
        raise CostsError(str(error)) from error
    return Files(
        environment=environment,
        region=target["Region"],
        default=tuple(each["Name"] for each in manifest["Stacks"] if each.get("Default", True)),
        templates={name: _json(templates / environment / f"{name}.json") or {} for name in names},
        values={name: _values(parameters / environment / f"{name}.json") for name in names},
        traffic=profile,
        protected=any(each.get("TerminationProtection") for each in manifest["Stacks"]),
    )


def _values(path: Path) -> dict[str, str]:
    return {each["ParameterKey"]: str(each["ParameterValue"]) for each in _json(path) or []}


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise CostsError(f"{path}: cannot be read as JSON: {error}") from error
