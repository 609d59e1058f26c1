"""A health check calls only what its image has."""

from __future__ import annotations

import re
from collections.abc import Iterator

from generator.rules._images import lacks_curl
from generator.rules._rule import Finding, Rule
from generator.rules._tasks import TASK, containers, images
from generator.rules._template import Document

_CURL = re.compile(r"(?<![\w/-])(/usr/bin/)?curl(?![\w-])")


class HealthCheckCurl(Rule):
    """curl is not in every image."""

    id = "E9118"
    shortdesc = "A health check does not call curl where there is none"
    description = (
        "The check fails for ever and ECS replaces healthy tasks. Spoken of only for images known to have no curl: "
        "ChromaDB 1.x (its image measured), Alpine and slim variants of official images, distroless."
    )
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html"
    subjects = ("resources", "ecs")

    bad = """
        Resources:
          Task:
            Type: AWS::ECS::TaskDefinition
            Properties:
              ContainerDefinitions:
              - Name: chroma
                Image: chromadb/chroma:1.5.9
                HealthCheck:
                  Command: [CMD-SHELL, "curl -f http://localhost:8000/api/v2/heartbeat || exit 1"]  # E9118
        """
    good = """
        Resources:
          Task:
            Type: AWS::ECS::TaskDefinition
            Properties:
              ContainerDefinitions:
              - Name: chroma
                Image: chromadb/chroma:1.5.9
                HealthCheck:
                  Command: [CMD, bash, -c, "exec 3<>/dev/tcp/127.0.0.1/8000"]
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Health checks with curl in images without it."""
        for task in document.resources(TASK):
            for container in containers(task):
                name = container.first("Name")
                for node, image in images(container):
                    reason = lacks_curl(image)
                    for word in container.each("HealthCheck", "Command", "*") if reason else ():
                        if _CURL.search(word.text):
                            yield (
                                word,
                                f"{task.resource}: the health check of container "
                                f"'{name.text if name else '?'}' calls curl, but "
                                f"'{node.text}' has none ({reason}); use a program of the image, or bash's /dev/tcp",
                            )
                            break
