"""A service's load balancer names a container its task definition has."""

from __future__ import annotations

from collections.abc import Iterator

from generator.rules._rule import Finding, Rule
from generator.rules._tasks import container_named, containers, names_of, pairs
from generator.rules._template import Document


class LoadBalancerContainer(Rule):
    """The container behind a target group exists."""

    id = "E9101"
    shortdesc = "A load balancer's container is in the task definition"
    description = (
        "ECS refuses to create a service whose LoadBalancers or ServiceRegistries name a container that the task "
        "definition does not have."
    )
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LoadBalancer.html"
    subjects = ("resources", "ecs")

    bad = """
        Resources:
          Task:
            Type: AWS::ECS::TaskDefinition
            Properties:
              ContainerDefinitions: [{Name: backend, PortMappings: [{ContainerPort: 3001}]}]
          Service:
            Type: AWS::ECS::Service
            Properties:
              TaskDefinition: !Ref Task
              LoadBalancers:
              - ContainerName: api  # E9101
                ContainerPort: 3001
        """
    good = """
        Resources:
          Task:
            Type: AWS::ECS::TaskDefinition
            Properties:
              ContainerDefinitions: [{Name: backend, PortMappings: [{ContainerPort: 3001}]}]
          Service:
            Type: AWS::ECS::Service
            Properties:
              TaskDefinition: !Ref Task
              LoadBalancers: [{ContainerName: backend, ContainerPort: 3001}]
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Names that surely belong to no container of the task definition."""
        for key in ("LoadBalancers", "ServiceRegistries"):
            for service, task, name in pairs(document, key, "*", "ContainerName"):
                if container_named(task, name) == []:
                    own = names_of(node for container in containers(task) for node in container.each("Name"))
                    yield (
                        name,
                        f"{service.resource}: container '{name.text}' is not in {task.resource}, "
                        f"which has {own}; name one of these",
                    )
