"""A service starts inside the range it is scaled in."""

from __future__ import annotations

from collections.abc import Iterator

from generator.rules._rule import Finding, Rule
from generator.rules._scaling import scaled_services
from generator.rules._template import Document


class DesiredCountOutsideRange(Rule):
    """Scaling corrects the count at once."""

    id = "W9135"
    shortdesc = "A scaled service's DesiredCount lies in the range of its target"
    description = (
        "Scaling moves a count outside of MinCapacity and MaxCapacity back; CloudFormation puts it there again at "
        "the next update."
    )
    source_url = "https://docs.aws.amazon.com/autoscaling/application/userguide/what-is-application-auto-scaling.html"
    subjects = ("resources", "ecs", "applicationautoscaling")

    bad = """
        Resources:
          Service:
            Type: AWS::ECS::Service
            Properties:
              DesiredCount: 1  # W9134, W9135
          Target:
            Type: AWS::ApplicationAutoScaling::ScalableTarget
            Properties: {ResourceId: !Sub "service/production/${Service.Name}", MinCapacity: 2, MaxCapacity: 4}
        """
    good = """
        Resources:
          Service: {Type: AWS::ECS::Service, Properties: {Cluster: production}}
          Target:
            Type: AWS::ApplicationAutoScaling::ScalableTarget
            Properties: {ResourceId: !Sub "service/production/${Service.Name}", MinCapacity: 2, MaxCapacity: 4}
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Counts below the minimum or above the maximum."""
        for target, service in scaled_services(document):
            for count in service.under(target).each("Properties", "DesiredCount"):
                for key, sign in (("MinCapacity", 1), ("MaxCapacity", -1)):
                    for end in target.under(count).each("Properties", key):
                        # Zero is how a service is stopped, or made before its first image exists.
                        if count.number and end.number is not None and (end.number - count.number) * sign > 0:
                            side = "below" if sign > 0 else "above"
                            yield (
                                count,
                                f"{service.resource}: DesiredCount {count.text} is {side} {key} {end.text} of {target.resource}",
                            )
