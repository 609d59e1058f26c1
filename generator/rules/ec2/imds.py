"""Instances answer metadata requests with a token only."""

from __future__ import annotations

import re
from collections.abc import Iterator

from generator.rules._hosts import GROUP, launch_settings, launched_by
from generator.rules._rule import Finding, Rule
from generator.rules._template import Document, Node

# Images that require IMDSv2 by themselves, as parameters, paths and mappings call them.
_REQUIRING = ("al2023", "amazonlinux2023", "bottlerocket")


class Imds(Rule):
    """IMDSv1 gives the role's credentials to whoever makes the host fetch an address."""

    id = "W9501"
    shortdesc = "Instances require IMDSv2"
    description = (
        "Without MetadataOptions.HttpTokens `required` one forged request of a web application reads the role's "
        "credentials. Silent for Amazon Linux 2023, whose images require it by themselves, and for launch templates "
        "without an image."
    )
    source_url = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-options.html"
    subjects = ("resources", "ec2", "security")

    bad = """
        Resources:
          Template:
            Type: AWS::EC2::LaunchTemplate
            Properties:
              LaunchTemplateData:  # W9501
                InstanceType: t3.medium
                ImageId: ami-12345678
        """
    good = """
        Resources:
          Template:
            Type: AWS::EC2::LaunchTemplate
            Properties:
              LaunchTemplateData: {ImageId: ami-12345678, InstanceType: t3.medium, MetadataOptions: {HttpTokens: required}}
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Launch settings that leave it optional."""
        for settings in launch_settings(document):
            if self._required_anyway(settings):
                continue
            for node in settings.each("MetadataOptions", "HttpTokens"):
                if node.string == "optional":
                    yield node, f"{node.resource}: HttpTokens is 'optional', so IMDSv1 answers; write 'required'"
            for gap in settings.absent("MetadataOptions", "HttpTokens") if self._own_image(settings) else ():
                yield gap, f"{gap.resource}: IMDSv1 answers; set MetadataOptions HttpTokens to 'required'"

    def _own_image(self, settings: Node) -> bool:
        """Whether the image is chosen here; a launch template without one is completed by a node group or the like."""
        document = settings.document
        groups = document.resources(GROUP)
        launched = (each.resource for group in groups for each in launched_by(group))
        return settings.first("ImageId") is not None or settings.resource in launched

    def _required_anyway(self, settings: Node) -> bool:
        if settings.first("LaunchTemplate") is not None:
            return True  # an instance made from a launch template has its options
        for image in settings.each("ImageId"):
            parameter = image.document.parameters.get(image.text.removeprefix("${").removesuffix("}"), {})
            said = re.sub(r"[-_ ]", "", f"{image.text} {parameter.get('Default', '')}".lower())
            if any(name in said for name in _REQUIRING):
                return True
        return False
