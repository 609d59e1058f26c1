"""A deployment of a single-writer store stops the old before it starts the new."""

from __future__ import annotations

from collections.abc import Iterator

from generator.rules._rule import Finding, Rule
from generator.rules._stores import stores
from generator.rules._template import Document, Node

_OVERLAPPING = ("BLUE_GREEN", "LINEAR", "CANARY")


class SingleWriterDeployment(Rule):
    """Overlap is a second writer."""

    id = "E9202"
    shortdesc = "Deployments of a single-writer store do not overlap"
    description = (
        "With MaximumPercent above 100 (the default is 200), and with blue/green, canary and linear, old and new "
        "tasks run side by side on the same files. Measured for ChromaDB 1.5.9: one read of the new task during the "
        "overlap, and 22 % of the records are lost for good."
    )
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html"
    subjects = ("resources", "ecs", "state")

    bad = """
        Resources:
          Task:
            Type: AWS::ECS::TaskDefinition
            Properties:
              Volumes: [{Name: data, EFSVolumeConfiguration: {FilesystemId: fs-12345678}}]
              ContainerDefinitions:
              - {Name: chroma, Image: "chromadb/chroma:1.5.9", MountPoints: [{ContainerPath: /data, SourceVolume: data}]}
          Service:
            Type: AWS::ECS::Service
            Properties:
              TaskDefinition: !Ref Task
              DesiredCount: 1
              DeploymentConfiguration:
                MinimumHealthyPercent: 100
                MaximumPercent: 200  # E9202
        """
    good = """
        Resources:
          Task:
            Type: AWS::ECS::TaskDefinition
            Properties:
              Volumes: [{Name: data, EFSVolumeConfiguration: {FilesystemId: fs-12345678}}]
              ContainerDefinitions:
              - {Name: chroma, Image: "chromadb/chroma:1.5.9", MountPoints: [{ContainerPath: /data, SourceVolume: data}]}
          Service:
            Type: AWS::ECS::Service
            Properties:
              TaskDefinition: !Ref Task
              DesiredCount: 1
              DeploymentConfiguration: {MinimumHealthyPercent: 0, MaximumPercent: 100}
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Services whose deployments surely overlap on shared files."""
        for running in stores(document):
            if running.service is not None and running.shared:
                for node, what in self._overlaps(running.service):
                    yield (
                        node,
                        f"{running.service.resource}: {what} runs two {running.store.title} on "
                        "one file system during a deployment; "
                        "set MinimumHealthyPercent 0 and MaximumPercent 100 with the rolling strategy",
                    )

    def _overlaps(self, service: Node) -> Iterator[tuple[Node, str]]:
        for strategy in service.each("Properties", "DeploymentConfiguration", "Strategy"):
            if strategy.string in _OVERLAPPING:
                yield strategy, f"strategy {strategy.string}"
        for maximum in service.each("Properties", "DeploymentConfiguration", "MaximumPercent"):
            if maximum.number is not None and maximum.number > 100:
                yield maximum, f"MaximumPercent {maximum.text}"
        for gap in service.absent("Properties", "DeploymentConfiguration", "MaximumPercent"):
            yield gap, "MaximumPercent 200 (the default)"
