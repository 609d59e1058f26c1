"""Permissions of the CloudFormation execution roles: everything an environment's stacks may create, and nothing else.

Out: documents, each below the quota of a managed policy and the same for every environment: which one it is about, the role says
by its own tags (`scope.py`). Names decide wherever the service puts a name into its ARNs; where it gives out random ids, tags of
the resource do: `not_other_environments` takes away whatever belongs to another environment.

What watches an environment (logs, alarms, events, the budget) is in `observation.py`, the key and the firewall in `protection.py`.
When a stack gets a resource of a new type, the test that lists resource types says so, and the action is added to one of them.
"""

from awacs import (
    acm,
    aws,
    ec2,
    ecs,
    elasticfilesystem,
    iam,
    route53,
    s3,
    secretsmanager,
    ssm,
)
from troposphere import Region, Sub

from generator.model import PROJECT, Environment
from generator.naming import SHARED
from generator.policies.common import actions, allow, arn, document
from generator.policies.scope import OWN, OWN_SHORT, OWN_TAG
from generator.policies.traffic import ECS

# Services whose resources have ids that nobody knows beforehand, and whose creating actions take no resource: the whole
# service, in this region only.
SERVICE_WIDE = (
    "acm",  # certificates
    "application-autoscaling",  # scaling of ECS services
    "autoscaling",  # groups of hosts
    "ec2",  # network, launch templates
    "ecs",  # cluster, task definitions, services
    "elasticfilesystem",  # file system, mount targets, access points
    "elasticloadbalancing",  # load balancer, listeners, target groups
    "servicediscovery",  # private names
)

# Who runs with the roles that the stacks make.
RUNS_WITH_ROLES = ("ec2.amazonaws.com", ECS, "ecs-tasks.amazonaws.com", "vpc-flow-logs.amazonaws.com")

# Document, EC2 IAM Role Permissions: the only managed policies that a role of the platform may carry.
ATTACHABLE = ("AmazonSSMManagedInstanceCore", "CloudWatchAgentServerPolicy")

# Roles that services make for themselves on first use.
SERVICE_LINKED = (
    "autoscaling.amazonaws.com",
    "backup.amazonaws.com",
    "ecs.amazonaws.com",
    "ecs.application-autoscaling.amazonaws.com",
    "elasticfilesystem.amazonaws.com",
    "elasticloadbalancing.amazonaws.com",
    "wafv2.amazonaws.com",
)


def trust_cloudformation(environment: Environment) -> aws.PolicyDocument:
    """CloudFormation, for this account, and only for stacks of `environment` where it says which stack it acts for.

    `IfExists`, because CloudFormation documents the account in every call it makes with a service role, but not the stack.
    """
    return document(
        aws.Statement(
            Sid="Assume",
            Effect=aws.Allow,
            Principal=aws.Principal("Service", ["cloudformation.amazonaws.com"]),
            Action=[aws.Action("sts", "AssumeRole")],
            Condition=aws.Condition(
                [
                    aws.StringEquals({"aws:SourceAccount": Sub("${AWS::AccountId}")}),
                    aws.ArnLikeIfExists(
                        {"aws:SourceArn": arn("cloudformation", f"stack/{PROJECT}-{environment.name}-*/*")}
                    ),
                ]
            ),
        )
    )


def services() -> aws.PolicyDocument:
    """The services of `SERVICE_WIDE`, DNS records and the private zone, and the fence around other environments."""
    return document(
        allow(
            "ServicesWithRandomIds",
            [aws.Action(service, "*") for service in SERVICE_WIDE],
            ["*"],
            aws.StringEquals({"aws:RequestedRegion": Region}),
        ),
        # Route 53 has no regions; which zone the records go to is a parameter of the edge stack, and Cloud Map's own is new.
        allow(
            "Dns",
            [
                route53.ChangeResourceRecordSets,
                route53.CreateHostedZone,
                route53.DeleteHostedZone,
                route53.GetChange,
                route53.GetHostedZone,
                route53.ListHostedZonesByName,
                route53.ListResourceRecordSets,
            ],
            ["*"],
        ),
        never_needed(),
        not_other_environments(),
    )


def never_needed() -> aws.Statement:
    """Takes away what no template asks for and what would carry data or keys out, from the services that are allowed whole.

    Shells and passwords of what runs, the files themselves, certificates with their keys, and sharing disks, images and networks
    with another account.
    """
    return aws.Statement(
        Sid="NeverNeeded",
        Effect=aws.Deny,
        Action=[
            *actions(acm, "ExportCertificate"),
            *actions(
                ec2,
                "AcceptVpcPeeringConnection CreateKeyPair CreateVpcPeeringConnection GetPasswordData ImportKeyPair"
                " ModifyImageAttribute ModifySnapshotAttribute",
            ),
            *actions(ecs, "ExecuteCommand RunTask StartTask"),
            *actions(elasticfilesystem, "ClientMount ClientRootAccess ClientWrite CreateReplicationConfiguration"),
        ],
        Resource=["*"],
    )


def not_other_environments() -> aws.Statement:
    """Takes away everything on resources of this platform that are tagged with another environment."""
    return aws.Statement(
        Sid="NotOtherEnvironments",
        Effect=aws.Deny,
        Action=[aws.Action("*")],
        Resource=["*"],
        Condition=aws.Condition(
            [
                aws.StringEquals({"aws:ResourceTag/Project": PROJECT}),
                aws.StringNotEquals({"aws:ResourceTag/Environment": [OWN_TAG, SHARED]}),
            ]
        ),
    )


def data() -> aws.PolicyDocument:
    """Buckets, secrets and published values, each by name. No object is read, and no secret's value."""
    own = f"{PROJECT}-{OWN}-*"
    return document(
        allow(
            "Buckets",
            actions(
                s3,
                "CreateBucket DeleteBucket ListBucket DeleteBucketPolicy GetBucketAcl GetBucketOwnershipControls"
                " GetBucketPolicy GetBucketPublicAccessBlock GetBucketTagging GetBucketVersioning"
                " GetEncryptionConfiguration GetLifecycleConfiguration PutBucketAcl PutBucketOwnershipControls"
                " PutBucketPolicy PutBucketPublicAccessBlock PutBucketTagging PutBucketVersioning"
                " PutEncryptionConfiguration PutLifecycleConfiguration",
            ),
            # By the environment's short name where the document names the bucket, else by the stack's.
            [arn("s3", name, region=False, account=False) for name in (f"{PROJECT}-{OWN_SHORT}-*", own)],
        ),
        allow(
            "Secrets",
            actions(
                secretsmanager,
                "CreateSecret DeleteSecret DeleteResourcePolicy DescribeSecret GetResourcePolicy PutResourcePolicy"
                " RestoreSecret TagResource UntagResource UpdateSecret",
            ),
            [arn("secretsmanager", f"secret:{OWN}/*")],
        ),
        # It makes a password and stores nothing; it takes no resource.
        allow("GenerateSecrets", [secretsmanager.GetRandomPassword], ["*"]),
        allow(
            "PublishedValues",
            actions(
                ssm,
                "AddTagsToResource DeleteParameter DeleteParameters GetParameter GetParameters ListTagsForResource"
                " PutParameter RemoveTagsFromResource",
            ),
            [arn("ssm", f"parameter/{PROJECT}/{OWN}/*")],
        ),
        allow(
            "ReadPublishedValues",
            [ssm.GetParameter, ssm.GetParameters],
            [arn("ssm", f"parameter/{PROJECT}/{SHARED}/*")],
        ),
        allow("FindPublishedValues", [ssm.DescribeParameters], ["*"]),  # takes no resource
    )


def identity() -> aws.PolicyDocument:
    """Roles and instance profiles of the environment's stacks, and handing them to the services that run with them."""
    roles = arn("iam", f"role/{PROJECT}-{OWN}-*", region=False)
    return document(
        allow(
            "Roles",
            actions(
                iam,
                "CreateRole DeleteRole DeleteRolePolicy DetachRolePolicy GetRole GetRolePolicy ListAttachedRolePolicies"
                " ListRolePolicies ListRoleTags PutRolePolicy TagRole UntagRole UpdateAssumeRolePolicy UpdateRole"
                " UpdateRoleDescription",
            ),
            [roles],
        ),
        allow(
            "DocumentedManagedPolicies",
            [iam.AttachRolePolicy],
            [roles],
            aws.ArnEquals(
                {"iam:PolicyARN": [Sub(f"arn:${{AWS::Partition}}:iam::aws:policy/{name}") for name in ATTACHABLE]}
            ),
        ),
        allow("PassRoles", [iam.PassRole], [roles], aws.StringEquals({"iam:PassedToService": list(RUNS_WITH_ROLES)})),
        allow(
            "InstanceProfiles",
            actions(
                iam,
                "AddRoleToInstanceProfile CreateInstanceProfile DeleteInstanceProfile GetInstanceProfile"
                " ListInstanceProfileTags RemoveRoleFromInstanceProfile TagInstanceProfile UntagInstanceProfile",
            ),
            [arn("iam", f"instance-profile/{PROJECT}-{OWN}-*", region=False)],
        ),
        allow(
            "ServiceLinkedRoles",
            [iam.CreateServiceLinkedRole],
            [arn("iam", "role/aws-service-role/*", region=False)],
            aws.StringEquals({"iam:AWSServiceName": list(SERVICE_LINKED)}),
        ),
    )
