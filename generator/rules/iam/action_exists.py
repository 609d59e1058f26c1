"""An action exists."""

from __future__ import annotations

from collections.abc import Iterator

from generator.rules._actions import fault_of
from generator.rules._policies import identity_statements
from generator.rules._rule import Finding, Rule
from generator.rules._template import Document


class ActionExists(Rule):
    """IAM takes any text, and allows nothing with it."""

    id = "E9404"
    shortdesc = "An IAM action exists"
    description = (
        "IAM accepts an action that does not exist and grants nothing: the program fails when it calls. cfn-lint's "
        "W3037 warns of it; this is the same knowledge as an error, for identity policies."
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
                    Resource: arn:aws:s3:::example/*
                    Action:
                    - s3:GetObjekt  # E9404
        """
    good = """
        Resources:
          Role:
            Type: AWS::IAM::Role
            Properties:
              Policies:
              - PolicyDocument:
                  Statement: [{Effect: Allow, Action: ["s3:GetObject"], Resource: "arn:aws:s3:::example/*"}]
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Actions and NotActions that the authorization reference does not have."""
        for statement in identity_statements(document):
            for key in ("Action", "NotAction"):
                for action in statement.each(key, "*"):
                    fault = fault_of(action.text)
                    if fault:
                        yield action, f"{statement.resource}: '{action.text}' {fault}"
