"""What every rule of this pack is: one fact, with a template that breaks it and one that keeps it.

cfn-lint makes an object of each class it finds in a module and runs those that have an id; this base class has none.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from cfnlint.rules._rule import CloudFormationLintRule, RuleMatch
from cfnlint.template.template import Template

from generator.rules._template import Document, Node, document_of

Finding = tuple[Node, str]


class Rule(CloudFormationLintRule):
    """A fact about a template.

    `find` yields the places where the fact does not hold, each with a message that names the resource, the value and what would
    be right. `subjects` become cfn-lint's tags. `bad` and `good` are templates in YAML, for docs/rules.md and the tests; in `bad`
    the faulty lines end with the id.
    """

    subjects: ClassVar[tuple[str, ...]] = ()
    bad: ClassVar[str] = ""
    good: ClassVar[str] = ""

    def __init__(self) -> None:
        super().__init__()
        self.tags = list(self.subjects)

    def find(self, document: Document) -> Iterator[Finding]:
        """(place, message) for each fault."""
        raise NotImplementedError

    def match(self, cfn: Template) -> list[RuleMatch]:
        """cfn-lint's entry: the findings, each place and message once."""
        found = {(node.path, message) for node, message in self.find(document_of(cfn))}
        return [
            RuleMatch(list(path), message)
            for path, message in sorted(found, key=lambda f: (list(map(str, f[0])), f[1]))
        ]
