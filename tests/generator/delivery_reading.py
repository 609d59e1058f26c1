"""What the tests of the pipeline's roles share: the rendered stack `delivery`, ARNs of an account, and how to ask a role."""

import json
from typing import Any

from generator.model import Environment, Service
from generator.render import to_dict
from generator.services import SERVICES
from generator.stacks.delivery import build
from tests.generator.policy_evaluator import decide, statements

Json = dict[str, Any]
Row = tuple[str, str, str, dict[str, str], str]
"""Role, action, resource, context, verdict."""

ACCOUNT = "111122223333"
BUILD, CLOUDFORMATION = "BuildRole", "ProductionCloudFormationRole"
STAGING_DEPLOY, PLAN, DEPLOY = "StagingDeployRole", "ProductionPlanRole", "ProductionDeployRole"
STAGING_CLOUDFORMATION = "StagingCloudFormationRole"
ISSUER = "token.actions.githubusercontent.com"
BY_CLOUDFORMATION = {"iam:PassedToService": "cloudformation.amazonaws.com"}
HERE = {"aws:RequestedRegion": "us-east-1"}


def arn(service: str, rest: str, *, region: str = "us-east-1", account: str = ACCOUNT) -> str:
    return f"arn:aws:{service}:{region}:{account}:{rest}"


def repository(name: str) -> str:
    return arn("ecr", f"repository/{name}")


def stack(name: str) -> str:
    return arn("cloudformation", f"stack/{name}/0a1b2c3d")


def role_arn(name: str) -> str:
    return arn("iam", f"role/{name}", region="")


def execution_role(name: str) -> str:
    return role_arn(f"aldeia-shared-delivery-{name}")


def secret(name: str) -> str:
    return arn("secretsmanager", f"secret:{name}-AbCdEf")


def rendered(environments: tuple[Environment, ...], services: tuple[Service, ...] = SERVICES) -> Json:
    found: Json = json.loads(json.dumps(to_dict(build(environments, services))))
    return found


def names(template: Json) -> dict[str, str]:
    """Values for what the template refers to: its parameters and the ARNs of its roles."""
    roles = [name for name, resource in template["Resources"].items() if resource["Type"] == "AWS::IAM::Role"]
    return {
        "GitHubOwner": "octocat",
        "GitHubOwnerId": "123456",
        "GitHubRepository": "my-repo",
        "GitHubRepositoryId": "456789",
        "GitHubBranch": "main",
        "ArtifactsBucketName": f"aldeia-app-artifacts-{ACCOUNT}",
        "GitHubProvider": arn("iam", f"oidc-provider/{ISSUER}", region=""),
        **{f"{role}.Arn": execution_role(role) for role in roles},
    }


def principal_tags(template: Json, role: str) -> dict[str, str]:
    return {f"aws:PrincipalTag/{tag['Key']}": tag["Value"] for tag in template["Resources"][role]["Properties"]["Tags"]}


def answer(template: Json, row: Row) -> str:
    """What the policies and tags of a row's role answer to its action on its resource in its context."""
    role, action, resource, context, _ = row
    return decide(
        statements(template, role, names(template)), action, resource, principal_tags(template, role) | context
    )


def told(row: Row) -> str:
    """A row's name in pytest's report."""
    return f"{row[0]} {row[1]} {row[2].split(':')[-1]} {row[4]}"
