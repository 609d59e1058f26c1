"""Blue/green behind a load balancer needs its second target group."""

from __future__ import annotations

from collections.abc import Iterator

from generator.rules._rule import Finding, Rule
from generator.rules._tasks import services
from generator.rules._template import Document

SHIFTING = ("BLUE_GREEN", "LINEAR", "CANARY")


class BlueGreenConfiguration(Rule):
    """Traffic that is shifted has somewhere to go."""

    id = "E9114"
    shortdesc = "A blue/green, linear or canary service says where traffic shifts"
    description = (
        "These strategies need AdvancedConfiguration with AlternateTargetGroupArn, ProductionListenerRule and "
        "RoleArn in every load balancer."
    )
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/blue-green-deployment-implementation.html"
    subjects = ("resources", "ecs")

    bad = """
        Resources:
          Service:
            Type: AWS::ECS::Service
            Properties:
              DeploymentConfiguration: {Strategy: BLUE_GREEN}
              LoadBalancers:
              - ContainerName: backend  # E9114
                ContainerPort: 3001
                TargetGroupArn: !Ref Blue
        """
    good = """
        Resources:
          Service:
            Type: AWS::ECS::Service
            Properties:
              DeploymentConfiguration: {Strategy: BLUE_GREEN}
              LoadBalancers:
              - ContainerName: backend
                ContainerPort: 3001
                TargetGroupArn: !Ref Blue
                AdvancedConfiguration:
                  AlternateTargetGroupArn: !Ref Green
                  ProductionListenerRule: !Ref Rule
                  RoleArn: !GetAtt ShiftRole.Arn
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Load balancers of shifting services that lack a part."""
        for service in services(document):
            for strategy in service.each("Properties", "DeploymentConfiguration", "Strategy"):
                if strategy.string not in SHIFTING:
                    continue
                for entry in service.under(strategy).each("Properties", "LoadBalancers", "*"):
                    keys = ("AlternateTargetGroupArn", "ProductionListenerRule", "RoleArn")
                    lacking = [(key, gap) for key in keys for gap in entry.absent("AdvancedConfiguration", key)]
                    if lacking:
                        yield (
                            lacking[0][1],
                            f"{service.resource}: strategy {strategy.string} and a load balancer without "
                            f"AdvancedConfiguration {', '.join(dict.fromkeys(key for key, _ in lacking))}; add them",
                        )
