"""Stack `ec2`: the document's Option A: hosts that run the services with Docker Compose, in auto scaling groups.

A host installs itself, brings its containers up and tells CloudFormation how it went; nothing here is done before every host
has said so. Image tags and the compose file are part of the user data, so a change of either replaces the hosts, one after
the other. A service with data runs on at most one host at a time, in this stack or in `fargate`, as its parameter says.
"""

from typing import Any

from awacs import aws
from troposphere import Condition as ConditionRef
from troposphere import Equals, GetAtt, If, Not, Or, Ref, Sub, Template, autoscaling, ec2, iam, logs

from generator.bootstrap import home_value, image_value, user_data
from generator.hosts import HostKind, host_kinds
from generator.model import Compute, Environment, Service
from generator.naming import ENV_FILE_SECRET, SHARED, host_log_group, logical_id, secret_name
from generator.policies.common import arn
from generator.policies.host import Home, host_policy, read_deploy_key
from generator.stacks.host_group import host_group, host_profile, launch_template, scale_hosts
from generator.stacks.nights import stop_hosts
from generator.wiring import SUBNETS, begin, fact, image, is_home, publish, take, with_key

NAME = "ec2"
SECURITY_GROUP = "AWS::EC2::SecurityGroup::Id"

# Canonical's public parameter for the newest Ubuntu Server (document, Option A: Ubuntu 22.04 LTS).
UBUNTU = "/aws/service/canonical/ubuntu/server/22.04/stable/current/amd64/hvm/ebs-gp2/ami-id"

HOST_IMAGE = "HostImage"

# GitHub's own (docs.github.com, "GitHub's SSH key fingerprints"); a key is public, and another server needs another.
_GITHUB = "github.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"


def build(environment: Environment, services: tuple[Service, ...]) -> Template:
    """The EC2 hosts of `environment` and everything they need."""
    template = begin(environment.name, NAME, "EC2 hosts with Docker Compose, auto scaling, host role")
    ami = _ami(template)
    template.add_resource(
        logs.LogGroup(
            "HostLogGroup",
            LogGroupName=host_log_group(environment),
            RetentionInDays=environment.log_retention_days,
            DeletionPolicy="Retain",
            UpdateReplacePolicy="Retain",
            **with_key(template, environment),
        )
    )
    for kind in host_kinds(environment, services):
        if kind.runs_application:
            _repository(template, environment)
        group = _hosts(template, kind, services, ami)
        if kind.host.scales:
            scale_hosts(template, kind, group)
        if environment.office_hours is not None:
            stop_hosts(template, kind, environment.office_hours, group)
        if "Condition" not in group.resource:
            publish(template, f"{group.title}Name", Ref(group), f"Auto scaling group of {environment.name}")
    return template


def _hosts(template: Template, kind: HostKind, services: tuple[Service, ...], ami: Ref) -> autoscaling.AutoScalingGroup:
    """One kind of host: role, launch template, group."""
    environment = kind.environment
    profile = host_profile(template, kind, _policy(template, kind))
    values = {image_value(service): image(template, service) for service in kind.services} | _homes(template, kind)
    groups = (
        ["HostSecurityGroupId"]
        if kind.runs_application
        else [logical_id(service.name, "security group id") for service in kind.services]
    )
    launch = launch_template(
        template,
        kind,
        ImageId=ami,
        IamInstanceProfile=ec2.IamInstanceProfile(Arn=GetAtt(profile, "Arn")),
        SecurityGroupIds=[take(template, environment, "network", name, SECURITY_GROUP) for name in groups],
        UserData=user_data(template, kind, services, values),
    )
    optional = {} if kind.runs_application else {"Condition": _runs_any(template, kind)}
    return host_group(
        template,
        kind,
        launch,
        VPCZoneIdentifier=take(template, environment, "network", "PrivateSubnetIds", SUBNETS),
        TargetGroupARNs=[
            take(template, environment, "edge", logical_id(service.name, Compute.EC2, "target group arn"))
            for service in kind.services
            if service.public
        ],
        **optional,
    )


def _ami(template: Template) -> Ref:
    """The image, by its id: another one comes by an edit of the parameter file, with a review of its own, and never by itself.

    A path in Parameter Store would be read anew at every update, so that any deployment could bring another image along, and going
    back to an earlier release would not bring back its image.
    """
    return fact(
        template,
        HOST_IMAGE,
        group="Hosts",
        label="Image of the hosts",
        Type="AWS::EC2::Image::Id",
        Description=f"Ubuntu 22.04 image; the newest is the value of {UBUNTU} in Parameter Store",
    )


def _repository(template: Template, environment: Environment) -> None:
    """The document's way to the compose file, as an option: a clone of the application's repository at one commit."""
    group = "The application's repository, instead of the generated compose file (leave empty for the generated one)"
    key = secret_name(environment, "deploy-key")
    about: dict[str, tuple[str, str, str, str]] = {
        "RepositoryUrl": ("Address", r"^(|git@[A-Za-z0-9.-]+:[A-Za-z0-9._/-]+)$", "", "SSH address to clone"),
        "RepositoryCommit": ("Commit", "^(|[0-9a-f]{40})$", "", "Full commit id: 40 hexadecimal digits"),
        "RepositoryKeySecret": (
            "Deploy key",
            "^[A-Za-z0-9/_+=.@-]+$",
            key,
            "Name of the secret whose text is the private key",
        ),
        "RepositoryHostKey": ("Host key", "^[A-Za-z0-9.+/= -]+$", _GITHUB, "The server's line of known_hosts"),
    }
    for name, (label, pattern, default, description) in about.items():
        fact(
            template,
            name,
            group=group,
            label=label,
            AllowedPattern=pattern,
            Default=default,
            Description=f"{description}; the hosts then run its docker-compose.production.yml",
        )
    template.add_condition("ClonesRepository", Not(Equals(Ref("RepositoryUrl"), "")))
    template.add_resource(
        iam.RolePolicy(
            "HostDeployKeyPolicy",
            Condition="ClonesRepository",
            RoleName=Ref("HostRole"),
            PolicyName="read-deploy-key",
            # By name, since nobody here makes that secret: Secrets Manager adds a hyphen and six characters.
            PolicyDocument=read_deploy_key(arn("secretsmanager", "secret:${RepositoryKeySecret}-??????")).JSONrepr(),
        )
    )


def _policy(template: Template, kind: HostKind) -> aws.PolicyDocument:
    secrets: list[Any] = []
    if kind.runs_application:
        names = [*sorted({key.secret for key in kind.secrets().values()}), ENV_FILE_SECRET]
        secrets = [take(template, kind.environment, "data", logical_id(name, "secret arn")) for name in names]
    homes = [
        Home(
            service=service,
            file_system=take(template, kind.environment, "data", "FileSystemId"),
            access_point=take(template, kind.environment, "data", logical_id(service.name, "access point id")),
            discovery_arn=take(template, kind.environment, "data", logical_id(service.name, "discovery arn")),
        )
        for service in kind.keepers
    ]
    key = with_key(template, kind.environment).get("KmsKeyId") if secrets else None
    return host_policy(kind, secrets, take(template, SHARED, "registry", "ArtifactsBucketName"), homes, key)


def _homes(template: Template, kind: HostKind) -> dict[str, Any]:
    """For each service with data, what the bootstrap needs to run it here, or nothing where it runs elsewhere."""
    found = {}
    for service in kind.keepers:
        title = logical_id(service.name)
        take(template, kind.environment, "data", f"{title}DiscoveryId")
        where = Sub(f"{service.name} ${{FileSystemId}} ${{{title}AccessPointId}} ${{{title}DiscoveryId}}")
        found[home_value(service)] = If(is_home(template, kind.environment, service, Compute.EC2), where, "")
    return found


def _runs_any(template: Template, kind: HostKind) -> str:
    """The condition under which the data's own host exists: one of its services is at home in this stack."""
    here = [is_home(template, kind.environment, service, Compute.EC2) for service in kind.keepers]
    if len(here) == 1:
        return here[0]
    template.add_condition("RunsAnyData", Or(*(ConditionRef(name) for name in here)))
    return "RunsAnyData"
