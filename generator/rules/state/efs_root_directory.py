"""An access point has the root directory already."""

from __future__ import annotations

from collections.abc import Iterator

from generator.rules._rule import Finding, Rule
from generator.rules._tasks import TASK
from generator.rules._template import Document


class EfsRootDirectory(Rule):
    """One thing says where a mount begins."""

    id = "E9207"
    shortdesc = "An EFS volume with an access point has no RootDirectory"
    description = (
        "With an access point RootDirectory must be left out or be `/`; the access point enforces its own path."
    )
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_EFSVolumeConfiguration.html"
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
                  RootDirectory: /chroma  # E9207
                  TransitEncryption: ENABLED
                  AuthorizationConfig: {AccessPointId: fsap-12345678}
        """
    good = """
        Resources:
          Task:
            Type: AWS::ECS::TaskDefinition
            Properties:
              Volumes:
              - Name: data
                EFSVolumeConfiguration:
                  {FilesystemId: fs-12345678, TransitEncryption: ENABLED, AuthorizationConfig: {AccessPointId: fsap-12345678}}
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Volumes with both."""
        for task in document.resources(TASK):
            for volume in task.each("Properties", "Volumes", "*", "EFSVolumeConfiguration"):
                for root in volume.each("RootDirectory"):
                    if (
                        root.known
                        and root.text != "/"
                        and volume.under(root).first("AuthorizationConfig", "AccessPointId")
                    ):
                        yield (
                            root,
                            f"{task.resource}: RootDirectory '{root.text}' stands beside an access "
                            "point; leave it out or write '/'",
                        )
