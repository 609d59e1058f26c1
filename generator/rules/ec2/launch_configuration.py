"""Launch templates have followed launch configurations."""

from __future__ import annotations

from collections.abc import Iterator

from generator.rules._hosts import CONFIGURATION
from generator.rules._rule import Finding, Rule
from generator.rules._template import Document


class LaunchConfiguration(Rule):
    """New accounts cannot make one."""

    id = "W9508"
    shortdesc = "Instances are launched by a launch template"
    description = (
        "Accounts made since October 2024 cannot create launch configurations, and no instance type of 2023 or "
        "later can be launched by one."
    )
    source_url = "https://docs.aws.amazon.com/autoscaling/ec2/userguide/launch-configurations.html"
    subjects = ("resources", "autoscaling")

    bad = """
        Resources:
          Hosts:
            Type: AWS::AutoScaling::LaunchConfiguration  # W9508
            Properties: {ImageId: ami-12345678, InstanceType: t3.medium, MetadataOptions: {HttpTokens: required}}
        """
    good = """
        Resources:
          Hosts:
            Type: AWS::EC2::LaunchTemplate
            Properties:
              LaunchTemplateData: {ImageId: ami-12345678, InstanceType: t3.medium, MetadataOptions: {HttpTokens: required}}
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Every launch configuration."""
        for resource in document.resources(CONFIGURATION):
            place = document.node((*resource.path, "Type"), resource.conditions)
            yield (
                place,
                f"{resource.resource}: an AWS::AutoScaling::LaunchConfiguration, which new accounts "
                "cannot make; use an AWS::EC2::LaunchTemplate",
            )
