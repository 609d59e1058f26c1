"""Who may do what in the pipeline: roles, their trusts, and what each may do to which resource.

The table asks the rendered policies, through an evaluator that has tests of its own.
"""

import dataclasses
import itertools
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from generator.environments import ENVIRONMENTS, PRODUCTION, STAGING
from generator.model import EC2_ENDPOINTS, BlueGreen, Environment, ModelError, OfficeHours, Service
from generator.naming import cluster_name, service_name
from generator.policies.execution import ATTACHABLE, RUNS_WITH_ROLES
from generator.policies.scope import scope
from generator.render import to_dict
from generator.services import SERVICES
from generator.stacks import ENVIRONMENT_STACKS
from generator.stacks.delivery import build
from generator.stacks.ec2 import UBUNTU
from tests.generator.policy_evaluator import ALLOWED, DENIED, NOT_ALLOWED, decide, holds, resolve, statements
from tests.generator.variants import many_services

Json = dict[str, Any]

ACCOUNT = "111122223333"
BUILD, CLOUDFORMATION = "BuildRole", "ProductionCloudFormationRole"
STAGING_DEPLOY, PLAN, DEPLOY = "StagingDeployRole", "ProductionPlanRole", "ProductionDeployRole"
STAGING_CLOUDFORMATION = "StagingCloudFormationRole"
ISSUER = "token.actions.githubusercontent.com"
# IAM quotas: characters of a managed policy, white space not counted; policies attached to a role; of a trust policy.
MANAGED_POLICY, ATTACHED_POLICIES, TRUST_POLICY = 6144, 10, 2048


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


@pytest.fixture(scope="module")
def delivery() -> Json:
    return rendered(ENVIRONMENTS)


def names(template: Json) -> dict[str, str]:
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


def requested_tags(environment: str) -> dict[str, str]:
    """What a resource is asked for with; every one of ours carries these."""
    return {"aws:RequestTag/Project": "aldeia", "aws:RequestTag/Environment": environment}


# --- what each role may do ---

Row = tuple[str, str, str, dict[str, str], str]
BY_CLOUDFORMATION = {"iam:PassedToService": "cloudformation.amazonaws.com"}
HERE = {"aws:RequestedRegion": "us-east-1"}
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


def never_needed_rows() -> Iterator[Row]:
    for role in (CLOUDFORMATION, STAGING_CLOUDFORMATION):
        for action in (
            "ecs:ExecuteCommand",
            "ecs:RunTask",
            "ec2:GetPasswordData",
            "ec2:CreateKeyPair",
            "ec2:ModifySnapshotAttribute",
            "ec2:ModifyImageAttribute",
            "ec2:CreateVpcPeeringConnection",
            "elasticfilesystem:ClientMount",
            "elasticfilesystem:ClientRootAccess",
            "elasticfilesystem:CreateReplicationConfiguration",
            "acm:ExportCertificate",
        ):
            yield role, action, "*", HERE, DENIED


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


def execution_rows() -> Iterator[Row]:
    own = role_arn("aldeia-production-fargate-BackendTaskRole-AbC")
    ecs = {"iam:PassedToService": "ecs-tasks.amazonaws.com"}
    role = CLOUDFORMATION
    yield role, "iam:CreateRole", own, {}, ALLOWED
    yield role, "iam:PutRolePolicy", own, {}, ALLOWED
    yield role, "iam:PassRole", own, ecs, ALLOWED
    # The role by which ECS shifts traffic between two versions of a service.
    shifts = role_arn("aldeia-production-fargate-BackendInfrastructureRole-AbC")
    yield role, "iam:PassRole", shifts, {"iam:PassedToService": "ecs.amazonaws.com"}, ALLOWED
    yield role, "iam:PassRole", shifts, {"iam:PassedToService": "ecs.example.com"}, NOT_ALLOWED
    yield STAGING_CLOUDFORMATION, "iam:PassRole", shifts, {"iam:PassedToService": "ecs.amazonaws.com"}, NOT_ALLOWED
    yield role, "iam:PassRole", own, {"iam:PassedToService": "lambda.amazonaws.com"}, NOT_ALLOWED
    for other in (
        "aldeia-staging-fargate-BackendTaskRole-AbC",
        "aldeia-shared-delivery-BuildRole-AbC",
        "administrator",
    ):
        yield role, "iam:PassRole", role_arn(other), ecs, NOT_ALLOWED
        yield role, "iam:PutRolePolicy", role_arn(other), {}, NOT_ALLOWED
        yield role, "iam:TagRole", role_arn(other), {}, NOT_ALLOWED
    for policy in ATTACHABLE:
        yield role, "iam:AttachRolePolicy", own, {"iam:PolicyARN": f"arn:aws:iam::aws:policy/{policy}"}, ALLOWED
    admin = {"iam:PolicyARN": "arn:aws:iam::aws:policy/AdministratorAccess"}
    yield role, "iam:AttachRolePolicy", own, admin, NOT_ALLOWED
    for action in ("CreateUser", "CreateAccessKey", "CreatePolicy", "CreateOpenIDConnectProvider"):
        yield role, f"iam:{action}", "*", {}, NOT_ALLOWED
    linked = role_arn("aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS")
    yield role, "iam:CreateServiceLinkedRole", linked, {"iam:AWSServiceName": "ecs.amazonaws.com"}, ALLOWED
    yield role, "iam:CreateServiceLinkedRole", linked, {"iam:AWSServiceName": "sso.amazonaws.com"}, NOT_ALLOWED
    yield role, "ec2:CreateVpc", "*", HERE, ALLOWED
    yield role, "ec2:CreateVpc", "*", {"aws:RequestedRegion": "eu-west-1"}, NOT_ALLOWED
    tagged = {"aws:ResourceTag/Project": "aldeia", **HERE}
    volume = arn("elasticfilesystem", "file-system/fs-0a1b")
    delete = "elasticfilesystem:DeleteFileSystem"
    yield role, delete, volume, {**tagged, "aws:ResourceTag/Environment": "production"}, ALLOWED
    yield role, delete, volume, {**tagged, "aws:ResourceTag/Environment": "staging"}, DENIED
    yield STAGING_CLOUDFORMATION, delete, volume, {**tagged, "aws:ResourceTag/Environment": "production"}, DENIED
    yield role, "secretsmanager:CreateSecret", secret("production/jwt/secrets"), {}, ALLOWED
    yield role, "secretsmanager:DeleteSecret", secret("staging/jwt/secrets"), {}, NOT_ALLOWED
    yield role, "secretsmanager:GetSecretValue", secret("production/jwt/secrets"), {}, NOT_ALLOWED
    yield role, "s3:CreateBucket", f"arn:aws:s3:::aldeia-prod-backups-{ACCOUNT}", {}, ALLOWED
    yield role, "s3:CreateBucket", "arn:aws:s3:::payroll", {}, NOT_ALLOWED
    yield role, "s3:GetObject", f"arn:aws:s3:::aldeia-prod-backups-{ACCOUNT}/dump", {}, NOT_ALLOWED
    yield role, "s3:DeleteBucket", f"arn:aws:s3:::aldeia-app-artifacts-{ACCOUNT}", {}, NOT_ALLOWED
    yield role, "ssm:PutParameter", arn("ssm", "parameter/aldeia/production/data/FileSystemId"), {}, ALLOWED
    yield role, "ssm:PutParameter", arn("ssm", "parameter/aldeia/staging/data/FileSystemId"), {}, NOT_ALLOWED
    # A machine image is pinned by its id: no stack reads it from anywhere.
    yield role, "ssm:GetParameters", arn("ssm", f"parameter{UBUNTU}", account=""), {}, NOT_ALLOWED
    yield role, "ecr:DeleteRepository", repository("aldeia/backend"), HERE, NOT_ALLOWED
    yield role, "lambda:CreateFunction", "*", HERE, NOT_ALLOWED
    yield role, "cloudformation:CreateStack", stack("aldeia-production-more"), HERE, NOT_ALLOWED
    yield role, "sts:AssumeRole", role_arn("administrator"), {}, NOT_ALLOWED


def protection_rows() -> Iterator[Row]:
    role, key = CLOUDFORMATION, arn("kms", "key/0a1b2c3d")
    own = {"aws:ResourceTag/Project": "aldeia", "aws:ResourceTag/Environment": "production"}
    other = own | {"aws:ResourceTag/Environment": "staging"}
    yield role, "kms:CreateKey", "*", requested_tags("production"), ALLOWED
    yield role, "kms:CreateKey", "*", requested_tags("staging"), NOT_ALLOWED
    yield role, "kms:CreateKey", "*", {}, NOT_ALLOWED
    for action in ("PutKeyPolicy", "EnableKeyRotation", "CreateAlias"):
        yield role, f"kms:{action}", key, own, ALLOWED
        yield role, f"kms:{action}", key, other, DENIED
        yield role, f"kms:{action}", key, {}, NOT_ALLOWED
    yield role, "kms:CreateAlias", arn("kms", "alias/aldeia-production"), {}, ALLOWED
    yield role, "kms:CreateAlias", arn("kms", "alias/aldeia-staging"), {}, NOT_ALLOWED
    for action in ("ScheduleKeyDeletion", "DisableKey", "ReplicateKey", "ImportKeyMaterial", "Encrypt"):
        yield role, f"kms:{action}", key, own, NOT_ALLOWED
    for service, verdict in (("elasticfilesystem", ALLOWED), ("secretsmanager", ALLOWED), ("s3", NOT_ALLOWED)):
        via = own | {"kms:ViaService": f"{service}.us-east-1.amazonaws.com"}
        yield role, "kms:CreateGrant", key, via, verdict
        yield role, "kms:Decrypt", key, via, verdict
    yield role, "kms:Decrypt", key, own, NOT_ALLOWED
    firewall = "regional/webacl/aldeia-prod-firewall/0a1b"
    for action in ("CreateWebACL", "UpdateWebACL", "DeleteWebACL", "PutLoggingConfiguration"):
        yield role, f"wafv2:{action}", arn("wafv2", firewall), {}, ALLOWED
        yield role, f"wafv2:{action}", arn("wafv2", "regional/webacl/aldeia-staging-firewall/0a1b"), {}, NOT_ALLOWED
        yield role, f"wafv2:{action}", arn("wafv2", "regional/webacl/payroll/0a1b"), {}, NOT_ALLOWED
    rules = "regional/managedruleset/AWSManagedRulesCommonRuleSet/0a1b"
    yield role, "wafv2:CreateWebACL", arn("wafv2", rules), {}, ALLOWED
    yield role, "wafv2:PutPermissionPolicy", arn("wafv2", "regional/rulegroup/aldeia-prod-x/0a1b"), {}, NOT_ALLOWED
    yield role, "logs:PutResourcePolicy", "*", HERE, ALLOWED
    yield role, "logs:PutResourcePolicy", "*", {"aws:RequestedRegion": "eu-west-1"}, NOT_ALLOWED
    for kind in ("alarm", "alarm-mute-rule"):
        yield role, "cloudwatch:PutAlarmMuteRule", arn("cloudwatch", f"{kind}:aldeia-prod-night"), {}, ALLOWED
        yield role, "cloudwatch:PutAlarmMuteRule", arn("cloudwatch", f"{kind}:aldeia-staging-night"), {}, NOT_ALLOWED
    waf = role_arn("aws-service-role/wafv2.amazonaws.com/AWSServiceRoleForWAFV2Logging")
    yield role, "iam:CreateServiceLinkedRole", waf, {"iam:AWSServiceName": "wafv2.amazonaws.com"}, ALLOWED


ROWS = [*build_rows(), *change_set_rows(), *review_rows(), *execution_rows(), *protection_rows(), *never_needed_rows()]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]} {row[1]} {row[2].split(':')[-1]} {row[4]}")
def test_may_and_may_not(delivery: Json, row: Row) -> None:
    role, action, resource, context, verdict = row
    found = statements(delivery, role, names(delivery))
    tags = principal_tags(delivery, role)

    assert decide(found, action, resource, {**tags, **context}) == verdict


def test_a_role_without_its_tags_reaches_nothing_named_after_them(delivery: Json) -> None:
    """Who took the tags off has taken the permissions off, not the fence."""
    found = statements(delivery, CLOUDFORMATION, names(delivery))

    assert decide(found, "iam:CreateRole", role_arn("aldeia-production-x"), {}) == NOT_ALLOWED


FIREWALL = "arn:aws:wafv2:{region}:{account}:regional/webacl/{Name}/0a1b"
BALANCER = "arn:aws:elasticloadbalancing:{region}:{account}:loadbalancer/app/aldei-LoadB-0A1B/0a1b"

# What creating a resource of each type begins with. A type that is missing here is one that nobody has thought of.
CREATES: Mapping[str, tuple[str, str]] = {
    "AWS::ApplicationAutoScaling::ScalableTarget": ("application-autoscaling:RegisterScalableTarget", "*"),
    "AWS::ApplicationAutoScaling::ScalingPolicy": ("application-autoscaling:PutScalingPolicy", "*"),
    "AWS::AutoScaling::AutoScalingGroup": ("autoscaling:CreateAutoScalingGroup", "*"),
    "AWS::AutoScaling::ScheduledAction": ("autoscaling:PutScheduledUpdateGroupAction", "*"),
    "AWS::AutoScaling::ScalingPolicy": ("autoscaling:PutScalingPolicy", "*"),
    "AWS::Budgets::Budget": ("budgets:ModifyBudget", "arn:aws:budgets::{account}:budget/{BudgetName}"),
    "AWS::CertificateManager::Certificate": ("acm:RequestCertificate", "*"),
    "AWS::CloudWatch::Alarm": ("cloudwatch:PutMetricAlarm", "arn:aws:cloudwatch:{region}:{account}:alarm:{AlarmName}"),
    "AWS::CloudWatch::AlarmMuteRule": (
        "cloudwatch:PutAlarmMuteRule",
        "arn:aws:cloudwatch:{region}:{account}:alarm-mute-rule:{Name}",
    ),
    "AWS::CloudWatch::CompositeAlarm": ("cloudwatch:PutCompositeAlarm", "*"),
    "AWS::CloudWatch::Dashboard": ("cloudwatch:PutDashboard", "arn:aws:cloudwatch::{account}:dashboard/{DashboardName}"),
    "AWS::EC2::*": ("ec2:CreateAnything", "*"),
    "AWS::ECS::*": ("ecs:CreateAnything", "*"),
    "AWS::EFS::*": ("elasticfilesystem:CreateAnything", "*"),
    "AWS::ElasticLoadBalancingV2::*": ("elasticloadbalancing:CreateAnything", "*"),
    "AWS::Events::Rule": ("events:PutRule", "arn:aws:events:{region}:{account}:rule/{generated}"),
    "AWS::IAM::InstanceProfile": ("iam:CreateInstanceProfile", "arn:aws:iam::{account}:instance-profile/{generated}"),
    "AWS::IAM::Role": ("iam:CreateRole", "arn:aws:iam::{account}:role/{generated}"),
    "AWS::IAM::RolePolicy": ("iam:PutRolePolicy", "arn:aws:iam::{account}:role/{generated}"),
    "AWS::KMS::Alias": ("kms:CreateAlias", "arn:aws:kms:{region}:{account}:{AliasName}"),
    "AWS::KMS::Key": ("kms:CreateKey", "*"),
    "AWS::Logs::LogGroup": ("logs:CreateLogGroup", "arn:aws:logs:{region}:{account}:log-group:{LogGroupName}"),
    "AWS::Route53::RecordSet": ("route53:ChangeResourceRecordSets", "arn:aws:route53:::hostedzone/Z0"),
    "AWS::S3::Bucket": ("s3:CreateBucket", "arn:aws:s3:::{BucketName}"),
    "AWS::S3::BucketPolicy": ("s3:PutBucketPolicy", "arn:aws:s3:::{generated}"),
    "AWS::SecretsManager::Secret": ("secretsmanager:CreateSecret", "arn:aws:secretsmanager:{region}:{account}:secret:{Name}"),
    "AWS::ServiceDiscovery::*": ("servicediscovery:CreateAnything", "*"),
    "AWS::SNS::Subscription": ("sns:Subscribe", "arn:aws:sns:{region}:{account}:{generated}"),
    "AWS::SNS::Topic": ("sns:CreateTopic", "arn:aws:sns:{region}:{account}:{generated}"),
    "AWS::SNS::TopicPolicy": ("sns:SetTopicAttributes", "arn:aws:sns:{region}:{account}:{generated}"),
    "AWS::SSM::Parameter": ("ssm:PutParameter", "arn:aws:ssm:{region}:{account}:parameter{Name}"),
    "AWS::WAFv2::LoggingConfiguration": ("wafv2:PutLoggingConfiguration", FIREWALL.replace("{Name}", "aldeia-prod-firewall")),
    "AWS::WAFv2::WebACL": ("wafv2:CreateWebACL", FIREWALL),
    "AWS::WAFv2::WebACLAssociation": ("wafv2:AssociateWebACL", BALANCER),
}  # fmt: skip


EVERYTHING = dataclasses.replace(
    PRODUCTION,
    protected=False,
    interface_endpoints=EC2_ENDPOINTS,
    office_hours=OfficeHours(start="08:00", stop="19:00", time_zone="Etc/UTC"),
)


@pytest.mark.parametrize(
    "environment", [*ENVIRONMENTS, EVERYTHING], ids=["staging", "production", "with all that can be paid for"]
)
def test_the_execution_role_may_create_what_the_stacks_hold(delivery: Json, environment: Environment) -> None:
    role = f"{environment.name.title()}CloudFormationRole"
    found = statements(delivery, role, names(delivery))
    context = principal_tags(delivery, role) | HERE | requested_tags(environment.name)
    refused = []
    for each in ENVIRONMENT_STACKS:
        template = to_dict(each.build(environment, SERVICES))
        for name, resource in template["Resources"].items():
            group = resource["Type"].rsplit("::", 1)[0] + "::*"
            action, shape = CREATES[resource["Type"] if resource["Type"] in CREATES else group]
            stack_name = f"aldeia-{environment.name}-{each.name}-{name}-AbC"
            generated = stack_name.lower() if "::S3::" in resource["Type"] else stack_name
            given = resource["Properties"] | resource["Properties"].get("Budget", {})
            physical = {
                key: resolve(given[key], {}) if key in given else generated
                for key in re.findall(r"{(\w+)}", shape)
                if key not in ("region", "account")
            }
            wanted = shape.format(region="us-east-1", account=ACCOUNT, **physical)
            if decide(found, action, wanted, context) != ALLOWED:
                refused.append((each.name, name, action, wanted))

    assert refused == []


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=lambda environment: environment.name)
def test_the_roles_of_the_stacks_can_be_attached_and_passed(environment: Environment) -> None:
    """Only managed policies that the execution role may attach, only services that it may hand a role to."""
    attached, passed = set(), set()
    public = [service.name for service in SERVICES if service.public]
    shifting = dataclasses.replace(environment, deployments={name: BlueGreen() for name in public})
    for each, where in itertools.product(ENVIRONMENT_STACKS, (environment, shifting)):
        for resource in to_dict(each.build(where, SERVICES))["Resources"].values():
            if resource["Type"] == "AWS::IAM::Role":
                found = resolve(resource["Properties"].get("ManagedPolicyArns", []), {})
                attached |= {policy.removeprefix("arn:aws:iam::aws:policy/") for policy in found}
                for statement in resource["Properties"]["AssumeRolePolicyDocument"]["Statement"]:
                    passed |= set(statement["Principal"]["Service"])

    assert attached == set(ATTACHABLE)
    assert passed == set(RUNS_WITH_ROLES)


# --- who may take a role ---

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


def test_only_cloudformation_takes_the_execution_role(delivery: Json) -> None:
    """For this account, and for stacks of this environment where it says which."""
    trust = delivery["Resources"][CLOUDFORMATION]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    condition = resolve(trust[0]["Condition"], {})
    source = {"aws:SourceAccount": ACCOUNT}

    assert [statement["Principal"] for statement in trust] == [{"Service": ["cloudformation.amazonaws.com"]}]
    assert holds(condition, source)
    assert holds(condition, source | {"aws:SourceArn": stack("aldeia-production-fargate")})
    assert not holds(condition, source | {"aws:SourceArn": stack("aldeia-staging-fargate")})
    assert not holds(condition, {"aws:SourceAccount": "444455556666"})
    assert not holds(condition, {})


# --- the stack ---


def test_the_provider_is_github_without_thumbprint(delivery: Json) -> None:
    provider = delivery["Resources"]["GitHubProvider"]

    assert provider["Properties"]["Url"] == f"https://{ISSUER}"
    assert provider["Properties"]["ClientIdList"] == ["sts.amazonaws.com"]
    assert "ThumbprintList" not in provider["Properties"]


def test_a_provider_that_is_there_is_used(delivery: Json) -> None:
    """An account has one provider for a URL: its ARN in, none made, and every trust names it."""
    provider = delivery["Resources"]["GitHubProvider"]
    wanted = {"Fn::If": ["MakesProvider", {"Ref": "GitHubProvider"}, {"Ref": "ExistingProviderArn"}]}

    assert provider["Condition"] == "MakesProvider"
    assert delivery["Conditions"]["MakesProvider"] == {"Fn::Equals": [{"Ref": "ExistingProviderArn"}, ""]}
    for role in (BUILD, STAGING_DEPLOY, PLAN, DEPLOY):
        trust = delivery["Resources"][role]["Properties"]["AssumeRolePolicyDocument"]["Statement"][0]
        assert trust["Principal"] == {"Federated": [wanted]}
    pattern = delivery["Parameters"]["ExistingProviderArn"]["AllowedPattern"]
    assert re.fullmatch(pattern, "")
    assert re.fullmatch(pattern, arn("iam", f"oidc-provider/{ISSUER}", region=""))
    assert not re.fullmatch(pattern, arn("iam", "oidc-provider/example.com", region=""))


def test_the_documented_role_name_is_in_the_description(delivery: Json) -> None:
    """GitHubActionsRole (document, CI/CD); its ARN is an output, for the workflow's settings."""
    assert "GitHubActionsRole" in delivery["Resources"][BUILD]["Properties"]["Description"]
    assert {f"{role}Arn" for role in (BUILD, STAGING_DEPLOY, PLAN, DEPLOY)} <= set(delivery["Outputs"])


def test_the_deployer_finds_the_execution_role(delivery: Json) -> None:
    published = {r["Properties"]["Name"] for r in delivery["Resources"].values() if r["Type"] == "AWS::SSM::Parameter"}

    assert published == {
        f"/aldeia/shared/delivery/{name.title()}CloudFormationRoleArn" for name in ("staging", "production")
    }


@pytest.mark.parametrize("count", [0, 100, 280])
def test_policies_stay_below_the_quotas(count: int) -> None:
    """With many services too, of the longest names: in characters without white space, and in policies of one role."""
    template = rendered(ENVIRONMENTS, many_services(count, repository=f"aldeia/{'a' * 40}"))
    known = names(template)
    for name, resource in template["Resources"].items():
        properties = resource["Properties"]
        if resource["Type"] == "AWS::IAM::ManagedPolicy":
            assert _size(resolve(properties["PolicyDocument"], known)) <= MANAGED_POLICY, name
        if resource["Type"] == "AWS::IAM::Role":
            assert _size(resolve(properties["AssumeRolePolicyDocument"], known)) <= TRUST_POLICY, name
            assert len(properties["ManagedPolicyArns"]) <= ATTACHED_POLICIES, (name, count)


def _size(document: Json) -> int:
    return len(re.sub(r"\s", "", json.dumps(document)))


def test_an_environment_that_could_reach_another_is_refused() -> None:
    """`aldeia-staging-*` would match the stacks of an environment called staging-2."""
    second = dataclasses.replace(STAGING, name="staging-2", short="second", domain="second.aldeia.com")

    with pytest.raises(ModelError, match=r"Environment\.name: found 'staging-2'"):
        build((STAGING, second), SERVICES)


def test_a_third_environment_gets_its_own_roles() -> None:
    preview = dataclasses.replace(STAGING, name="preview", short="preview", domain="preview.aldeia.com")
    template = rendered((*ENVIRONMENTS, preview))
    role = "PreviewDeployRole"
    found = statements(template, role, names(template))
    tags = principal_tags(template, role)

    assert {f"aws:PrincipalTag/{key}": value for key, value in scope(preview).items()}.items() <= tags.items()
    assert decide(found, "cloudformation:ExecuteChangeSet", stack("aldeia-preview-fargate"), tags) == ALLOWED
    assert decide(found, "cloudformation:ExecuteChangeSet", stack("aldeia-staging-fargate"), tags) == NOT_ALLOWED
