"""A role is passed to the services it is for."""

from __future__ import annotations

from collections.abc import Iterator

from generator.rules._policies import allows, identity_statements
from generator.rules._rule import Finding, Rule
from generator.rules._template import Document
from generator.rules._trust import has_condition


class PassRole(Rule):
    """Who may pass a role to any service may use it in all of them."""

    id = "W9406"
    shortdesc = "iam:PassRole says to which service"
    description = (
        "Without a condition on iam:PassedToService the role can be handed to every service that its trust policy, "
        "today or later, lets in."
    )
    source_url = (
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#ck_PassedToService"
    )
    subjects = ("resources", "iam", "security")

    bad = """
        Resources:
          Deploy:
            Type: AWS::IAM::Role
            Properties:
              Policies:
              - PolicyDocument:
                  Statement:
                  - Effect: Allow
                    Action: iam:PassRole  # W9406
                    Resource: !Sub arn:${AWS::Partition}:iam::${AWS::AccountId}:role/aldeia-*
        """
    good = """
        Resources:
          Deploy:
            Type: AWS::IAM::Role
            Properties:
              Policies:
              - PolicyDocument:
                  Statement:
                  - Effect: Allow
                    Action: iam:PassRole
                    Resource: !Sub arn:${AWS::Partition}:iam::${AWS::AccountId}:role/aldeia-*
                    Condition: {StringEquals: {"iam:PassedToService": ecs-tasks.amazonaws.com}}
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Permissions to pass roles without it."""
        for statement in identity_statements(document):
            if allows(statement) and not has_condition(statement, "iam:passedtoservice"):
                for action in statement.each("Action", "*"):
                    if action.text.lower() == "iam:passrole":
                        yield (
                            action,
                            f"{statement.resource}: iam:PassRole to any service; add a condition StringEquals iam:PassedToService",
                        )
