"""Settings of one deployment strategy do not stand beside another."""

from __future__ import annotations

from collections.abc import Iterator

from generator.rules._rule import Finding, Rule
from generator.rules._tasks import services
from generator.rules._template import Document

_STRATEGY_OF = {"CanaryConfiguration": "CANARY", "LinearConfiguration": "LINEAR"}


class TrafficSettingsOfStrategy(Rule):
    """Canary settings are for CANARY, linear settings for LINEAR."""

    id = "E9115"
    shortdesc = "Canary and linear settings belong to their strategy"
    description = (
        "CanaryConfiguration is refused with any strategy but CANARY, LinearConfiguration with any but LINEAR "
        "(without Strategy it is ROLLING)."
    )
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html"
    subjects = ("resources", "ecs")

    bad = """
        Resources:
          Service:
            Type: AWS::ECS::Service
            Properties:
              DeploymentConfiguration:
                Strategy: ROLLING
                CanaryConfiguration: {CanaryPercent: 10, CanaryBakeTimeInMinutes: 5}  # E9115
        """
    good = """
        Resources:
          Service:
            Type: AWS::ECS::Service
            Properties:
              DeploymentConfiguration:
                Strategy: CANARY
                CanaryConfiguration: {CanaryPercent: 10, CanaryBakeTimeInMinutes: 5}
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Settings beside a strategy they are not for."""
        for service in services(document):
            for key, wanted in _STRATEGY_OF.items():
                for setting in service.each("Properties", "DeploymentConfiguration", key):
                    here = service.under(setting)
                    own = list(here.each("Properties", "DeploymentConfiguration", "Strategy"))
                    wrong = [node for node in own if node.string and node.string != wanted]
                    if wrong or any(here.absent("Properties", "DeploymentConfiguration", "Strategy")):
                        strategy = wrong[0].string if wrong else "ROLLING (the default)"
                        yield (
                            setting,
                            f"{service.resource}: {key} stands beside strategy {strategy}; it belongs to {wanted}",
                        )
