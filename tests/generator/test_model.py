"""The description refuses what cannot work, and says which field, what was found and what would be right."""

import dataclasses
from collections.abc import Callable
from typing import Any, cast

import pytest

from generator import VERSION
from generator.environments import ENVIRONMENTS, PRODUCTION, STAGING
from generator.model import (
    Compute,
    Data,
    EcrImage,
    Environment,
    HealthCheck,
    Host,
    HostAlarms,
    ModelError,
    Nat,
    Network,
    PrivateUrl,
    Probe,
    PublicImage,
    PublicUrl,
    Scaling,
    SecretKey,
    Service,
    Task,
)
from generator.services import SERVICES
from generator.together import check_environments, check_services

BACKEND, FRONTEND, CHROMADB = SERVICES

TASK = Task(cpu=256, memory=512, scaling=Scaling.fixed(1))


def service(**changes: Any) -> Service:
    return dataclasses.replace(BACKEND, **changes)


def staging(**changes: Any) -> Environment:
    return dataclasses.replace(STAGING, **changes)


def of_staging(**changes: Any) -> object:
    return check_environments((staging(**changes),), SERVICES)


REFUSED: dict[str, tuple[Callable[[], object], str, str]] = {
    "latest is no version": (lambda: PublicImage("chromadb/chroma", "latest"), "version", "never latest"),
    "a tag in the name": (lambda: PublicImage("chromadb/chroma:1.5.9", "1.5.9"), "PublicImage.name", "version"),
    "a mirror with a tag": (lambda: PublicImage("x", "1.0.0", mirror="a/b:1"), "mirror", "without tag"),
    "a repository with a tag": (lambda: EcrImage("aldeia/backend:v1"), "EcrImage.repository", "without tag"),
    "a relative health path": (lambda: HealthCheck(path="health", probe=Probe.CURL), "HealthCheck.path", "absolute"),
    "a shell in the health path": (lambda: HealthCheck(path="/$(id)", probe=Probe.CURL), "HealthCheck.path", "quotes"),
    "an interval ECS has not": (
        lambda: HealthCheck(path="/", probe=Probe.CURL, interval=301),
        "HealthCheck.interval",
        "5 to 300",
    ),
    "a timeout as long as the interval": (
        lambda: HealthCheck(path="/", probe=Probe.CURL, interval=30, timeout=30),
        "HealthCheck.timeout",
        "shorter",
    ),
    "a secret that ends like an ARN": (lambda: SecretKey("db-abc123", "A"), "SecretKey.secret", "six characters"),
    "a secret without key": (lambda: SecretKey("database/credentials", ""), "SecretKey.key", "JSON key"),
    "relative data": (lambda: Data(path="data", lock=".lock"), "Data.path", "absolute"),
    "a lock in a folder": (lambda: Data(path="/data", lock="a/b"), "Data.lock", "without slash"),
    "CPU units Fargate has not": (lambda: Task(cpu=300, memory=512, scaling=Scaling.fixed(1)), "Task.cpu", "256, 512"),
    "a pair Fargate has not": (
        lambda: Task(cpu=512, memory=8192, scaling=Scaling.fixed(1)),
        "Task.memory",
        "1024, 2048, 3072, 4096",
    ),
    "minimum above desired": (lambda: Scaling(minimum=3, desired=2, maximum=4), "minimum", "minimum <= desired"),
    "desired above maximum": (lambda: Scaling(minimum=1, desired=5, maximum=4), "desired", "desired <= maximum"),
    "a target above 100 %": (lambda: Scaling(minimum=1, desired=1, maximum=2, cpu_percent=101), "cpu_percent", "100"),
    "no cooldown": (lambda: Scaling(minimum=1, desired=1, maximum=2, scale_in_cooldown=0), "cooldown", "positive"),
    "a name with capitals": (lambda: service(name="Backend"), "Service.name", "lower-case"),
    "a name with two hyphens": (lambda: service(name="chat--bot"), "Service.name", "single hyphens"),
    "a port beyond TCP": (lambda: service(port=70000), "port", "65535"),
    "a host of two labels": (lambda: service(host="api.v1"), "host", "one DNS label"),
    "a variable with a hyphen": (lambda: service(environment={"A-B": "x"}), "environment", "letters, digits and _"),
    "plain and secret at once": (lambda: service(environment={"JWT_SECRET": "x"}), "secrets", "not both"),
    "a relative writable path": (lambda: service(writable=("tmp",)), "writable", "absolute"),
    "public data": (lambda: dataclasses.replace(CHROMADB, host="vectors"), "host", "never public"),
    "Chroma 1.x on the path of 0.x": (
        lambda: dataclasses.replace(CHROMADB, data=Data(path="/chroma/chroma", lock=".lock")),
        "data.path",
        "writes to /data",
    ),
    "Chroma 0.x on the path of 1.x": (
        lambda: dataclasses.replace(CHROMADB, image=PublicImage("chromadb/chroma", "0.6.3")),
        "data.path",
        "writes to /chroma/chroma",
    ),
    "no services": (lambda: check_services(()), "services", "at least one"),
    "two of a name": (lambda: check_services((BACKEND, service(port=1, host="b"))), "Service.name", "of its own"),
    "two on a port": (
        lambda: check_services((BACKEND, CHROMADB, service(name="b", host="b"))),
        "Service.port",
        "of its own",
    ),
    "two on a host": (lambda: check_services((BACKEND, service(name="b", port=1))), "Service.host", "of its own"),
    "names that differ by hyphens": (
        lambda: check_services((service(name="chat-bot"), service(name="chatbot", port=1, host="b"))),
        "Service.name",
        "hyphens only",
    ),
    "a URL of nobody": (
        lambda: check_services((service(environment={"A": PrivateUrl("nobody")}),)),
        "environment[A]",
        "no such service",
    ),
    "a public URL of a private service": (
        lambda: check_services((service(environment={"A": PublicUrl("chromadb")}), CHROMADB)),
        "environment[A]",
        "no public host",
    ),
    "no network": (lambda: Network(cidr="10.0.0.0/99", nat=Nat.SINGLE), "Network.cidr", "10.10.0.0/16"),
    "host bits in a network": (lambda: Network(cidr="10.0.0.1/16", nat=Nat.SINGLE), "Network.cidr", "host bits"),
    "a small network": (lambda: Network(cidr="10.0.0.0/24", nat=Nat.SINGLE), "Network.cidr", "/16"),
    "one zone": (lambda: Network(cidr="10.0.0.0/16", nat=Nat.SINGLE, zones=1), "Network.zones", "2 or 3"),
    "an instance type nobody measured": (
        lambda: Host(instance_type="t3.medum", volume_gib=50, minimum=1, desired=1, maximum=1),
        "Host.instance_type",
        "t3.medium",
    ),
    "a volume below the image": (
        lambda: Host(instance_type="t3.medium", volume_gib=4, minimum=1, desired=1, maximum=1),
        "Host.volume_gib",
        "8 GiB",
    ),
    "no host": (
        lambda: Host(instance_type="t3.medium", volume_gib=50, minimum=0, desired=1, maximum=1),
        "Host.minimum",
        "1 <= minimum",
    ),
    "alarms that overlap": (lambda: HostAlarms(high_percent=30, low_percent=30), "low_percent", "below high"),
    "an environment called shared": (lambda: staging(name="shared"), "Environment.name", "own stacks"),
    "a domain that is none": (lambda: staging(domain="https://x"), "domain", "host name"),
    "a retention CloudWatch has not": (lambda: staging(log_retention_days=31), "log_retention_days", "30, 60"),
    "a compute option that is not rendered": (lambda: staging(options=(Compute.FARGATE,)), "compute", "not among"),
    "unknown insights": (lambda: staging(container_insights="on"), "container_insights", "enhanced"),
    "no budget": (lambda: staging(monthly_budget=0), "monthly_budget", "positive"),
    "spot beyond ECS": (lambda: staging(spot_weight=1001), "spot_weight", "1000"),
    "two hosts with data": (lambda: staging(data_host=PRODUCTION.host), "data_host.maximum", "exactly one"),
    "sizes of nobody": (
        lambda: check_environments((staging(tasks={"nobody": TASK}),), SERVICES),
        "tasks",
        "no such service",
    ),
    "two writers": (
        lambda: check_environments(
            (staging(tasks={"chromadb": Task(cpu=1024, memory=2048, scaling=Scaling.fixed(2))}),), SERVICES
        ),
        "tasks[chromadb].scaling.maximum",
        "lose data",
    ),
    "data on a group of hosts": (
        lambda: check_environments((staging(host=PRODUCTION.host),), SERVICES),
        "data_host",
        "must run once",
    ),
    "networks that overlap": (
        lambda: check_environments((STAGING, dataclasses.replace(PRODUCTION, network=STAGING.network)), SERVICES),
        "Network.cidr",
        "overlap",
    ),
    "two environments of a name": (
        lambda: check_environments((STAGING, staging(short="s", domain="s.example.com")), SERVICES),
        "Environment.name",
        "of its own",
    ),
    # Python takes any value for any field, and a word for a member would be read as "another member".
    "a word for a member": (
        lambda: of_staging(network=dataclasses.replace(STAGING.network, nat=cast("Nat", "single"))),
        "Environment(staging).network.nat",
        "Nat.SINGLE or Nat.PER_ZONE",
    ),
    "a word for a choice": (lambda: of_staging(protected="no"), "Environment(staging).protected", "True or False"),
    "a truth for a number": (lambda: of_staging(monthly_budget=True), "monthly_budget", "a whole number"),
    "a truth for a description": (lambda: of_staging(firewall=True), "firewall", "Firewall(...) or None"),
    "a wrong value in a table": (lambda: of_staging(tasks={"backend": 512}), "tasks[backend]", "use Task(...)"),
    "a text for a tuple": (
        lambda: check_services((service(command="node server.js"),)),
        "Service(backend).command",
        "a tuple, (value, ...), of text in quotes",
    ),
    "a number for a variable": (
        lambda: check_services((service(environment={"PORT": 3001}),)),
        "[PORT]",
        "text in quotes",
    ),
}


@pytest.mark.parametrize(("make", "field", "right"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_work_is_refused_by_name(make: Callable[[], object], field: str, right: str) -> None:
    """The text names the field and what would be right."""
    with pytest.raises(ModelError) as caught:
        make()

    text = str(caught.value)
    assert field in text.split(": found ", maxsplit=1)[0]
    assert right in text


def test_two_writers_need_the_loud_switch() -> None:
    """Only a field that says what it costs lets two ChromaDB tasks run."""
    loud = dataclasses.replace(
        CHROMADB, data=Data(path="/data", lock=".chroma.lock", allow_two_writers_and_lose_data=True)
    )
    two = staging(tasks={"chromadb": Task(cpu=1024, memory=2048, scaling=Scaling.fixed(2))})

    assert check_environments((two,), (BACKEND, FRONTEND, loud)) == (two,)


def test_descriptions_are_frozen() -> None:
    """Nobody changes a description after it was checked."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        BACKEND.port = 1  # type: ignore[misc]


def test_the_description_ships_valid() -> None:
    assert check_environments(ENVIRONMENTS, check_services(SERVICES)) == (STAGING, PRODUCTION)


def test_one_version() -> None:
    """setup.cfg and the templates' metadata speak of the same version."""
    from configparser import ConfigParser
    from pathlib import Path

    parser = ConfigParser()
    parser.read(Path(__file__).parents[2] / "setup.cfg")

    assert parser["metadata"]["version"] == VERSION
