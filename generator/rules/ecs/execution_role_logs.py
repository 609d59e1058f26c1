"""The execution role may write the logs of its task."""

from __future__ import annotations

from collections.abc import Iterator

from generator.rules._access import execution_roles, log_groups, may, on_fargate
from generator.rules._arn import Covers
from generator.rules._rule import Finding, Rule
from generator.rules._template import Document


class ExecutionRoleLogs(Rule):
    """Logs can be written."""

    id = "E9108"
    shortdesc = "The execution role may write the task's logs"
    description = (
        "On Fargate the execution role makes the log streams and writes them; a task that cannot is stopped before "
        "it starts."
    )
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html"
    subjects = ("resources", "ecs", "iam", "logs")

    bad = """
        Resources:
          Logs: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: /ecs/backend}}
          Task:
            Type: AWS::ECS::TaskDefinition
            Properties:
              RequiresCompatibilities: [FARGATE]
              ExecutionRoleArn: !GetAtt ExecutionRole.Arn
              ContainerDefinitions:
              - Name: backend
                LogConfiguration:
                  LogDriver: awslogs
                  Options:
                    awslogs-group: !Ref Logs  # E9108
          ExecutionRole:
            Type: AWS::IAM::Role
            Properties:
              Policies:
              - PolicyDocument:
                  Statement:
                  - Effect: Allow
                    Action: [logs:CreateLogStream, logs:PutLogEvents]
                    Resource: !Sub arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/ecs/frontend:*
        """
    good = """
        Resources:
          Logs: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: /ecs/backend}}
          Task:
            Type: AWS::ECS::TaskDefinition
            Properties:
              RequiresCompatibilities: [FARGATE]
              ExecutionRoleArn: !GetAtt ExecutionRole.Arn
              ContainerDefinitions:
              - Name: backend
                LogConfiguration: {LogDriver: awslogs, Options: {awslogs-group: !Ref Logs}}
          ExecutionRole:
            Type: AWS::IAM::Role
            Properties:
              Policies:
              - PolicyDocument:
                  Statement: [{Effect: Allow, Action: [logs:CreateLogStream, logs:PutLogEvents], Resource: !GetAtt Logs.Arn}]
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Log groups that a fully known role surely cannot write to."""
        for task, role in execution_roles(document):
            if not on_fargate(task):
                continue
            for node, arn in log_groups(task):
                lacking = [
                    action
                    for action in ("logs:CreateLogStream", "logs:PutLogEvents")
                    if may(role, action, arn) is Covers.NO
                ]
                if lacking:
                    group = arn.removesuffix(":log-stream:stream")
                    yield (
                        node,
                        f"{task.resource}: execution role {role.resource} may not "
                        f"{', '.join(lacking)} on '{group}:*'; allow exactly that",
                    )
