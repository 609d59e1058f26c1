"""A lifecycle policy reaches the tags that are pushed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from generator.rules._lifecycle import policies
from generator.rules._rule import Finding, Rule
from generator.rules._template import Document

_SHA = "4f2c1ab09d7e6c5b8a3f2e1d0c9b8a7f6e5d4c3b"
_RELEASE = re.compile(r"[vV](\d.*)?\*?")


class LifecycleTags(Rule):
    """A rule for `v` keeps every commit for ever."""

    id = "W9602"
    shortdesc = "A lifecycle policy expires the tags a pipeline pushes"
    description = (
        "Pipelines tag images by commit. A policy that counts tagged images, but only of prefixes no commit has, "
        "expires none of them and the repository grows for ever. What is pushed is told by samples, "
        "`configure_rules: {W9602: {pushed: [main-4f2c1ab]}}` in .cfnlintrc; without it only policies for releases "
        "(`v*`) alone are spoken of."
    )
    source_url = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html"
    subjects = ("resources", "ecr")

    bad = """
        Resources:
          Images:
            Type: AWS::ECR::Repository
            Properties:
              ImageTagMutability: IMMUTABLE
              LifecyclePolicy:
                LifecyclePolicyText: >-  # W9602
                  {"rules": [{"rulePriority": 1, "selection": {"tagStatus": "tagged", "tagPrefixList": ["v"],
                      "countType": "imageCountMoreThan",
                              "countNumber": 10}, "action": {"type": "expire"}}]}
        """
    good = """
        Resources:
          Images:
            Type: AWS::ECR::Repository
            Properties:
              ImageTagMutability: IMMUTABLE
              LifecyclePolicy:
                LifecyclePolicyText: >-
                  {"rules": [{"rulePriority": 1, "selection": {"tagStatus": "tagged", "tagPatternList": ["*"],
                      "countType": "imageCountMoreThan",
                              "countNumber": 10}, "action": {"type": "expire"}}]}
        """

    def __init__(self) -> None:
        super().__init__()
        self.config_definition = {"pushed": {"default": [], "type": "list", "itemtype": "string"}}
        self.config["pushed"] = []

    def find(self, document: Document) -> Iterator[Finding]:
        """Policies with rules for tagged images, none of which takes a pushed tag."""
        pushed: list[str] = self.config["pushed"]
        for policy in policies(document):
            selections = [rule["selection"] for rule in policy.rules]
            tagged = [s for s in selections if s.get("tagStatus") == "tagged"]
            if not tagged or any(s.get("tagStatus") == "any" for s in selections):
                continue
            rules = [
                text
                for s in tagged
                for key in ("tagPrefixList", "tagPatternList")
                for text in s.get(key, [])
                if isinstance(s.get(key), list)
            ]
            # Without being told what is pushed, only a policy for releases alone is surely short of the commits.
            samples = pushed or ([_SHA] if all(_RELEASE.fullmatch(str(text)) for text in rules) else [])
            left = [tag for tag in samples if not any(self._takes(s, tag) for s in tagged)]
            if left:
                yield (
                    policy.node,
                    f"{policy.node.resource}: images tagged like '{left[0]}' match none of {rules} and are kept for ever; "
                    "add a rule with tagPatternList ['*'], or name the pipeline's tags",
                )

    def _takes(self, selection: dict[str, Any], tag: str) -> bool:
        patterns = [f"{p}*" for p in selection.get("tagPrefixList") or [] if isinstance(p, str)]
        patterns += [p for p in selection.get("tagPatternList") or [] if isinstance(p, str)]
        # Several entries of one rule must all match.
        return bool(patterns) and all(fnmatchcase(tag, pattern) for pattern in patterns)
