"""The execution role may read the secrets of its task."""

from __future__ import annotations

from collections.abc import Iterator

from generator.rules._access import execution_roles, may, secrets
from generator.rules._arn import Covers
from generator.rules._rule import Finding, Rule
from generator.rules._template import Document


class ExecutionRoleSecrets(Rule):
    """Secrets can be read."""

    id = "E9106"
    shortdesc = "The execution role may read the task's secrets"
    description = (
        "Every task stops before it starts when the execution role may not read one of its secrets; the service "
        "never becomes stable."
    )
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html#task-execution-secrets"
    subjects = ("resources", "ecs", "iam")

    bad = """
        Resources:
          Task:
            Type: AWS::ECS::TaskDefinition
            Properties:
              ExecutionRoleArn: !GetAtt ExecutionRole.Arn
              ContainerDefinitions:
              - Name: backend
                Secrets:
                - Name: JWT_SECRET
                  ValueFrom: !Sub arn:aws:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:staging/jwt-Ab12Cd  # E9106
          ExecutionRole:
            Type: AWS::IAM::Role
            Properties:
              Policies:
              - PolicyDocument:
                  Statement:
                  - Effect: Allow
                    Action: secretsmanager:GetSecretValue
                    Resource: !Sub arn:aws:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:production/*
        """
    good = """
        Resources:
          Task:
            Type: AWS::ECS::TaskDefinition
            Properties:
              ExecutionRoleArn: !GetAtt ExecutionRole.Arn
              ContainerDefinitions: [{Name: backend, Secrets: [{Name: JWT_SECRET, ValueFrom: !Sub "${Jwt}:JWT_SECRET::"}]}]
          Jwt: {Type: AWS::SecretsManager::Secret}
          ExecutionRole:
            Type: AWS::IAM::Role
            Properties:
              Policies:
              - PolicyDocument:
                  Statement: [{Effect: Allow, Action: secretsmanager:GetSecretValue, Resource: !Ref Jwt}]
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Secrets that no statement of a fully known role covers."""
        for task, role in execution_roles(document):
            for node, action, arn in secrets(task):
                if may(role, action, arn) is Covers.NO:
                    yield (
                        node,
                        f"{task.resource}: execution role {role.resource} may not {action} on '{arn}'; allow exactly that",
                    )
