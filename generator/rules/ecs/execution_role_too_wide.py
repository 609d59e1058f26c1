"""The execution role reads no more secrets than its task."""

from __future__ import annotations

from collections.abc import Iterator

from generator.rules._access import alias, execution_roles, forms, secrets
from generator.rules._arn import Covers, covers
from generator.rules._policies import allows, texts
from generator.rules._rule import Finding, Rule
from generator.rules._template import Document, Node

_READS = ("secretsmanager:GetSecretValue", "ssm:GetParameters", "ssm:GetParameter")


class ExecutionRoleTooWide(Rule):
    """Secrets are read by those who need them."""

    id = "W9109"
    shortdesc = "The execution role reads only the task's secrets"
    description = (
        "A role that reads every secret, or secrets none of its tasks uses, hands them to whoever can change a task "
        "definition of that role. Only statements inside of the role are judged, and those on something narrower "
        "than everything only when every task that uses the role is known."
    )
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html#task-execution-secrets"
    subjects = ("resources", "ecs", "iam", "security")

    bad = """
        Resources:
          Task:
            Type: AWS::ECS::TaskDefinition
            Properties:
              ExecutionRoleArn: !GetAtt ExecutionRole.Arn
              ContainerDefinitions: [{Name: backend, Secrets: [{Name: JWT_SECRET, ValueFrom: !Ref Jwt}]}]
          Jwt: {Type: AWS::SecretsManager::Secret}
          ExecutionRole:
            Type: AWS::IAM::Role
            Properties:
              Policies:
              - PolicyDocument:
                  Statement:
                  - Effect: Allow
                    Action: secretsmanager:GetSecretValue
                    Resource: "*"  # W9109
        """
    good = """
        Resources:
          Task:
            Type: AWS::ECS::TaskDefinition
            Properties:
              ExecutionRoleArn: !GetAtt ExecutionRole.Arn
              ContainerDefinitions: [{Name: backend, Secrets: [{Name: JWT_SECRET, ValueFrom: !Ref Jwt}]}]
          Jwt: {Type: AWS::SecretsManager::Secret}
          ExecutionRole:
            Type: AWS::IAM::Role
            Properties:
              Policies:
              - PolicyDocument:
                  Statement: [{Effect: Allow, Action: secretsmanager:GetSecretValue, Resource: !Ref Jwt}]
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Resources of reading statements that are everything, or that none of the role's tasks uses."""
        used: dict[str, tuple[Node, list[str]]] = {}
        for task, role in execution_roles(document):
            _, arns = used.setdefault(role.resource, (role, []))
            arns += [form for _, _, arn in secrets(task) for form in forms(alias(document, arn))]
        for role, arns in used.values():
            for statement in role.each("Properties", "Policies", "*", "PolicyDocument", "Statement", "*"):
                actions = [
                    a
                    for a in texts(statement, "Action")
                    if any(covers(a.lower(), r.lower()) is Covers.YES for r in _READS)
                ]
                if not allows(statement) or not actions or statement.first("Condition"):
                    continue
                for resource in statement.each("Resource", "*"):
                    yield from self._judge(role, resource, actions, arns)

    def _judge(self, role: Node, resource: Node, actions: list[str], arns: list[str]) -> Iterator[Finding]:
        text = resource.text
        if text == "*" or text.endswith((":secret:*", ":parameter/*", ":secretsmanager:*", ":ssm:*")):
            yield (
                resource,
                f"{role.resource}: '{text}' lets the execution role {', '.join(actions)} on every "
                "secret; name the ones its tasks use",
            )
        elif (
            arns
            and all(covers(alias(role.document, text), arn) is Covers.NO for arn in arns)
            and self._a_secret(text, role.document)
        ):
            yield resource, f"{role.resource}: no task with this execution role uses '{text}'; take it out"

    def _a_secret(self, text: str, document: Document) -> bool:
        return any(kind in alias(document, text) for kind in (":secret:", ":parameter/"))
