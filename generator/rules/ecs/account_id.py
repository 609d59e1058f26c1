"""Account numbers have twelve digits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from cfnlint.helpers import is_function

from generator.rules._rule import Finding, Rule
from generator.rules._template import Document, Node

_ACCOUNT = re.compile(
    r"arn:(?:aws[a-z-]*|\$\{AWS::Partition\}):[a-z0-9-]+:(?:[a-z0-9-]*|\$\{[^}]*\}):(?P<arn>\d+):|(?<![\w.-])(?P<host>\d+)\.dkr\.ecr\."
)


class AccountId(Rule):
    """ARNs and image hosts name a possible account."""

    id = "E9111"
    shortdesc = "An account number has twelve digits"
    description = (
        "ARNs and ECR image hosts with an account number of another length name nothing: the task does not start, "
        "the policy never matches."
    )
    source_url = "https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-identifiers.html"
    subjects = ("resources", "iam", "ecs")

    bad = """
        Resources:
          Task:
            Type: AWS::ECS::TaskDefinition
            Properties:
              ContainerDefinitions:
              - Name: backend
                Image: 123456789.dkr.ecr.us-east-1.amazonaws.com/aldeia/backend:4f2c1ab  # E9111
                Secrets:
                - Name: JWT_SECRET
                  ValueFrom: arn:aws:secretsmanager:us-east-1:123456789:secret:staging/jwt  # E9111
              ExecutionRoleArn: arn:aws:iam::111122223333:role/backend
        """
    good = """
        Resources:
          Task:
            Type: AWS::ECS::TaskDefinition
            Properties:
              ExecutionRoleArn: arn:aws:iam::111122223333:role/backend
              ContainerDefinitions:
              - Name: backend
                Image: !Sub ${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/aldeia/backend:4f2c1ab
                Secrets:
                - Name: JWT_SECRET
                  ValueFrom: !Sub arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:staging/jwt
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Every text of the resources' properties."""
        for resource in document.resources():
            properties = resource.value.get("Properties")
            yield from self._search(Node(document, properties, (*resource.path, "Properties"), resource.conditions))

    def _search(self, node: Node) -> Iterator[Finding]:
        for key, value in _items(node.value):
            if isinstance(value, dict | list | str):
                yield from self._search(Node(node.document, value, (*node.path, key), node.conditions))
        composed = is_function(node.value)[0] in {"Fn::Sub", "Fn::Join"}
        if composed or (isinstance(node.value, str) and (":" in node.value or ".ecr." in node.value)):
            for match in _ACCOUNT.finditer(node.text):
                account = match["arn"] or match["host"]
                if len(account) != 12:
                    yield (
                        node,
                        f"{node.resource}: '{match.group()}' names account '{account}' of {len(account)} digits; "
                        "an account number has 12, and '${AWS::AccountId}' is this one's",
                    )


def _items(value: Any) -> list[tuple[str | int, Any]]:
    if is_function(value)[0] in {"Fn::Sub", "Fn::Join"}:
        return []  # judged as one text
    if isinstance(value, dict):
        return list(value.items())
    return list(enumerate(value)) if isinstance(value, list) else []
