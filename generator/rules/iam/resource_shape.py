"""A resource is of a kind its actions take."""

from __future__ import annotations

from collections.abc import Iterator

from generator.rules._actions import accepts, formats_of
from generator.rules._policies import identity_statements
from generator.rules._rule import Finding, Rule
from generator.rules._template import Document, Node


class ResourceShape(Rule):
    """A statement whose ARN fits no action grants nothing."""

    id = "E9405"
    shortdesc = "A statement's ARNs are of a kind its actions take"
    description = (
        "IAM accepts an ARN that none of the statement's actions can be about, and grants nothing with it: another "
        "service, a missing `secret:` or `log-group:`, an object action on a bucket without `/*`."
    )
    source_url = "https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html"
    subjects = ("resources", "iam")

    bad = """
        Resources:
          Role:
            Type: AWS::IAM::Role
            Properties:
              Policies:
              - PolicyDocument:
                  Statement:
                  - Effect: Allow
                    Action: secretsmanager:GetSecretValue
                    Resource: !Sub arn:aws:secretsmanager:${AWS::Region}:${AWS::AccountId}:production/jwt  # E9405
        """
    good = """
        Resources:
          Role:
            Type: AWS::IAM::Role
            Properties:
              Policies:
              - PolicyDocument:
                  Statement:
                  - Effect: Allow
                    Action: secretsmanager:GetSecretValue
                    Resource: !Sub arn:aws:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:production/jwt-??????
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """ARNs that no action of their statement takes, and actions that no ARN of their statement fits."""
        for statement in identity_statements(document):
            actions = [node.text for node in statement.each("Action", "*")]
            formats = {action: formats_of(action) for action in actions}
            if not any(formats.values()) or "*" in actions or None in formats.values():
                continue
            # Actions without resources of their own are sometimes checked with an ARN of the service all the same.
            formats = {
                action: known or frozenset({f"arn:*:{action.split(':')[0]}:*:*:*"}) for action, known in formats.items()
            }
            resources = list(statement.each("Resource", "*"))
            wrong = [
                r
                for r in resources
                if not any(known and accepts(known, r.text) for known in formats.values()) and r.text.startswith("arn:")
            ]
            for resource in wrong:
                taken = sorted({form for known in formats.values() for form in known or ()})[:3]
                yield (
                    resource,
                    f"{statement.resource}: '{resource.text}' is nothing that {self._some(actions)} can be about; "
                    f"they take {' or '.join(taken).replace('s3-object', 'arn:*:s3:::bucket/object')}",
                )
            if not wrong:
                yield from self._useless(statement, resources, formats)

    def _useless(
        self, statement: Node, resources: list[Node], formats: dict[str, frozenset[str] | None]
    ) -> Iterator[Finding]:
        useless = {
            action: known
            for action, known in formats.items()
            if known and resources and "*" not in action and not any(accepts(known, node.text) for node in resources)
        }
        if useless:
            taken = sorted({form for known in useless.values() for form in known})[:3]
            yield (
                resources[0],
                f"{statement.resource}: {self._some(list(useless))} can be about none of the statement's resources; "
                f"they take {' or '.join(taken).replace('s3-object', 'arn:*:s3:::bucket/object')}",
            )

    def _some(self, actions: list[str]) -> str:
        return ", ".join(actions[:3]) + (" and others" if len(actions) > 3 else "")
