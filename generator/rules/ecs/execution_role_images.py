"""The execution role may pull the images of its task."""

from __future__ import annotations

from collections.abc import Iterator

from generator.rules._access import EVERYTHING, execution_roles, may, on_fargate, repositories
from generator.rules._arn import Covers
from generator.rules._rule import Finding, Rule
from generator.rules._template import Document


class ExecutionRoleImages(Rule):
    """Images can be pulled."""

    id = "E9107"
    shortdesc = "The execution role may pull the task's images"
    description = (
        "On Fargate the execution role pulls from ECR: GetAuthorizationToken on `*`, BatchGetImage and "
        "GetDownloadUrlForLayer on the repository."
    )
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html"
    subjects = ("resources", "ecs", "iam")

    bad = """
        Resources:
          Task:
            Type: AWS::ECS::TaskDefinition
            Properties:
              RequiresCompatibilities: [FARGATE]
              ExecutionRoleArn: !GetAtt ExecutionRole.Arn
              ContainerDefinitions:
              - Name: backend
                Image: !Sub ${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/aldeia/backend:4f2c1ab  # E9107
          ExecutionRole:
            Type: AWS::IAM::Role
            Properties:
              Policies:
              - PolicyDocument:
                  Statement:
                  - {Effect: Allow, Action: "ecr:GetAuthorizationToken", Resource: "*"}
                  - Effect: Allow
                    Action: [ecr:BatchGetImage, ecr:GetDownloadUrlForLayer]
                    Resource: !Sub arn:${AWS::Partition}:ecr:${AWS::Region}:${AWS::AccountId}:repository/aldeia/frontend
        """
    good = """
        Resources:
          Task:
            Type: AWS::ECS::TaskDefinition
            Properties:
              RequiresCompatibilities: [FARGATE]
              ExecutionRoleArn: !GetAtt ExecutionRole.Arn
              ContainerDefinitions:
              - Name: backend
                Image: !Sub ${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/aldeia/backend:4f2c1ab
          ExecutionRole:
            Type: AWS::IAM::Role
            Properties:
              ManagedPolicyArns:
              - !Sub arn:${AWS::Partition}:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Images that a fully known role surely cannot pull."""
        for task, role in execution_roles(document):
            if not on_fargate(task):
                continue
            for node, arn in repositories(task):
                wanted = {
                    "ecr:GetAuthorizationToken": EVERYTHING,
                    "ecr:BatchGetImage": arn,
                    "ecr:GetDownloadUrlForLayer": arn,
                }
                lacking = [action for action, resource in wanted.items() if may(role, action, resource) is Covers.NO]
                if lacking:
                    where = "'*'" if lacking == ["ecr:GetAuthorizationToken"] else f"'{arn}'"
                    yield (
                        node,
                        f"{task.resource}: execution role {role.resource} may not "
                        f"{', '.join(lacking)} on {where}; allow exactly that",
                    )
