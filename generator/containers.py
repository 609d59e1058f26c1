"""One service as an ECS container definition. `compose.py` is its twin for EC2: both read the same `Service`.

In: a service, its environment, and references for image and secrets. Out: troposphere property objects, fresh each time.
"""

from collections.abc import Mapping
from typing import Any

from troposphere import AWSHelperFn, Ref, Sub, ecs

from generator.health import probe_command
from generator.model import Environment, EnvironmentName, PrivateUrl, PublicUrl, Service, Value
from generator.naming import container_log_group, logical_id, private_url, public_url

# Seconds a second server waits for the lock before it gives up; the health check's start period covers it.
LOCK_WAIT = 300
DATA_VOLUME = "data"


def resolve(value: Value, environment: Environment, by_name: Mapping[str, Service]) -> str:
    """The text of one variable, the same on Fargate and on EC2."""
    match value:
        case EnvironmentName():
            return environment.name
        case PublicUrl(service):
            return public_url(environment, by_name[service])
        case PrivateUrl(service):
            return private_url(environment, by_name[service])
        case _:
            return value


def variables(service: Service, environment: Environment, services: tuple[Service, ...]) -> dict[str, str]:
    """Plain variables of a service, sorted by name."""
    by_name = {other.name: other for other in services}
    return {name: resolve(service.environment[name], environment, by_name) for name in sorted(service.environment)}


def entry_point(service: Service) -> list[str]:
    """What starts a service with data: its command only while it holds the lock on the volume.

    Measured with Chroma 1.5.9: a second server waits and exits with 1, it never writes; --no-fork lets SIGTERM reach the server.
    """
    if service.data is None:
        return []
    lock = f"{service.data.path}/{service.data.lock}"
    return ["dumb-init", "--", "flock", "--no-fork", "-w", str(LOCK_WAIT), lock]


def definition(
    service: Service,
    environment: Environment,
    services: tuple[Service, ...],
    image: AWSHelperFn | str,
    secret_refs: Mapping[str, Ref],
) -> ecs.ContainerDefinition:
    """The container of `service`; `secret_refs` holds the complete ARN of each secret it reads, by the secret's name."""
    optional: dict[str, Any] = {}
    if service.secrets:
        optional["Secrets"] = [
            ecs.Secret(Name=name, ValueFrom=Sub(f"${{{secret_refs[key.secret].data['Ref']}}}:{key.key}::"))
            for name, key in sorted(service.secrets.items())
        ]
    if mounts := _mounts(service):
        optional["MountPoints"] = mounts
    if service.data is not None:
        optional["EntryPoint"] = entry_point(service)
    if service.command:
        optional["Command"] = list(service.command)
    return ecs.ContainerDefinition(
        Name=service.name,
        Image=image,
        Essential=True,
        # The task's one container may have all of it: a hard limit that Control Tower asks for.
        Memory=environment.task(service).memory,
        PortMappings=[ecs.PortMapping(ContainerPort=service.port, Protocol="tcp")],
        Environment=[
            ecs.Environment(Name=name, Value=value) for name, value in variables(service, environment, services).items()
        ],
        HealthCheck=ecs.HealthCheck(
            Command=probe_command(service),
            Interval=service.health.interval,
            Timeout=service.health.timeout,
            Retries=service.health.retries,
            StartPeriod=service.health.start_period,
        ),
        LogConfiguration=log_configuration(service, environment),
        LinuxParameters=ecs.LinuxParameters(Capabilities=ecs.KernelCapabilities(Drop=["ALL"]), InitProcessEnabled=True),
        ReadonlyRootFilesystem=service.read_only_root,
        **optional,
    )


def log_configuration(service: Service, environment: Environment) -> ecs.LogConfiguration:
    """awslogs to the documented group; non-blocking, so that a slow log service never stops the application."""
    return ecs.LogConfiguration(
        LogDriver="awslogs",
        Options={
            "awslogs-group": container_log_group(environment, service),
            "awslogs-region": Ref("AWS::Region"),
            "awslogs-stream-prefix": "ecs",
            "mode": "non-blocking",
            "max-buffer-size": "25m",
        },
    )


def scratch_volume(path: str) -> str:
    """The name of the task volume that keeps `path` writable."""
    return logical_id("scratch", path)


def _mounts(service: Service) -> list[ecs.MountPoint]:
    scratch = [(scratch_volume(path), path) for path in service.writable]
    data = [(DATA_VOLUME, service.data.path)] if service.data else []
    return [
        ecs.MountPoint(SourceVolume=volume, ContainerPath=path, ReadOnly=False) for volume, path in (*scratch, *data)
    ]
