"""An auto scaling group's tags reach its instances."""

from __future__ import annotations

from collections.abc import Iterator

from generator.rules._hosts import GROUP, launched_by
from generator.rules._rule import Finding, Rule
from generator.rules._template import Document, Node


class TagsNotPropagated(Rule):
    """An instance without tags belongs to nobody."""

    id = "W9506"
    shortdesc = "An auto scaling group tags its instances"
    description = (
        "A group none of whose tags has PropagateAtLaunch true makes nameless instances that no bill, inventory or "
        "tag-based permission finds, unless the launch template tags them."
    )
    source_url = "https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-tagging.html"
    subjects = ("resources", "autoscaling")

    bad = """
        Resources:
          Hosts:
            Type: AWS::AutoScaling::AutoScalingGroup
            Properties:
              Tags:  # W9506
              - {Key: Project, Value: aldeia, PropagateAtLaunch: false}
        """
    good = """
        Resources:
          Hosts:
            Type: AWS::AutoScaling::AutoScalingGroup
            Properties:
              Tags: [{Key: Project, Value: aldeia, PropagateAtLaunch: true}]
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Groups whose instances surely get no tag."""
        for group in document.resources(GROUP):
            if any(self._tags_instances(settings) for settings in launched_by(group)) or not self._settings_known(
                group
            ):
                continue
            gaps = [*group.absent("Properties", "Tags")]
            for tags in group.each("Properties", "Tags"):
                spread = [node.flag for tag in tags.each("*") for node in tag.each("PropagateAtLaunch")]
                if tags.known and all(flag is False for flag in spread):
                    gaps.append(tags)
            for gap in gaps:
                yield gap, f"{group.resource}: no tag reaches the instances; give at least one PropagateAtLaunch true"

    def _tags_instances(self, settings: Node) -> bool:
        return any(node.string == "instance" for node in settings.each("TagSpecifications", "*", "ResourceType"))

    def _settings_known(self, group: Node) -> bool:
        """A launch template from elsewhere may tag; a launch configuration never does."""
        outside = (*group.each("Properties", "LaunchTemplate"), *group.each("Properties", "MixedInstancesPolicy"))
        return not outside or any(True for _ in launched_by(group))
