"""The script: how long things take, what fails and why, which faults the wire has. Read from a file, options or over HTTP.

Every key is checked; an unknown one is refused with its name and what would be right, so that a misspelt rule never
passes silently as "no rule".
"""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

_ACTIONS = {"create", "update", "delete", "rollback", "*"}
_FAULTS = {"throttle", "drop", "drop-after", "expired-token", "http-500", "latency", "access-denied"}
_SIGNALS = {"automatic", "none", "failure"}
_MODES = {"FAIL", "WARN"}
_TARGET_STATES = {"healthy", "initial", "unhealthy", "draining", "unused"}


class ScriptError(ValueError):
    """A script that cannot be meant: the message names the place, what was found and what would be right."""


@dataclass
class Seconds:
    """How long things take, in seconds. `stack` is a whole operation; without it each resource takes `resource`."""

    change_set: float = 0.0
    stack: float | None = None
    resource: float = 0.0
    drift: float = 0.0
    types: dict[str, float] = field(default_factory=dict)


@dataclass
class Failure:
    """A resource that fails. `times` says how often (null: always); patterns are shell patterns.

    `image` makes the rule hold only for an ECS service whose task definition has a matching image; `stopped_reason` is
    what the service's stopped tasks then say through the ECS API.
    """

    reason: str
    on: str = "create"
    stack: str = "*"
    type: str = "*"
    logical_id: str = "*"
    times: int | None = None
    image: str | None = None
    stopped_reason: str | None = None
    container_exit_code: int | None = None

    def matches(self, stack: str, type_name: str, logical_id: str, action: str) -> bool:
        """Whether the rule holds for a step; `times` is counted by the caller."""
        return (
            self.on in {action, "*"}
            and self.times != 0
            and fnmatch.fnmatchcase(stack, self.stack)
            and fnmatch.fnmatchcase(type_name, self.type)
            and fnmatch.fnmatchcase(logical_id, self.logical_id)
        )


@dataclass
class Fault:
    """A fault of the wire.

    It strikes at the `call`-th matching call (1 is the first), or at each with a `probability`, or at every one; at most
    `times` times. `drop` loses the request, `drop-after` the answer to a request that was carried out; `latency` adds
    `seconds`.
    """

    fault: str
    operation: str = "*"
    service: str = "cloudformation"
    call: int | None = None
    probability: float | None = None
    times: int | None = None
    seconds: float = 0.0


@dataclass
class Validation:
    """A check before deployment that finds something: the change set fails (`FAIL`) or carries a warning (`WARN`)."""

    name: str
    reason: str
    logical_id: str
    stack: str = "*"
    mode: str = "FAIL"
    path: str | None = None
    times: int | None = None


@dataclass
class Hook:
    """A hook that runs on change sets; with `reason` it fails."""

    type_name: str
    stack: str = "*"
    mode: str = "FAIL"
    reason: str | None = None
    annotations: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Drift:
    """A resource that was changed behind CloudFormation's back: `actual` values by property path, or deleted."""

    logical_id: str
    stack: str = "*"
    deleted: bool = False
    actual: dict[str, Any] = field(default_factory=dict)


@dataclass
class Rate:
    """The account's limit of CloudFormation calls a second over all clients; 0 is none."""

    calls_per_second: float = 0.0
    burst: int = 1


@dataclass
class Script:
    """Everything that can be scripted."""

    seconds: Seconds = field(default_factory=Seconds)
    latency: float = 0.0
    seed: int = 0
    rate: Rate = field(default_factory=Rate)
    failures: list[Failure] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    validations: list[Validation] = field(default_factory=list)
    hooks: list[Hook] = field(default_factory=list)
    drift: list[Drift] = field(default_factory=list)
    signals: str = "automatic"
    incomplete_values: list[str] = field(default_factory=list)
    alarms: dict[str, str] = field(default_factory=dict)
    # Shell pattern of a target group's logical id or ARN: the state of its targets.
    targets: dict[str, str] = field(default_factory=dict)
    change_set_limit: int = 1000

    def as_dict(self) -> dict[str, Any]:
        """For the control endpoint."""
        return asdict(self)

    def merged(self, data: Mapping[str, Any]) -> Script:
        """This script with some keys replaced.

        :raises ScriptError: for an unknown key or a wrong value
        """
        whole = self.as_dict()
        for key, value in data.items():
            by_key = key in {"seconds", "rate"} and isinstance(value, dict)
            whole[key] = {**whole[key], **value} if by_key else value
        return parse(whole)


_LISTS: dict[str, Any] = {
    "failures": Failure,
    "faults": Fault,
    "validations": Validation,
    "hooks": Hook,
    "drift": Drift,
}


def read(file: Path) -> Script:
    """A script from a JSON file."""
    try:
        data = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ScriptError(f"{file}: {error}") from None
    return parse(data)


def parse(data: Any) -> Script:
    """A script from parsed JSON.

    :raises ScriptError: for an unknown key or a wrong value
    """
    if not isinstance(data, dict):
        raise ScriptError(f"a script is a JSON object, not {type(data).__name__}")
    given = dict(data)
    for key, cls in _LISTS.items():
        if key in given:
            if not isinstance(given[key], list):
                raise ScriptError(f"{key} must be a list of objects")
            given[key] = [_build(cls, each, f"{key}[{at}]") for at, each in enumerate(given[key])]
    for key, cls in (("seconds", Seconds), ("rate", Rate)):
        if key in given:
            given[key] = _build(cls, given[key], key)
    script: Script = _build(Script, given, "script")
    _check(script)
    return script


def _build(cls: Any, data: Any, where: str) -> Any:
    if not isinstance(data, dict):
        raise ScriptError(f"{where} must be an object, not {type(data).__name__}")
    known = {each.name: each for each in fields(cls)}
    for key in data:
        if key not in known:
            raise ScriptError(f"{where}: unknown key {key!r}; known are {', '.join(known)}")
    for name, each in known.items():
        if name not in data and each.default is MISSING and each.default_factory is MISSING:
            raise ScriptError(f"{where}: the key {name!r} is missing")
    return cls(**data)


def _check(script: Script) -> None:
    for at, failure in enumerate(script.failures):
        _one_of(failure.on, _ACTIONS, f"failures[{at}].on")
    for at, fault in enumerate(script.faults):
        _one_of(fault.fault, _FAULTS, f"faults[{at}].fault")
    for at, validation in enumerate(script.validations):
        _one_of(validation.mode, _MODES, f"validations[{at}].mode")
    _one_of(script.signals, _SIGNALS, "signals")
    for pattern, state in script.targets.items():
        _one_of(state, _TARGET_STATES, f"targets[{pattern}]")
    for name in ("change_set", "stack", "resource", "drift"):
        value = getattr(script.seconds, name)
        if value is not None and (not isinstance(value, int | float) or value < 0):
            raise ScriptError(f"seconds.{name} must be a number of seconds, not {value!r}")


def _one_of(value: str, allowed: set[str], where: str) -> None:
    if value not in allowed:
        raise ScriptError(f"{where}: {value!r} is not one of {', '.join(sorted(allowed))}")
