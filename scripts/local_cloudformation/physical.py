"""Physical ids and attributes: what a created resource calls itself, and what `Ref` and `Fn::GetAtt` answer.

The registry schema says which properties identify a type; the tables below hold the spellings it does not tell (the prefix
of an id, the shape of an ARN). Everything is derived from the stack, the logical id and a generation number, so the same
deployment has the same ids after a restart, and an offline comparison needs no account.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from local_cloudformation.schemas import Schema, schema_of
from local_cloudformation.values import Environment

# Prefixes of generated ids, from the examples of the services' API references.
_ID_PREFIXES = {
    "AWS::EC2::DHCPOptions": "dopt",
    "AWS::EC2::EIP": "eipalloc",
    "AWS::EC2::EIPAssociation": "eipassoc",
    "AWS::EC2::FlowLog": "fl",
    "AWS::EC2::Instance": "i",
    "AWS::EC2::InternetGateway": "igw",
    "AWS::EC2::LaunchTemplate": "lt",
    "AWS::EC2::NatGateway": "nat",
    "AWS::EC2::NetworkAcl": "acl",
    "AWS::EC2::NetworkInterface": "eni",
    "AWS::EC2::PrefixList": "pl",
    "AWS::EC2::RouteTable": "rtb",
    "AWS::EC2::SecurityGroup": "sg",
    "AWS::EC2::SecurityGroupEgress": "sgr",
    "AWS::EC2::SecurityGroupIngress": "sgr",
    "AWS::EC2::Subnet": "subnet",
    "AWS::EC2::SubnetRouteTableAssociation": "rtbassoc",
    "AWS::EC2::VPC": "vpc",
    "AWS::EC2::VPCEndpoint": "vpce",
    "AWS::EC2::Volume": "vol",
    "AWS::EFS::AccessPoint": "fsap",
    "AWS::EFS::FileSystem": "fs",
    "AWS::EFS::MountTarget": "fsmt",
    "AWS::ServiceDiscovery::PrivateDnsNamespace": "ns",
    "AWS::ServiceDiscovery::Service": "srv",
}

# ARNs by type: {name} is the given or generated name, {hex} sixteen digits, {uuid} a UUID, {Property} a property's value.
_ARNS = {
    "AWS::AutoScaling::AutoScalingGroup": "autoscaling:{region}:{account}:autoScalingGroup:{uuid}:autoScalingGroupName/{name}",
    "AWS::AutoScaling::ScalingPolicy": (
        "autoscaling:{region}:{account}:scalingPolicy:{uuid}:autoScalingGroupName/{AutoScalingGroupName}:policyName/{name}"
    ),
    "AWS::ApplicationAutoScaling::ScalingPolicy": (
        "autoscaling:{region}:{account}:scalingPolicy:{uuid}:resource/ecs/service:policyName/{PolicyName}"
    ),
    "AWS::CertificateManager::Certificate": "acm:{region}:{account}:certificate/{uuid}",
    "AWS::CloudWatch::Alarm": "cloudwatch:{region}:{account}:alarm:{name}",
    "AWS::CloudWatch::CompositeAlarm": "cloudwatch:{region}:{account}:alarm:{name}",
    "AWS::EC2::VPCEndpoint": "ec2:{region}:{account}:vpc-endpoint/vpce-{id}",
    "AWS::ECR::Repository": "ecr:{region}:{account}:repository/{name}",
    "AWS::ECS::CapacityProvider": "ecs:{region}:{account}:capacity-provider/{name}",
    "AWS::ECS::Cluster": "ecs:{region}:{account}:cluster/{name}",
    "AWS::ECS::Service": "ecs:{region}:{account}:service/{Cluster}/{name}",
    "AWS::ECS::TaskDefinition": "ecs:{region}:{account}:task-definition/{Family}:{generation}",
    "AWS::EFS::AccessPoint": "elasticfilesystem:{region}:{account}:access-point/fsap-{id}",
    "AWS::EFS::FileSystem": "elasticfilesystem:{region}:{account}:file-system/fs-{id}",
    "AWS::ElasticLoadBalancingV2::Listener": "elasticloadbalancing:{region}:{account}:listener/app/{stack}/{hex}/{hex2}",
    "AWS::ElasticLoadBalancingV2::ListenerRule": (
        "elasticloadbalancing:{region}:{account}:listener-rule/app/{stack}/{hex}/{hex2}/{hex3}"
    ),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "elasticloadbalancing:{region}:{account}:loadbalancer/app/{name}/{hex}",
    "AWS::ElasticLoadBalancingV2::TargetGroup": "elasticloadbalancing:{region}:{account}:targetgroup/{name}/{hex}",
    "AWS::Events::Rule": "events:{region}:{account}:rule/{name}",
    "AWS::IAM::InstanceProfile": "iam::{account}:instance-profile/{name}",
    "AWS::IAM::ManagedPolicy": "iam::{account}:policy/{name}",
    "AWS::IAM::OIDCProvider": "iam::{account}:oidc-provider/{Url}",
    "AWS::IAM::Role": "iam::{account}:role/{name}",
    "AWS::IAM::User": "iam::{account}:user/{name}",
    "AWS::KMS::Key": "kms:{region}:{account}:key/{uuid}",
    "AWS::Lambda::Function": "lambda:{region}:{account}:function:{name}",
    "AWS::Logs::LogGroup": "logs:{region}:{account}:log-group:{name}:*",
    "AWS::S3::Bucket": "s3:::{name}",
    "AWS::SNS::Topic": "sns:{region}:{account}:{name}",
    "AWS::SQS::Queue": "sqs:{region}:{account}:{name}",
    "AWS::SecretsManager::Secret": "secretsmanager:{region}:{account}:secret:{name}-{six}",
    "AWS::ServiceDiscovery::PrivateDnsNamespace": "servicediscovery:{region}:{account}:namespace/ns-{id}",
    "AWS::ServiceDiscovery::Service": "servicediscovery:{region}:{account}:service/srv-{id}",
    "AWS::StepFunctions::StateMachine": "states:{region}:{account}:stateMachine:{name}",
}

# Properties that name a resource when the identifier is not a name itself.
_NAMES = {
    "AWS::ApplicationAutoScaling::ScalingPolicy": "PolicyName",
    "AWS::ECS::Service": "ServiceName",
    "AWS::ECS::TaskDefinition": "Family",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "Name",
    "AWS::ElasticLoadBalancingV2::TargetGroup": "Name",
    "AWS::Events::Rule": "Name",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::SecretsManager::Secret": "Name",
    "AWS::StepFunctions::StateMachine": "StateMachineName",
}

# Attributes whose value has a shape of its own.
_ATTRIBUTES = {
    ("AWS::EC2::EIP", "PublicIp"): "198.51.100.{byte}",
    ("AWS::EC2::Instance", "PrivateIp"): "10.0.{byte}.{byte2}",
    ("AWS::EC2::LaunchTemplate", "DefaultVersionNumber"): "1",
    ("AWS::EC2::LaunchTemplate", "LatestVersionNumber"): "{revision}",
    ("AWS::EC2::SecurityGroup", "GroupId"): "sg-{id}",
    ("AWS::EC2::VPC", "DefaultNetworkAcl"): "acl-{id}",
    ("AWS::EC2::VPC", "DefaultSecurityGroup"): "sg-{id}",
    ("AWS::ECR::Repository", "RepositoryUri"): "{account}.dkr.ecr.{region}.{suffix}/{name}",
    ("AWS::ECS::Service", "Name"): "{name}",
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", "CanonicalHostedZoneID"): "Z35SXDOTRQ7X7K",
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", "DNSName"): "{name}-{number}.{region}.elb.{suffix}",
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", "LoadBalancerFullName"): "app/{name}/{hex}",
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", "LoadBalancerName"): "{name}",
    ("AWS::ElasticLoadBalancingV2::TargetGroup", "TargetGroupFullName"): "targetgroup/{name}/{hex}",
    ("AWS::ElasticLoadBalancingV2::TargetGroup", "TargetGroupName"): "{name}",
    ("AWS::IAM::Role", "RoleId"): "AROA{CODE}",
    ("AWS::S3::Bucket", "DomainName"): "{name}.s3.{suffix}",
    ("AWS::S3::Bucket", "RegionalDomainName"): "{name}.s3.{region}.{suffix}",
    ("AWS::ServiceDiscovery::PrivateDnsNamespace", "HostedZoneId"): "Z{CODE}",
    ("AWS::CloudFormation::WaitCondition", "Data"): "{{}}",
}

# Types whose identifier is called `Id` and is an ARN.
_ARN_IS_ID = {"AWS::CertificateManager::Certificate", "AWS::SecretsManager::Secret"}

# What `Ref` gives where it is neither the whole identifier nor its first part.
_REFS = {"AWS::EC2::EIP": "PublicIp"}

# The longest generated name, from the services' limits on names.
_NAME_LIMITS = {
    "AWS::ElasticLoadBalancingV2::LoadBalancer": 32,
    "AWS::ElasticLoadBalancingV2::TargetGroup": 32,
    "AWS::IAM::Role": 64,
    "AWS::S3::Bucket": 63,
}
_LOWER_CASE = {"AWS::S3::Bucket", "AWS::ECR::Repository"}
# Attributes that an update in place changes.
MUTABLE_ATTRIBUTES = {("AWS::EC2::LaunchTemplate", "LatestVersionNumber")}


@dataclass(frozen=True)
class Physical:
    """A resource as it stands: enough to answer `Ref` and every attribute.

    `generation` counts the replacements, `revision` the updates in place since.
    """

    type_name: str
    logical_id: str
    environment: Environment
    properties: Mapping[str, Any] = field(default_factory=dict)
    generation: int = 1
    revision: int = 1
    given_id: str | None = None  # of an imported resource, or of one whose name was generated before

    @property
    def schema(self) -> Schema | None:
        """The type's schema in the stack's region."""
        return schema_of(self.type_name, self.environment.region)

    @property
    def physical_id(self) -> str:
        """The `PhysicalResourceId`."""
        if self.given_id:
            return self.given_id
        if self.type_name in _REFS:
            return str(self._part(_REFS[self.type_name]))
        if self.type_name.startswith("Custom::") or self.schema is None or not self.schema.identifier:
            return self._generated_name()
        parts = [each[-1] for each in self.schema.identifier]
        if self.type_name in _ARNS and (parts[0].endswith("Arn") or self.type_name in _ARN_IS_ID):
            return self.arn
        return "|".join(str(self._part(part)) for part in parts)

    @property
    def ref(self) -> str:
        """What `Ref` gives."""
        return self.physical_id

    @property
    def name(self) -> str:
        """The name: given in the properties, or generated from stack and logical id."""
        given = self._given_name
        if given is not None:
            return given
        return self.given_id if self.given_id and ":" not in self.given_id else self._generated_name()

    @property
    def is_named(self) -> bool:
        """Whether the template names the resource, so that a second one of the name cannot be."""
        return self._given_name is not None

    @property
    def _given_name(self) -> str | None:
        schema = self.schema
        key = _NAMES.get(self.type_name)
        if key is None and schema is not None and len(schema.identifier) == 1:
            key = schema.identifier[0][-1] if schema.identifier[0] not in schema.read_only else None
        given = self.properties.get(key) if key and self.type_name != "AWS::ECS::TaskDefinition" else None
        return given if isinstance(given, str) and given else None

    @property
    def arn(self) -> str:
        """The ARN, in the type's own shape where it is known."""
        service, _, kind = self.type_name.lower().removeprefix("aws::").partition("::")
        shape = _ARNS.get(self.type_name, service + ":{region}:{account}:" + kind + "/{name}")
        return f"arn:{self.environment.partition}:" + self._fill(shape)

    def attribute(self, name: str) -> Any:
        """What `Fn::GetAtt` gives."""
        if (self.type_name, name) in _ATTRIBUTES:
            return self._fill(_ATTRIBUTES[self.type_name, name])
        found: Any = self.properties
        for part in name.split("."):
            found = found.get(part) if isinstance(found, dict) else None
        return self._made_up(name) if found is None else found

    def _part(self, name: str) -> Any:
        given = self.properties.get(name)
        return self.attribute(name) if given is None else given

    def _made_up(self, name: str) -> Any:
        """An attribute without a table entry: by the schema's word on what it is."""
        last = name.rsplit(".", 1)[-1]
        schema = self.schema
        identifier = [each[-1] for each in schema.identifier] if schema else []
        if [last] == identifier and self.given_id:
            return self.given_id
        if last == "Arn" or (last.endswith("Arn") and last in identifier):
            return self.arn
        if last in identifier and (last.endswith("Name") or (schema and (last,) not in schema.read_only)):
            return self._generated_name()
        if self.type_name in _ID_PREFIXES and (last in identifier or last.endswith("Id")):
            return f"{_ID_PREFIXES[self.type_name]}-{self._digest()[:17]}"
        kind = schema.definition(schema.properties.get(name, {})).get("type") if schema else None
        return self._of_kind(last, str(kind))

    def _of_kind(self, name: str, kind: str) -> Any:
        digest = self._digest(name)
        by_kind = {"array": [f"{name.lower()}-{digest[:8]}"], "boolean": "false"}
        number = str(int(digest[:6], 16))
        by_kind |= {"integer": number, "number": number}
        return by_kind.get(kind, f"{re.sub(r'[^a-z0-9]+', '-', name.lower())}-{digest[:17]}")

    def _generated_name(self) -> str:
        code = self._digest("name").upper()[:12]
        if self.type_name in _LOWER_CASE:
            code = code.lower()
        limit = _NAME_LIMITS.get(self.type_name, 128)
        stem = f"{self.environment.stack_name}-{self.logical_id}"[: limit - len(code) - 1].rstrip("-")
        full = f"{stem}-{code}"
        return full.lower() if self.type_name in _LOWER_CASE else full

    def _digest(self, salt: str = "") -> str:
        seed = f"{self.environment.stack_id}/{self.logical_id}/{self.generation}/{salt}"
        return hashlib.sha256(seed.encode()).hexdigest()

    def _fill(self, shape: str) -> str:
        digest = self._digest()
        raw = self.properties
        cluster = str(raw.get("Cluster", "default")).rsplit("/", 1)[-1]
        return shape.format(
            account=self.environment.account,
            region=self.environment.region,
            suffix=self.environment.url_suffix,
            stack=self.environment.stack_name,
            name=self.name,
            id=digest[:17],
            hex=digest[:16],
            hex2=digest[16:32],
            hex3=digest[32:48],
            uuid=f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}",
            six=digest[:6],
            CODE=digest[:16].upper(),
            number=int(digest[:8], 16),
            byte=int(digest[:2], 16),
            byte2=int(digest[2:4], 16),
            generation=self.generation,
            revision=self.revision,
            Cluster=cluster,
            Family=raw.get("Family") or self._generated_name(),
            PolicyName=raw.get("PolicyName", self.logical_id),
            AutoScalingGroupName=raw.get("AutoScalingGroupName", ""),
            Url=str(raw.get("Url", "")).removeprefix("https://"),
        )
