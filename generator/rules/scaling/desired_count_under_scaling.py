"""A service under scaling leaves its count to scaling."""

from __future__ import annotations

from collections.abc import Iterator

from generator.rules._rule import Finding, Rule
from generator.rules._scaling import scaled_services
from generator.rules._template import Document, Node


class DesiredCountUnderScaling(Rule):
    """Every update of the service puts a fixed count back."""

    id = "W9134"
    shortdesc = "A scaled service has no fixed DesiredCount"
    description = (
        "CloudFormation writes DesiredCount at every update of the service: a deployment at rush hour throws out "
        "the tasks that scaling added. Without it ECS keeps the count it has (and starts with one)."
    )
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-ecs-service.html#cfn-ecs-service-desiredcount"
    subjects = ("resources", "ecs", "applicationautoscaling")

    bad = """
        Resources:
          Service:
            Type: AWS::ECS::Service
            Properties:
              DesiredCount: 2  # W9134
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
        """Scaled services with a count that no condition takes away."""
        for target, service in scaled_services(document):
            if self._holds_one_number(target):
                continue  # nothing to throw out: only a schedule ever changes it
            here = service.under(target)
            if any(here.absent("Properties", "DesiredCount")):
                continue  # a condition can leave it out
            for count in here.each("Properties", "DesiredCount"):
                yield (
                    count,
                    f"{service.resource}: DesiredCount '{count.text}' is written again at every "
                    f"update, against {target.resource}, "
                    "which scales the service; leave it out after the first creation",
                )

    def _holds_one_number(self, target: Node) -> bool:
        ends = [{node.number for node in target.each("Properties", key)} for key in ("MinCapacity", "MaxCapacity")]
        return ends[0] == ends[1] and len(ends[0]) == 1 and None not in ends[0]
