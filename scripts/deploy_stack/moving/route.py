"""The way from one compute option to the other, as a list of steps that follows from how things stand alone.

In: a `Standing` and a wish. Out: `Step`s. Refuses to know: AWS, time, people. A move that was killed anywhere is gone on with by
asking again: what is done shows in the standing, so there is no file to remember it.

Three things decide the order. Requests go only where targets are healthy. A service with data has one home at most: the old one is
left before the new one is entered. And on EC2 a home is part of what a host runs, so entering or leaving it may replace hosts:
that happens only while EC2 has no requests. So on the way to Fargate the home follows the requests, and on the way to EC2 it goes
before them. In between it is reached by its private name, the same for both options.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from deploy_stack.choice import EC2, FARGATE
from deploy_stack.exits import DeployError, Exit

WHOLE = 100  # percent


class Kind(StrEnum):
    """What a step does. Each is done by one change set a stack, or by looking alone."""

    DEPLOY = "deploy"
    CHECK = "check"
    SHIFT = "shift"
    LEAVE = "leave"
    ENTER = "enter"


@dataclass(frozen=True)
class Step:
    """One step: `option` is what it works on; of a shift, `share` is what that option has afterwards, in percent."""

    kind: Kind
    option: str
    share: int = 0


@dataclass(frozen=True)
class Standing:
    """How an environment stands: which options are deployed whole, Fargate's share in percent, where the data is at home.

    `homes` is empty while nobody is at home, and always where no service has data (`has_data` is then False).
    """

    deployed: frozenset[str]
    fargate: int
    homes: frozenset[str]
    has_data: bool = True

    def share(self, option: str) -> int:
        """Return the option's share of the requests, in percent."""
        return self.fargate if option == FARGATE else WHOLE - self.fargate

    def arrived(self, option: str) -> bool:
        """Tell whether the option has all requests and all data."""
        return self.share(option) == WHOLE and (not self.has_data or self.homes == {option})

    def after(self, step: Step) -> Standing:
        """Return how things stand when the step has succeeded."""
        deployed, fargate, homes = self.deployed, self.fargate, self.homes
        if step.kind is Kind.DEPLOY:
            deployed |= {step.option}
        elif step.kind is Kind.SHIFT:
            fargate = step.share if step.option == FARGATE else WHOLE - step.share
        elif step.kind is Kind.LEAVE:
            homes -= {step.option}
        elif step.kind is Kind.ENTER:
            homes |= {step.option}
        return Standing(deployed, fargate, homes, self.has_data)


def other(option: str) -> str:
    """Return the option that is not this one."""
    return EC2 if option == FARGATE else FARGATE


def route(standing: Standing, to: str, shares: Sequence[int]) -> tuple[Step, ...]:
    """Return the steps that are left until `to` has all requests and all data; none when it has.

    `shares` are the stations of its share, the last 100. Raises DeployError (needs a person) for data with two homes.
    """
    if len(standing.homes) > 1:
        raise DeployError(
            "both options say that they are the home of the data: turn one off before anything moves",
            exit_code=Exit.NEEDS_PERSON,
            next_step="deploy-stack deploy ENVIRONMENT STACK --parameter STACK.KEY=false, for the one that does not run it",
        )
    if standing.arrived(to):
        return ()
    steps: list[Step] = []
    if to not in standing.deployed or not standing.share(to):
        steps.append(Step(Kind.DEPLOY, to))
    steps.append(Step(Kind.CHECK, to))
    homeward = _homeward(standing, to)
    first = to == EC2 or not standing.homes
    start = standing.share(to)
    if homeward and first:
        if to == EC2 and start and FARGATE in standing.deployed:
            steps += [Step(Kind.CHECK, FARGATE), Step(Kind.SHIFT, FARGATE, WHOLE)]
            start = 0
        steps += homeward
        homeward = []
    steps += [Step(Kind.SHIFT, to, share) for share in shares if share > start]
    return (*steps, *homeward)


def _homeward(standing: Standing, to: str) -> list[Step]:
    """Leave the old home, enter the new one, look whether everything is well there."""
    if not standing.has_data or standing.homes == {to}:
        return []
    leave = [Step(Kind.LEAVE, each) for each in sorted(standing.homes)]
    return [*leave, Step(Kind.ENTER, to), Step(Kind.CHECK, to)]


def stations(text: str, allowed: Iterable[int]) -> tuple[int, ...]:
    """Return `10,50,100` as numbers. `allowed` are the shares that the template has, of either option.

    Raises DeployError (usage) for anything but allowed shares that rise and end with 100.
    """
    known = sorted({each for each in allowed if each})
    words = [each.strip() for each in text.split(",")]
    numbers = [int(each) for each in words if each.isascii() and each.isdigit()]
    fault = ""
    if len(numbers) != len(words) or not set(numbers) <= set(known):
        fault = f"each must be one of {', '.join(map(str, known))}"
    elif numbers != sorted(set(numbers)):
        fault = "they must rise, such as 10,50,100"
    elif numbers[-1] != WHOLE:
        fault = "the last must be 100: a move that stops half-way is no move"
    if fault:
        raise DeployError(f"--step {text}: {fault}", exit_code=Exit.USAGE)
    return tuple(numbers)
