"""How a service on Fargate gets its next version: rolling, or by traffic that ECS shifts from the old tasks to the new ones.

In: literals. Out: frozen values, each checked when it is made: a fault raises ModelError with the field, what was found and what
would be right. The fields are those of AWS::ECS::Service, DeploymentConfiguration, in its spelling; so are the limits and, where
nothing is said, the defaults. docs/deployment-strategies.md says when to take which.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from generator.errors import ModelError

# The words of a service's two target groups while ECS shifts traffic between them: the second stands ready for the other version.
COLOURS = ("fargate", "alternate")

# AWS::ECS::Service, CanaryConfiguration and LinearConfiguration: CloudFormation waits 36 hours for a deployment, and refuses one
# whose waiting times alone take more than 33.
LONGEST_MINUTES = 33 * 60
_LONGEST_STEP = 1440


@dataclass(frozen=True)
class Rolling:
    """Tasks are replaced one after the other behind one target group; circuit breaker and alarms send a bad version back."""


ROLLING = Rolling()


@dataclass(frozen=True, kw_only=True)
class Shifting:
    """Old and new tasks run side by side, and ECS sets the weights of the listener rule between their two target groups.

    `bake_time_in_minutes` (0 to 1440) is how long the old tasks stay after all traffic has gone to the new ones: as long, going
    back is a change of weights and takes seconds. The alarms of the deployment send it back at any time until then.
    """

    strategy = ""  # ECS's word for it

    bake_time_in_minutes: int = 15

    def __post_init__(self) -> None:
        self._check_minutes("bake_time_in_minutes")
        self._check_total()

    @property
    def shift_minutes(self) -> int:
        """Minutes from the first to the last shift of traffic, not counting the time that tasks take to start."""
        return 0

    @property
    def settings(self) -> dict[str, dict[str, Any]]:
        """The strategy's own part of DeploymentConfiguration, in CloudFormation's spelling."""
        return {}

    def _where(self, field: str) -> str:
        return f"{type(self).__name__}.{field}"

    def _check_minutes(self, field: str) -> None:
        if not 0 <= getattr(self, field) <= _LONGEST_STEP:
            raise ModelError(self._where(field), getattr(self, field), f"ECS takes 0 to {_LONGEST_STEP} minutes")

    def _check_percent(self, field: str, least: float) -> None:
        value = getattr(self, field)
        if not least <= value <= 100 or round(value, 1) != value:
            raise ModelError(self._where(field), value, f"ECS takes {least} to 100.0 percent in steps of 0.1")

    def _check_total(self) -> None:
        total = self.shift_minutes + self.bake_time_in_minutes
        if total > LONGEST_MINUTES:
            right = f"CloudFormation takes at most {LONGEST_MINUTES} minutes of waiting in one deployment: shorten it"
            raise ModelError(self._where("bake_time_in_minutes"), f"{total} minutes in all", right)


@dataclass(frozen=True, kw_only=True)
class BlueGreen(Shifting):
    """All traffic goes to the new tasks at once, after testers had a look at them through the test rule."""

    strategy = "BLUE_GREEN"


@dataclass(frozen=True, kw_only=True)
class Canary(Shifting):
    """`canary_percent` of the requests (0.1 to 100.0) go first, the rest after `canary_bake_time_in_minutes` (0 to 1440)."""

    strategy = "CANARY"

    canary_percent: float = 5.0
    canary_bake_time_in_minutes: int = 10

    def __post_init__(self) -> None:
        self._check_percent("canary_percent", 0.1)
        self._check_minutes("canary_bake_time_in_minutes")
        super().__post_init__()

    @property
    def shift_minutes(self) -> int:
        """The time of the canary."""
        return self.canary_bake_time_in_minutes

    @property
    def settings(self) -> dict[str, dict[str, Any]]:
        """CanaryConfiguration."""
        return {
            "CanaryConfiguration": {
                "CanaryPercent": float(self.canary_percent),
                "CanaryBakeTimeInMinutes": self.canary_bake_time_in_minutes,
            }
        }


@dataclass(frozen=True, kw_only=True)
class Linear(Shifting):
    """`step_percent` of the requests (3.0 to 100.0) at a time, with `step_bake_time_in_minutes` (0 to 1440) between two steps."""

    strategy = "LINEAR"

    step_percent: float = 10.0
    step_bake_time_in_minutes: int = 6

    def __post_init__(self) -> None:
        self._check_percent("step_percent", 3.0)
        self._check_minutes("step_bake_time_in_minutes")
        super().__post_init__()

    @property
    def shift_minutes(self) -> int:
        """All waits between steps; none follows the last one (CloudFormation's own formula, LinearConfiguration)."""
        tenths = round(self.step_percent * 10)
        waits = 1000 // tenths - 1 if 1000 % tenths == 0 else 1000 // tenths
        return waits * self.step_bake_time_in_minutes

    @property
    def settings(self) -> dict[str, dict[str, Any]]:
        """LinearConfiguration."""
        return {
            "LinearConfiguration": {
                "StepPercent": float(self.step_percent),
                "StepBakeTimeInMinutes": self.step_bake_time_in_minutes,
            }
        }


Deployment = Rolling | Shifting


def check_deployment(where: str, deployment: Deployment, *, public: bool, keeps_data: bool) -> None:
    """Refuse to shift traffic of a service that has none, or that must not run twice."""
    if not isinstance(deployment, Shifting):
        return
    found = type(deployment).__name__
    if keeps_data:
        right = "it keeps data and has one writer, and here two versions run side by side: use Rolling()"
        raise ModelError(where, found, right)
    if not public:
        raise ModelError(
            where, found, "only the load balancer shifts traffic: use Rolling(), or give the service a host"
        )


def check_owner(where: str, deployments: Mapping[str, Deployment], options: tuple[str, ...]) -> None:
    """Refuse an environment in which somebody else sets the weights of a rule that ECS has to set.

    `deployments` are by service, those that really apply. With both compute options one rule shares the traffic between them, and
    CloudFormation sets its weights; with EC2 alone there is no ECS service.
    """
    if options == ("fargate",):
        return
    for name, deployment in deployments.items():
        if isinstance(deployment, Shifting):
            right = (
                f"ECS must be the only one to set the weights of its listener rule, and this environment offers "
                f"{' and '.join(options)}: use Rolling() here, or options=(Compute.FARGATE,)"
            )
            raise ModelError(f"{where}.deployments[{name}]", type(deployment).__name__, right)
