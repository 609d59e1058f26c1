"""Whether targets are healthy and alarms are quiet.

In: a `Run`, target groups, alarm names. Out: `Health`, the names of alarms that ring. Refuses to know: what follows from it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from deploy_stack.aws import as_deploy_error, error_text, is_expired, is_passing
from deploy_stack.choice import Choice
from deploy_stack.exits import DeployError, Exit
from deploy_stack.run import Run

LOOK = 2.0  # seconds between two looks at targets or alarms; alarms have periods of a minute
FIRST_LOOK = 0.2


@dataclass(frozen=True)
class Health:
    """One target group: its output's name, how many targets are healthy, how many are needed, and what the others say."""

    group: str
    healthy: int
    needed: int
    others: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """Whether it can carry all requests."""
        return self.healthy >= self.needed

    def __str__(self) -> str:
        """Say it in a line."""
        rest = f" ({', '.join(self.others)})" if self.others else ""
        return f"{self.group.removesuffix('TargetGroupArn')}: {self.healthy} of {self.needed} healthy{rest}"


def health(run: Run, choice: Choice, option: str, outputs: Mapping[str, str]) -> list[Health]:
    """Return the health of each target group of the option (DescribeTargetHealth). `outputs` are those of `edge`."""
    return [_group_health(run, name, needed, outputs) for name, needed in choice.options[option].targets.items()]


def _group_health(run: Run, name: str, needed: int, outputs: Mapping[str, str]) -> Health:
    if name not in outputs:
        raise DeployError(
            f"{run.environment.name}: edge has no output {name}: it is older than its template",
            next_step=f"deploy-stack deploy {run.environment.name} edge",
        )
    found = _patiently(
        run,
        f"asking for the health of {name}",
        lambda: run.aws.client("elbv2").describe_target_health(TargetGroupArn=outputs[name]),
    )
    states = [each["TargetHealth"] for each in found["TargetHealthDescriptions"]]
    others = [
        " ".join(filter(None, (each["State"], each.get("Reason", "")))) for each in states if each["State"] != "healthy"
    ]
    return Health(name, sum(each["State"] == "healthy" for each in states), needed, tuple(sorted(others)))


def healthy_within(run: Run, seconds: float, ask: Callable[[], list[Health]]) -> list[Health]:
    """Return the health once it is good, or as it is after `seconds`."""
    until, pause = time.monotonic() + seconds, FIRST_LOOK
    while True:
        found = ask()
        left = until - time.monotonic()
        if all(each.good for each in found) or left <= 0:
            return found
        run.sleep(min(pause, left))
        pause = min(LOOK, pause * 2)


def ringing(run: Run, alarms: Iterable[str]) -> tuple[str, ...]:
    """Return the names of those alarms that are in ALARM (DescribeAlarms)."""
    return tuple(name for name, state in states(run, alarms).items() if state == "ALARM")


def states(run: Run, alarms: Iterable[str]) -> dict[str, str]:
    """Return the state of each alarm that is there."""
    found = _patiently(
        run,
        "looking at the alarms",
        lambda: run.aws.client("cloudwatch").describe_alarms(
            AlarmNames=list(alarms), AlarmTypes=["MetricAlarm", "CompositeAlarm"]
        ),
    )
    return {
        each["AlarmName"]: each["StateValue"]
        for kind in ("MetricAlarms", "CompositeAlarms")
        for each in found.get(kind, ())
    }


def quiet_for(run: Run, seconds: float, alarms: Iterable[str]) -> tuple[str, ...]:
    """Watch the alarms for so long; return those that ring as soon as any does, () when none did."""
    names = tuple(alarms)
    until = time.monotonic() + seconds
    while True:
        found = ringing(run, names) if names else ()
        left = until - time.monotonic()
        if found or left <= 0:
            return found
        run.sleep(min(LOOK, left))


def _patiently(run: Run, doing: str, call: Callable[[], Any]) -> Any:
    """Return the answer, however often the connection is lost on the way; lost sight after `run.patience` seconds."""
    until, pause = time.monotonic() + run.patience, FIRST_LOOK
    while True:
        try:
            return call()
        except Exception as error:
            if is_expired(error) or (is_passing(error) and time.monotonic() >= until):
                raise DeployError(
                    f"lost sight while {doing}: {error_text(error)}",
                    exit_code=Exit.LOST_SIGHT,
                    next_step="the requests stay where they are; run the same move again to go on",
                ) from error
            if not is_passing(error):
                raise as_deploy_error(error, doing) from error
        run.sleep(pause)
        pause = min(LOOK, pause * 2)
