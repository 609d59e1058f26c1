"""Names of load balancers and target groups fit."""

from __future__ import annotations

from collections.abc import Iterator

from generator.rules._arn import TOKEN
from generator.rules._rule import Finding, Rule
from generator.rules._template import Document

_NAMED = ("AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::ElasticLoadBalancingV2::TargetGroup")
_LIMIT = 32


class NameLength(Rule):
    """32 characters, and a hyphen at no end."""

    id = "E9308"
    shortdesc = "A load balancer's or target group's name has at most 32 characters"
    description = (
        "Longer names are refused. What deployment fills in counts as nothing, so a name that is found too long is "
        "too long in any case."
    )
    source_url = "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html"
    subjects = ("resources", "elasticloadbalancing")

    bad = """
        Resources:
          Group:
            Type: AWS::ElasticLoadBalancingV2::TargetGroup
            Properties:
              Name: aldeia-production-backend-blue-target  # E9308
        """
    good = """
        Resources:
          Group: {Type: AWS::ElasticLoadBalancingV2::TargetGroup, Properties: {Name: aldeia-production-backend}}
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Names whose known part alone is too long."""
        for resource in document.resources(*_NAMED):
            for name in resource.each("Properties", "Name"):
                written = TOKEN.sub("", document.defaults(name.text))
                if len(written) > _LIMIT:
                    yield (
                        name,
                        f"{resource.resource}: name '{written}' has {len(written)} characters; at most {_LIMIT} are allowed",
                    )
