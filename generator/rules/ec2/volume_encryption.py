"""Volumes are encrypted."""

from __future__ import annotations

from collections.abc import Iterator

from generator.rules._hosts import volumes
from generator.rules._rule import Finding, Rule
from generator.rules._template import Document


class VolumeEncryption(Rule):
    """Disks leave data centres."""

    id = "W9502"
    shortdesc = "An EBS volume is encrypted"
    description = (
        "A volume without Encrypted true is encrypted only where the account does it by default. Silent for volumes "
        "made from a snapshot."
    )
    source_url = "https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption.html"
    subjects = ("resources", "ec2", "security")

    bad = """
        Resources:
          Data:
            Type: AWS::EC2::Volume
            DeletionPolicy: Retain
            UpdateReplacePolicy: Retain
            Properties:  # W9502
              Size: 100
        """
    good = """
        Resources:
          Data:
            Type: AWS::EC2::Volume
            DeletionPolicy: Retain
            UpdateReplacePolicy: Retain
            Properties: {Size: 100, Encrypted: true}
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Volumes that say no, or nothing."""
        for volume, _ in volumes(document):
            if volume.first("SnapshotId") is not None:
                continue
            for node in volume.each("Encrypted"):
                if node.flag is False:
                    yield node, f"{volume.resource}: the volume is not encrypted; set Encrypted to true"
            for gap in volume.absent("Encrypted"):
                yield (
                    gap,
                    f"{volume.resource}: the volume is not encrypted unless the account does so; set Encrypted to true",
                )
