"""Scaling out and scaling in leave a gap between them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from generator.rules._rule import Finding, Rule
from generator.rules._template import Document, Node

_POLICIES = ("AWS::AutoScaling::ScalingPolicy", "AWS::ApplicationAutoScaling::ScalingPolicy")


class _Trigger(NamedTuple):
    """An alarm that moves capacity: its metric and dimensions, its threshold, whether it fires above, whether it adds."""

    node: Node
    metric: tuple[str, ...]
    threshold: float
    above: bool
    adds: bool


class OverlappingAlarms(Rule):
    """A metric between the thresholds must not fire both."""

    id = "E9507"
    shortdesc = "Scaling alarms of one metric do not overlap"
    description = (
        "When the alarm that scales in fires at a value where the alarm that scales out fires as well, capacity "
        "swings for ever."
    )
    source_url = "https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-simple-step.html"
    subjects = ("resources", "autoscaling", "cloudwatch")

    bad = """
        Resources:
          Out: {Type: AWS::AutoScaling::ScalingPolicy, Properties: {ScalingAdjustment: 1}}
          In: {Type: AWS::AutoScaling::ScalingPolicy, Properties: {ScalingAdjustment: -1}}
          High:
            Type: AWS::CloudWatch::Alarm
            Properties:
              {MetricName: CPUUtilization, Namespace: AWS/EC2, ComparisonOperator: GreaterThanThreshold,
                  Threshold: 70, AlarmActions: [!Ref Out]}
          Low:
            Type: AWS::CloudWatch::Alarm
            Properties:
              MetricName: CPUUtilization
              Namespace: AWS/EC2
              ComparisonOperator: LessThanThreshold
              Threshold: 75  # E9507
              AlarmActions: [!Ref In]
        """
    good = """
        Resources:
          Out: {Type: AWS::AutoScaling::ScalingPolicy, Properties: {ScalingAdjustment: 1}}
          In: {Type: AWS::AutoScaling::ScalingPolicy, Properties: {ScalingAdjustment: -1}}
          High:
            Type: AWS::CloudWatch::Alarm
            Properties:
              {MetricName: CPUUtilization, Namespace: AWS/EC2, ComparisonOperator: GreaterThanThreshold,
                  Threshold: 70, AlarmActions: [!Ref Out]}
          Low:
            Type: AWS::CloudWatch::Alarm
            Properties:
              {MetricName: CPUUtilization, Namespace: AWS/EC2, ComparisonOperator: LessThanThreshold,
                  Threshold: 30, AlarmActions: [!Ref In]}
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Alarms that remove at values where another of the same metric adds."""
        triggers = [
            trigger for alarm in document.resources("AWS::CloudWatch::Alarm") for trigger in self._triggers(alarm)
        ]
        for out in (t for t in triggers if t.adds and t.above):
            for down in (t for t in triggers if not t.adds and not t.above):
                if out.metric == down.metric and down.threshold > out.threshold:
                    yield (
                        down.node,
                        f"{down.node.resource}: scales in below {down.threshold:g} while "
                        f"{out.node.resource} scales out above {out.threshold:g}; "
                        "set the lower threshold below the upper one",
                    )

    def _triggers(self, alarm: Node) -> Iterator[_Trigger]:
        metric = tuple(
            node.text
            for key in ("Namespace", "MetricName", "Statistic", "Dimensions")
            for node in alarm.each("Properties", key)
        )
        adds = {
            direction
            for action in alarm.each("Properties", "AlarmActions", "*")
            for direction in self._direction(action)
        }
        for operator in alarm.each("Properties", "ComparisonOperator"):
            for threshold in alarm.each("Properties", "Threshold"):
                if threshold.number is not None and len(adds) == 1 and operator.string:
                    yield _Trigger(
                        threshold, metric, threshold.number, operator.string.startswith("Greater"), adds == {True}
                    )

    def _direction(self, action: Node) -> Iterator[bool]:
        policy = action.follow(*_POLICIES)
        if policy is not None:
            for keys in (
                ("ScalingAdjustment",),
                ("StepAdjustments", "*", "ScalingAdjustment"),
                ("StepScalingPolicyConfiguration", "StepAdjustments", "*", "ScalingAdjustment"),
            ):
                yield from (node.number > 0 for node in policy.each("Properties", *keys) if node.number)
