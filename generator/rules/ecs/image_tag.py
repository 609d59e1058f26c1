"""An image is named by a tag that stays the same."""

from __future__ import annotations

from collections.abc import Iterator

from generator.rules._rule import Finding, Rule
from generator.rules._tasks import TASK, containers, images
from generator.rules._template import Document


class ImageTag(Rule):
    """The same task definition runs the same program."""

    id = "W9110"
    shortdesc = "An image has a tag of its own, or a digest"
    description = (
        "With `latest`, or without a tag, two tasks of one revision may run different programs, a deployment "
        "changes nothing that CloudFormation sees, and there is nothing to roll back to."
    )
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/container-considerations.html"
    subjects = ("resources", "ecs")

    bad = """
        Parameters:
          Tag: {Type: String, Default: latest}
        Resources:
          Task:
            Type: AWS::ECS::TaskDefinition
            Properties:
              ContainerDefinitions:
              - Name: backend
                Image: !Sub ${AWS::AccountId}.dkr.ecr.${AWS::Region}.amazonaws.com/aldeia/backend:${Tag}  # W9110
              - Name: chroma
                Image: chromadb/chroma  # W9110
        """
    good = """
        Parameters:
          Tag: {Type: String}
        Resources:
          Task:
            Type: AWS::ECS::TaskDefinition
            Properties:
              ContainerDefinitions:
              - {Name: backend, Image: !Sub "${AWS::AccountId}.dkr.ecr.${AWS::Region}.amazonaws.com/aldeia/backend:${Tag}"}
              - {Name: chroma, Image: "chromadb/chroma:1.5.9"}
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Images whose tag surely is `latest` or not there."""
        for task in document.resources(TASK):
            for container in containers(task):
                name = container.first("Name")
                for node, image in images(container):
                    if image.tag in {"", "latest"} and not image.digest and node.text:
                        what = "is tagged 'latest'" if image.tag else "has no tag"
                        yield (
                            node,
                            f"{task.resource}: image '{node.text}' of container '{name.text if name else '?'}' {what}; "
                            "name a version, a commit or a digest",
                        )
