"""The compose file says the same as the task definitions, fits its host, and is one that Docker Compose takes."""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from generator import compose
from generator.environments import ENVIRONMENTS, PRODUCTION, STAGING
from generator.hosts import SYSTEM_MEMORY, HostKind, host_kinds
from generator.model import Architecture, ModelError, SecretKey
from generator.naming import logical_id
from generator.render import to_dict
from generator.services import SERVICES
from generator.stacks import fargate
from tests.generator.hosts_reading import compose_program, kinds

Json = dict[str, Any]

KINDS = kinds(ENVIRONMENTS, SERVICES)
NAMES = [f"{environment.name}{kind.suffix}" for environment, kind in KINDS]
EACH = pytest.mark.parametrize("kind", [kind for _, kind in KINDS], ids=NAMES)
DEPLOYMENT = {"AWS_REGION": "eu-central-1", "INSTANCE_ID": "i-0123456789abcdef0"}


def described(kind: HostKind) -> Json:
    found: Json = yaml.safe_load(compose.text(kind, SERVICES))
    return found


def containers(kind: HostKind) -> dict[str, Json]:
    """The task definitions' containers of the same services, by name."""
    template = json.loads(json.dumps(to_dict(fargate.build(kind.environment, SERVICES))))["Resources"]
    return {
        service.name: template[logical_id(service.name, "task definition")]["Properties"]["ContainerDefinitions"][0]
        for service in kind.services
    }


@EACH
def test_both_options_run_the_same_containers(kind: HostKind) -> None:
    """Names, ports, plain variables with their values, secret variables, health checks, start commands."""
    here, there = described(kind)["services"], containers(kind)

    assert list(here) == list(there)
    for name, task in there.items():
        service = here[name]
        secrets = {secret["Name"] for secret in task.get("Secrets", [])}
        plain = {variable["Name"]: variable["Value"] for variable in task["Environment"]}
        assert {k: v.replace("$$", "$") for k, v in service["environment"].items() if k not in secrets} == plain
        assert set(service["environment"]) == set(plain) | secrets
        port = task["PortMappings"][0]["ContainerPort"]
        assert service["ports"] == [f"{port}:{port}"]
        check = task["HealthCheck"]
        assert [word.replace("$$", "$") for word in service["healthcheck"]["test"]] == check["Command"]
        assert {
            key: str(service["healthcheck"][key]).removesuffix("s")
            for key in ("interval", "timeout", "retries", "start_period")
        } == {
            "interval": str(check["Interval"]),
            "timeout": str(check["Timeout"]),
            "retries": str(check["Retries"]),
            "start_period": str(check["StartPeriod"]),
        }
        assert service.get("entrypoint", []) == task.get("EntryPoint", [])
        assert service.get("command", []) == task.get("Command", [])
        assert service["cap_drop"] == task["LinuxParameters"]["Capabilities"]["Drop"]
        assert service.get("read_only", False) == task["ReadonlyRootFilesystem"]
        mounts = {mount["ContainerPath"] for mount in task.get("MountPoints", [])}
        assert {volume["target"] for volume in service.get("volumes", [])} | set(service.get("tmpfs", [])) == mounts


def test_each_host_has_what_belongs_on_it() -> None:
    """Staging: all on one host. Production: the data on a host of its own, and nowhere else."""
    assert {name: list(described(kind)["services"]) for name, (_, kind) in zip(NAMES, KINDS, strict=True)} == {
        "staging": ["backend", "frontend", "chromadb"],
        "production-data": ["chromadb"],
        "production": ["backend", "frontend"],
    }


@EACH
def test_containers_fit_their_host(kind: HostKind) -> None:
    limits = {
        name: int(service["mem_limit"].removesuffix("m")) for name, service in described(kind)["services"].items()
    }

    assert sum(limits.values()) + SYSTEM_MEMORY <= kind.host.memory
    for service in kind.services:
        documented = kind.environment.task(service).memory
        assert 0.7 * documented <= limits[service.name] <= documented


def test_production_has_the_documented_memory() -> None:
    """t3.large has room: what Option B's table says. Staging's 3,584 MiB do not fit on a t3.medium of 4,096 beside the system."""
    limits = {name: size for _, kind in KINDS[1:] for name, size in kind.memory_limits().items()}
    assert limits == {"chromadb": 4096, "backend": 2048, "frontend": 1024}
    assert KINDS[0][1].memory_limits() == {"backend": 960, "frontend": 480, "chromadb": 1952}


def test_containers_that_cannot_fit_are_refused() -> None:
    small = dataclasses.replace(STAGING, host=dataclasses.replace(STAGING.host, instance_type="t3.small"))
    with pytest.raises(ModelError, match=r"Environment\(staging\).host.instance_type: found 't3.small'; .*3584 MiB"):
        compose.files(small, SERVICES)


def test_an_image_for_another_processor_is_refused() -> None:
    arm = (dataclasses.replace(SERVICES[0], architecture=Architecture.ARM64), *SERVICES[1:])
    with pytest.raises(ModelError, match=r"Service\(backend\).architecture: found 'ARM64'"):
        host_kinds(STAGING, arm)


def test_two_secrets_under_one_name_stay_two() -> None:
    """One host has one .env: the name is told apart there, and stays what it is in each container."""
    other = dataclasses.replace(SERVICES[1], secrets={"JWT_SECRET": SecretKey("site/secrets", "KEY")})
    kind = host_kinds(STAGING, (SERVICES[0], other, SERVICES[2]))[0]
    found = yaml.safe_load(compose.text(kind, SERVICES))["services"]

    assert found["backend"]["environment"]["JWT_SECRET"] == "${BACKEND_JWT_SECRET:?not in .env}"
    assert found["frontend"]["environment"]["JWT_SECRET"] == "${FRONTEND_JWT_SECRET:?not in .env}"
    assert list(kind.secrets()) == ["BACKEND_JWT_SECRET", "DATABASE_URL", "FRONTEND_JWT_SECRET"]


@EACH
def test_every_service_is_kept_up_limited_and_logged(kind: HostKind) -> None:
    for name, service in described(kind)["services"].items():
        assert service["restart"] == "unless-stopped"
        assert service["init"] is True
        assert service["stop_grace_period"] == "30s"
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["cpu_shares"] == kind.environment.tasks[name].cpu
        assert service["image"] == f"${{{name.upper()}_IMAGE:?not in deploy.env}}"
        assert ("env_file" in service) == (name == "backend")
        assert service["logging"]["driver"] == "awslogs"
        assert service["logging"]["options"]["awslogs-group"] == f"/aws/ec2/aldeia-{kind.environment.name}"
        assert service["logging"]["options"]["mode"] == "non-blocking"
        assert "build" not in service
        assert service["networks"]["default"]["aliases"] == [f"{name}.{kind.environment.name}.aldeia.internal"]
    assert "version" not in described(kind)


def test_the_data_runs_only_where_its_home_is() -> None:
    """A profile of its own; the backend waits for it where it is on the same host, and only there."""
    staging = described(KINDS[0][1])["services"]

    assert staging["chromadb"]["profiles"] == ["chromadb"]
    assert staging["backend"]["depends_on"] == {"chromadb": {"condition": "service_healthy", "required": False}}
    assert "depends_on" not in described(KINDS[2][1])["services"]["backend"]
    assert staging["chromadb"]["volumes"] == [
        {"type": "bind", "source": "/srv/aldeia/chromadb", "target": "/data", "bind": {"create_host_path": False}}
    ]


def test_a_dollar_in_a_plain_value_is_not_a_variable() -> None:
    odd = dataclasses.replace(SERVICES[1], environment={"PRICE": "$HOME is ${x}: 5$", "YES": "no", "TEXT": "é # 'x'"})
    found = yaml.safe_load(compose.text(host_kinds(PRODUCTION, (odd,))[0], (odd,)))

    assert found["services"]["frontend"]["environment"] == {
        "PRICE": "$$HOME is $${x}: 5$$",
        "YES": "no",
        "TEXT": "é # 'x'",
    }


def checked(folder: Path, kind: HostKind, changed: dict[str, str | None]) -> subprocess.CompletedProcess[str]:
    """The file as Docker Compose reads it on the host, or as the compose specification's schema does where it is not here."""
    name = compose.FILE
    (folder / name).write_text(compose.text(kind, SERVICES))
    images = {compose.image_variable(service): f"registry.example.com/{service.name}:1" for service in kind.services}
    deploy = {**DEPLOYMENT, **images, "COMPOSE_PROFILES": ",".join(service.name for service in kind.keepers)}
    env = dict.fromkeys(kind.secrets(), '"x"')
    for file, variables in (("deploy.env", deploy), (".env", env)):
        lines = [
            f"{key}={changed.get(key, value)}\n" for key, value in variables.items() if changed.get(key, "") is not None
        ]
        (folder / file).write_text("".join(lines))
    program = [
        *compose_program(),
        "--env-file",
        ".env",
        "--env-file",
        "deploy.env",
        "-f",
        name,
        "config",
        "--format",
        "json",
    ]
    if not compose_program():
        schema = Path(sys.executable).with_name("check-jsonschema")
        program = [str(schema), "--builtin-schema", "vendor.compose-spec", name]
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("COMPOSE_", "AWS_"))}
    return subprocess.run(program, cwd=folder, env=clean, capture_output=True, text=True, check=False)


@EACH
def test_docker_compose_takes_it(tmp_path: Path, kind: HostKind) -> None:
    said = checked(tmp_path, kind, {})

    assert said.returncode == 0, said.stderr + said.stdout
    if compose_program():
        assert "variable is not set" not in said.stderr
        assert list(json.loads(said.stdout)["services"]) == sorted(service.name for service in kind.services)


@pytest.mark.parametrize("name", ["BACKEND_IMAGE", "DATABASE_URL", "INSTANCE_ID"])
def test_a_missing_value_stops_compose_with_its_name(tmp_path: Path, name: str) -> None:
    """Every reference has the `:?` form; Docker Compose, where it can be had, fails on it."""
    kind = KINDS[0][1]
    said = checked(tmp_path, kind, {name: None})

    assert f"${{{name}:?" in compose.text(kind, SERVICES)
    if compose_program():
        assert said.returncode != 0
        assert name in said.stderr


@EACH
def test_no_value_has_a_silent_default(kind: HostKind) -> None:
    text = compose.text(kind, SERVICES)
    assert text.count("${") == text.count(":?")
