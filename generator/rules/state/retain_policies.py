"""What holds data outlives its stack."""

from __future__ import annotations

from collections.abc import Iterator

from generator.rules._rule import Finding, Rule
from generator.rules._template import Document, Node

_HOLDS_DATA = (
    "AWS::DocDB::DBCluster",
    "AWS::DynamoDB::GlobalTable",
    "AWS::DynamoDB::Table",
    "AWS::EC2::Volume",
    "AWS::EFS::FileSystem",
    "AWS::FSx::FileSystem",
    "AWS::Neptune::DBCluster",
    "AWS::OpenSearchService::Domain",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::Redshift::Cluster",
)
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-deletionpolicy.html: Snapshot is their default.
_SNAPSHOT_BY_DEFAULT = ("AWS::RDS::DBCluster", "AWS::RDS::DBInstance")
_KEEPS = ("Retain", "Snapshot", "RetainExceptOnCreate")


class RetainPolicies(Rule):
    """Deleting a stack, or replacing a resource, deletes what it holds."""

    id = "W9210"
    shortdesc = "A resource with data has DeletionPolicy and UpdateReplacePolicy"
    description = (
        "Without both, a deleted stack, a renamed logical id or a change that replaces the resource deletes the "
        "data. Buckets and image repositories are left out: AWS refuses to delete one that is not empty."
    )
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-updatereplacepolicy.html"
    subjects = ("resources", "state")

    bad = """
        Resources:
          Files:
            Type: AWS::EFS::FileSystem  # W9210
            DeletionPolicy: Retain
        """
    good = """
        Resources:
          Files: {Type: AWS::EFS::FileSystem, DeletionPolicy: Retain, UpdateReplacePolicy: Retain}
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Resources with data that lack a policy that keeps it."""
        for resource in document.resources(*_HOLDS_DATA):
            kind = document.type_of(resource.resource)
            if kind == "AWS::RDS::DBInstance" and (
                resource.first("Properties", "DBClusterIdentifier")
                or resource.first("Properties", "SourceDBInstanceIdentifier")
            ):
                continue  # the data is the cluster's, or a copy
            lacking = [key for key in ("DeletionPolicy", "UpdateReplacePolicy") if not self._keeps(resource, key, kind)]
            if lacking:
                place = document.node((*resource.path, "Type"), resource.conditions)
                yield (
                    place,
                    f"{resource.resource}: an {kind} without {' and '.join(lacking)} is deleted with "
                    "its data; set Retain or Snapshot",
                )

    def _keeps(self, resource: Node, key: str, kind: str) -> bool:
        nodes = list(resource.each(key))
        if not nodes:
            return key == "DeletionPolicy" and kind in _SNAPSHOT_BY_DEFAULT
        return all(not node.known or node.text in _KEEPS for node in nodes)
