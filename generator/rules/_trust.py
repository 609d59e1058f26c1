"""Trust policies: who is trusted, and under which conditions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from generator.rules._template import Node

GITHUB = "token.actions.githubusercontent.com"
SHARED = (
    "gitlab.com",
    "app.terraform.io",
    "accounts.google.com",
    "agent.buildkite.com",
    "oidc.circleci.com",
    "cognito-identity.amazonaws.com",
)
"""Providers that give tokens to everybody; that of a cluster of one's own gives them to the cluster's pods alone."""


@dataclass(frozen=True, slots=True)
class Test:
    """One comparison of a Condition: StringLike, the key in lower case, one of its values."""

    operator: str
    key: str
    value: Node


def conditions(statement: Node) -> Iterator[Test]:
    """Every comparison of a statement."""
    for block in statement.each("Condition"):
        for operator in block.value if isinstance(block.value, dict) else ():
            for keys in block.each(operator):
                for key in keys.value if isinstance(keys.value, dict) else ():
                    # A value that only deployment knows is a comparison, too.
                    for node in [*keys.each(key, "*")] or keys.each(key):
                        yield Test(operator, key.lower(), node)


def has_condition(statement: Node, *suffixes: str) -> bool:
    """Whether some comparison is about a key that ends so."""
    return any(test.key.endswith(suffixes) for test in conditions(statement))


def web_identity(statement: Node) -> bool:
    """Whether the statement lets a token of an identity provider assume the role."""
    allowed = any(node.string == "Allow" for node in statement.each("Effect"))
    return allowed and any(
        node.text.lower() == "sts:assumerolewithwebidentity" for node in statement.each("Action", "*")
    )


def of_everybody(statement: Node) -> bool:
    """Whether the provider is known to serve everybody, GitHub apart."""
    return any(provider.text.endswith(SHARED) for provider in statement.each("Principal", "Federated", "*"))


def of_github(statement: Node) -> bool:
    """Whether the provider is GitHub Actions'."""
    for provider in statement.each("Principal", "Federated", "*"):
        own = provider.follow("AWS::IAM::OIDCProvider")
        url = own.first("Properties", "Url") if own else None
        if GITHUB in provider.text or (url is not None and GITHUB in url.text):
            return True
    return has_condition(statement, f"{GITHUB}:sub", f"{GITHUB}:aud")
