"""What is stored: file systems, buckets, image repositories."""

from __future__ import annotations

import json
from collections.abc import Iterator

from generator.costs.charges.charge import Charge, Stack, fixed, number
from generator.costs.resolve import Resource
from generator.costs.traffic import Range, Traffic

KEPT_WITHOUT_POLICY = 100  # images, where nothing expires them


def file_system(resource: Resource, stack: Stack, traffic: Traffic) -> Iterator[Charge]:
    """EFS: standard and infrequent storage, throughput by mode, and the recovery points of automatic backups."""
    elastic = resource.get("ThroughputMode") == "elastic"
    tiers = any("TransitionToIA" in each for each in resource.get("LifecyclePolicies") or ())
    share = traffic.infrequent_share if tiers else Range()
    stored = traffic.stored_gigabytes
    standard = Range(stored.low * (1 - share.low), stored.high * (1 - share.high))
    rare = Range(stored.low * share.low, stored.high * share.high)
    yield Charge("efs-standard-gb-month", standard, f"{standard} GB of files")
    if rare != Range():
        item = "efs-ia-elastic-gb-month" if elastic else "efs-ia-gb-month"
        yield Charge(item, rare, f"{rare} GB of files nobody reads")
    if elastic:
        yield Charge("efs-elastic-read-gb", traffic.read_gigabytes, f"{traffic.read_gigabytes} GB read")
        yield Charge("efs-elastic-write-gb", traffic.written_gigabytes, f"{traffic.written_gigabytes} GB written")
    elif resource.get("ThroughputMode") == "provisioned":
        speed = number(resource.get("ProvisionedThroughputInMibps"))
        # Each GB stored brings 50 KiB/s of its own.
        beyond = Range(*(max(0, speed - gigabytes * 50 / 1024) for gigabytes in (stored.high, stored.low)))
        yield Charge("efs-provisioned-mibps-month", beyond, f"{beyond} MiB/s provisioned")
    if resource.get("BackupPolicy", "Status") == "ENABLED":
        yield Charge("backup-efs-gb-month", traffic.backup_gigabytes, f"{traffic.backup_gigabytes} GB of backups")


def bucket(resource: Resource, stack: Stack, traffic: Traffic) -> Iterator[Charge]:
    """S3: what lies in the standard class."""
    yield Charge("s3-gb-month", traffic.bucket_gigabytes, f"{traffic.bucket_gigabytes} GB of objects")


def repository(resource: Resource, stack: Stack, traffic: Traffic) -> Iterator[Charge]:
    """ECR: as many images as the lifecycle policy keeps."""
    kept = _kept(resource.get("LifecyclePolicy", "LifecyclePolicyText"))
    size = traffic.image_gigabytes
    yield Charge("ecr-gb-month", Range(kept.low * size.low, kept.high * size.high), f"{kept} images of {size} GB")


def _kept(text: object) -> Range:
    try:
        rules = json.loads(str(text))["rules"]
        counts = [
            each["selection"]["countNumber"] for each in rules if each["selection"]["countType"] == "imageCountMoreThan"
        ]
    except (ValueError, KeyError, TypeError):
        counts = []
    return Range(max(counts), sum(counts)) if counts else fixed(KEPT_WITHOUT_POLICY)
