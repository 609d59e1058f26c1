"""A service assumes a role for this account only."""

from __future__ import annotations

from collections.abc import Iterator

from generator.rules._policies import allows, trust_statements
from generator.rules._rule import Finding, Rule
from generator.rules._template import Document
from generator.rules._trust import has_condition

# Services whose guides ask for the condition and that send aws:SourceAccount and aws:SourceArn when they assume a role.
_SERVICES = {
    "ecs-tasks.amazonaws.com": "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html",
    "vpc-flow-logs.amazonaws.com": "https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html",
    "scheduler.amazonaws.com": "https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html",
    "codebuild.amazonaws.com": "https://docs.aws.amazon.com/codebuild/latest/userguide/cross-service-confused-deputy-prevention.html",
    "states.amazonaws.com": "https://docs.aws.amazon.com/step-functions/latest/dg/procedure-create-iam-role.html",
}
_KEYS = ("aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths")


class ConfusedDeputy(Rule):
    """Another account's service must not act with this account's role."""

    id = "W9407"
    shortdesc = "Trust in a service is limited to this account"
    description = (
        "Trust in a service that acts for many accounts, without aws:SourceAccount or aws:SourceArn, lets a "
        "resource of another account make that service use the role. Spoken of for services whose guides ask for "
        "it: ECS tasks, flow logs, Scheduler, CodeBuild, Step Functions."
    )
    source_url = "https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html"
    subjects = ("resources", "iam", "security")

    bad = """
        Resources:
          Task:
            Type: AWS::IAM::Role
            Properties:
              AssumeRolePolicyDocument:
                Statement:
                - Effect: Allow  # W9407
                  Action: sts:AssumeRole
                  Principal: {Service: ecs-tasks.amazonaws.com}
        """
    good = """
        Resources:
          Task:
            Type: AWS::IAM::Role
            Properties:
              AssumeRolePolicyDocument:
                Statement:
                - Effect: Allow
                  Action: sts:AssumeRole
                  Principal: {Service: ecs-tasks.amazonaws.com}
                  Condition: {StringEquals: {"aws:SourceAccount": !Ref "AWS::AccountId"}}
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Trust in such a service without one of the keys."""
        for statement in trust_statements(document):
            if allows(statement) and not has_condition(statement, *_KEYS):
                for principal in statement.each("Principal", "Service", "*"):
                    if principal.text in _SERVICES:
                        yield (
                            statement,
                            f"{statement.resource}: trust in {principal.text} without aws:SourceAccount or aws:SourceArn; "
                            f"compare aws:SourceAccount with the account ({_SERVICES[principal.text]})",
                        )
