"""Secrets need an execution role."""

from __future__ import annotations

from collections.abc import Iterator

from generator.rules._rule import Finding, Rule
from generator.rules._tasks import TASK, containers
from generator.rules._template import Document


class SecretsWithoutRole(Rule):
    """Somebody may read the secrets."""

    id = "E9105"
    shortdesc = "A task definition with secrets has an execution role"
    description = (
        "ECS reads Secrets and repository credentials with the execution role; without ExecutionRoleArn the task "
        "definition is refused."
    )
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html"
    subjects = ("resources", "ecs", "iam")

    bad = """
        Resources:
          Task:
            Type: AWS::ECS::TaskDefinition
            Properties:
              ContainerDefinitions:
              - Name: backend
                Secrets: [{Name: JWT_SECRET, ValueFrom: !Ref JwtSecret}]  # E9105
          JwtSecret: {Type: AWS::SecretsManager::Secret}
        """
    good = """
        Resources:
          Task:
            Type: AWS::ECS::TaskDefinition
            Properties:
              ExecutionRoleArn: !Sub arn:${AWS::Partition}:iam::${AWS::AccountId}:role/backend-execution
              ContainerDefinitions: [{Name: backend, Secrets: [{Name: JWT_SECRET, ValueFrom: !Ref JwtSecret}]}]
          JwtSecret: {Type: AWS::SecretsManager::Secret}
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Containers with secrets in task definitions without the role."""
        for task in document.resources(TASK):
            for lacking in task.absent("Properties", "ExecutionRoleArn"):
                for container in containers(task.under(lacking)):
                    for key in ("Secrets", "RepositoryCredentials"):
                        for node in container.each(key):
                            if node.value:
                                name = container.first("Name")
                                yield (
                                    node,
                                    f"{task.resource}: container '{name.text if name else '?'}' "
                                    f"has {key} but the task definition has no "
                                    "ExecutionRoleArn; add a role that ecs-tasks.amazonaws.com "
                                    "may assume and that may read them",
                                )
