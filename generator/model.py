"""What Aldeia can be: frozen descriptions of services and environments that refuse what cannot work.

In: literals from `services.py` and `environments.py`. Out: values the stack builders read.
Knows sizes and names, but no troposphere, no template and no account: nothing here is a CloudFormation object.

Every class checks itself when it is made. A fault raises :class:`ModelError`, whose text names the field, the value that was
found and what would be right.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Network

PROJECT = "aldeia"


class ModelError(ValueError):
    """A description that cannot work: the text names the field, the value and what would be right."""

    def __init__(self, where: str, found: object, right: str) -> None:
        super().__init__(f"{where}: found {found!r}; {right}")


# --- services ---

# Lower-case words with hyphens, short enough that `aldeia-<environment>-<service>` stays a valid ECS family and Cloud Map name.
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_REPOSITORY = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*(?:/[a-z0-9]+(?:[._-][a-z0-9]+)*)*")
_DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")


def _check_name(where: str, name: str, longest: int) -> None:
    if not _NAME.fullmatch(name) or len(name) > longest:
        raise ModelError(
            where, name, f"use lower-case letters, digits and single hyphens, at most {longest} characters"
        )


@dataclass(frozen=True)
class EcrImage:
    """An image of ours: `repository` in the account's ECR; its tag or digest is given at each deployment, never here."""

    repository: str

    def __post_init__(self) -> None:
        if not _REPOSITORY.fullmatch(self.repository):
            raise ModelError(
                "EcrImage.repository", self.repository, "use an ECR name without tag, such as aldeia/backend"
            )


@dataclass(frozen=True)
class PublicImage:
    """A public image pinned to `version`. With `mirror`, it is pulled from that ECR repository of ours under the same tag."""

    name: str
    version: str
    mirror: str = ""

    def __post_init__(self) -> None:
        if self.version == "latest" or not _TAG.fullmatch(self.version):
            raise ModelError(
                f"PublicImage({self.name}).version", self.version, "pin a version such as 1.5.9, never latest"
            )
        if ":" in self.name or "@" in self.name or not self.name:
            raise ModelError("PublicImage.name", self.name, "give the name alone; the tag belongs in version")
        if self.mirror and not _REPOSITORY.fullmatch(self.mirror):
            raise ModelError("PublicImage.mirror", self.mirror, "use an ECR name without tag, such as aldeia/chromadb")

    @property
    def major(self) -> int | None:
        """The leading number of the version, or None where it has none."""
        number = re.match(r"v?(\d+)\.", self.version)
        return int(number[1]) if number else None


class Probe(StrEnum):
    """How a container asks itself whether it is healthy; each needs another program inside the image."""

    CURL = "curl"  # the documented form: CMD-SHELL curl -f URL || exit 1
    NODE = "node"  # Node 18 and later: fetch is built in, slim images have no curl
    BASH = "bash"  # /dev/tcp, for images with nothing but bash (chromadb/chroma 1.x)


@dataclass(frozen=True, kw_only=True)
class HealthCheck:
    """Health of one container: `path` on the service's own port. Times in seconds.

    Interval, timeout and retries are the document's (Option B, Backend Task Definition: 30, 5, 3); the limits are those of
    ECS (API reference, HealthCheck).
    """

    path: str
    probe: Probe
    interval: int = 30
    timeout: int = 5
    retries: int = 3
    start_period: int = 60

    def __post_init__(self) -> None:
        if not self.path.startswith("/") or re.search(r"[\s'\"\\$`]", self.path):
            raise ModelError("HealthCheck.path", self.path, "use an absolute URL path without spaces, quotes or $")
        limits = {"interval": (5, 300), "timeout": (2, 60), "retries": (1, 10), "start_period": (0, 300)}
        for name, (low, high) in limits.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise ModelError(f"HealthCheck.{name}", value, f"ECS takes {low} to {high}")
        if self.timeout >= self.interval:
            raise ModelError(
                "HealthCheck.timeout", self.timeout, f"it must be shorter than the interval ({self.interval} s)"
            )


@dataclass(frozen=True)
class EnvironmentName:
    """A variable whose value is the environment's name (`staging`, `production`)."""


@dataclass(frozen=True)
class PublicUrl:
    """A variable that holds the public https URL of `service`."""

    service: str


@dataclass(frozen=True)
class PrivateUrl:
    """A variable that holds the private http URL of `service`; it also opens that service's port to the one that has it."""

    service: str


Value = str | EnvironmentName | PublicUrl | PrivateUrl


@dataclass(frozen=True)
class SecretKey:
    """One key of one JSON secret. `secret` is the name below the environment's: `database/credentials`."""

    secret: str
    key: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9_.@-]+(/[A-Za-z0-9_.@-]+)*", self.secret):
            raise ModelError("SecretKey.secret", self.secret, "use words and slashes, such as database/credentials")
        if re.search(r"-[A-Za-z0-9]{6}$", self.secret):
            # Secrets Manager guide, "What's in a secret": such a name reads like a name with its random suffix.
            raise ModelError("SecretKey.secret", self.secret, "a name must not end in a hyphen and six characters")
        if not _VARIABLE.fullmatch(self.key):
            raise ModelError("SecretKey.key", self.key, "name the JSON key that holds the value, such as JWT_SECRET")


@dataclass(frozen=True, kw_only=True)
class Data:
    """State that outlives a container: `path` in the container, on the environment's file system.

    `lock` is a file below `path` that the server holds with flock while it runs. There is one writer per environment. Two
    need `allow_two_writers_and_lose_data`: measured on Chroma 1.5.9 and 0.6.3, two servers on one folder answer 200 to every
    write and lose 5 to 51 % of the vectors for good.
    """

    path: str
    lock: str
    uid: int = 1000
    gid: int = 1000
    allow_two_writers_and_lose_data: bool = False

    def __post_init__(self) -> None:
        if not re.fullmatch(r"(/[A-Za-z0-9._-]+)+", self.path):
            raise ModelError("Data.path", self.path, "use an absolute path such as /data")
        if not re.fullmatch(r"[A-Za-z0-9._-]+", self.lock):
            raise ModelError("Data.lock", self.lock, "use a file name without slash")
        for name in ("uid", "gid"):
            if not 0 <= getattr(self, name) <= 2**32 - 1:
                raise ModelError(f"Data.{name}", getattr(self, name), "EFS takes 0 to 4294967295")


class Permission(StrEnum):
    """What a service's own code may do in the account; each is one named function in `policies`."""

    BACKUPS = "backups"  # document, Task Role: s3:GetObject and s3:PutObject on the backups bucket
    EMAIL = "email"  # document, Task Role: ses:SendEmail and ses:SendRawEmail


class Architecture(StrEnum):
    """CPU architecture, in the spelling of ECS."""

    X86_64 = "X86_64"
    ARM64 = "ARM64"


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


@dataclass(frozen=True, kw_only=True)
class Service:
    """One container of the platform. `host` makes it public: `api` is `api.<domain>`, the empty string is the site itself.

    `task` is its size where an environment's own table has none. `writable` are paths that stay writable under a read-only
    root file system. `folder` is where the application's repository keeps the Dockerfile.
    """

    name: str
    image: EcrImage | PublicImage
    port: int
    health: HealthCheck
    task: Task
    host: str | None = None
    environment: Mapping[str, Value] = field(default_factory=dict)
    secrets: Mapping[str, SecretKey] = field(default_factory=dict)
    data: Data | None = None
    permissions: tuple[Permission, ...] = ()
    read_only_root: bool = True
    writable: tuple[str, ...] = ("/tmp",)  # noqa: S108  (a path inside the container, not on this machine)
    architecture: Architecture = Architecture.X86_64
    command: tuple[str, ...] = ()
    folder: str = ""

    def __post_init__(self) -> None:
        where = f"Service({self.name})"
        _check_name("Service.name", self.name, 24)
        if not 1 <= self.port <= 65535:
            raise ModelError(f"{where}.port", self.port, "use 1 to 65535")
        if self.host is not None and self.host and not _NAME.fullmatch(self.host):
            raise ModelError(f"{where}.host", self.host, "use one DNS label such as api, or '' for the site itself")
        for name in (*self.environment, *self.secrets):
            if not _VARIABLE.fullmatch(name):
                raise ModelError(
                    f"{where}.environment", name, "a variable has letters, digits and _, and no digit first"
                )
        if both := sorted(set(self.environment) & set(self.secrets)):
            raise ModelError(f"{where}.secrets", both, "a variable is either plain or secret, not both")
        for path in self.writable:
            if not re.fullmatch(r"(/[A-Za-z0-9._-]+)+", path):
                raise ModelError(f"{where}.writable", path, "use absolute paths")
        if self.data is not None:
            self._check_data(where, self.data)

    def _check_data(self, where: str, data: Data) -> None:
        """ChromaDB writes where its version says, whatever is mounted: decisions of the design document, entries 1 and 2."""
        if self.host is not None:
            raise ModelError(f"{where}.host", self.host, "a service with data is never public: leave host out")
        if not isinstance(self.image, PublicImage):
            return
        if self.image.name.endswith("chroma") and self.image.major is not None:
            persist = self.environment.get("CHROMA_PERSIST_PATH", "/data") if self.image.major else "/chroma/chroma"
            if data.path != persist:
                right = f"version {self.image.version} writes to {persist}, so a mount elsewhere stays empty"
                raise ModelError(f"{where}.data.path", data.path, right)

    @property
    def public(self) -> bool:
        """Whether the load balancer sends requests to it."""
        return self.host is not None

    @property
    def repository(self) -> str:
        """The ECR repository its image is pulled from, or '' for one pulled straight from a public registry."""
        return self.image.repository if isinstance(self.image, EcrImage) else self.image.mirror

    def needs(self) -> tuple[str, ...]:
        """Names of the services it calls by their private names, sorted."""
        return tuple(sorted({value.service for value in self.environment.values() if isinstance(value, PrivateUrl)}))


def check_services(services: Iterable[Service]) -> tuple[Service, ...]:
    """The services as a tuple, refused where two collide or one refers to a service that is not there."""
    found = tuple(services)
    if not found:
        raise ModelError("services", found, "describe at least one service")
    for what in ("name", "port", "host"):
        values = [getattr(service, what) for service in found if getattr(service, what) is not None]
        if twice := sorted({value for value in values if values.count(value) > 1}):
            raise ModelError(f"Service.{what}", twice[0], f"two services share it; each needs a {what} of its own")
    by_name = {service.name: service for service in found}
    words = [name.replace("-", "") for name in by_name]
    if twice := sorted({word for word in words if words.count(word) > 1}):
        raise ModelError("Service.name", twice[0], "two names differ by hyphens only and would share their logical ids")
    for service in found:
        for name, value in service.environment.items():
            if isinstance(value, PublicUrl | PrivateUrl):
                _check_reference(f"Service({service.name}).environment[{name}]", value, by_name)
    return found


def _check_reference(where: str, value: PublicUrl | PrivateUrl, by_name: Mapping[str, Service]) -> None:
    if value.service not in by_name:
        raise ModelError(where, value.service, f"there is no such service; there are {', '.join(by_name)}")
    if isinstance(value, PublicUrl) and not by_name[value.service].public:
        raise ModelError(where, value.service, "it has no public host: use PrivateUrl, or give it a host")


# --- environments ---

# Logs API, PutRetentionPolicy: the only numbers of days it takes.
RETENTION_DAYS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip


class Compute(StrEnum):
    """The document's two options; the value is the name of the stack."""

    EC2 = "ec2"
    FARGATE = "fargate"


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
        base = list(IPv4Network(self.cidr).subnets(new_prefix=24))
        return tuple(str(base[zone]) for zone in range(self.zones))

    def private_subnets(self) -> tuple[str, ...]:
        """One /20 for each zone, after the first: 4091 addresses, since every Fargate task takes one."""
        base = list(IPv4Network(self.cidr).subnets(new_prefix=20))
        return tuple(str(base[zone + 1]) for zone in range(self.zones))


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


@dataclass(frozen=True, kw_only=True)
class Environment:
    """One place the platform runs in.

    `tasks` is the document's table of sizes, by service. `host` runs the containers of the EC2 option; with `data_host`, the
    services that keep data get that host of their own (they must, as soon as `host` may have two copies). `domain` is the
    site's host name, and `api.<domain>` and the like lie below it. `monthly_budget` is in US dollars.
    """

    name: str
    short: str
    domain: str
    compute: Compute
    network: Network
    host: Host
    tasks: Mapping[str, Task]
    log_retention_days: int
    monthly_budget: int
    data_host: Host | None = None
    container_insights: str = "enabled"
    spot_weight: int = 0
    execute_command: bool = False
    protected: bool = False

    def __post_init__(self) -> None:
        where = f"Environment({self.name})"
        _check_name("Environment.name", self.name, 16)
        _check_name(f"{where}.short", self.short, 16)
        if self.name == "shared":
            raise ModelError("Environment.name", self.name, "`shared` is the folder of the account's own stacks")
        if not _DOMAIN.fullmatch(self.domain):
            raise ModelError(f"{where}.domain", self.domain, "use a host name such as staging.example.com")
        if self.log_retention_days not in RETENTION_DAYS:
            days = ", ".join(map(str, RETENTION_DAYS))
            raise ModelError(
                f"{where}.log_retention_days", self.log_retention_days, f"CloudWatch Logs takes one of {days}"
            )
        if self.container_insights not in ("disabled", "enabled", "enhanced"):
            raise ModelError(
                f"{where}.container_insights", self.container_insights, "use disabled, enabled or enhanced"
            )
        if self.monthly_budget < 1:
            raise ModelError(f"{where}.monthly_budget", self.monthly_budget, "use a positive number of dollars")
        if not 0 <= self.spot_weight <= 1000:
            raise ModelError(f"{where}.spot_weight", self.spot_weight, "ECS takes 0 to 1000")
        if self.data_host is not None and self.data_host.maximum != 1:
            raise ModelError(
                f"{where}.data_host.maximum", self.data_host.maximum, "data has one writer: exactly one host"
            )

    def task(self, service: Service) -> Task:
        """The size of `service` here: the environment's own entry, else the service's."""
        return self.tasks.get(service.name, service.task)

    def host_name(self, service: Service) -> str:
        """The public host name of a public service."""
        return f"{service.host}.{self.domain}" if service.host else self.domain

    @property
    def private_domain(self) -> str:
        """The private DNS zone of this environment's VPC."""
        return f"{self.name}.{PROJECT}.internal"


def check_environment(environment: Environment, services: Iterable[Service]) -> None:
    """Refuse what only the two together can show: unknown sizes, two writers, containers larger than their host."""
    where = f"Environment({environment.name})"
    found = tuple(services)
    names = [service.name for service in found]
    if unknown := sorted(set(environment.tasks) - set(names)):
        raise ModelError(f"{where}.tasks", unknown[0], f"there is no such service; there are {', '.join(names)}")
    with_data = [service for service in found if service.data]
    for service in with_data:
        scaling = environment.task(service).scaling
        if scaling.maximum > 1 and not (service.data and service.data.allow_two_writers_and_lose_data):
            right = "two writers on one volume lose data for good: use Scaling.fixed(1)"
            raise ModelError(f"{where}.tasks[{service.name}].scaling.maximum", scaling.maximum, right)
    if with_data and environment.host.maximum > 1 and environment.data_host is None:
        right = f"{with_data[0].name} keeps data and must run once: give the environment a data_host"
        raise ModelError(f"{where}.data_host", None, right)


def check_environments(environments: Iterable[Environment], services: Iterable[Service]) -> tuple[Environment, ...]:
    """The environments as a tuple, refused where two collide or one does not fit the services."""
    found = tuple(environments)
    services = tuple(services)
    for what in ("name", "short", "domain"):
        values = [getattr(environment, what) for environment in found]
        if twice := sorted({value for value in values if values.count(value) > 1}):
            raise ModelError(
                f"Environment.{what}", twice[0], f"two environments share it; each needs a {what} of its own"
            )
    for index, first in enumerate(found):
        for second in found[index + 1 :]:
            if IPv4Network(first.network.cidr).overlaps(IPv4Network(second.network.cidr)):
                pair = f"{first.name} {first.network.cidr}, {second.name} {second.network.cidr}"
                raise ModelError("Network.cidr", pair, "two environments overlap; they could never be peered: move one")
    for environment in found:
        check_environment(environment, services)
    return found
