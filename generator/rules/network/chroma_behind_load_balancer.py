"""ChromaDB is not behind a load balancer."""

from __future__ import annotations

from collections.abc import Iterator

from generator.rules._rule import Finding, Rule
from generator.rules._stores import stores
from generator.rules._tasks import same
from generator.rules._template import Document, Node


class ChromaBehindLoadBalancer(Rule):
    """A server without authentication stays private."""

    id = "E9305"
    shortdesc = "ChromaDB is behind no load balancer of the internet"
    description = (
        "ChromaDB 1.x answers everybody who reaches it: built-in authentication was removed in 1.0. Silent when the "
        "template's load balancers are internal."
    )
    source_url = "https://docs.trychroma.com/docs/overview/migration"
    subjects = ("resources", "ecs", "security", "state")

    bad = """
        Resources:
          Task:
            Type: AWS::ECS::TaskDefinition
            Properties:
              ContainerDefinitions: [{Name: chroma, Image: "chromadb/chroma:1.5.9", PortMappings: [{ContainerPort: 8000}]}]
          Service:
            Type: AWS::ECS::Service
            Properties:
              TaskDefinition: !Ref Task
              LoadBalancers:
              - ContainerName: chroma  # E9305
                ContainerPort: 8000
        """
    good = """
        Resources:
          Task:
            Type: AWS::ECS::TaskDefinition
            Properties:
              ContainerDefinitions: [{Name: chroma, Image: "chromadb/chroma:1.5.9", PortMappings: [{Name: http,
                  ContainerPort: 8000}]}]
          Service:
            Type: AWS::ECS::Service
            Properties:
              TaskDefinition: !Ref Task
              ServiceConnectConfiguration: {Enabled: true, Services: [{PortName: http}]}
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Load balancers of a service that lead to its ChromaDB."""
        if self._all_internal(document):
            return
        for running in stores(document):
            if running.service is None or running.store.title != "ChromaDB" or (running.image.version or (0,)) < (1,):
                continue
            for name in running.container.each("Name"):
                for entry in running.service.under(name).each("Properties", "LoadBalancers", "*", "ContainerName"):
                    if same(entry, name):
                        yield (
                            entry,
                            f"{running.service.resource}: container '{name.text}' is ChromaDB "
                            f"{running.image.tag}, which authenticates nobody, "
                            "and stands behind a load balancer; reach it by Service Connect or private DNS",
                        )

    def _all_internal(self, document: Document) -> bool:
        schemes: list[Node] = []
        for balancer in document.resources("AWS::ElasticLoadBalancingV2::LoadBalancer"):
            if any(balancer.absent("Properties", "Scheme")):
                return False
            schemes += balancer.each("Properties", "Scheme")
        return bool(schemes) and all(node.string == "internal" for node in schemes)
