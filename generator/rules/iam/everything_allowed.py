"""Nobody may do everything to everything."""

from __future__ import annotations

from collections.abc import Iterator

from generator.rules._policies import allows, identity_statements
from generator.rules._rule import Finding, Rule
from generator.rules._template import Document


class EverythingAllowed(Rule):
    """`*` on `*` is administrator access."""

    id = "E9403"
    shortdesc = "No statement allows every action on every resource"
    description = (
        "Action `*` on Resource `*` without a condition. Permissions boundaries are left alone: they limit, they do "
        "not grant."
    )
    source_url = "https://docs.aws.amazon.com/securityhub/latest/userguide/iam-controls.html#iam-1"
    subjects = ("resources", "iam", "security")

    bad = """
        Resources:
          Role:
            Type: AWS::IAM::Role
            Properties:
              Policies:
              - PolicyName: all
                PolicyDocument:
                  Statement:
                  - Effect: Allow
                    Action: "*"  # E9403
                    Resource: "*"
        """
    good = """
        Resources:
          Role:
            Type: AWS::IAM::Role
            Properties:
              Policies:
              - PolicyName: pull
                PolicyDocument:
                  Statement: [{Effect: Allow, Action: "ecr:GetAuthorizationToken", Resource: "*"}]
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Such statements."""
        boundaries = {
            node.target
            for resource in document.resources("AWS::IAM::Role", "AWS::IAM::User")
            for node in resource.each("Properties", "PermissionsBoundary")
        }
        for statement in identity_statements(document):
            if statement.resource in boundaries or "boundary" in statement.resource.lower() or not allows(statement):
                continue
            every = next((node for node in statement.each("Action", "*") if node.text in {"*", "*:*"}), None)
            if (
                every
                and any(node.text == "*" for node in statement.each("Resource", "*"))
                and not statement.first("Condition")
            ):
                yield (
                    every,
                    f"{statement.resource}: a statement allows '{every.text}' on '*'; name the actions and the resources",
                )
