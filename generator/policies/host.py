"""Permissions of EC2 hosts: the document's EC2-AldeiaRole, narrowed to one environment and to what runs on one kind of host.

In: a kind of host and references to what other stacks published. Out: one document.
"""

from dataclasses import dataclass
from typing import Any

from awacs import aws, cloudformation, route53, s3, secretsmanager, servicediscovery
from troposphere import StackId, Sub

from generator.hosts import HostKind
from generator.model import Service
from generator.naming import logical_id, private_name
from generator.policies.common import allow, arn, document
from generator.policies.key import use_key
from generator.policies.tasks import mount_file_system, pull_images, read_secrets

# Document, Option A, EC2 IAM Role Permissions: Managed Policies.
MANAGED = ("AmazonSSMManagedInstanceCore", "CloudWatchAgentServerPolicy")


@dataclass(frozen=True, kw_only=True)
class Home:
    """A service with data that may run on the host, and references to what it needs there."""

    service: Service
    file_system: Any
    access_point: Any
    discovery_arn: Any


def managed_policies() -> list[Sub]:
    """ARNs of the document's two managed policies, in any partition."""
    return [Sub(f"arn:${{AWS::Partition}}:iam::aws:policy/{name}") for name in MANAGED]


def host_policy(
    kind: HostKind, secret_arns: list[Any], artifacts_bucket: Any, homes: list[Home], key_arn: Any = None
) -> aws.PolicyDocument:
    """What a host needs to start its containers and to say how it went (document, Custom Policy)."""
    statements = [
        allow(
            "ReadArtifacts",
            [s3.GetObject],
            [Sub("arn:${AWS::Partition}:s3:::${Bucket}/*", Bucket=artifacts_bucket)],
        ),
        allow("SignalOwnStack", [cloudformation.SignalResource], [StackId]),
    ]
    if repositories := sorted({service.repository for service in kind.services} - {""}):
        statements += pull_images(*repositories)
    if secret_arns:
        statements.append(read_secrets(secret_arns))
        if key_arn is not None:
            statements.append(use_key(key_arn, "secretsmanager"))
    for home in homes:
        statements += _keep_data(kind, home)
    return document(*statements)


def read_deploy_key(secret_arn: Any) -> aws.PolicyDocument:
    """Read the key that clones the application's repository: a policy of its own, there only while that option is used."""
    return document(allow("ReadDeployKey", [secretsmanager.GetSecretValue], [secret_arn]))


def _keep_data(kind: HostKind, home: Home) -> list[aws.Statement]:
    """Mount the service's folder, and be found under its private name (Cloud Map guide, "API permissions reference")."""
    mount = mount_file_system(home.file_system, home.access_point)
    word = logical_id(home.service.name)
    mount.Sid = f"{mount.Sid}Of{word}"
    return [
        mount,
        allow(
            f"Register{word}",
            [servicediscovery.RegisterInstance, servicediscovery.DeregisterInstance],
            [home.discovery_arn],
        ),
        # Cloud Map writes the record with the caller's permissions. The zone is the namespace's own, so it is narrowed by the
        # one name and type instead (Route 53 guide, "Using IAM policy conditions for fine-grained access control").
        allow(
            f"Name{word}",
            [route53.ChangeResourceRecordSets],
            [arn("route53", "hostedzone/*", region=False, account=False)],
            aws.ForAllValuesStringEquals(
                {
                    "route53:ChangeResourceRecordSetsNormalizedRecordNames": [
                        private_name(kind.environment, home.service)
                    ],
                    "route53:ChangeResourceRecordSetsRecordTypes": ["A"],
                }
            ),
        ),
    ]
