"""A file system has a mount target where tasks mount it."""

from __future__ import annotations

from collections.abc import Iterator

from generator.rules._rule import Finding, Rule
from generator.rules._tasks import TASK
from generator.rules._template import Document


class EfsMountTarget(Rule):
    """A file system is reached through a mount target."""

    id = "E9208"
    shortdesc = "A mounted EFS file system has a mount target"
    description = (
        "Tasks that mount a file system without a mount target in their network do not start. Spoken of when the "
        "template makes the file system."
    )
    source_url = "https://docs.aws.amazon.com/efs/latest/ug/accessing-fs.html"
    subjects = ("resources", "ecs", "efs")

    bad = """
        Resources:
          Files: {Type: AWS::EFS::FileSystem, DeletionPolicy: Retain, UpdateReplacePolicy: Retain}
          Task:
            Type: AWS::ECS::TaskDefinition
            Properties:
              Volumes:
              - Name: data
                EFSVolumeConfiguration:
                  FilesystemId: !Ref Files  # E9208
        """
    good = """
        Resources:
          Files: {Type: AWS::EFS::FileSystem, DeletionPolicy: Retain, UpdateReplacePolicy: Retain}
          Target: {Type: AWS::EFS::MountTarget, Properties: {FileSystemId: !Ref Files, SubnetId: subnet-12345678}}
          Task:
            Type: AWS::ECS::TaskDefinition
            Properties:
              Volumes: [{Name: data, EFSVolumeConfiguration: {FilesystemId: !Ref Files}}]
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Volumes on file systems of the template that have none."""
        targets = [
            node
            for target in document.resources("AWS::EFS::MountTarget")
            for node in target.each("Properties", "FileSystemId")
        ]
        reached = {node.target for node in targets}
        if any(node.target is None for node in targets) or "AWS::CloudFormation::Stack" in {
            document.type_of(r.resource) for r in document.resources()
        }:
            return
        for task in document.resources(TASK):
            for files in task.each("Properties", "Volumes", "*", "EFSVolumeConfiguration", "FilesystemId"):
                if (
                    files.target
                    and files.target not in reached
                    and document.type_of(files.target) == "AWS::EFS::FileSystem"
                ):
                    yield (
                        files,
                        f"{task.resource}: file system {files.target} has no mount target; add an "
                        "AWS::EFS::MountTarget in each zone of the tasks",
                    )
