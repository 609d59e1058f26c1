"""Tasks with an address of their own are targets by address."""

from __future__ import annotations

from collections.abc import Iterator

from generator.rules._rule import Finding, Rule
from generator.rules._tasks import pairs
from generator.rules._template import Document

TARGET_GROUP = "AWS::ElasticLoadBalancingV2::TargetGroup"


class TargetType(Rule):
    """awsvpc tasks need target type ip."""

    id = "E9116"
    shortdesc = "The target group of an awsvpc task has target type ip"
    description = (
        "ECS refuses a service whose task definition uses awsvpc and whose target group has type `instance` (the "
        "default) or `lambda`."
    )
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/alb.html"
    subjects = ("resources", "ecs", "elasticloadbalancing")

    bad = """
        Resources:
          Group:
            Type: AWS::ElasticLoadBalancingV2::TargetGroup
            Properties: {Port: 3001, Protocol: HTTP}
          Task:
            Type: AWS::ECS::TaskDefinition
            Properties:
              NetworkMode: awsvpc
              ContainerDefinitions: [{Name: backend, PortMappings: [{ContainerPort: 3001}]}]
          Service:
            Type: AWS::ECS::Service
            Properties:
              TaskDefinition: !Ref Task
              LoadBalancers:
              - ContainerName: backend
                ContainerPort: 3001
                TargetGroupArn: !Ref Group  # E9116
        """
    good = """
        Resources:
          Group:
            Type: AWS::ElasticLoadBalancingV2::TargetGroup
            Properties: {Port: 3001, Protocol: HTTP, TargetType: ip}
          Task:
            Type: AWS::ECS::TaskDefinition
            Properties:
              NetworkMode: awsvpc
              ContainerDefinitions: [{Name: backend, PortMappings: [{ContainerPort: 3001}]}]
          Service:
            Type: AWS::ECS::Service
            Properties:
              TaskDefinition: !Ref Task
              LoadBalancers: [{ContainerName: backend, ContainerPort: 3001, TargetGroupArn: !Ref Group}]
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Target groups of awsvpc services that are not by address."""
        for service, task, reference in pairs(document, "LoadBalancers", "*", "TargetGroupArn"):
            group = reference.follow(TARGET_GROUP)
            if group is None or not any(mode.string == "awsvpc" for mode in task.each("Properties", "NetworkMode")):
                continue
            wrong = [
                node.string
                for node in group.each("Properties", "TargetType")
                if node.string and node.string not in {"ip", "alb"}
            ]
            if wrong or any(group.absent("Properties", "TargetType")):
                yield (
                    reference,
                    f"{service.resource}: target group {group.resource} has TargetType '{wrong[0] if wrong else 'instance'}' "
                    f"but {task.resource} uses awsvpc; set TargetType to ip",
                )
