"""Scaling by requests names its load balancer and target group."""

from __future__ import annotations

import re
from collections.abc import Iterator

from generator.rules._arn import TOKEN
from generator.rules._rule import Finding, Rule
from generator.rules._template import Document, Node

_POLICIES = {
    "AWS::ApplicationAutoScaling::ScalingPolicy": (
        "TargetTrackingScalingPolicyConfiguration",
        "PredefinedMetricSpecification",
    ),
    "AWS::AutoScaling::ScalingPolicy": ("TargetTrackingConfiguration", "PredefinedMetricSpecification"),
}
_SHAPE = re.compile(r"app/[^/]+/[0-9a-f]+/targetgroup/[^/]+/[0-9a-f]+")


class RequestCountLabel(Rule):
    """ALBRequestCountPerTarget is a metric of one pair."""

    id = "E9131"
    shortdesc = "ALBRequestCountPerTarget has the right ResourceLabel"
    description = (
        "The policy is refused without ResourceLabel `<load balancer's full name>/<target group's full name>`: an "
        "Fn::Join or Fn::Sub of LoadBalancerFullName and TargetGroupFullName."
    )
    source_url = (
        "https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PredefinedMetricSpecification.html"
    )
    subjects = ("resources", "applicationautoscaling", "ecs")

    bad = """
        Resources:
          Policy:
            Type: AWS::ApplicationAutoScaling::ScalingPolicy
            Properties:
              PolicyType: TargetTrackingScaling
              TargetTrackingScalingPolicyConfiguration:
                TargetValue: 1000
                PredefinedMetricSpecification:  # E9131
                  PredefinedMetricType: ALBRequestCountPerTarget
        """
    good = """
        Resources:
          Balancer: {Type: AWS::ElasticLoadBalancingV2::LoadBalancer}
          Group: {Type: AWS::ElasticLoadBalancingV2::TargetGroup}
          Policy:
            Type: AWS::ApplicationAutoScaling::ScalingPolicy
            Properties:
              PolicyType: TargetTrackingScaling
              TargetTrackingScalingPolicyConfiguration:
                TargetValue: 1000
                PredefinedMetricSpecification:
                  PredefinedMetricType: ALBRequestCountPerTarget
                  ResourceLabel: !Sub ${Balancer.LoadBalancerFullName}/${Group.TargetGroupFullName}
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Policies without a label, or with one that surely names something else."""
        right = "'${LoadBalancer.LoadBalancerFullName}/${TargetGroup.TargetGroupFullName}'"
        for kind, keys in _POLICIES.items():
            for policy in document.resources(kind):
                for metric in policy.each("Properties", *keys):
                    if not any(
                        node.string == "ALBRequestCountPerTarget" for node in metric.each("PredefinedMetricType")
                    ):
                        continue
                    for gap in metric.absent("ResourceLabel"):
                        yield (
                            gap,
                            f"{policy.resource}: ALBRequestCountPerTarget without ResourceLabel; it must be {right}",
                        )
                    for label in metric.each("ResourceLabel"):
                        fault = self._fault(label)
                        if fault:
                            yield label, f"{policy.resource}: ResourceLabel '{label.text}' {fault}; it must be {right}"

    def _fault(self, label: Node) -> str:
        if label.known:
            return "" if _SHAPE.fullmatch(label.text) else "is not app/<name>/<id>/targetgroup/<name>/<id>"
        tokens = TOKEN.findall(label.text)
        kinds = [(label.document.type_of(t[2:-1].split(".")[0]), t[2:-1].partition(".")[2]) for t in tokens]
        wanted = [
            ("AWS::ElasticLoadBalancingV2::LoadBalancer", "LoadBalancerFullName"),
            ("AWS::ElasticLoadBalancingV2::TargetGroup", "TargetGroupFullName"),
        ]
        for (kind, attribute), (right, name) in zip(kinds, wanted, strict=False):
            if kind and (kind, attribute) != (right, name):
                return f"names {attribute or 'the Ref'} of {'a ' + kind} where {name} belongs"
        return "" if len(tokens) != 1 or not kinds[0][0] else "names only one of the two"
