"""What the jobs of the pipeline may do: who may take each role, and what each may do to which resource.

The tables ask the rendered policies and trusts, through an evaluator that has tests of its own.
"""

from collections.abc import Iterator

import pytest

from generator.environments import PRODUCTION, STAGING
from generator.naming import cluster_name, service_name
from generator.services import SERVICES
from generator.stacks.ec2 import UBUNTU
from tests.generator.delivery_reading import (
    ACCOUNT,
    BUILD,
    BY_CLOUDFORMATION,
    CLOUDFORMATION,
    DEPLOY,
    HERE,
    ISSUER,
    PLAN,
    STAGING_CLOUDFORMATION,
    STAGING_DEPLOY,
    Json,
    Row,
    answer,
    arn,
    execution_role,
    names,
    repository,
    role_arn,
    secret,
    stack,
    told,
)
from tests.generator.policy_evaluator import ALLOWED, NOT_ALLOWED, holds, resolve

CLUSTER = cluster_name(PRODUCTION)


def build_rows() -> Iterator[Row]:
    for name in ("aldeia/backend", "aldeia/frontend", "aldeia/chromadb"):
        for action in ("PutImage", "InitiateLayerUpload", "UploadLayerPart", "CompleteLayerUpload"):
            yield BUILD, f"ecr:{action}", repository(name), {}, ALLOWED
    yield BUILD, "ecr:GetAuthorizationToken", "*", {}, ALLOWED
    yield BUILD, "ecr:DescribeImageScanFindings", repository("aldeia/backend"), {}, ALLOWED
    for role in (BUILD, STAGING_DEPLOY, PLAN, DEPLOY):
        # With enhanced scanning ECR asks Amazon Inspector in the caller's name.
        for action in ("inspector2:ListFindings", "inspector2:ListCoverage"):
            yield role, action, "*", {}, ALLOWED
        yield role, "inspector2:Disable", "*", {}, NOT_ALLOWED
        yield role, "ecr:PutRegistryScanningConfiguration", "*", {}, NOT_ALLOWED
    yield BUILD, "ecr:PutImage", repository("aldeia/backend-of-others"), {}, NOT_ALLOWED
    yield BUILD, "ecr:PutImage", repository("others/backend"), {}, NOT_ALLOWED
    yield BUILD, "ecr:PutImage", arn("ecr", "repository/aldeia/backend", account="444455556666"), {}, NOT_ALLOWED
    for action in ("BatchDeleteImage", "DeleteRepository", "PutLifecyclePolicy", "SetRepositoryPolicy"):
        yield BUILD, f"ecr:{action}", repository("aldeia/backend"), {}, NOT_ALLOWED
    yield BUILD, "cloudformation:CreateChangeSet", stack("aldeia-staging-fargate"), {}, NOT_ALLOWED
    yield BUILD, "secretsmanager:GetSecretValue", secret("staging/jwt/secrets"), {}, NOT_ALLOWED
    yield BUILD, "iam:PassRole", execution_role(STAGING_CLOUDFORMATION), BY_CLOUDFORMATION, NOT_ALLOWED


def change_set_rows() -> Iterator[Row]:
    own, other = stack("aldeia-production-fargate"), stack("aldeia-staging-fargate")
    with_role = {"cloudformation:RoleArn": execution_role(CLOUDFORMATION)}
    with_other = {"cloudformation:RoleArn": execution_role(STAGING_CLOUDFORMATION)}
    for role in (PLAN, DEPLOY):
        yield role, "cloudformation:CreateChangeSet", own, with_role, ALLOWED
        yield role, "cloudformation:CreateChangeSet", own, {}, NOT_ALLOWED
        yield role, "cloudformation:CreateChangeSet", own, with_other, NOT_ALLOWED
        yield role, "cloudformation:CreateChangeSet", other, with_role, NOT_ALLOWED
        yield role, "cloudformation:CreateChangeSet", stack("aldeia-shared-delivery"), with_role, NOT_ALLOWED
        yield role, "cloudformation:CreateChangeSet", stack("payroll"), with_role, NOT_ALLOWED
        yield role, "iam:PassRole", execution_role(CLOUDFORMATION), BY_CLOUDFORMATION, ALLOWED
        yield (
            role,
            "iam:PassRole",
            execution_role(CLOUDFORMATION),
            {"iam:PassedToService": "ec2.amazonaws.com"},
            NOT_ALLOWED,
        )
        yield role, "iam:PassRole", execution_role(STAGING_CLOUDFORMATION), BY_CLOUDFORMATION, NOT_ALLOWED
        yield role, "iam:PassRole", role_arn("administrator"), BY_CLOUDFORMATION, NOT_ALLOWED
        for action in (
            "DescribeChangeSet",
            "DescribeStackEvents",
            "GetTemplate",
            "DeleteChangeSet",
            "ListStackResources",
        ):
            yield role, f"cloudformation:{action}", own, {}, ALLOWED
            yield role, f"cloudformation:{action}", other, {}, NOT_ALLOWED
        yield role, "cloudformation:DeleteStack", own, {}, NOT_ALLOWED
        for action in ("CreateStack", "UpdateStack"):
            yield role, f"cloudformation:{action}", own, with_role, NOT_ALLOWED
    yield PLAN, "cloudformation:ExecuteChangeSet", own, {}, NOT_ALLOWED
    yield DEPLOY, "cloudformation:ExecuteChangeSet", own, {}, ALLOWED
    yield DEPLOY, "cloudformation:ExecuteChangeSet", other, {}, NOT_ALLOWED
    yield DEPLOY, "cloudformation:ExecuteChangeSet", stack("aldeia-shared-delivery"), {}, NOT_ALLOWED
    yield STAGING_DEPLOY, "cloudformation:ExecuteChangeSet", other, {}, ALLOWED
    yield STAGING_DEPLOY, "cloudformation:ExecuteChangeSet", own, {}, NOT_ALLOWED


def review_rows() -> Iterator[Row]:
    for role in (PLAN, DEPLOY):
        yield role, "ecr:DescribeImages", repository("aldeia/backend"), {}, ALLOWED
        yield role, "ecr:PutImage", repository("aldeia/backend"), {}, NOT_ALLOWED
        yield role, "secretsmanager:DescribeSecret", secret("production/jwt/secrets"), {}, ALLOWED
        yield role, "secretsmanager:DescribeSecret", secret("staging/jwt/secrets"), {}, NOT_ALLOWED
        yield role, "secretsmanager:GetSecretValue", secret("production/jwt/secrets"), {}, NOT_ALLOWED
        yield role, "secretsmanager:PutSecretValue", secret("production/jwt/secrets"), {}, NOT_ALLOWED
        yield role, "ssm:GetParameters", arn("ssm", "parameter/aldeia/production/network/VpcId"), {}, ALLOWED
        yield role, "ssm:GetParameters", arn("ssm", "parameter/aldeia/shared/registry/ArtifactsBucketName"), {}, ALLOWED
        yield role, "ssm:GetParameters", arn("ssm", "parameter/aldeia/staging/network/VpcId"), {}, NOT_ALLOWED
        # Whether there is a newer machine image than the one that the parameter file pins.
        yield role, "ssm:GetParameters", arn("ssm", f"parameter{UBUNTU}", account=""), {}, ALLOWED
        yield role, "ssm:PutParameter", arn("ssm", "parameter/aldeia/production/network/VpcId"), {}, NOT_ALLOWED
        yield role, "cloudwatch:DescribeAlarms", "*", {}, ALLOWED
        # A move between the compute options looks at targets; it sets weights by change sets, and deletes nothing.
        yield role, "elasticloadbalancing:DescribeTargetHealth", "*", {}, ALLOWED
        yield role, "elasticloadbalancing:ModifyRule", "*", {}, NOT_ALLOWED
        yield (
            role,
            "ecs:DescribeServices",
            arn("ecs", f"service/{CLUSTER}/{service_name(PRODUCTION, SERVICES[0])}"),
            {},
            ALLOWED,
        )
        yield role, "ecs:DescribeTasks", arn("ecs", f"task/{CLUSTER}/0a1b"), {}, ALLOWED
        yield role, "ecs:DescribeTasks", arn("ecs", f"task/{cluster_name(STAGING)}/0a1b"), {}, NOT_ALLOWED
        yield role, "ecs:ListTasks", "*", {"ecs:cluster": arn("ecs", f"cluster/{CLUSTER}")}, ALLOWED
        yield role, "ecs:ListTasks", "*", {"ecs:cluster": arn("ecs", f"cluster/{cluster_name(STAGING)}")}, NOT_ALLOWED
        yield role, "ecs:UpdateService", arn("ecs", f"service/{CLUSTER}/aldeia-prod-backend"), {}, NOT_ALLOWED
        bucket = f"arn:aws:s3:::aldeia-app-artifacts-{ACCOUNT}"
        yield role, "s3:PutObject", f"{bucket}/templates/0a1b2c.json", {}, ALLOWED
        yield role, "s3:PutObject", f"{bucket}/compose/production.yml", {}, NOT_ALLOWED
        yield role, "s3:DeleteObject", f"{bucket}/templates/0a1b2c.json", {}, NOT_ALLOWED
        yield role, "s3:PutObject", f"arn:aws:s3:::aldeia-prod-backups-{ACCOUNT}/dump", {}, NOT_ALLOWED
        yield role, "ec2:CreateVpc", "*", HERE, NOT_ALLOWED
        yield role, "iam:CreateRole", role_arn("aldeia-production-x"), {}, NOT_ALLOWED

    for name, verdict in (("production/releases/fargate", ALLOWED), ("staging/releases/fargate", NOT_ALLOWED)):
        yield DEPLOY, "ssm:PutParameter", arn("ssm", f"parameter/aldeia/{name}"), {}, verdict
        yield PLAN, "ssm:PutParameter", arn("ssm", f"parameter/aldeia/{name}"), {}, NOT_ALLOWED
        yield PLAN, "ssm:GetParameterHistory", arn("ssm", f"parameter/aldeia/{name}"), {}, verdict


@pytest.mark.parametrize("row", [*build_rows(), *change_set_rows(), *review_rows()], ids=told)
def test_may_and_may_not(delivery: Json, row: Row) -> None:
    assert answer(delivery, row) == row[-1]


CLASSIC, IMMUTABLE = "repo:octocat/my-repo", "repo:octocat@123456/my-repo@456789"
MAIN, APPROVED = "ref:refs/heads/main", "environment:production"


def token(subject: str, audience: str = "sts.amazonaws.com", repository_id: str | None = "456789") -> dict[str, str]:
    claims = {f"{ISSUER}:aud": audience, f"{ISSUER}:sub": subject}
    return claims | ({f"{ISSUER}:repository_id": repository_id} if repository_id else {})


TAKES = [
    *((role, token(f"{form}:{MAIN}"), True) for role in (BUILD, STAGING_DEPLOY, PLAN) for form in (CLASSIC, IMMUTABLE)),
    *((DEPLOY, token(f"{form}:{APPROVED}"), True) for form in (CLASSIC, IMMUTABLE)),
    *((role, token(f"{CLASSIC}:{APPROVED}"), False) for role in (BUILD, STAGING_DEPLOY, PLAN)),
    *((role, token(f"{IMMUTABLE}:{APPROVED}"), False) for role in (BUILD, STAGING_DEPLOY, PLAN)),
    *(
        (role, token(f"{form}:pull_request"), False)
        for role in (STAGING_DEPLOY, PLAN, DEPLOY)
        for form in (CLASSIC, IMMUTABLE)
    ),
    *(
        (role, token(f"{form}:ref:refs/tags/main"), False)
        for role in (BUILD, PLAN, DEPLOY)
        for form in (CLASSIC, IMMUTABLE)
    ),
    # What only begins or ends alike, or differs in case, is somebody else's.
    (BUILD, token(f"{CLASSIC}:{MAIN}-2"), False),
    (BUILD, token(f"{CLASSIC}-2:{MAIN}"), False),
    (BUILD, token(f"x{CLASSIC}:{MAIN}"), False),
    (DEPLOY, token(f"{CLASSIC}:environment:Production"), False),
    (DEPLOY, token(f"{CLASSIC}:environment:production-2"), False),
    (DEPLOY, token(f"{IMMUTABLE}:{APPROVED}", repository_id="999"), False),
    (DEPLOY, token("*"), False),
    (DEPLOY, {f"{ISSUER}:sub": f"{CLASSIC}:{APPROVED}"}, False),  # no audience
    (DEPLOY, {f"{ISSUER}:aud": "sts.amazonaws.com"}, False),  # no subject
    (DEPLOY, token(f"{CLASSIC}:{MAIN}"), False),
    (DEPLOY, token(f"{IMMUTABLE}:{MAIN}"), False),
    (DEPLOY, token(f"{CLASSIC}:environment:staging"), False),
    (BUILD, token(f"{CLASSIC}:ref:refs/heads/other"), False),
    (BUILD, token(f"{CLASSIC}:pull_request"), False),
    (BUILD, token(f"{CLASSIC}:{MAIN}", audience="https://github.com/octocat"), False),
    (BUILD, token(f"repo:octocat/other:{MAIN}"), False),
    (BUILD, token(f"repo:mallory/my-repo:{MAIN}"), False),
    # The owner gave the name up, and somebody else took it.
    (BUILD, token(f"{CLASSIC}:{MAIN}", repository_id="999"), False),
    (BUILD, token(f"repo:octocat@999/my-repo@456789:{MAIN}"), False),
    (BUILD, token(f"repo:octocat@123456/my-repo@999:{MAIN}"), False),
    # Where STS does not hand the claim on, the subject decides alone.
    (BUILD, token(f"{IMMUTABLE}:{MAIN}", repository_id=None), True),
]


@pytest.mark.parametrize(("role", "claims", "may"), TAKES)
def test_takes_the_role(delivery: Json, role: str, claims: dict[str, str], *, may: bool) -> None:
    statement = delivery["Resources"][role]["Properties"]["AssumeRolePolicyDocument"]["Statement"][0]

    assert holds(resolve(statement["Condition"], names(delivery)), claims) is may
    assert statement["Action"] == ["sts:AssumeRoleWithWebIdentity"]
