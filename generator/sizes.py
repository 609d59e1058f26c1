"""How large and how many: Fargate tasks, EC2 hosts, networks, and the numbers AWS allows.

In: literals. Out: frozen values, each checked when it is made: a fault raises ModelError with the field, what was found and what
would be right.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Network
from itertools import islice

from generator.errors import ModelError

# Memory in MiB for each number of CPU units (1024 = 1 vCPU): ECS developer guide, "Task CPU and memory" for Fargate.
FARGATE_MEMORY: Mapping[int, tuple[int, ...]] = {
    256: (512, 1024, 2048),
    512: tuple(range(1024, 4096 + 1, 1024)),
    1024: tuple(range(2048, 8192 + 1, 1024)),
    2048: tuple(range(4096, 16384 + 1, 1024)),
    4096: tuple(range(8192, 30720 + 1, 1024)),
    8192: tuple(range(16384, 61440 + 1, 4096)),
    16384: tuple(range(32768, 122880 + 1, 8192)),
}


@dataclass(frozen=True, kw_only=True)
class Scaling:
    """How many copies run, and what adds one. Targets are percent, percent, and requests per target and minute; cooldowns seconds.

    The defaults are the document's (Option B, Auto-Scaling Configuration).
    """

    minimum: int
    desired: int
    maximum: int
    cpu_percent: int = 70
    memory_percent: int = 80
    requests_per_minute: int = 1000
    scale_in_cooldown: int = 300
    scale_out_cooldown: int = 60

    def __post_init__(self) -> None:
        if not 0 <= self.minimum <= self.desired <= self.maximum:
            found = (self.minimum, self.desired, self.maximum)
            raise ModelError(
                "Scaling.minimum, desired, maximum", found, "they must be 0 <= minimum <= desired <= maximum"
            )
        for name in ("cpu_percent", "memory_percent"):
            if not 1 <= getattr(self, name) <= 100:
                raise ModelError(f"Scaling.{name}", getattr(self, name), "use 1 to 100 percent")
        for name in ("requests_per_minute", "scale_in_cooldown", "scale_out_cooldown"):
            if getattr(self, name) < 1:
                raise ModelError(f"Scaling.{name}", getattr(self, name), "use a positive number")

    @classmethod
    def fixed(cls, count: int) -> "Scaling":
        """Exactly `count` copies, never scaled."""
        return cls(minimum=count, desired=count, maximum=count)

    @property
    def scales(self) -> bool:
        """Whether anything may change the number of copies."""
        return self.maximum > self.minimum


@dataclass(frozen=True, kw_only=True)
class Task:
    """Size of one service in one environment: CPU units (1024 = 1 vCPU), memory in MiB, copies."""

    cpu: int
    memory: int
    scaling: Scaling

    def __post_init__(self) -> None:
        if self.cpu not in FARGATE_MEMORY:
            raise ModelError("Task.cpu", self.cpu, f"Fargate has {', '.join(map(str, FARGATE_MEMORY))} CPU units")
        if self.memory not in FARGATE_MEMORY[self.cpu]:
            fits = ", ".join(map(str, FARGATE_MEMORY[self.cpu]))
            raise ModelError("Task.memory", self.memory, f"with {self.cpu} CPU units Fargate takes one of {fits} MiB")


# Logs API, PutRetentionPolicy: the only numbers of days it takes.
RETENTION_DAYS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip


class Nat(StrEnum):
    """How private subnets reach the internet."""

    SINGLE = "single"  # one gateway: half the price, and one zone's failure cuts both
    PER_ZONE = "per-zone"


@dataclass(frozen=True, kw_only=True)
class Network:
    """One VPC: `cidr` is cut into a public /24 and a private /20 for each zone."""

    cidr: str
    nat: Nat
    zones: int = 2

    def __post_init__(self) -> None:
        try:
            network = IPv4Network(self.cidr)
        except ValueError as error:
            raise ModelError("Network.cidr", self.cidr, f"use an IPv4 network such as 10.10.0.0/16 ({error})") from None
        if network.prefixlen != 16 or not network.is_private:
            raise ModelError("Network.cidr", self.cidr, "use a private /16, such as 10.10.0.0/16")
        if not 2 <= self.zones <= 3:
            raise ModelError(
                "Network.zones", self.zones, "use 2 or 3: a load balancer needs two, no region promises four"
            )

    def public_subnets(self) -> tuple[str, ...]:
        """One /24 for each zone, from the first /20 of the VPC."""
        return tuple(map(str, islice(IPv4Network(self.cidr).subnets(new_prefix=24), self.zones)))

    def private_subnets(self) -> tuple[str, ...]:
        """One /20 for each zone, after the first: 4091 addresses, since every Fargate task takes one."""
        return tuple(map(str, islice(IPv4Network(self.cidr).subnets(new_prefix=20), 1, self.zones + 1)))


# vCPU and memory in MiB: EC2 user guide, instance types, T3. The document names t3.medium and t3.large.
INSTANCE_SIZES: Mapping[str, tuple[int, int]] = {
    "t3.small": (2, 2048),
    "t3.medium": (2, 4096),
    "t3.large": (2, 8192),
    "t3.xlarge": (4, 16384),
    "t3.2xlarge": (8, 32768),
    "m6i.large": (2, 8192),
    "m6i.xlarge": (4, 16384),
}


@dataclass(frozen=True, kw_only=True)
class HostAlarms:
    """When an EC2 group grows and shrinks: percent of CPU, minutes above or below it, and the cooldown in seconds.

    The defaults are the document's (Option A, Scaling Policies).
    """

    high_percent: int = 70
    high_minutes: int = 5
    low_percent: int = 30
    low_minutes: int = 10
    cooldown: int = 300

    def __post_init__(self) -> None:
        if not 1 <= self.low_percent < self.high_percent <= 99:
            found = (self.low_percent, self.high_percent)
            raise ModelError("HostAlarms.low_percent, high_percent", found, "low must lie below high, both in 1 to 99")
        for name in ("high_minutes", "low_minutes", "cooldown"):
            if getattr(self, name) < 1:
                raise ModelError(f"HostAlarms.{name}", getattr(self, name), "use a positive number")


@dataclass(frozen=True, kw_only=True)
class Host:
    """EC2 hosts that run Docker Compose: instance type, root volume in GiB (gp3), how many, and when that changes."""

    instance_type: str
    volume_gib: int
    minimum: int
    desired: int
    maximum: int
    alarms: HostAlarms = field(default_factory=HostAlarms)

    def __post_init__(self) -> None:
        if self.instance_type not in INSTANCE_SIZES:
            known = ", ".join(INSTANCE_SIZES)
            raise ModelError(
                "Host.instance_type", self.instance_type, f"add its size to INSTANCE_SIZES, or use one of {known}"
            )
        if not 8 <= self.volume_gib <= 16384:
            raise ModelError(
                "Host.volume_gib", self.volume_gib, "use 8 GiB (the Ubuntu image) to 16384 GiB (a gp3 volume)"
            )
        if not 1 <= self.minimum <= self.desired <= self.maximum:
            found = (self.minimum, self.desired, self.maximum)
            raise ModelError("Host.minimum, desired, maximum", found, "they must be 1 <= minimum <= desired <= maximum")

    @property
    def scales(self) -> bool:
        """Whether alarms may change the number of hosts."""
        return self.maximum > self.minimum

    @property
    def memory(self) -> int:
        """Memory of one host in MiB."""
        return INSTANCE_SIZES[self.instance_type][1]
