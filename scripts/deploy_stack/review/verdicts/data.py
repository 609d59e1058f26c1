"""Loss of data: it blocks.

A replaced file system comes up empty, whether the old one is deleted or retained: the service loses its data either way,
so the policy only changes the words. A removal that retains is a warning, for nothing is gone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from deploy_stack.review.model import ResourceChange
from deploy_stack.review.verdicts.opinion import Opinion, block, warn

# What is lost when a resource of this type goes. A mount target or a bucket policy holds nothing.
HOLDS: Mapping[str, str] = {
    "AWS::Backup::BackupVault": "every recovery point in it",
    "AWS::CertificateManager::Certificate": "a validated certificate",
    "AWS::DocDB::DBCluster": "every document in it",
    "AWS::DynamoDB::GlobalTable": "every item in it",
    "AWS::DynamoDB::Table": "every item in it",
    "AWS::EC2::EIP": "a public address that others may have noted",
    "AWS::EC2::Volume": "every block on it",
    "AWS::ECR::Repository": "every image in it",
    "AWS::EFS::AccessPoint": "the path that services reach their files by",
    "AWS::EFS::FileSystem": "every file on it",
    "AWS::ElastiCache::ReplicationGroup": "everything cached or stored in it",
    "AWS::KMS::Key": "everything that was encrypted with it",
    "AWS::Logs::LogGroup": "every log line in it",
    "AWS::OpenSearchService::Domain": "every index in it",
    "AWS::RDS::DBCluster": "every row in it",
    "AWS::RDS::DBInstance": "every row in it",
    "AWS::Route53::HostedZone": "its records and its delegation",
    "AWS::S3::Bucket": "every object in it",
    "AWS::SQS::Queue": "every message in it",
    "AWS::SecretsManager::Secret": "its value and every earlier version",
}


def replaced(change: ResourceChange, _: str) -> Iterator[Opinion]:
    """`data-replaced`"""
    holds = HOLDS.get(change.type)
    if not holds or not (change.replaced or change.perhaps_replaced):
        return
    asking = [each.path for each in change.properties if each.recreation != "Never"]
    by = f" by {', '.join(asking)}" if asking else ""
    old = {
        "ReplaceAndRetain": "the old one is kept, but nothing uses it",
        "ReplaceAndSnapshot": "a snapshot of the old one is kept",
    }.get(change.policy_action, "the old one is deleted")
    if change.perhaps_replaced or change.only_unknown:
        yield block(f"may be replaced by an empty one{by}: {holds} would be out of reach; {old}")
    else:
        yield block(f"is replaced by an empty one{by}: {holds} is out of reach; {old}")


def deleted(change: ResourceChange, _: str) -> Iterator[Opinion]:
    """`data-deleted`"""
    holds = HOLDS.get(change.type)
    if not holds or change.action != "Remove":
        return
    policy = change.policy_action or _policy(change)
    if policy == "Retain":
        yield warn(f"leaves the stack but is kept (Retain): {holds} stays, outside CloudFormation")
    elif policy == "Snapshot":
        yield block(f"is deleted; a snapshot is kept: {holds} is out of reach until it is restored")
    else:
        yield block(f"is deleted: {holds} is lost")


def _policy(change: ResourceChange) -> str:
    return str(change.before.get("DeletionPolicy", "Delete"))
