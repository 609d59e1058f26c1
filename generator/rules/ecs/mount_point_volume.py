"""A mount point names a volume of its task definition."""

from __future__ import annotations

from collections.abc import Iterator

from generator.rules._rule import Finding, Rule
from generator.rules._tasks import TASK, containers, names_of, same
from generator.rules._template import Document


class MountPointVolume(Rule):
    """What is mounted exists."""

    id = "E9104"
    shortdesc = "A mount point's volume is in the task definition"
    description = (
        "SourceVolume of a mount point must be the Name of one of the task definition's Volumes; registration fails "
        "otherwise."
    )
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_MountPoint.html"
    subjects = ("resources", "ecs")

    bad = """
        Resources:
          Task:
            Type: AWS::ECS::TaskDefinition
            Properties:
              Volumes: [{Name: data}]
              ContainerDefinitions:
              - Name: chroma
                MountPoints:
                - ContainerPath: /data
                  SourceVolume: chroma-data  # E9104
        """
    good = """
        Resources:
          Task:
            Type: AWS::ECS::TaskDefinition
            Properties:
              Volumes: [{Name: data}]
              ContainerDefinitions: [{Name: chroma, MountPoints: [{ContainerPath: /data, SourceVolume: data}]}]
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Mount points whose volume surely is not there."""
        for task in document.resources(TASK):
            if any(not node.known for node in task.each("Properties", "Volumes")):
                continue
            for container in containers(task):
                for source in container.each("MountPoints", "*", "SourceVolume"):
                    volumes = list(task.under(source).each("Properties", "Volumes", "*", "Name"))
                    if all(same(volume, source) is False for volume in volumes):
                        yield (
                            source,
                            f"{task.resource}: there is no volume '{source.text}'; Volumes has {names_of(iter(volumes))}",
                        )
