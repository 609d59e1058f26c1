"""Service Connect and VPC Lattice name a port of the task definition."""

from __future__ import annotations

from collections.abc import Iterator

from generator.rules._rule import Finding, Rule
from generator.rules._tasks import containers, names_of, pairs, same
from generator.rules._template import Document


class ServiceConnectPort(Rule):
    """A named port exists."""

    id = "E9103"
    shortdesc = "Service Connect names a port mapping of the task definition"
    description = (
        "PortName of Service Connect and of VPC Lattice must be the Name of a port mapping of the task definition."
    )
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceConnectService.html"
    subjects = ("resources", "ecs")

    bad = """
        Resources:
          Task:
            Type: AWS::ECS::TaskDefinition
            Properties:
              ContainerDefinitions: [{Name: chroma, PortMappings: [{Name: http, ContainerPort: 8000}]}]
          Service:
            Type: AWS::ECS::Service
            Properties:
              TaskDefinition: !Ref Task
              ServiceConnectConfiguration:
                Enabled: true
                Services:
                - PortName: chroma  # E9103
        """
    good = """
        Resources:
          Task:
            Type: AWS::ECS::TaskDefinition
            Properties:
              ContainerDefinitions: [{Name: chroma, PortMappings: [{Name: http, ContainerPort: 8000}]}]
          Service:
            Type: AWS::ECS::Service
            Properties:
              TaskDefinition: !Ref Task
              ServiceConnectConfiguration: {Enabled: true, Services: [{PortName: http}]}
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Port names that surely are in no mapping."""
        for keys in (
            ("ServiceConnectConfiguration", "Services", "*", "PortName"),
            ("VpcLatticeConfigurations", "*", "PortName"),
        ):
            for service, task, name in pairs(document, *keys):
                mapped = [
                    node for container in containers(task) for node in container.each("PortMappings", "*", "Name")
                ]
                if next(containers(task), None) and all(same(own, name) is False for own in mapped):
                    yield (
                        name,
                        f"{service.resource}: no port mapping of {task.resource} is named '{name.text}'; "
                        f"named are {names_of(iter(mapped))}",
                    )
