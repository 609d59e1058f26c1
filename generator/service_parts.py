"""What a service is made of: image, health check, variables, secrets, data, permissions.

In: literals. Out: frozen values, each checked when it is made: a fault raises ModelError with the field, what was found and what
would be right.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from generator.errors import ModelError

VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_REPOSITORY = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*(?:/[a-z0-9]+(?:[._-][a-z0-9]+)*)*")


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
        if not VARIABLE.fullmatch(self.key):
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
