"""A single-writer store runs once."""

from __future__ import annotations

from collections.abc import Iterator

from generator.rules._rule import Finding, Rule
from generator.rules._stores import most_copies, stores
from generator.rules._template import Document


class SingleWriterCount(Rule):
    """Two servers on one directory destroy it."""

    id = "E9201"
    shortdesc = "A single-writer store runs once"
    description = (
        "More than one task of a store that is made for one writer. Measured for ChromaDB 0.6.3 and 1.5.9: every "
        "write is answered with 200, 5-51 % of the vectors are lost for good, no health check sees it. Databases "
        "are spoken of only when the tasks share a file system."
    )
    source_url = "https://github.com/chroma-core/chroma/issues/551"
    subjects = ("resources", "ecs", "state")

    bad = """
        Resources:
          Task:
            Type: AWS::ECS::TaskDefinition
            Properties:
              ContainerDefinitions: [{Name: chroma, Image: "chromadb/chroma:1.5.9"}]
          Service:
            Type: AWS::ECS::Service
            Properties:
              TaskDefinition: !Ref Task
              DesiredCount: 2  # E9201
              DeploymentConfiguration: {MinimumHealthyPercent: 0, MaximumPercent: 100}
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
        """Counts and maxima above one."""
        for running in stores(document):
            if running.service is None or not running.endangered:
                continue
            for node, copies in most_copies(document, running.service):
                if copies > 1:
                    yield (
                        node,
                        f"{running.service.resource}: {node.path[-1]} {node.text} runs {running.store.title} more than once; "
                        f"{running.store.single_writer}; run exactly one",
                    )
