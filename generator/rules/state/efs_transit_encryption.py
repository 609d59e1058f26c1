"""IAM and access points on EFS need TLS."""

from __future__ import annotations

from collections.abc import Iterator

from generator.rules._rule import Finding, Rule
from generator.rules._tasks import TASK
from generator.rules._template import Document


class EfsTransitEncryption(Rule):
    """A signature travels inside of TLS."""

    id = "E9206"
    shortdesc = "An EFS volume with IAM or an access point encrypts in transit"
    description = (
        "ECS refuses AuthorizationConfig with IAM ENABLED or an access point unless TransitEncryption is ENABLED."
    )
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_EFSAuthorizationConfig.html"
    subjects = ("resources", "ecs", "efs")

    bad = """
        Resources:
          Task:
            Type: AWS::ECS::TaskDefinition
            Properties:
              Volumes:
              - Name: data
                EFSVolumeConfiguration:
                  FilesystemId: fs-12345678
                  AuthorizationConfig: {IAM: ENABLED}  # E9206
        """
    good = """
        Resources:
          Task:
            Type: AWS::ECS::TaskDefinition
            Properties:
              Volumes:
              - Name: data
                EFSVolumeConfiguration: {FilesystemId: fs-12345678, TransitEncryption: ENABLED, AuthorizationConfig: {IAM: ENABLED}}
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Volumes with authorization but without TLS."""
        for task in document.resources(TASK):
            for volume in task.each("Properties", "Volumes", "*", "EFSVolumeConfiguration"):
                for config in volume.each("AuthorizationConfig"):
                    asks = [node for node in config.each("IAM") if node.string == "ENABLED"] + list(
                        config.each("AccessPointId")
                    )
                    for ask in asks[:1]:
                        here = volume.under(ask)
                        off = any(node.string == "DISABLED" for node in here.each("TransitEncryption"))
                        if off or any(here.absent("TransitEncryption")):
                            yield (
                                ask,
                                f"{task.resource}: the EFS volume has {ask.path[-1]} but TransitEncryption is "
                                f"{'DISABLED' if off else 'absent'}; set TransitEncryption to ENABLED",
                            )
