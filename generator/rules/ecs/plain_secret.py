"""Secrets are not written into the environment of a container."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cfnlint.helpers import is_function

from generator.rules._rule import Finding, Rule
from generator.rules._tasks import TASK, containers
from generator.rules._template import Document, Node

_SECRET_NAME = re.compile(
    r"(^|_)(PASSWORD|PASSWD|PASSPHRASE|PWD|SECRET|SECRET_KEY|TOKEN|API_?KEY|PRIVATE_KEY|ACCESS_KEY|CREDENTIALS?|AUTH_KEY)$",
    re.IGNORECASE,
)
_CREDENTIALS_IN_URL = re.compile(r"^[a-z][a-z0-9+.-]*://[^/\s:@]*:[^/\s@]+@", re.IGNORECASE)
_NOT_A_SECRET = re.compile(r"^(|true|false|yes|no|none|null|\d|arn:.*|/.*|https?://[^@]*)$", re.IGNORECASE)


class PlainSecret(Rule):
    """Task definitions are readable by many."""

    id = "W9119"
    shortdesc = "A secret does not stand in plain environment"
    description = (
        "Environment is shown in the console, in `describe-task-definition` and in the template. That holds for "
        "NoEcho parameters and `{{resolve:secretsmanager:...}}` too: CloudFormation writes their value into the "
        "task definition."
    )
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specifying-sensitive-data.html"
    subjects = ("resources", "ecs", "security")

    bad = """
        Resources:
          Task:
            Type: AWS::ECS::TaskDefinition
            Properties:
              ContainerDefinitions:
              - Name: backend
                Environment:
                - Name: JWT_SECRET
                  Value: correct-horse-battery  # W9119
                - Name: DATABASE_URL
                  Value: postgres://aldeia:hunter2@db.example.com/aldeia  # W9119
        """
    good = """
        Resources:
          Task:
            Type: AWS::ECS::TaskDefinition
            Properties:
              ExecutionRoleArn: arn:aws:iam::111122223333:role/backend
              ContainerDefinitions:
              - Name: backend
                Secrets: [{Name: JWT_SECRET, ValueFrom: !Ref JwtSecret}]
                Environment: [{Name: TOKEN_LIFETIME, Value: "3600"}]
          JwtSecret: {Type: AWS::SecretsManager::Secret}
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Variables called like a secret, or holding credentials, whose value is written down."""
        for task in document.resources(TASK):
            for container in containers(task):
                for entry in container.each("Environment", "*"):
                    for name in entry.each("Name"):
                        for value in entry.each("Value"):
                            how = self._how(name.text, value)
                            if how:
                                yield (
                                    value,
                                    f"{task.resource}: {how} in the plain environment variable "
                                    f"{name.text}; move it to Secrets with ValueFrom",
                                )

    def _how(self, name: str, value: Node) -> str:
        # What the message says never contains the value: a log of the lint must not hold the secret either.
        text = value.text
        if "{{resolve:secretsmanager:" in text or "{{resolve:ssm-secure:" in text:
            return "a dynamic reference puts a secret"
        if self._no_echo(value):
            return "a NoEcho parameter stands"
        if not value.known:
            return ""
        if _CREDENTIALS_IN_URL.match(text):
            return "credentials stand in an address"
        return "what looks like a secret stands" if _SECRET_NAME.search(name) and not _NOT_A_SECRET.match(text) else ""

    def _no_echo(self, value: Node) -> bool:
        raw = value.document.node(value.path, value.conditions).value
        function, argument = is_function(raw)
        parameter = (
            value.document.parameters.get(argument, {}) if function == "Ref" and isinstance(argument, str) else {}
        )
        return str(parameter.get("NoEcho", "")).lower() == "true"
