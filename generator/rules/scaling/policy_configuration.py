"""A scaling policy has the configuration of its type."""

from __future__ import annotations

from collections.abc import Iterator

from generator.rules._rule import Finding, Rule
from generator.rules._template import Document

_CONFIGURATION = {
    ("AWS::ApplicationAutoScaling::ScalingPolicy", "TargetTrackingScaling"): "TargetTrackingScalingPolicyConfiguration",
    ("AWS::ApplicationAutoScaling::ScalingPolicy", "StepScaling"): "StepScalingPolicyConfiguration",
    ("AWS::ApplicationAutoScaling::ScalingPolicy", "PredictiveScaling"): "PredictiveScalingPolicyConfiguration",
    ("AWS::AutoScaling::ScalingPolicy", "TargetTrackingScaling"): "TargetTrackingConfiguration",
    ("AWS::AutoScaling::ScalingPolicy", "StepScaling"): "StepAdjustments",
    ("AWS::AutoScaling::ScalingPolicy", "PredictiveScaling"): "PredictiveScalingConfiguration",
}


class PolicyConfiguration(Rule):
    """Target tracking knows its target."""

    id = "E9132"
    shortdesc = "A scaling policy has the configuration of its type"
    description = (
        "A target tracking, step or predictive policy without the configuration of that name is refused when it is "
        "made."
    )
    source_url = "https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScalingPolicy.html"
    subjects = ("resources", "applicationautoscaling", "autoscaling")

    bad = """
        Resources:
          Policy:
            Type: AWS::ApplicationAutoScaling::ScalingPolicy
            Properties:  # E9132
              PolicyName: cpu
              PolicyType: TargetTrackingScaling
        """
    good = """
        Resources:
          Policy:
            Type: AWS::ApplicationAutoScaling::ScalingPolicy
            Properties:
              PolicyName: cpu
              PolicyType: TargetTrackingScaling
              TargetTrackingScalingPolicyConfiguration:
                TargetValue: 70
                PredefinedMetricSpecification: {PredefinedMetricType: ECSServiceAverageCPUUtilization}
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Policies without it."""
        for (kind, policy_type), key in _CONFIGURATION.items():
            for policy in document.resources(kind):
                for node in policy.each("Properties", "PolicyType"):
                    if node.string == policy_type:
                        for gap in policy.under(node).absent("Properties", key):
                            yield gap, f"{policy.resource}: PolicyType is {policy_type} but there is no {key}; add it"
