"""What Aldeia can be: frozen descriptions of services and environments that refuse what cannot work.

In: literals from `services.py` and `environments.py`. Out: values the stack builders read.
Knows sizes and names, but no troposphere, no template and no account: nothing here is a CloudFormation object. The parts of a
service (`service_parts.py`) and the sizes (`sizes.py`) are read from here too.

Every class checks itself when it is made, and `together.py` checks what only several of them can show. A fault raises
:class:`ModelError`, whose text names the field, the value that was found and what would be right.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from generator.errors import ModelError
from generator.office_hours import Day, OfficeHours
from generator.protection import (
    EC2_ENDPOINTS,
    FARGATE_ENDPOINTS,
    Endpoint,
    Firewall,
    check_endpoints,
)
from generator.service_parts import (
    VARIABLE,
    Architecture,
    Data,
    EcrImage,
    EnvironmentName,
    HealthCheck,
    Permission,
    PrivateUrl,
    Probe,
    PublicImage,
    PublicUrl,
    SecretKey,
    Value,
)
from generator.sizes import (
    FARGATE_MEMORY,
    INSTANCE_SIZES,
    RETENTION_DAYS,
    Host,
    HostAlarms,
    Nat,
    Network,
    Scaling,
    Task,
)
from generator.strategies import (
    COLOURS,
    ROLLING,
    BlueGreen,
    Canary,
    Deployment,
    Linear,
    Rolling,
    Shifting,
    check_deployment,
)

__all__ = [
    "EC2_ENDPOINTS",
    "FARGATE_ENDPOINTS",
    "FARGATE_MEMORY",
    "INSTANCE_SIZES",
    "PROJECT",
    "RETENTION_DAYS",
    "Architecture",
    "BlueGreen",
    "Canary",
    "Compute",
    "Data",
    "Day",
    "Deployment",
    "EcrImage",
    "Endpoint",
    "Environment",
    "EnvironmentName",
    "Firewall",
    "HealthCheck",
    "Host",
    "HostAlarms",
    "Linear",
    "ModelError",
    "Nat",
    "Network",
    "OfficeHours",
    "Permission",
    "PrivateUrl",
    "Probe",
    "PublicImage",
    "PublicUrl",
    "Rolling",
    "Scaling",
    "SecretKey",
    "Service",
    "Shifting",
    "Task",
    "Value",
]

PROJECT = "aldeia"

# Lower-case words with hyphens, short enough that `aldeia-<environment>-<service>` stays a valid ECS family and Cloud Map name.
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")


def _check_name(where: str, name: str, longest: int) -> None:
    if not _NAME.fullmatch(name) or len(name) > longest:
        raise ModelError(
            where, name, f"use lower-case letters, digits and single hyphens, at most {longest} characters"
        )


class Compute(StrEnum):
    """The document's two options; the value is the name of the stack."""

    EC2 = "ec2"
    FARGATE = "fargate"


@dataclass(frozen=True, kw_only=True)
class Service:
    """One container of the platform. `host` makes it public: `api` is `api.<domain>`, the empty string is the site itself.

    `task` is its size where an environment's own table has none. `writable` are paths that stay writable under a read-only
    root file system. `folder` is where the application's repository keeps the Dockerfile. `deployment` is how it gets its next
    version on Fargate, where an environment's own table has none.
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
    deployment: Deployment = ROLLING

    def __post_init__(self) -> None:
        where = f"Service({self.name})"
        _check_name("Service.name", self.name, 24)
        if not 1 <= self.port <= 65535:
            raise ModelError(f"{where}.port", self.port, "use 1 to 65535")
        if self.host is not None and self.host and not _NAME.fullmatch(self.host):
            raise ModelError(f"{where}.host", self.host, "use one DNS label such as api, or '' for the site itself")
        for name in (*self.environment, *self.secrets):
            if not VARIABLE.fullmatch(name):
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
        self.check_deployment(f"{where}.deployment", self.deployment)

    def check_deployment(self, where: str, deployment: Deployment) -> None:
        """Raise ModelError where this service cannot get its versions so; `where` is the field that says it."""
        check_deployment(where, deployment, public=self.public, keeps_data=self.data is not None)

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


@dataclass(frozen=True, kw_only=True)
class Environment:
    """One place the platform runs in.

    `tasks` is the document's table of sizes, by service. `host` runs the containers of the EC2 option; with `data_host`, the
    services that keep data get that host of their own (they must, as soon as `host` may have two copies). `domain` is the
    site's host name, and `api.<domain>` and the like lie below it. `monthly_budget` is in US dollars. `options` are the compute
    stacks that are rendered at all, `compute` the one that is deployed unless another is named. `deployments` says, by service, how
    it gets its next version on Fargate, where that is another way than the service's own.
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
    options: tuple[Compute, ...] = (Compute.EC2, Compute.FARGATE)
    data_host: Host | None = None
    deployments: Mapping[str, Deployment] = field(default_factory=dict)
    container_insights: str = "enabled"
    spot_weight: int = 0
    execute_command: bool = False
    protected: bool = False
    firewall: Firewall | None = None
    """AWS WAF before the load balancer; its own text has the price, $9.00 a month and more by requests. None is none."""
    customer_managed_key: bool = False
    """One KMS key of the environment's own, in place of AWS's, for file system, secrets, backups bucket, logs and alarm topic.

    $1.00 a month, $2.00 after its first yearly rotation and $3.00 from the second on, and $0.03 for each 10,000 requests above
    20,000 (AWS KMS pricing, us-east-1, read in 2026-11). Decided before the first deployment: a file system keeps the key that it
    was made with, so turning this on or off later replaces it by an empty one, which the review blocks. What cannot have it, or
    must not: access logs of the load balancer (Elastic Load Balancing writes under S3's key alone), image repositories (the
    document says AES-256, and all environments share them), the hosts' volumes (they hold nothing that outlives the host), and the
    file system's automatic backups (their vault is AWS's).
    """
    interface_endpoints: tuple[Endpoint, ...] = ()
    """Services of AWS that are reached inside the VPC, in each of its zones; `Endpoint` has the price.

    None by default, in production too: `FARGATE_ENDPOINTS` in two zones are $73.00 a month, `EC2_ENDPOINTS` $146.00, a quarter to a
    half of the $210-300 that the design document allows production. They replace nothing: the application's own partners are
    reached through NAT all the same, and one endpoint has paid for itself only above 417 GB a month ($0.045 a GB through NAT, $0.01
    through an endpoint), where image layers, the bulk of the traffic, already come free through S3's gateway endpoint.
    """
    office_hours: OfficeHours | None = None
    """When the environment runs at all; None is always. Never in a protected environment. Saves money, costs none."""

    def __post_init__(self) -> None:
        where = f"Environment({self.name})"
        _check_name("Environment.name", self.name, 16)
        _check_name(f"{where}.short", self.short, 16)
        if self.name == "shared":
            raise ModelError("Environment.name", self.name, "`shared` is the folder of the account's own stacks")
        if not _DOMAIN.fullmatch(self.domain):
            raise ModelError(f"{where}.domain", self.domain, "use a host name such as staging.example.com")
        if self.compute not in self.options:
            raise ModelError(f"{where}.compute", self.compute.value, f"it is not among the options {self.options}")
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
        called = {Compute.FARGATE: FARGATE_ENDPOINTS, Compute.EC2: EC2_ENDPOINTS}
        used = frozenset(endpoint for option in self.options for endpoint in called[option])
        check_endpoints(f"{where}.interface_endpoints", self.interface_endpoints, used)
        if self.office_hours is not None and self.protected:
            right = "a protected environment never sleeps: leave it out, or do not protect"
            raise ModelError(f"{where}.office_hours", self.office_hours.start, right)

    def task(self, service: Service) -> Task:
        """The size of `service` here: the environment's own entry, else the service's."""
        return self.tasks.get(service.name, service.task)

    def deployment(self, service: Service) -> Deployment:
        """How `service` gets its next version here: the environment's own entry, else the service's."""
        return self.deployments.get(service.name, service.deployment)

    def target_groups(self, service: Service) -> tuple[str, str]:
        """The words of the two target groups that a public service's rule weighs: both options, or both versions on Fargate."""
        return COLOURS if isinstance(self.deployment(service), Shifting) else (Compute.FARGATE, Compute.EC2)

    def host_name(self, service: Service) -> str:
        """The public host name of a public service."""
        return f"{service.host}.{self.domain}" if service.host else self.domain

    @property
    def private_domain(self) -> str:
        """The private DNS zone of this environment's VPC."""
        return f"{self.name}.{PROJECT}.internal"
