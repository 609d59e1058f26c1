"""A store in a service has a volume."""

from __future__ import annotations

from collections.abc import Iterator

from generator.rules._rule import Finding, Rule
from generator.rules._stores import stores
from generator.rules._template import Document


class DataWithoutVolume(Rule):
    """A task's own disk goes with the task."""

    id = "W9205"
    shortdesc = "A store in a service keeps its data outside of the task"
    description = (
        "Without a mount the data lies on the task's ephemeral disk and is gone at every deployment, scaling and "
        "restart."
    )
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_data_volumes.html"
    subjects = ("resources", "ecs", "state")

    bad = """
        Resources:
          Task:
            Type: AWS::ECS::TaskDefinition
            Properties:
              ContainerDefinitions:
              - {Name: chroma, Image: "chromadb/chroma:1.5.9"}  # W9205
          Service: {Type: AWS::ECS::Service, Properties: {TaskDefinition: !Ref Task}}
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
            Properties: {TaskDefinition: !Ref Task, DeploymentConfiguration: {MaximumPercent: 100}}
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Stores without any mount point."""
        for running in stores(document):
            if any(running.container.absent("MountPoints")) or any(
                node.value == [] for node in running.container.each("MountPoints")
            ):
                yield (
                    running.container,
                    f"{running.task.resource}: {running.store.title} runs without a volume, so its data is lost with every "
                    "task; mount a file system where it writes",
                )
