"""Two rules of one listener have two priorities."""

from __future__ import annotations

from collections.abc import Iterator

from generator.rules._rule import Finding, Rule
from generator.rules._template import Document, Node

_RULE = "AWS::ElasticLoadBalancingV2::ListenerRule"


class ListenerPriority(Rule):
    """A priority is taken once."""

    id = "E9306"
    shortdesc = "Rules of one listener have different priorities"
    description = "The second rule with a priority of the same listener is refused (PriorityInUse)."
    source_url = "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateRule.html"
    subjects = ("resources", "elasticloadbalancing")

    bad = """
        Resources:
          Api: {Type: AWS::ElasticLoadBalancingV2::ListenerRule, Properties: {ListenerArn: !Ref Https, Priority: 10}}
          App:
            Type: AWS::ElasticLoadBalancingV2::ListenerRule
            Properties:
              ListenerArn: !Ref Https
              Priority: 10  # E9306
        """
    good = """
        Resources:
          Api: {Type: AWS::ElasticLoadBalancingV2::ListenerRule, Properties: {ListenerArn: !Ref Https, Priority: 10}}
          App: {Type: AWS::ElasticLoadBalancingV2::ListenerRule, Properties: {ListenerArn: !Ref Https, Priority: 20}}
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """The second and later rules of a listener with one priority that can exist together."""
        seen: dict[tuple[str, str], list[Node]] = {}
        for rule in document.resources(_RULE):
            for listener in rule.each("Properties", "ListenerArn"):
                for priority in rule.under(listener).each("Properties", "Priority"):
                    key = (listener.text, priority.text)
                    clash = next(
                        (
                            first
                            for first in seen.get(key, [])
                            if first.resource != priority.resource and self._together(first, priority)
                        ),
                        None,
                    )
                    if clash:
                        yield (
                            priority,
                            f"{priority.resource}: priority {priority.text} is {clash.resource}'s on the same listener; "
                            "take one that is free",
                        )
                    seen.setdefault(key, []).append(priority)

    def _together(self, one: Node, other: Node) -> bool:
        conditions = other.conditions
        for name, value in one.conditions.status.items():
            pinned = one.document.pin(conditions, name, value=value)
            if pinned is None:
                return False
            conditions = pinned
        return True
