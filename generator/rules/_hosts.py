"""EC2: launch templates, instances, their volumes and user data."""

from __future__ import annotations

from collections.abc import Iterator

from generator.rules._template import Document, Node

TEMPLATE = "AWS::EC2::LaunchTemplate"
INSTANCE = "AWS::EC2::Instance"
CONFIGURATION = "AWS::AutoScaling::LaunchConfiguration"
GROUP = "AWS::AutoScaling::AutoScalingGroup"


def launch_settings(document: Document) -> Iterator[Node]:
    """How instances are launched: the data of launch templates, the properties of instances and launch configurations."""
    for template in document.resources(TEMPLATE):
        yield from template.each("Properties", "LaunchTemplateData")
    for resource in document.resources(INSTANCE, CONFIGURATION):
        yield from resource.each("Properties")


def volumes(document: Document) -> Iterator[tuple[Node, str]]:
    """(settings of an EBS volume, the key its size stands under)."""
    for settings in launch_settings(document):
        yield from ((node, "VolumeSize") for node in settings.each("BlockDeviceMappings", "*", "Ebs"))
    for volume in document.resources("AWS::EC2::Volume"):
        yield from ((node, "Size") for node in volume.each("Properties"))


def launched_by(group: Node) -> Iterator[Node]:
    """The launch settings of an auto scaling group, when they are in the template."""
    for reference in group.each("Properties", "LaunchConfigurationName"):
        found = reference.follow(CONFIGURATION)
        if found:
            yield from found.each("Properties")
    for keys in (("LaunchTemplate",), ("MixedInstancesPolicy", "LaunchTemplate", "LaunchTemplateSpecification")):
        for key in ("LaunchTemplateId", "LaunchTemplateName"):
            for reference in group.each("Properties", *keys, key):
                found = reference.follow(TEMPLATE)
                if found:
                    yield from found.each("Properties", "LaunchTemplateData")


def user_data(settings: Node) -> Iterator[Node]:
    """The user data of launch settings, inside of Fn::Base64 as it is written."""
    yield from settings.each("UserData")
