"""A launch type or a capacity provider strategy, not both."""

from __future__ import annotations

from collections.abc import Iterator

from generator.rules._rule import Finding, Rule
from generator.rules._tasks import services
from generator.rules._template import Document


class LaunchTypeAndStrategy(Rule):
    """One way to say where tasks run."""

    id = "E9112"
    shortdesc = "LaunchType and CapacityProviderStrategy exclude each other"
    description = "ECS refuses a service that names a launch type and a capacity provider strategy."
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html#ECS-CreateService-request-capacityProviderStrategy"
    subjects = ("resources", "ecs")

    bad = """
        Resources:
          Service:
            Type: AWS::ECS::Service
            Properties:
              LaunchType: FARGATE  # E9112
              CapacityProviderStrategy: [{CapacityProvider: FARGATE, Weight: 1}]
        """
    good = """
        Conditions:
          Spot: !Equals [!Ref "AWS::Region", us-east-1]
        Resources:
          Service:
            Type: AWS::ECS::Service
            Properties:
              LaunchType: !If [Spot, !Ref "AWS::NoValue", FARGATE]
              CapacityProviderStrategy: !If [Spot, [{CapacityProvider: FARGATE_SPOT, Weight: 1}], !Ref "AWS::NoValue"]
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Services that have both in one combination of conditions."""
        for service in services(document):
            for launch in service.each("Properties", "LaunchType"):
                if any(node.value for node in service.under(launch).each("Properties", "CapacityProviderStrategy")):
                    yield (
                        launch,
                        f"{service.resource}: LaunchType '{launch.text}' stands beside a CapacityProviderStrategy; "
                        "keep the strategy and take LaunchType out",
                    )
