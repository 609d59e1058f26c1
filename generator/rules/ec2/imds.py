"""Instances answer metadata requests with a token only."""

from __future__ import annotations

from collections.abc import Iterator

from generator.rules._hosts import launch_settings
from generator.rules._rule import Finding, Rule
from generator.rules._template import Document, Node


class Imds(Rule):
    """IMDSv1 gives the role's credentials to whoever makes the host fetch an address."""

    id = "W9501"
    shortdesc = "Instances require IMDSv2"
    description = (
        "Without MetadataOptions.HttpTokens `required` one forged request of a web application reads the role's "
        "credentials. Silent for Amazon Linux 2023, whose images require it by themselves."
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
        """
    good = """
        Resources:
          Template:
            Type: AWS::EC2::LaunchTemplate
            Properties:
              LaunchTemplateData: {InstanceType: t3.medium, MetadataOptions: {HttpTokens: required}}
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Launch settings that leave it optional."""
        for settings in launch_settings(document):
            if self._required_anyway(settings):
                continue
            for node in settings.each("MetadataOptions", "HttpTokens"):
                if node.string == "optional":
                    yield node, f"{node.resource}: HttpTokens is 'optional', so IMDSv1 answers; write 'required'"
            for gap in settings.absent("MetadataOptions", "HttpTokens"):
                yield gap, f"{gap.resource}: IMDSv1 answers; set MetadataOptions HttpTokens to 'required'"

    def _required_anyway(self, settings: Node) -> bool:
        if settings.first("LaunchTemplate") is not None:
            return True  # an instance made from a launch template has its options
        for image in settings.each("ImageId"):
            parameter = image.document.parameters.get(image.text.removeprefix("${").removesuffix("}"), {})
            source = f"{image.text} {parameter.get('Default', '')}"
            if any(
                name in source
                for name in (
                    "al2023",
                    "resolve:ssm:/aws/service/ecs/optimized-ami/amazon-linux-2023",
                    "amazon-linux-2023",
                    "bottlerocket",
                )
            ):
                return True
        return False
