"""Read an environment: its manifest, its templates, its parameter files and the account it is for.

In: a `Source` and two folders. Out: an `Environment` of `StackSpec`s, in deploy order.
Refuses to know: AWS, and how the files were made.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from deploy_stack.choice import Choice, read_choice
from deploy_stack.exits import DeployError, Exit
from deploy_stack.source import Source


@dataclass(frozen=True)
class Image:
    """A container image whose tag is given at each deployment."""

    parameter: str
    repository: str

    @property
    def name(self) -> str:
        """The short name for `--image NAME=TAG`: the last part of the repository."""
        return self.repository.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class MachineImage:
    """An EC2 machine image that the parameter file pins, and the public SSM parameter that holds the newest one."""

    parameter: str
    newest: str


@dataclass(frozen=True)
class Target:
    """The account and region that an environment is meant for."""

    account: str
    region: str


@dataclass(frozen=True)
class StackSpec:
    """One stack as the files describe it."""

    environment: str
    name: str
    stack_name: str
    default: bool
    depends_on: tuple[str, ...]
    termination_protection: bool
    policy: Mapping[str, Any] | None
    rollback_alarms: tuple[str, ...]
    tags: Mapping[str, str]
    images: tuple[Image, ...]
    machine_images: tuple[MachineImage, ...]
    secrets: tuple[str, ...]
    create_parameters: Mapping[str, str]  # given while the stack is created, and never again
    service_role: str | None  # Parameter Store path of the role that CloudFormation acts as
    template: Mapping[str, Any]
    template_file: str
    entries: object
    parameters_file: str
    kept: frozenset[str] = frozenset()  # parameters that keep what the stack has, unless they are given

    @property
    def version(self) -> str:
        """The project version that the template carries."""
        return str(self.template.get("Metadata", {}).get("Aldeia", {}).get("Version", "unknown"))

    @property
    def declared(self) -> Mapping[str, Mapping[str, Any]]:
        """The template's parameter declarations by name."""
        return self.template.get("Parameters") or {}


@dataclass(frozen=True)
class Environment:
    """Everything that the files say about one environment; `stacks` is in deploy order."""

    name: str
    version: str
    target: Target
    stacks: tuple[StackSpec, ...]
    choice: Choice | None = None  # None for one compute option
    traffic: str | None = None  # the text of traffic.json, which only pricing reads
    traffic_file: str = ""

    def select(self, names: Sequence[str]) -> tuple[StackSpec, ...]:
        """Return the named stacks in deploy order, or the default ones when none is named.

        Raises DeployError (usage) for a name that is not in the manifest.
        """
        known = {each.name: each for each in self.stacks}
        wanted = {each.removeprefix(f"aldeia-{self.name}-") for each in names}
        unknown = sorted(wanted - set(known))
        if unknown:
            raise DeployError(
                f"{', '.join(unknown)}: no such stack in {self.name}; there are {', '.join(known)}",
                exit_code=Exit.USAGE,
            )
        return tuple(each for each in self.stacks if (each.name in wanted if wanted else each.default))


def read_environment(name: str, source: Source, templates: Path, parameters: Path) -> Environment:
    """Return the environment called `name`. Raises DeployError that names the file and the key that is wrong."""
    file = f"{name}/manifest.json"
    text = source.read(templates, file)
    label = source.label(templates, file)
    if text is None:
        known = sorted(each.parent.name for each in templates.glob("*/manifest.json"))
        hint = f"there are {', '.join(known)}" if known else "`make templates` writes it"
        raise DeployError(f"{name}: no such environment ({label} does not exist); {hint}", exit_code=Exit.USAGE)
    manifest = _object(text, label)
    _agree(manifest, label, {"Environment": name})
    choice = read_choice(manifest.get("Compute"), label)
    stacks = tuple(
        _stack(row, name, str(manifest.get("Version", "")), source, templates, parameters, label)
        for row in _need(manifest, "Stacks", list, label)
    )
    if choice:
        stacks = tuple(replace(each, kept=choice.kept & each.declared.keys()) for each in stacks)
    _dependencies(stacks, label)
    return Environment(
        name=name,
        version=str(manifest.get("Version", "")),
        target=read_target(name, source, parameters),
        stacks=stacks,
        choice=choice,
        traffic=source.read(parameters, f"{name}/traffic.json"),
        traffic_file=source.label(parameters, f"{name}/traffic.json"),
    )


def read_target(name: str, source: Source, parameters: Path) -> Target:
    """Return the account and region that the environment is for."""
    file = f"{name}/target.json"
    label = source.label(parameters, file)
    text = source.read(parameters, file)
    if text is None:
        raise DeployError(
            f'{label} does not exist; it says where {name} may be deployed: {{"Account": "111122223333", '
            '"Region": "us-east-1"}'
        )
    found = _object(text, label)
    account = _need(found, "Account", str, label)
    if not (account.isascii() and account.isdigit() and len(account) == 12):
        raise DeployError(f"{label}: Account: found {account!r}, expected the 12 digits of an AWS account")
    return Target(account=account, region=_need(found, "Region", str, label))


def _stack(  # noqa: PLR0917
    row: Any, environment: str, version: str, source: Source, templates: Path, parameters: Path, label: str
) -> StackSpec:
    if not isinstance(row, dict):
        raise DeployError(f"{label}: Stacks: found {type(row).__name__}, expected an object for each stack")
    name = _need(row, "Name", str, label)
    template_file = source.label(templates, f"{environment}/{name}.json")
    text = source.read(templates, f"{environment}/{name}.json")
    if text is None:
        raise DeployError(f"{template_file} does not exist, but {label} lists {name}", next_step="run make templates")
    template = _object(text, template_file)
    metadata = template.get("Metadata", {}).get("Aldeia", {})
    _agree(metadata, template_file, {"Stack": name, "Environment": environment, "Version": version})
    parameters_file = source.label(parameters, f"{environment}/{name}.json")
    entries_text = source.read(parameters, f"{environment}/{name}.json")
    return StackSpec(
        environment=environment,
        name=name,
        stack_name=_need(row, "StackName", str, label),
        default=bool(row.get("Default", True)),
        depends_on=tuple(row.get("DependsOn", ())),
        termination_protection=bool(row.get("TerminationProtection", False)),
        policy=row.get("StackPolicy"),
        rollback_alarms=tuple(row.get("RollbackAlarms", ())),
        tags=dict(row.get("Tags", {})),
        images=tuple(
            Image(parameter=each["Parameter"], repository=each["Repository"]) for each in row.get("Images", ())
        ),
        machine_images=tuple(
            MachineImage(parameter=each["Parameter"], newest=each["Newest"]) for each in row.get("MachineImages", ())
        ),
        secrets=tuple(row.get("Secrets", ())),
        create_parameters=dict(row.get("CreateParameters", {})),
        service_role=row.get("ServiceRole"),
        template=template,
        template_file=template_file,
        entries=[] if entries_text is None else _json(entries_text, parameters_file),
        parameters_file=parameters_file,
    )


def _agree(found: Mapping[str, Any], label: str, expected: Mapping[str, str]) -> None:
    for key, value in expected.items():
        if found.get(key) != value:
            raise DeployError(
                f"{label}: {key}: found {found.get(key)!r}, expected {value!r}: the file is stale or lies in the "
                "wrong folder",
                next_step="run make templates, look at what changed, and commit it",
            )


def _dependencies(stacks: Iterable[StackSpec], label: str) -> None:
    before: set[str] = set()
    for stack in stacks:
        late = sorted(set(stack.depends_on) - before)
        if late:
            raise DeployError(f"{label}: {stack.name}: DependsOn {', '.join(late)}: not a stack listed before it")
        before.add(stack.name)


def _json(text: str, label: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise DeployError(f"{label}:{error.lineno}:{error.colno}: not JSON: {error.msg}") from None


def _object(text: str, label: str) -> dict[str, Any]:
    found = _json(text, label)
    if not isinstance(found, dict):
        raise DeployError(f"{label}: found {type(found).__name__}, expected an object")
    return found


def _need(found: Mapping[str, Any], key: str, kind: type, label: str) -> Any:
    value = found.get(key)
    if not isinstance(value, kind):
        raise DeployError(f"{label}: {key}: found {value!r}, expected {'a string' if kind is str else 'a list'}")
    return value
