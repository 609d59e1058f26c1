"""A lifecycle policy is one that ECR takes."""

from __future__ import annotations

from collections.abc import Iterator

from cfnlint.jsonschema import StandardValidator

from generator.rules._lifecycle import SCHEMA, Policy, policies
from generator.rules._rule import Finding, Rule
from generator.rules._template import Document


class LifecycleText(Rule):
    """The text holds a document with rules of its own."""

    id = "E9601"
    shortdesc = "A lifecycle policy's text is a valid lifecycle policy"
    description = (
        "ECR refuses a text that is no JSON, lacks a key, has one priority twice, a tagged rule without tags (or an "
        "untagged one with tags), or a rule for any image that is not the last."
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
                LifecyclePolicyText: >-  # E9601
                  {"rules": [{"rulePriority": 1, "selection": {"tagStatus": "tagged",
                      "countType": "imageCountMoreThan", "countNumber": 10},
                              "action": {"type": "expire"}}]}
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

    def find(self, document: Document) -> Iterator[Finding]:
        """Texts with a fault, each fault by itself."""
        for policy in policies(document):
            for fault in self._faults(policy):
                yield policy.node, f"{policy.node.resource}: the lifecycle policy {fault}"

    def _faults(self, policy: Policy) -> Iterator[str]:
        if policy.broken:
            yield f"is not JSON: {policy.broken}"
            return
        for error in StandardValidator(SCHEMA).iter_errors(policy.document):
            where = "/".join(map(str, error.absolute_path))
            yield f"has a fault at {where or 'the top'}: {error.message}"
        priorities = [rule.get("rulePriority") for rule in policy.rules]
        yield from (
            f"has priority {p} twice; each rule needs its own"
            for p in sorted({p for p in priorities if isinstance(p, int) and priorities.count(p) > 1})
        )
        for index, rule in enumerate(policy.rules):
            status = rule["selection"].get("tagStatus")
            lists = [key for key in ("tagPrefixList", "tagPatternList") if key in rule["selection"]]
            if status == "tagged" and len(lists) != 1:
                found = " and ".join(lists) or "neither tagPrefixList nor tagPatternList"
                yield f"has a 'tagged' rule (rules/{index}) with {found}; give exactly one"
            if status in {"untagged", "any"} and lists:
                yield f"has {lists[0]} in a rule for '{status}' images (rules/{index}); take it out or write 'tagged'"
            last = [p for p in priorities if isinstance(p, int)]
            if status == "any" and last and rule.get("rulePriority") != max(last):
                yield f"has a rule for 'any' image (rules/{index}) that is not the last; give it the highest rulePriority"
