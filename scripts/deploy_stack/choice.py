"""The two compute options of an environment, as its manifest tells of them.

In: the manifest's `Compute`. Out: a `Choice`. Raises DeployError that names the file and the key. Refuses to know: AWS, and how a
move is made. An environment with one option, or a manifest of an older version, has no `Compute` and no choice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from deploy_stack.exits import DeployError

FARGATE, EC2 = "fargate", "ec2"


@dataclass(frozen=True)
class Option:
    """One way to run the services: its stacks, and how many healthy targets each of its target groups needs.

    `targets` are by the output of the stack that holds the target group.
    """

    name: str
    stacks: tuple[str, ...]
    targets: Mapping[str, int]


@dataclass(frozen=True)
class Choice:
    """What moves between the options.

    `weight` is the parameter that holds Fargate's share of the requests in percent; `homes` is, for each service with data, the
    parameter of both options' stacks that says whether it runs there; `alarms` call a step back.
    """

    default: str
    weight: str
    homes: Mapping[str, str]
    alarms: tuple[str, ...]
    options: Mapping[str, Option] = field(default_factory=dict)

    @property
    def kept(self) -> frozenset[str]:
        """The parameters that a move sets: a deployment leaves them as they are."""
        return frozenset({self.weight, *self.homes.values()})

    def option_of(self, stack: str) -> Option | None:
        """Return the option that a stack belongs to, None for the stacks that both share."""
        return next((each for each in self.options.values() if stack in each.stacks), None)

    def other(self, option: str) -> str:
        """Return the option that is not this one."""
        return EC2 if option == FARGATE else FARGATE


def read_choice(found: Any, label: str) -> Choice | None:
    """Return what the manifest says, None where it says nothing."""
    if found is None:
        return None
    try:
        choice = Choice(
            default=str(found["Default"]),
            weight=str(found["Weight"]),
            homes=dict(found["Homes"]),
            alarms=tuple(found["Alarms"]),
            options={
                name: Option(name, tuple(each["Stacks"]), {key: int(count) for key, count in each["Targets"].items()})
                for name, each in found["Options"].items()
            },
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DeployError(
            f"{label}: Compute: {type(error).__name__} {error}; expected Alarms, Default, Homes, Options and Weight",
            next_step="run make templates, look at what changed, and commit it",
        ) from None
    if set(choice.options) != {FARGATE, EC2}:
        raise DeployError(
            f"{label}: Compute.Options: found {', '.join(choice.options) or 'none'}, expected {EC2} and {FARGATE}"
        )
    return choice
