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
        """What runs with one option, ChromaDB in its compute stack."""
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
        """The resources of what runs with one option, worked out."""
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
    """The whole bill of an environment with one option."""
    found = Bill(files.region)
    for source in files.stacks(option):
        found = found.plus(bill_of(source, files.traffic, files.region, table))
    return found


def read(environment: str, templates: Path, parameters: Path) -> Files:
    """An environment's files. Raises CostsError naming the file that is missing or wrong."""
    manifest = _json(templates / environment / "manifest.json")
    if manifest is None:
        known = sorted(each.parent.name for each in templates.glob("*/manifest.json"))
        raise CostsError(
            f"{environment}: no such environment; there are {', '.join(known) or 'none: run make templates'}"
        )
    stacks = manifest.get("Stacks") if isinstance(manifest, dict) else None
    if not isinstance(stacks, list) or not all(isinstance(each, dict) and "Name" in each for each in stacks):
        raise CostsError(
            f"{templates / environment / 'manifest.json'}: Stacks: found {_short(stacks)}, expected the stacks: make templates"
        )
    names = [each["Name"] for each in stacks]
    return Files(
        environment=environment,
        region=_region(parameters / environment / "target.json"),
        default=tuple(each["Name"] for each in stacks if each.get("Default", True)),
        templates={name: _template(templates / environment / f"{name}.json") for name in names},
        values={name: _values(parameters / environment / f"{name}.json") for name in names},
        traffic=_profile(parameters / environment / FILE),
        protected=any(each.get("TerminationProtection") for each in stacks),
    )


def check_region(files: Files, table: PriceTable) -> None:
    """Refuse a region that the table does not have at all: CostsError."""
    if not table.knows(files.region):
        known = ", ".join(table.known_regions)
        raise CostsError(f"{files.environment}: no prices for {files.region}; there are {known}: make prices")


def _region(path: Path) -> str:
    target = _json(path)
    region = target.get("Region") if isinstance(target, dict) else None
    if not isinstance(region, str):
        raise CostsError(f"{path}: Region: found {region!r}, expected a region")
    return region


def _profile(path: Path) -> Traffic:
    try:
        return parse(path.read_text(encoding="utf-8"), str(path)) if path.is_file() else Traffic()
    except UnicodeDecodeError as error:
        raise CostsError(f"{path}: cannot be read as JSON: {error}") from error
    except TrafficError as error:
        raise CostsError(str(error)) from error


def _template(path: Path) -> Mapping[str, Any]:
    found = _json(path)
    resources_ = found.get("Resources") if isinstance(found, dict) else None
    if not isinstance(resources_, dict) or not all(
        isinstance(each, dict) and "Type" in each for each in resources_.values()
    ):
        what = "no file" if found is None else f"Resources {_short(resources_)}"
        raise CostsError(f"{path}: found {what}, expected a template with resources: make templates")
    return dict(found)


def _values(path: Path) -> dict[str, str]:
    found = _json(path) or []
    pairs = [each for each in found if isinstance(each, dict) and {"ParameterKey", "ParameterValue"} <= set(each)]
    if not isinstance(found, list) or len(pairs) < len(found):
        raise CostsError(
            f'{path}: found {_short(found)}, expected [{{"ParameterKey": ..., "ParameterValue": ...}}, ...]'
        )
    return {each["ParameterKey"]: str(each["ParameterValue"]) for each in pairs}


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise CostsError(f"{path}: cannot be read as JSON: {error}") from error
