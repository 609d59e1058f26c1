"""Faults that were measured to pass, or may be thought to pass, and what finds each: (name, changes, id, path below Resources)."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from tests.rules.platform import GITHUB, LIFECYCLE, allow, att, port, ref, resource, sub
from tests.rules.support import GONE


class Fault(NamedTuple):
    """One fault, planted by changes of the platform."""

    name: str
    changes: tuple[tuple[str, Any], ...]
    id: str
    path: str


def fault(name: str, id: str, path: str, *changes: tuple[str, Any]) -> Fault:  # noqa: A002
    return Fault(name, changes, id, path)


def at(name: str, id: str, path: str, value: Any) -> Fault:  # noqa: A002
    """A fault that stands where it was planted."""
    return Fault(name, ((path, value),), id, path)


BACKEND = "BackendTask/Properties/ContainerDefinitions/0"
CHROMA = "ChromaTask/Properties/ContainerDefinitions/0"
VOLUME = "ChromaTask/Properties/Volumes/0/EFSVolumeConfiguration"
SERVICE = "BackendService/Properties"
STORE = "ChromaService/Properties"
BALANCED = f"{SERVICE}/LoadBalancers/0"
EXECUTION = "ExecutionRole/Properties/Policies/0/PolicyDocument/Statement"
DEPLOY = "DeployRole/Properties/Policies/0/PolicyDocument/Statement"
TRUST = "DeployRole/Properties/AssumeRolePolicyDocument/Statement/0"
TRACKING = "Requests/Properties/TargetTrackingScalingPolicyConfiguration"
HOST = "HostTemplate/Properties/LaunchTemplateData"
DISK = f"{HOST}/BlockDeviceMappings/0/Ebs"
IMAGES = "Images/Properties"
SECRET = "arn:aws:secretsmanager:us-east-1:{}:secret:staging/jwt-Ab12Cd"
CHROMA_IMAGE = sub("${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/aldeia/chromadb:0.6.3")


def lifecycle(**changes: Any) -> str:
    document = json.loads(LIFECYCLE)
    document["rules"][1].update(changes)
    return json.dumps(document)


def tagged(**selection: Any) -> str:
    return lifecycle(
        selection={"tagStatus": "tagged", "countType": "imageCountMoreThan", "countNumber": 10, **selection}
    )


# Passed as clean by cfn-lint 1.58 in a trial with 29 faulty templates.
MEASURED_CLEAN = [
    at("9-digit account in a secret's ARN", "E9111", f"{BACKEND}/Secrets/0/ValueFrom", SECRET.format("123456789")),
    fault(
        "secrets without execution role",
        "E9105",
        f"{BACKEND}/Secrets",
        ("BackendTask/Properties/ExecutionRoleArn", GONE),
    ),
    at("latest image", "W9110", f"{CHROMA}/Image", "chromadb/chroma:latest"),
    at(
        "9-digit ECR host",
        "E9111",
        f"{BACKEND}/Image",
        "123456789.dkr.ecr.us-east-1.amazonaws.com/aldeia/backend:4f2c1ab",
    ),
    fault(
        "IAM on EFS without TLS", "E9206", f"{VOLUME}/AuthorizationConfig/IAM", (f"{VOLUME}/TransitEncryption", GONE)
    ),
    at("root directory beside an access point", "E9207", f"{VOLUME}/RootDirectory", "/chroma"),
    at("mount point without volume", "E9104", f"{CHROMA}/MountPoints/0/SourceVolume", "files"),
    at("launch type beside a strategy", "E9112", f"{SERVICE}/LaunchType", "FARGATE"),
    at("rebalancing with maximum 100", "E9113", f"{STORE}/AvailabilityZoneRebalancing", "ENABLED"),
    fault(
        "blue/green without configuration",
        "E9114",
        BALANCED,
        (f"{SERVICE}/DeploymentConfiguration/Strategy", "BLUE_GREEN"),
    ),
    at(
        "canary settings on rolling",
        "E9115",
        f"{SERVICE}/DeploymentConfiguration/CanaryConfiguration",
        {"CanaryPercent": 10, "CanaryBakeTimeInMinutes": 5},
    ),
    at("load balancer names another container", "E9101", f"{BALANCED}/ContainerName", "api"),
    at("load balancer names another port", "E9102", f"{BALANCED}/ContainerPort", 80),
    fault(
        "instance target for awsvpc",
        "E9116",
        f"{BALANCED}/TargetGroupArn",
        ("BackendTarget/Properties/TargetType", "instance"),
    ),
    fault("service before its rule", "E9117", f"{BALANCED}/TargetGroupArn", ("BackendService/DependsOn", GONE)),
    fault(
        "request count without label",
        "E9131",
        f"{TRACKING}/PredefinedMetricSpecification",
        (f"{TRACKING}/PredefinedMetricSpecification/ResourceLabel", GONE),
    ),
    at("minimum above maximum", "E9133", "Scaling/Properties/MinCapacity", 5),
    at("tagged rule without tags", "E9601", f"{IMAGES}/LifecyclePolicy/LifecyclePolicyText", tagged()),
    fault(
        "everything allowed",
        "E9403",
        f"{DEPLOY}/0/Action",
        (f"{DEPLOY}/0/Action", "*"),
        (f"{DEPLOY}/0/Resource", "*"),
    ),
    fault("OIDC trust without conditions", "E9401", TRUST, (f"{TRUST}/Condition", GONE)),
    fault("IMDSv1", "W9501", HOST, (f"{HOST}/MetadataOptions", GONE)),
    fault(
        "port 8000 open to the world",
        "E9302",
        "ChromaGroup/Properties/SecurityGroupIngress/0/CidrIp",
        ("ChromaGroup/Properties/SecurityGroupIngress/0", port(8000, CidrIp="0.0.0.0/0")),
    ),
    at(
        "curl in an image without it",
        "E9118",
        f"{CHROMA}/HealthCheck/Command/1",
        "curl -f http://localhost:8000/api/v2/heartbeat || exit 1",
    ),
]

# Seen by neither troposphere nor cfn-lint in a trial of 42 faults; those that are not in the list above.
MEASURED_UNSEEN = [
    fault(
        "undeclared volume", "E9104", f"{CHROMA}/MountPoints/0/SourceVolume", ("ChromaTask/Properties/Volumes", GONE)
    ),
    fault(
        "target tracking without configuration",
        "E9132",
        "Requests/Properties",
        ("Requests/Properties/TargetTrackingScalingPolicyConfiguration", GONE),
    ),
    at(
        "ARN of another shape",
        "E9405",
        f"{DEPLOY}/0/Resource",
        sub("arn:aws:ecr:${AWS::Region}:${AWS::AccountId}:aldeia/backend"),
    ),
    fault(
        "secret in plain environment",
        "W9119",
        f"{BACKEND}/Environment/0/Value",
        (f"{BACKEND}/Environment/0", {"Name": "JWT_SECRET", "Value": "correct-horse-battery"}),
    ),
    fault(
        "SSH from everywhere",
        "E9302",
        "BackendGroup/Properties/SecurityGroupIngress/1/CidrIp",
        ("BackendGroup/Properties/SecurityGroupIngress/1", port(22, CidrIp="0.0.0.0/0")),
    ),
    at("user data of 17 kB", "E9504", f"{HOST}/UserData", {"Fn::Base64": "#!/bin/bash\n# signal\n" + "x" * 17000}),
    at("gp3 of 100,000 GiB", "E9503", f"{DISK}/VolumeSize", 100000),
    at(
        "lifecycle text of other content",
        "E9601",
        f"{IMAGES}/LifecyclePolicy/LifecyclePolicyText",
        json.dumps({"keep": "x" * 120}),
    ),
]

ECS = [
    at("Service Connect names no port", "E9103", f"{SERVICE}/ServiceConnectConfiguration/Services/0/PortName", "api"),
    fault(
        "secret of another environment",
        "E9106",
        f"{BACKEND}/Secrets/0/ValueFrom",
        (f"{EXECUTION}/2/Resource", "arn:aws:secretsmanager:us-east-1:111122223333:secret:production/*"),
    ),
    fault(
        "another secret's right",
        "E9106",
        f"{BACKEND}/Secrets/0/ValueFrom",
        (f"{EXECUTION}/2/Resource", ref("OtherSecret")),
        ("OtherSecret", resource("AWS::SecretsManager::Secret", {"Name": "staging/database"})),
    ),
    fault(
        "no right to read",
        "E9106",
        f"{BACKEND}/Secrets/0/ValueFrom",
        (f"{EXECUTION}/2/Action", "secretsmanager:DescribeSecret"),
    ),
    fault(
        "images of another repository",
        "E9107",
        f"{BACKEND}/Image",
        (
            f"{EXECUTION}/1/Resource",
            [sub("arn:${AWS::Partition}:ecr:${AWS::Region}:${AWS::AccountId}:repository/aldeia/chromadb")],
        ),
    ),
    fault("no login to ECR", "E9107", f"{CHROMA}/Image", (f"{EXECUTION}/0/Action", "ecr:DescribeRegistry")),
    fault(
        "log group forgotten",
        "E9108",
        f"{CHROMA}/LogConfiguration/Options/awslogs-group",
        (f"{EXECUTION}/3/Resource", [att("BackendLogs.Arn")]),
    ),
    fault(
        "log group without its streams",
        "E9108",
        f"{BACKEND}/LogConfiguration/Options/awslogs-group",
        (
            f"{EXECUTION}/3/Resource",
            [att("ChromaLogs.Arn"), "arn:aws:logs:us-east-1:111122223333:log-group:/ecs/backend"],
        ),
    ),
    at("every secret", "W9109", f"{EXECUTION}/2/Resource", "*"),
    at(
        "a secret no task uses",
        "W9109",
        f"{EXECUTION}/2/Resource",
        [
            ref("JwtSecret"),
            sub("arn:aws:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:staging/payments-??????"),
        ],
    )._replace(path=f"{EXECUTION}/2/Resource/1"),
    at("no tag", "W9110", f"{BACKEND}/Image", att("Images.RepositoryUri")),
    at(
        "linear settings on rolling",
        "E9115",
        f"{SERVICE}/DeploymentConfiguration/LinearConfiguration",
        {"StepPercent": 10},
    ),
    fault(
        "target type by default", "E9116", f"{BALANCED}/TargetGroupArn", ("BackendTarget/Properties/TargetType", GONE)
    ),
    fault(
        "credentials in an address",
        "W9119",
        f"{BACKEND}/Environment/0/Value",
        (
            f"{BACKEND}/Environment/0",
            {"Name": "DATABASE_URL", "Value": "postgres://aldeia:hunter2@db.example.com/aldeia"},
        ),
    ),
    fault(
        "a secret resolved into the environment",
        "W9119",
        f"{BACKEND}/Environment/0/Value",
        (f"{BACKEND}/Environment/0", {"Name": "DATABASE", "Value": "{{resolve:secretsmanager:staging/database}}"}),
    ),
    at(
        "label of the target group alone",
        "E9131",
        f"{TRACKING}/PredefinedMetricSpecification/ResourceLabel",
        att("BackendTarget.TargetGroupFullName"),
    ),
    at(
        "label the wrong way round",
        "E9131",
        f"{TRACKING}/PredefinedMetricSpecification/ResourceLabel",
        sub("${BackendTarget.TargetGroupFullName}/${Balancer.LoadBalancerFullName}"),
    ),
    at(
        "label of an ARN",
        "E9131",
        f"{TRACKING}/PredefinedMetricSpecification/ResourceLabel",
        sub("${Balancer}/${BackendTarget.TargetGroupFullName}"),
    ),
    at("count against scaling", "W9134", f"{SERVICE}/DesiredCount", 2),
    at("count outside of scaling", "W9135", f"{SERVICE}/DesiredCount", 9),
]

STATE = [
    at("two stores", "E9201", f"{STORE}/DesiredCount", 2),
    fault(
        "a scaled store",
        "E9201",
        "Scaling/Properties/MaxCapacity",
        ("Scaling/Properties/ResourceId", sub("service/x/${ChromaService.Name}")),
    ),
    at("overlapping deployments", "E9202", f"{STORE}/DeploymentConfiguration/MaximumPercent", 200),
    fault("overlap by default", "E9202", STORE, (f"{STORE}/DeploymentConfiguration", GONE)),
    at("blue/green store", "E9202", f"{STORE}/DeploymentConfiguration/Strategy", "BLUE_GREEN"),
    fault(
        "two services on one access point",
        "W9203",
        f"{CHROMA}/MountPoints/0",
        (
            "Copy",
            resource(
                "AWS::ECS::Service",
                {
                    "TaskDefinition": ref("ChromaTask"),
                    "DesiredCount": 1,
                    "DeploymentConfiguration": {"MaximumPercent": 100},
                },
            ),
        ),
    ),
    at("mounted where 0.x wrote", "E9204", f"{CHROMA}/MountPoints/0/ContainerPath", "/chroma/chroma"),
    fault(
        "0.x with the mount of 1.x", "E9204", f"{CHROMA}/MountPoints/0/ContainerPath", (f"{CHROMA}/Image", CHROMA_IMAGE)
    ),
    fault(
        "persist path elsewhere",
        "E9204",
        f"{CHROMA}/MountPoints/0/ContainerPath",
        (f"{CHROMA}/Environment", [{"Name": "CHROMA_PERSIST_PATH", "Value": "/chroma/chroma"}]),
    ),
    fault("store without volume", "W9205", CHROMA, (f"{CHROMA}/MountPoints", GONE)),
    at("TLS disabled", "E9206", f"{VOLUME}/TransitEncryption", "DISABLED")._replace(
        path=f"{VOLUME}/AuthorizationConfig/IAM"
    ),
    fault("no mount target", "E9208", f"{VOLUME}/FilesystemId", ("MountA", GONE)),
    fault(
        "NFS from somebody else",
        "E9209",
        f"{STORE}/NetworkConfiguration/AwsvpcConfiguration/SecurityGroups",
        ("FilesGroup/Properties/SecurityGroupIngress/0/SourceSecurityGroupId", ref("BackendGroup")),
    ),
    fault("file system deleted with its stack", "W9210", "Files/Type", ("Files/DeletionPolicy", GONE)),
    fault("file system deleted at replacement", "W9210", "Files/Type", ("Files/UpdateReplacePolicy", GONE)),
    fault("file system deleted on purpose", "W9210", "Files/Type", ("Files/DeletionPolicy", "Delete")),
]

NETWORK = [
    fault(
        "container port open to the world",
        "W9301",
        "BackendGroup/Properties/SecurityGroupIngress/0/CidrIp",
        ("BackendGroup/Properties/SecurityGroupIngress/0", port(3001, CidrIp="0.0.0.0/0")),
    ),
    fault(
        "load balancer open where it does not listen",
        "W9301",
        "BalancerGroup/Properties/SecurityGroupIngress/2/CidrIp",
        ("BalancerGroup/Properties/SecurityGroupIngress/2", port(8443, CidrIp="0.0.0.0/0")),
    ),
    fault(
        "open by IPv6",
        "W9301",
        "BackendGroup/Properties/SecurityGroupIngress/0/CidrIpv6",
        ("BackendGroup/Properties/SecurityGroupIngress/0", port(3001, CidrIpv6="::/0")),
    ),
    fault(
        "every port open",
        "E9302",
        "FilesGroup/Properties/SecurityGroupIngress/1/CidrIp",
        ("FilesGroup/Properties/SecurityGroupIngress/1", {"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}),
    ),
    fault(
        "NFS open to the world by a rule of its own",
        "E9302",
        "Open/Properties/CidrIp",
        (
            "Open",
            resource(
                "AWS::EC2::SecurityGroupIngress", {"GroupId": ref("FilesGroup"), **port(2049, CidrIp="0.0.0.0/0")}
            ),
        ),
    ),
    fault(
        "past the load balancer",
        "W9303",
        "BackendGroup/Properties/SecurityGroupIngress/1/CidrIp",
        ("BackendGroup/Properties/SecurityGroupIngress/1", port(80, CidrIp="0.0.0.0/0")),
    ),
    fault(
        "ChromaDB from the load balancer",
        "E9304",
        "ChromaGroup/Properties/SecurityGroupIngress/0/SourceSecurityGroupId",
        ("ChromaGroup/Properties/SecurityGroupIngress/0/SourceSecurityGroupId", ref("BalancerGroup")),
    ),
    fault(
        "NFS from the load balancer",
        "E9304",
        "FilesGroup/Properties/SecurityGroupIngress/1/SourceSecurityGroupId",
        ("FilesGroup/Properties/SecurityGroupIngress/1", port(2049, SourceSecurityGroupId=ref("BalancerGroup"))),
    ),
    fault(
        "ChromaDB behind the load balancer",
        "E9305",
        f"{STORE}/LoadBalancers/0/ContainerName",
        (f"{STORE}/LoadBalancers", [{"ContainerName": "chromadb", "ContainerPort": 8000, "TargetGroupArn": "arn"}]),
    ),
    fault(
        "one priority twice",
        "E9306",
        "AppRule/Properties/Priority",
        (
            "AppRule",
            resource(
                "AWS::ElasticLoadBalancingV2::ListenerRule",
                {"ListenerArn": ref("Https"), "Priority": 10, "Actions": []},
            ),
        ),
    ),
    at(
        "public address on ChromaDB",
        "W9307",
        f"{STORE}/NetworkConfiguration/AwsvpcConfiguration/AssignPublicIp",
        "ENABLED",
    ),
    at("name too long", "E9308", "BackendTarget/Properties/Name", "aldeia-production-backend-blue-group"),
]

IAM = [
    fault("no audience", "E9401", TRUST, (f"{TRUST}/Condition/StringEquals", GONE)),
    fault("no subject", "E9401", TRUST, (f"{TRUST}/Condition/StringLike", GONE)),
    at("any subject", "E9402", f"{TRUST}/Condition/StringLike/{GITHUB}:sub", "*"),
    at("any repository", "E9402", f"{TRUST}/Condition/StringLike/{GITHUB}:sub", "repo:*"),
    at(
        "a repository of that name of anybody",
        "E9402",
        f"{TRUST}/Condition/StringLike/{GITHUB}:sub",
        "repo:*/chatbot:*",
    ),
    at("owners that begin so", "E9402", f"{TRUST}/Condition/StringLike/{GITHUB}:sub", "repo:example*/chatbot:*"),
    at("wildcard under equals", "E9402", f"{TRUST}/Condition/StringEquals/{GITHUB}:sub", "repo:example/chatbot:*"),
    at("misspelt action", "E9404", f"{DEPLOY}/0/Action", ["ecr:BatchGetImage", "ecr:PutImages"])._replace(
        path=f"{DEPLOY}/0/Action/1"
    ),
    at("action of no service", "E9404", f"{DEPLOY}/0/Action", "ecrr:PutImage"),
    at(
        "ARN of another service",
        "E9405",
        f"{EXECUTION}/2/Resource",
        [ref("JwtSecret"), "arn:aws:ssm:us-east-1:111122223333:parameter/jwt"],
    )._replace(path=f"{EXECUTION}/2/Resource/1"),
    fault(
        "objects of a bucket without its objects",
        "E9405",
        f"{DEPLOY}/0/Resource",
        (f"{DEPLOY}/0", allow("s3:GetObject", "arn:aws:s3:::example")),
    ),
    fault("role passed to anybody", "W9406", f"{DEPLOY}/1/Action", (f"{DEPLOY}/1/Condition", GONE)),
    fault(
        "trust of every account's tasks",
        "W9407",
        "ExecutionRole/Properties/AssumeRolePolicyDocument/Statement/0",
        ("ExecutionRole/Properties/AssumeRolePolicyDocument/Statement/0/Condition", GONE),
    ),
]

EC2 = [
    at("IMDSv1 on purpose", "W9501", f"{HOST}/MetadataOptions/HttpTokens", "optional"),
    fault("unencrypted disk", "W9502", DISK, (f"{DISK}/Encrypted", GONE)),
    at("unencrypted disk on purpose", "W9502", f"{DISK}/Encrypted", False),
    at("too fast", "E9503", f"{DISK}/Throughput", 4000),
    at("too fast for its IOPS", "E9503", f"{DISK}/Throughput", 900),
    at("too many IOPS for its size", "E9503", f"{DISK}/Iops", 30000),
    fault("throughput of gp2", "E9503", f"{DISK}/Throughput", (f"{DISK}/VolumeType", "gp2")),
    fault(
        "nobody signals",
        "E9505",
        "Hosts/CreationPolicy/ResourceSignal",
        (f"{HOST}/UserData", {"Fn::Base64": "#!/bin/bash\nsystemctl start docker\n"}),
    ),
    fault(
        "nobody signals at an update",
        "E9505",
        "Hosts/UpdatePolicy/AutoScalingRollingUpdate/WaitOnResourceSignals",
        (f"{HOST}/UserData", {"Fn::Base64": "#!/bin/bash\n"}),
        ("Hosts/UpdatePolicy", {"AutoScalingRollingUpdate": {"WaitOnResourceSignals": True}}),
    ),
    fault("tags that stay", "W9506", "Hosts/Properties/Tags", ("Hosts/Properties/Tags/0/PropagateAtLaunch", False)),
    fault("no tags", "W9506", "Hosts/Properties", ("Hosts/Properties/Tags", GONE)),
    at("overlapping alarms", "E9507", "Low/Properties/Threshold", 80),
    fault(
        "launch configuration",
        "W9508",
        "Old/Type",
        ("Old", resource("AWS::AutoScaling::LaunchConfiguration", {"MetadataOptions": {"HttpTokens": "required"}})),
    ),
]

TEXT = f"{IMAGES}/LifecyclePolicy/LifecyclePolicyText"
ECR = [
    at("not JSON", "E9601", TEXT, LIFECYCLE[:-1]),
    at("one priority twice", "E9601", TEXT, lifecycle(rulePriority=1)),
    at("any is not last", "E9601", TEXT, LIFECYCLE.replace('"untagged"', '"any"')),
    at("tags in an untagged rule", "E9601", TEXT, LIFECYCLE.replace('"tagged"', '"untagged"')),
    at("unknown action", "E9601", TEXT, lifecycle(action={"type": "delete"})),
    at("age without a unit", "E9601", TEXT, LIFECYCLE.replace('"countUnit": "days", ', "")),
    at("count of nothing", "E9601", TEXT, LIFECYCLE.replace('"countNumber": 7', '"countNumber": 0')),
    at("only releases expire", "W9602", TEXT, tagged(tagPrefixList=["v"])),
    at("mutable tags", "W9603", f"{IMAGES}/ImageTagMutability", "MUTABLE"),
    fault("mutable tags by default", "W9603", IMAGES, (f"{IMAGES}/ImageTagMutability", GONE)),
]

FAULTS = [*MEASURED_CLEAN, *MEASURED_UNSEEN, *ECS, *STATE, *NETWORK, *IAM, *EC2, *ECR]
