"""A subject names the owner of the repository."""

from __future__ import annotations

from collections.abc import Iterator

from generator.rules._arn import TOKEN
from generator.rules._policies import trust_statements
from generator.rules._rule import Finding, Rule
from generator.rules._template import Document
from generator.rules._trust import Test, conditions, of_github, web_identity


class OidcSubject(Rule):
    """A pattern over the owner is a pattern over everybody."""

    id = "E9402"
    shortdesc = "An OIDC subject is satisfied by one owner's repositories, and by some"
    description = (
        "A subject like `*`, `repo:*` or `repo:example*/...` is satisfied by a repository that anybody can make. A "
        "wildcard under StringEquals is the opposite: it is compared letter by letter, so no token satisfies it. "
        "ForAllValues is true when the claim is absent."
    )
    source_url = "https://docs.github.com/en/actions/security-for-github-actions/security-hardening-your-deployments/configuring-openid-connect-in-amazon-web-services"
    subjects = ("resources", "iam", "security")

    bad = """
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
                    StringEquals: {"token.actions.githubusercontent.com:aud": sts.amazonaws.com}
                    StringLike:
                      token.actions.githubusercontent.com:sub: repo:*/chatbot:*  # E9402
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
                    StringEquals: {"token.actions.githubusercontent.com:aud": sts.amazonaws.com}
                    StringLike: {"token.actions.githubusercontent.com:sub": "repo:example/chatbot:*"}
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Subjects of GitHub that anybody, or nobody, satisfies."""
        for statement in trust_statements(document):
            if web_identity(statement) and of_github(statement):
                for test in conditions(statement):
                    fault = self._fault(test) if test.key.endswith(":sub") else ""
                    if fault:
                        yield (
                            test.value,
                            f"{statement.resource}: subject '{test.value.text}' {fault}; write repo:<owner>/<repository>:...",
                        )

    def _fault(self, test: Test) -> str:
        operator, text = test.operator.lower(), TOKEN.sub("~", test.value.text)
        if operator.startswith("forallvalues"):
            return f"stands under {test.operator}, which is true when the claim is absent"
        exact = "equals" in operator and "not" not in operator
        if exact:
            return (
                f"stands under {test.operator}, which takes '*' for a letter, so no token satisfies it"
                if "*" in text
                else ""
            )
        if "stringlike" not in operator:
            return ""
        owner = text.removeprefix("repo:").split("/")[0].split("@")[0].split(":")[0]
        open_owner = any(char in owner for char in "*?") or any(char in text[:5] for char in "*?")
        return "is satisfied by repositories of anybody" if open_owner else ""
