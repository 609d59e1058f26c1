"""What CloudFormation may create with an environment's execution role, and who may hand that role to it.

The tables ask the rendered policies, through an evaluator that has tests of its own.
"""

import dataclasses
import itertools
import re
from collections.abc import Iterator, Mapping

import pytest

from generator.environments import ENVIRONMENTS, PRODUCTION
from generator.model import EC2_ENDPOINTS, BlueGreen, Environment, OfficeHours
from generator.policies.execution import ATTACHABLE, RUNS_WITH_ROLES
from generator.render import to_dict
from generator.services import SERVICES
from generator.stacks import ENVIRONMENT_STACKS
from generator.stacks.ec2 import UBUNTU
from tests.generator.delivery_reading import (
    ACCOUNT,
    CLOUDFORMATION,
    HERE,
    STAGING_CLOUDFORMATION,
    Json,
    Row,
    answer,
    arn,
    names,
    principal_tags,
    repository,
    role_arn,
    secret,
    stack,
    told,
)
from tests.generator.policy_evaluator import ALLOWED, DENIED, NOT_ALLOWED, decide, holds, resolve, statements


def requested_tags(environment: str) -> dict[str, str]:
    """What a resource is asked for with; every one of ours carries these."""
    return {"aws:RequestTag/Project": "aldeia", "aws:RequestTag/Environment": environment}


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


@pytest.mark.parametrize("row", [*execution_rows(), *protection_rows(), *never_needed_rows()], ids=told)
def test_may_and_may_not(delivery: Json, row: Row) -> None:
    assert answer(delivery, row) == row[-1]


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
