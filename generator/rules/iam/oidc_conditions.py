"""A token is trusted for its audience and its subject."""

from __future__ import annotations

from collections.abc import Iterator

from generator.rules._policies import trust_statements
from generator.rules._rule import Finding, Rule
from generator.rules._template import Document
from generator.rules._trust import has_condition, of_everybody, of_github, web_identity

# Claims that tie a token of GitHub to a repository or its owner.
_SUBJECTS = (
    ":sub",
    ":repository",
    ":repository_id",
    ":repository_owner",
    ":repository_owner_id",
    ":job_workflow_ref",
    ":enterprise_id",
)


class OidcConditions(Rule):
    """The provider is everybody's; the conditions make it yours."""

    id = "E9401"
    shortdesc = "Trust in an OIDC provider has audience and subject conditions"
    description = (
        "Every repository on GitHub gets tokens from one provider: without a condition on `aud` and on `sub` any of "
        "them may assume the role. For other providers that serve everybody (GitLab, Google, Cognito and their "
        "like) a statement without any condition is a fault."
    )
    source_url = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html#manage-oidc-provider-trust"
    subjects = ("resources", "iam", "security")

    bad = """
        Resources:
          Deploy:
            Type: AWS::IAM::Role
            Properties:
              AssumeRolePolicyDocument:
                Statement:
                - Effect: Allow  # E9401
                  Action: sts:AssumeRoleWithWebIdentity
                  Principal: {Federated: arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com}
                  Condition: {StringEquals: {"token.actions.githubusercontent.com:aud": sts.amazonaws.com}}
        """
    good = """
        Resources:
          Deploy:
            Type: AWS::IAM::Role
            Properties:
              AssumeRolePolicyDocument:
                Statement:
                - Effect: Allow
                  Action: sts:AssumeRoleWithWebIdentity
                  Principal: {Federated: arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com}
                  Condition:
                    StringEquals:
                      token.actions.githubusercontent.com:aud: sts.amazonaws.com
                      token.actions.githubusercontent.com:sub: repo:example/chatbot:environment:production
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Web identity statements that lack one of them."""
        for statement in trust_statements(document):
            if not web_identity(statement):
                continue
            if of_github(statement):
                lacking = [
                    name
                    for name, keys in (("aud", (":aud",)), ("sub", _SUBJECTS))
                    if not has_condition(statement, *keys)
                ]
                if lacking:
                    yield (
                        statement,
                        f"{statement.resource}: trust in GitHub's provider without a condition on "
                        f"{' and '.join(lacking)}; compare aud with "
                        "sts.amazonaws.com and sub with repo:<owner>/<repository>:...",
                    )
            elif of_everybody(statement) and any(statement.absent("Condition")):
                yield (
                    statement,
                    f"{statement.resource}: trust in an identity provider without any condition; compare its aud and sub",
                )
