"""`docker-compose.production.yml`: the services of one kind of host, as Docker Compose runs them. Twin of `containers.py`.

In: an environment and its services. Out: YAML text. The file holds no value of a deployment: images come from `deploy.env`,
secrets from `.env`, and a missing one stops Compose with its name. Needs Compose 2.20 (`required: false`); works with every
newer one.
"""

import re
from typing import Any

from generator.containers import entry_point, variables
from generator.health import probe_command
from generator.hosts import HostKind, environment_word, host_kinds
from generator.model import PROJECT, Environment, Service
from generator.naming import host_log_group, private_name
from generator.yaml import Alias, Anchor, Style, block

FILE = "docker-compose.production.yml"
# Where the host mounts the environment's file system, one folder for each service with data.
DATA_ROOT = f"/srv/{PROJECT}"
# Seconds between SIGTERM and SIGKILL, as on ECS (task definition, stopTimeout: 30 by default).
STOP_SECONDS = 30
# Short words stand bare, and a mapping of one key on one line, but for the services themselves.
STYLE = Style(
    bare=re.compile(r"[A-Za-z./][A-Za-z0-9_./-]*|[0-9]+[sm]"),
    inline=lambda key, value: len(value) <= 1 and key != "services",
)
HEAD = "# Made by `python -m generator`. The bootstrap writes .env and deploy.env beside it.\n"


def files(environment: Environment, services: tuple[Service, ...]) -> dict[str, str]:
    """The compose file of each kind of host, by the name its copy has in `templates/<environment>/`."""
    return {
        f"docker-compose.production{kind.suffix}.yml": text(kind, services)
        for kind in host_kinds(environment, services)
    }


def image_variable(service: Service) -> str:
    """`BACKEND_IMAGE`, which the bootstrap writes into `deploy.env`."""
    return f"{environment_word(service)}_IMAGE"


def text(kind: HostKind, services: tuple[Service, ...]) -> str:
    """The compose file of one kind of host. `services` are all of the platform: a variable may name any of them."""
    limits = kind.memory_limits()
    document = {
        "name": PROJECT,
        "x-service": Anchor("service", _every_service()),
        "x-logging": Anchor("logging", _logging(kind.environment)),
        "services": {
            service.name: _service(kind, services, service, limits[service.name]) for service in kind.services
        },
    }
    return HEAD + "\n".join(block(document, STYLE)) + "\n"


def log_folder(service: Service, path: str) -> str:
    """Where the host keeps a writable folder of logs, below the compose file, or '' for any other path.

    The document's agent collects `logs/**/*.log` there (Option A, EC2 User Data Script).
    """
    return f"logs/{service.name}" if path.endswith("/logs") else ""


def _service(kind: HostKind, services: tuple[Service, ...], service: Service, memory: int) -> dict[str, Any]:
    environment = {name: _literal(value) for name, value in variables(service, kind.environment, services).items()}
    for name in sorted(service.secrets):
        environment[name] = f"${{{kind.secret_variable(service, name)}:?not in .env}}"
    name = image_variable(service)
    described: dict[str, Any] = {"<<": Alias("service"), "image": f"${{{name}:?not in deploy.env}}"}
    if service.data:
        described["profiles"] = [service.name]  # runs only where the bootstrap is told that this stack is its home
        described["entrypoint"] = [_literal(word) for word in entry_point(service)]
    if service.command:
        described["command"] = [_literal(word) for word in service.command]
    if service.public or service.data:
        described["ports"] = [f"{service.port}:{service.port}"]
    described["environment"] = environment
    if service.secrets:
        described["env_file"] = [".env"]
    # Only on services with data, which call nobody back: so no circle can arise.
    keepers = [other.name for other in kind.keepers if other.name in service.needs() and not service.data]
    if keepers:
        described["depends_on"] = {name: {"condition": "service_healthy", "required": False} for name in keepers}
    described |= _health(service) | _limits(kind, service, memory)
    if volumes := _volumes(service):
        described["volumes"] = volumes
    # The name that others use on Fargate too, so that an address is the same in both options.
    described["networks"] = {"default": {"aliases": [private_name(kind.environment, service)]}}
    described["logging"] = Alias("logging")
    return described


def _every_service() -> dict[str, Any]:
    return {
        "restart": "unless-stopped",
        "init": True,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "stop_grace_period": f"{STOP_SECONDS}s",
    }


def _health(service: Service) -> dict[str, Any]:
    health = service.health
    return {
        "healthcheck": {
            "test": [_literal(word) for word in probe_command(service)],
            "interval": f"{health.interval}s",
            "timeout": f"{health.timeout}s",
            "retries": health.retries,
            "start_period": f"{health.start_period}s",
        }
    }


def _limits(kind: HostKind, service: Service, memory: int) -> dict[str, Any]:
    """What a container may take and write to. CPU shares have the unit of ECS: 1024 for one vCPU, and idle CPU is anyone's."""
    limits: dict[str, Any] = {
        "mem_limit": f"{memory}m",
        "cpu_shares": kind.environment.task(service).cpu,
    }
    if service.read_only_root:
        limits["read_only"] = True
    if scratch := [path for path in service.writable if not log_folder(service, path)]:
        limits["tmpfs"] = scratch
    return limits


def _volumes(service: Service) -> list[dict[str, Any]]:
    """The service's folder on the file system, and its folders of logs. A missing one is an error, never a new empty folder."""
    binds = {service.data.path: f"{DATA_ROOT}/{service.name}"} if service.data else {}
    binds |= {path: f"./{log_folder(service, path)}" for path in service.writable if log_folder(service, path)}
    return [
        {"type": "bind", "source": source, "target": target, "bind": {"create_host_path": False}}
        for target, source in binds.items()
    ]


def _logging(environment: Environment) -> dict[str, Any]:
    """awslogs of the Docker daemon, with the host's role; non-blocking, so that a slow log service never stops a container."""
    return {
        "driver": "awslogs",
        "options": {
            "awslogs-group": host_log_group(environment),
            "awslogs-region": "${AWS_REGION:?not in deploy.env}",
            "tag": "${INSTANCE_ID:?not in deploy.env}/{{.Name}}",
            "mode": "non-blocking",
            "max-buffer-size": "25m",
        },
    }


def _literal(value: str) -> str:
    """Compose replaces `$NAME` in every value; a doubled `$` stays one."""
    return value.replace("$", "$$")
