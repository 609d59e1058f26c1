"""Permissions of the pipeline: who may take a role from GitHub, and what building and deploying need.

In: names of repositories, environments and roles. Out: documents. Nothing here creates a resource of the platform: that is the
CloudFormation execution role's (`execution.py`), which the deploy roles hand on and cannot take themselves.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from awacs import (
    aws,
    cloudformation,
    cloudwatch,
    ecr,
    ecs,
    elasticloadbalancing,
    iam,
    inspector2,
    s3,
    secretsmanager,
    ssm,
    sts,
)
from troposphere import Sub

from generator.model import PROJECT, Environment
from generator.naming import SHARED
from generator.policies.common import allow, arn, document
from generator.policies.scope import OWN, OWN_SHORT

ISSUER = "token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"

# IAM quotas: 6,144 characters in a managed policy, of which this is kept for everything but the repositories' ARNs, and ten
# managed policies on a role.
_POLICY, _OVERHEAD = 6144, 644
MOST_POLICIES = 10
_LONGEST_PREFIX = len('"arn:aws-us-gov:ecr:ap-southeast-2:111122223333:repository/",')


def in_pieces(repositories: Iterable[str]) -> list[tuple[str, ...]]:
    """The repositories in as few pieces as let each piece's ARNs fit one managed policy, in any partition and region."""
    pieces: list[tuple[str, ...]] = []
    room = 0
    for name in repositories:
        length = _LONGEST_PREFIX + len(name)
        if length > room:
            pieces.append(())
            room = _POLICY - _OVERHEAD
        pieces[-1] += (name,)
        room -= length
    return pieces


def trust_github(provider: Any, where: str) -> aws.PolicyDocument:
    """Jobs of the one GitHub repository may take the role; `where` is `ref:refs/heads/...` or `environment:...`.

    GitHub docs, "OpenID Connect", Immutable subject claims: repositories made or renamed since 2026-07-15 say
    `repo:OWNER@OWNER-ID/NAME@ID:...`, older ones `repo:OWNER/NAME:...` until somebody opts in. A name can be given up and taken
    by a stranger, so the older form is only good together with the repository's number, wherever STS knows that claim.
    """
    return document(
        aws.Statement(
            Sid="AssumeFromGitHub",
            Effect=aws.Allow,
            Action=[sts.AssumeRoleWithWebIdentity],
            Principal=aws.Principal("Federated", [provider]),
            Condition=aws.Condition(
                [
                    aws.StringEquals(
                        {
                            f"{ISSUER}:aud": AUDIENCE,
                            f"{ISSUER}:sub": [
                                Sub(f"repo:${{GitHubOwner}}/${{GitHubRepository}}:{where}"),
                                Sub(
                                    "repo:${GitHubOwner}@${GitHubOwnerId}/"
                                    f"${{GitHubRepository}}@${{GitHubRepositoryId}}:{where}"
                                ),
                            ],
                        }
                    ),
                    aws.StringEqualsIfExists({f"{ISSUER}:repository_id": Sub("${GitHubRepositoryId}")}),
                ]
            ),
        )
    )


def log_in_to_registry() -> aws.PolicyDocument:
    """A password for Docker. The action takes no resource (Service authorization reference, Amazon ECR)."""
    return document(allow("LogInToRegistry", [ecr.GetAuthorizationToken], ["*"]))


def push_images(repositories: Sequence[str]) -> aws.PolicyDocument:
    """Push to exactly these repositories, and see what the scan found (ECR guide, "IAM permissions for pushing an image")."""
    return document(allow("PushImages", [*_PUSH, *_READ], _repositories(repositories)), _see_findings())


def read_images(repositories: Sequence[str]) -> aws.PolicyDocument:
    """See which tags exist, their manifests and what the scan found, in exactly these repositories."""
    return document(allow("ReadImages", _READ, _repositories(repositories)), _see_findings())


def _see_findings() -> aws.Statement:
    """ECR guide, "IAM permissions required for enhanced scanning": who asks ECR for findings asks Amazon Inspector through it.

    These take no resource (Service authorization reference, Amazon Inspector2).
    """
    return allow("SeeEnhancedFindings", [inspector2.ListCoverage, inspector2.ListFindings], ["*"])


_PUSH: list[aws.Action] = [
    ecr.BatchCheckLayerAvailability,
    ecr.CompleteLayerUpload,
    ecr.GetDownloadUrlForLayer,
    ecr.InitiateLayerUpload,
    ecr.PutImage,
    ecr.UploadLayerPart,
]
_READ: list[aws.Action] = [ecr.BatchGetImage, ecr.DescribeImages, ecr.DescribeImageScanFindings, ecr.ListImages]


def make_change_sets(environment: Environment, execution_role: Any) -> aws.PolicyDocument:
    """Make change sets of the environment's stacks, to be executed with its execution role and no other."""
    return document(
        allow(
            "MakeChangeSets",
            [cloudformation.CreateChangeSet],
            [arn("cloudformation", f"stack/{PROJECT}-{environment.name}-*/*")],
            # Without it CloudFormation would act with the caller's own permissions, which create nothing.
            aws.ArnEquals({"cloudformation:RoleArn": execution_role}),
        ),
        allow(
            "PassExecutionRole",
            [iam.PassRole],
            [execution_role],
            aws.StringEquals({"iam:PassedToService": "cloudformation.amazonaws.com"}),
        ),
    )


def execute_change_sets() -> aws.PolicyDocument:
    """Execute change sets of the role's own environment, call a failed operation back, and record what was released.

    Deleting a stack is not among it: that stays with people, under their own names.
    """
    return document(
        allow(
            "ExecuteChangeSets",
            [
                cloudformation.CancelUpdateStack,
                cloudformation.ContinueUpdateRollback,
                cloudformation.ExecuteChangeSet,
                cloudformation.RollbackStack,
                cloudformation.SetStackPolicy,
                cloudformation.UpdateTerminationProtection,
            ],
            [_OWN_STACKS],
        ),
        allow("RecordReleases", [ssm.PutParameter], [arn("ssm", f"parameter/{PROJECT}/{OWN}/releases/*")]),
    )


def review(artifacts: Any) -> aws.PolicyDocument:
    """Read everything a review and its checks show of the role's own environment, and tend its change sets."""
    cluster = f"{PROJECT}-{OWN_SHORT}-cluster"
    return document(
        allow(
            "TendChangeSets",
            [cloudformation.DeleteChangeSet, cloudformation.TagResource, cloudformation.UntagResource],
            [_OWN_STACKS],
        ),
        allow("ReadStacks", _READ_STACKS, [_OWN_STACKS]),
        # A template over 51,200 bytes goes by way of the bucket, under its digest, and CloudFormation reads it as the caller;
        # what is released stays there for going back.
        allow(
            "BringLargeTemplates",
            [s3.GetObject, s3.PutObject],
            [Sub("arn:${AWS::Partition}:s3:::${Bucket}/templates/*", Bucket=artifacts)],
        ),
        allow(
            "ReadPublishedValues",
            [ssm.GetParameter, ssm.GetParameterHistory, ssm.GetParameters],
            [
                arn("ssm", f"parameter/{PROJECT}/{OWN}/*"),
                arn("ssm", f"parameter/{PROJECT}/{SHARED}/*"),
                arn("ssm", "parameter/aws/service/*", account=False),  # machine images; these belong to no account
            ],
        ),
        # Whether a secret has a value, never the value.
        allow(
            "SeeThatSecretsExist",
            [secretsmanager.DescribeSecret, secretsmanager.ListSecretVersionIds],
            [arn("secretsmanager", f"secret:{OWN}/*")],
        ),
        allow(
            "SeeWhyTasksStop",
            [ecs.DescribeServices, ecs.DescribeTasks],
            [arn("ecs", f"service/{cluster}/*"), arn("ecs", f"task/{cluster}/*")],
        ),
        # These take no resource, or answer nothing under a narrower one (Service authorization reference; CloudWatch API
        # reference, DescribeAlarms: composite alarms).
        allow("ListTasks", [ecs.ListTasks], ["*"], aws.ArnEquals({"ecs:cluster": arn("ecs", f"cluster/{cluster}")})),
        allow("SeeHealth", [cloudwatch.DescribeAlarms, elasticloadbalancing.DescribeTargetHealth], ["*"]),
    )


_OWN_STACKS = arn("cloudformation", f"stack/{PROJECT}-{OWN}-*/*")

_READ_STACKS: list[aws.Action] = [
    cloudformation.DescribeChangeSet,
    cloudformation.DescribeEvents,
    cloudformation.DescribeStackEvents,
    cloudformation.DescribeStackResource,
    cloudformation.DescribeStackResources,
    cloudformation.DescribeStacks,
    cloudformation.GetHookResult,
    cloudformation.GetStackPolicy,
    cloudformation.GetTemplate,
    cloudformation.GetTemplateSummary,
    cloudformation.ListChangeSets,
    cloudformation.ListHookResults,
    cloudformation.ListStackResources,
]


def _repositories(names: Sequence[str]) -> list[Sub]:
    return [arn("ecr", f"repository/{name}") for name in names]
