"""Rebalancing between zones needs room for one more task."""

from __future__ import annotations

from collections.abc import Iterator

from generator.rules._rule import Finding, Rule
from generator.rules._tasks import services
from generator.rules._template import Document


class RebalancingAtFullCount(Rule):
    """Rebalancing starts the new task before it stops the old."""

    id = "E9113"
    shortdesc = "Zone rebalancing and a maximum of 100 % exclude each other"
    description = (
        "ECS refuses AvailabilityZoneRebalancing ENABLED when MaximumPercent is 100 or less: it starts the "
        "replacement first."
    )
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-rebalancing.html"
    subjects = ("resources", "ecs")

    bad = """
        Resources:
          Service:
            Type: AWS::ECS::Service
            Properties:
              AvailabilityZoneRebalancing: ENABLED  # E9113
              DeploymentConfiguration: {MinimumHealthyPercent: 0, MaximumPercent: 100}
        """
    good = """
        Resources:
          Service:
            Type: AWS::ECS::Service
            Properties:
              AvailabilityZoneRebalancing: DISABLED
              DeploymentConfiguration: {MinimumHealthyPercent: 0, MaximumPercent: 100}
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Services with both."""
        for service in services(document):
            for node in service.each("Properties", "AvailabilityZoneRebalancing"):
                if node.string != "ENABLED":
                    continue
                for maximum in service.under(node).each("Properties", "DeploymentConfiguration", "MaximumPercent"):
                    if maximum.number is not None and maximum.number <= 100:
                        yield (
                            node,
                            f"{service.resource}: AvailabilityZoneRebalancing is ENABLED with MaximumPercent {maximum.text}; "
                            "write DISABLED, or a maximum above 100",
                        )
