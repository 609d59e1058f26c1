"""Stack `data`: what must outlive everything else: the file system, the secrets, the backups bucket.

Everything here is retained when it leaves the template. Secrets are created empty, or with a value that AWS makes up: no value
ever stands in a template. A secret that exists already is adopted by an import change set, under the same name.
"""

from typing import Any

from troposphere import GetAtt, Ref, Select, Template, efs, s3, secretsmanager

from generator.buckets import backups_bucket, private_bucket
from generator.model import Data, Environment, Service
from generator.naming import logical_id, secret_name, secret_names
from generator.policies.data import only_with_tls, only_with_tls_and_access_point
from generator.stacks.discovery import private_name
from generator.wiring import SUBNETS, begin, publish, take, with_key

NAME = "data"
KEPT: dict[str, Any] = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}


def build(environment: Environment, services: tuple[Service, ...]) -> Template:
    """The data of `environment`."""
    template = begin(environment.name, NAME, "file system, secrets, backups; everything here is retained")
    if any(service.data for service in services):
        _file_system(template, environment, services)
    _secrets(template, environment, services)
    _backups(template, environment)
    return template


def _file_system(template: Template, environment: Environment, services: tuple[Service, ...]) -> None:
    """One encrypted, backed-up file system with a mount target in each zone and an access point for each service with data."""
    system = template.add_resource(
        efs.FileSystem(
            "FileSystem",
            Encrypted=True,
            PerformanceMode="generalPurpose",
            ThroughputMode="elastic",
            BackupPolicy=efs.BackupPolicy(Status="ENABLED"),
            # SQLite is read whole and often: only what nobody touched for a month moves, and comes back at the first read.
            LifecyclePolicies=[
                efs.LifecyclePolicy(TransitionToIA="AFTER_30_DAYS"),
                efs.LifecyclePolicy(TransitionToPrimaryStorageClass="AFTER_1_ACCESS"),
            ],
            FileSystemPolicy=only_with_tls_and_access_point().JSONrepr(),
            **with_key(template, environment),
            **KEPT,
        )
    )
    subnets = take(template, environment, "network", "PrivateSubnetIds", SUBNETS)
    group = take(template, environment, "network", "FileSystemSecurityGroupId", "AWS::EC2::SecurityGroup::Id")
    targets = [
        template.add_resource(
            efs.MountTarget(
                f"MountTarget{zone + 1}",
                FileSystemId=Ref(system),
                SubnetId=Select(zone, subnets),
                SecurityGroups=[group],
            )
        )
        for zone in range(environment.network.zones)
    ]
    publish(template, "FileSystemId", Ref(system), "The environment's file system")
    for service in services:
        if service.data is not None:
            _access_point(template, system, service, service.data, targets)
            _discovery(template, environment, service)


def _access_point(
    template: Template, system: efs.FileSystem, service: Service, data: Data, targets: list[efs.MountTarget]
) -> None:
    """The service's own root directory; whoever mounts it is `data.uid`, whatever it says it is."""
    point = template.add_resource(
        efs.AccessPoint(
            logical_id(service.name, "access point"),
            FileSystemId=Ref(system),
            PosixUser=efs.PosixUser(Uid=str(data.uid), Gid=str(data.gid)),
            RootDirectory=efs.RootDirectory(
                Path=f"/{service.name}",
                CreationInfo=efs.CreationInfo(OwnerUid=str(data.uid), OwnerGid=str(data.gid), Permissions="0750"),
            ),
            DependsOn=[target.title for target in targets],
            **KEPT,
        )
    )
    publish(template, logical_id(service.name, "access point id"), Ref(point), f"Access point of {service.name}")


def _discovery(template: Template, environment: Environment, service: Service) -> None:
    """The service's one private name, here because it stays while the service moves between the compute stacks."""
    discovery = private_name(template, environment, service, ", wherever it runs")
    publish(template, f"{discovery.title}Id", Ref(discovery), f"Cloud Map service of {service.name}")
    publish(
        template, f"{discovery.title}Arn", GetAtt(discovery, "Arn"), f"Cloud Map service of {service.name}, as an ARN"
    )


def _secrets(template: Template, environment: Environment, services: tuple[Service, ...]) -> None:
    readers = {
        name: sorted(key.key for service in services for key in service.secrets.values() if key.secret == name)
        for name in secret_names(services)
    }
    for name, keys in readers.items():
        content = f"JSON with {', '.join(keys)}" if keys else "text of the hosts' .env: one VARIABLE=value a line"
        secret = template.add_resource(
            secretsmanager.Secret(
                logical_id(name, "secret"),
                Name=secret_name(environment, name),
                Description=f"{content}; written by a person, read by {environment.name} only",
                **with_key(template, environment),
                **KEPT,
            )
        )
        publish(template, logical_id(name, "secret arn"), Ref(secret), f"Complete ARN of {environment.name}/{name}")


def _backups(template: Template, environment: Environment) -> None:
    """The bucket of the document's Task Role; the account's number keeps a name that is unique in the world ours."""
    key = with_key(template, environment).get("KmsKeyId")
    bucket = private_bucket(template, "BackupsBucket", days=90, key=key, BucketName=backups_bucket(environment))
    template.add_resource(
        s3.BucketPolicy("BackupsBucketPolicy", Bucket=Ref(bucket), PolicyDocument=only_with_tls("BackupsBucket"))
    )
    publish(template, "BackupsBucketName", Ref(bucket), "Bucket of the application's backups")
