"""A service's load balancer names a port its container opens."""

from __future__ import annotations

from collections.abc import Iterator

from generator.rules._rule import Finding, Rule
from generator.rules._tasks import container_named, names_of, pairs, same
from generator.rules._template import Document


class LoadBalancerPort(Rule):
    """The port behind a target group is mapped."""

    id = "E9102"
    shortdesc = "A load balancer's port is mapped by its container"
    description = (
        "ECS refuses to create a service whose LoadBalancers or ServiceRegistries name a port that the container "
        "does not map."
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
              - ContainerName: backend
                ContainerPort: 80  # E9102
        """
    good = """
        Parameters:
          Port: {Type: Number, Default: 3001}
        Resources:
          Task:
            Type: AWS::ECS::TaskDefinition
            Properties:
              ContainerDefinitions: [{Name: backend, PortMappings: [{ContainerPort: 3001}]}]
          Service:
            Type: AWS::ECS::Service
            Properties:
              TaskDefinition: !Ref Task
              LoadBalancers: [{ContainerName: backend, ContainerPort: !Ref Port}]
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Ports that surely are in no mapping of the container."""
        for key in ("LoadBalancers", "ServiceRegistries"):
            for service, task, entry in pairs(document, key, "*"):
                for name in entry.each("ContainerName"):
                    for port in entry.under(name).each("ContainerPort"):
                        for container in container_named(task.under(port), name) or []:
                            mapped = list(container.each("PortMappings", "*", "ContainerPort"))
                            if all(same(own, port) is False for own in mapped):
                                yield (
                                    port,
                                    f"{service.resource}: container '{name.text}' of "
                                    f"{task.resource} does not map port {port.text}; "
                                    f"it maps {names_of(iter(mapped))}",
                                )
