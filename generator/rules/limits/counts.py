"""A template leaves room below the limits of CloudFormation."""

from __future__ import annotations

from collections.abc import Iterator

from generator.rules._rule import Finding, Rule
from generator.rules._template import Document

_LIMITS = {"Resources": 500, "Parameters": 200, "Outputs": 200, "Mappings": 200}
_ROOM = 0.9


class Counts(Rule):
    """A limit is met at the worst moment."""

    id = "W9702"
    shortdesc = "Resources, parameters, outputs and mappings stay below 90 % of the limits"
    description = (
        "500 resources, 200 parameters, 200 outputs, 200 mappings. cfn-lint has errors beyond the limit and, off by "
        "default, information near it; a template this near should be divided before a deployment fails."
    )
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"
    subjects = ("limits",)

    bad = "Resources:  # W9702\n" + "".join(f"  Topic{i}: {{Type: AWS::SNS::Topic}}\n" for i in range(451))
    good = """
        Resources:
          Topic: {Type: AWS::SNS::Topic}
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Sections with more than 90 % of what is allowed."""
        first = next(document.resources(), None)
        for section, limit in _LIMITS.items():
            body = document.source.get(section)
            if first is not None and isinstance(body, dict) and len(body) > limit * _ROOM:
                place = document.node((section,), first.conditions)
                yield place, f"the template has {len(body)} {section}; CloudFormation takes {limit}. Divide the stack"
