"""A tag names one image."""

from __future__ import annotations

from collections.abc import Iterator

from generator.rules._rule import Finding, Rule
from generator.rules._template import Document


class MutableTags(Rule):
    """What was tested is what runs."""

    id = "W9603"
    shortdesc = "A repository's tags are immutable"
    description = (
        "With mutable tags (the default) whoever may push can change what a reviewed task definition runs, and a "
        "rollback may start something new."
    )
    source_url = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html"
    subjects = ("resources", "ecr", "security")

    bad = """
        Resources:
          Images:
            Type: AWS::ECR::Repository
            Properties:
              ImageTagMutability: MUTABLE  # W9603
        """
    good = """
        Resources:
          Images: {Type: AWS::ECR::Repository, Properties: {ImageTagMutability: IMMUTABLE}}
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Repositories that say MUTABLE, or nothing."""
        advice = "write IMMUTABLE, or IMMUTABLE_WITH_EXCLUSION for tags that must move"
        for repository in document.resources("AWS::ECR::Repository"):
            for node in repository.each("Properties", "ImageTagMutability"):
                if node.string in {"MUTABLE", "MUTABLE_WITH_EXCLUSION"}:
                    yield node, f"{repository.resource}: ImageTagMutability is '{node.text}'; {advice}"
            for gap in repository.absent("Properties", "ImageTagMutability"):
                yield gap, f"{repository.resource}: tags are mutable by default; {advice}"
            if "Properties" not in repository.value:
                yield repository, f"{repository.resource}: tags are mutable by default; {advice}"
