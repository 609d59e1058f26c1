"""What the template does not tell, and what is right in the world a condition describes, is passed over."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from tests.rules.faults import BACKEND, BALANCED, CHROMA, DEPLOY, EXECUTION, HOST, SERVICE, STORE, TRUST
from tests.rules.platform import GITHUB, PLATFORM, allow, port, ref, resource, sub
from tests.rules.support import GONE, changed, found

NOTHING = ref("AWS::NoValue")


class Silent(NamedTuple):
    """A change that must not be found fault with."""

    name: str
    changes: tuple[tuple[str, Any], ...]


def silent(name: str, *changes: tuple[str, Any]) -> Silent:
    return Silent(name, changes)


def either(condition: str, one: Any, other: Any) -> dict[str, Any]:
    return {"Fn::If": [condition, one, other]}


PARAMETERS = {
    "Known": {"Type": "String", "Default": "backend"},
    "Unknown": {"Type": "String"},
    "Choice": {"Type": "String", "Default": "1", "AllowedValues": ["1", "2"]},
}
CONDITIONS = {"Large": {"Fn::Equals": [ref("Unknown"), "large"]}}

CASES = [
    silent("container named by a parameter's default", (f"{BALANCED}/ContainerName", ref("Known"))),
    silent("container named at deployment", (f"{BALANCED}/ContainerName", ref("Unknown"))),
    silent(
        "task definition of another stack",
        (f"{SERVICE}/TaskDefinition", ref("Unknown")),
        (f"{BALANCED}/ContainerName", "api"),
    ),
    silent(
        "name and port change together",
        ("BackendTask/Properties/ContainerDefinitions/1", {"Name": "proxy", "PortMappings": [{"ContainerPort": 80}]}),
        (f"{BALANCED}/ContainerName", either("Large", "proxy", "backend")),
        (f"{BALANCED}/ContainerPort", either("Large", 80, 3001)),
    ),
    silent(
        "volume and mount of one condition",
        ("BackendTask/Properties/Volumes", [either("Large", {"Name": "cache"}, NOTHING)]),
        (f"{BACKEND}/MountPoints", [either("Large", {"SourceVolume": "cache", "ContainerPath": "/cache"}, NOTHING)]),
    ),
    silent(
        "launch type in one world, strategy in the other",
        (f"{SERVICE}/LaunchType", either("Large", "EC2", NOTHING)),
        (f"{SERVICE}/CapacityProviderStrategy", either("Large", NOTHING, [{"CapacityProvider": "FARGATE"}])),
    ),
    silent("count that a condition leaves out", (f"{SERVICE}/DesiredCount", either("Large", 2, NOTHING))),
    silent("two stores only as an allowed value", (f"{STORE}/DesiredCount", ref("Choice"))),
    silent("image given at deployment", (f"{CHROMA}/Image", ref("Unknown"))),
    silent("image by digest", (f"{BACKEND}/Image", "example/backend@sha256:" + "0" * 64)),
    silent(
        "execution role of another stack",
        ("BackendTask/Properties/ExecutionRoleArn", ref("Unknown")),
        ("ChromaTask/Properties/ExecutionRoleArn", ref("Unknown")),
    ),
    silent(
        "a managed policy nobody knows may allow it",
        ("ExecutionRole/Properties/ManagedPolicyArns", [ref("Unknown")]),
        (f"{EXECUTION}/2/Resource", sub("${JwtSecret}")),
    ),
    silent(
        "secret named without its six characters",
        (
            f"{BACKEND}/Secrets/0/ValueFrom",
            sub("arn:aws:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:staging/jwt"),
        ),
        (
            f"{EXECUTION}/2/Resource",
            sub("arn:aws:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:staging/jwt-??????"),
        ),
    ),
    silent(
        "rights in a policy of their own",
        (f"{EXECUTION}/2", allow("ecr:DescribeRegistry", "*")),
        (
            "Reading",
            resource(
                "AWS::IAM::Policy",
                {
                    "PolicyName": "read",
                    "Roles": [ref("ExecutionRole")],
                    "PolicyDocument": {"Statement": [allow("secretsmanager:GetSecretValue", ref("JwtSecret"))]},
                },
            ),
        ),
    ),
    silent(
        "the managed policy of execution roles",
        (f"{EXECUTION}/0", allow("secretsmanager:GetSecretValue", ref("JwtSecret"))),
        (f"{EXECUTION}/1", allow("ecr:DescribeRegistry", "*")),
        (
            "ExecutionRole/Properties/ManagedPolicyArns",
            [sub("arn:${AWS::Partition}:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy")],
        ),
    ),
    silent(
        "service that waits for the listener through something else",
        ("BackendService/DependsOn", "Requests"),
        ("Requests/DependsOn", "ApiRule"),
        ("Scaling/Properties/ResourceId", "service/x/y"),
    ),
    silent(
        "a name that looks like a secret's, and is not",
        (f"{BACKEND}/Environment/0", {"Name": "SECRET_NAME", "Value": "staging/jwt"}),
    ),
    silent(
        "a secret's ARN in the environment",
        (f"{BACKEND}/Environment/0", {"Name": "DB_SECRET", "Value": "arn:aws:secretsmanager:x"}),
    ),
    silent(
        "curl in an image that may have it",
        (f"{BACKEND}/HealthCheck", {"Command": ["CMD-SHELL", "curl -f http://localhost:3001"]}),
    ),
    silent(
        "persist path on the mount",
        (f"{CHROMA}/Environment", [{"Name": "CHROMA_PERSIST_PATH", "Value": "/chroma/chroma"}]),
        (f"{CHROMA}/MountPoints/0/ContainerPath", "/chroma/chroma"),
    ),
    silent(
        "read-only second mount",
        (
            "Reader",
            resource(
                "AWS::ECS::TaskDefinition",
                {
                    "Volumes": PLATFORM["Resources"]["ChromaTask"]["Properties"]["Volumes"],
                    "ContainerDefinitions": [
                        {
                            "Name": "reader",
                            "MountPoints": [{"SourceVolume": "data", "ContainerPath": "/data", "ReadOnly": True}],
                        }
                    ],
                },
            ),
        ),
        ("ReaderService", resource("AWS::ECS::Service", {"TaskDefinition": ref("Reader")})),
    ),
    silent(
        "SSH from an address given at deployment",
        ("BackendGroup/Properties/SecurityGroupIngress/1", port(22, CidrIp=ref("Unknown"))),
    ),
    silent(
        "a port the load balancer listens on",
        ("BalancerGroup/Properties/SecurityGroupIngress/2", port(8443, CidrIp="0.0.0.0/0")),
        ("Test", resource("AWS::ElasticLoadBalancingV2::Listener", {"LoadBalancerArn": ref("Balancer"), "Port": 8443})),
    ),
    silent(
        "a VPN that stands alone",
        (
            "Vpn",
            resource(
                "AWS::EC2::Instance",
                {"MetadataOptions": {"HttpTokens": "required"}, "SecurityGroupIds": [ref("VpnGroup")]},
            ),
        ),
        (
            "VpnGroup",
            resource(
                "AWS::EC2::SecurityGroup",
                {
                    "GroupDescription": "vpn",
                    "SecurityGroupIngress": [
                        port(992, CidrIp="0.0.0.0/0"),
                        {"IpProtocol": "udp", "FromPort": 1194, "ToPort": 1194, "CidrIp": "0.0.0.0/0"},
                    ],
                },
            ),
        ),
    ),
    silent(
        "one priority in two worlds",
        (
            "Large",
            resource(
                "AWS::ElasticLoadBalancingV2::ListenerRule",
                {"ListenerArn": ref("Https"), "Priority": 20},
                Condition="Large",
            ),
        ),
        (
            "Small",
            resource(
                "AWS::ElasticLoadBalancingV2::ListenerRule",
                {"ListenerArn": ref("Https"), "Priority": either("Large", 30, 20)},
            ),
        ),
    ),
    silent(
        "subjects given at deployment",
        (f"{TRUST}/Condition/StringLike/{GITHUB}:sub", {"Fn::Split": [",", ref("Unknown")]}),
    ),
    silent(
        "the immutable form of a subject",
        (f"{TRUST}/Condition/StringLike/{GITHUB}:sub", "repo:example@*/chatbot@*:environment:*"),
    ),
    silent(
        "a boundary allows everything",
        ("Boundary", resource("AWS::IAM::ManagedPolicy", {"PolicyDocument": {"Statement": [allow("*", "*")]}})),
        ("DeployRole/Properties/PermissionsBoundary", ref("Boundary")),
    ),
    silent(
        "actions without a resource of their own",
        (f"{DEPLOY}/0", allow("ssm:GetCommandInvocation", "arn:aws:ssm:us-east-1:111122223333:*")),
    ),
    silent(
        "Amazon Linux 2023 requires IMDSv2 by itself",
        (f"{HOST}/MetadataOptions", GONE),
        (f"{HOST}/ImageId", "{{resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64}}"),
    ),
    silent(
        "rights in a policy whose roles are told at deployment",
        (f"{EXECUTION}/2", allow("ecr:DescribeRegistry", "*")),
        (
            "Reading",
            resource(
                "AWS::IAM::Policy",
                {
                    "PolicyName": "read",
                    "Roles": [ref("Unknown")],
                    "PolicyDocument": {"Statement": [allow("secretsmanager:GetSecretValue", "*")]},
                },
            ),
        ),
    ),
    silent(
        "the transform of a change set",
        (
            f"{DEPLOY}/0",
            allow(
                "cloudformation:CreateChangeSet", "arn:aws:cloudformation:us-east-1:aws:transform/Serverless-2016-10-31"
            ),
        ),
    ),
    silent(
        "a launch template that a node group completes",
        ("Nodes", resource("AWS::EC2::LaunchTemplate", {"LaunchTemplateData": {"InstanceType": "t3.medium"}})),
    ),
    silent(
        "a network load balancer's group in a stack of its own",
        (
            "NlbGroup",
            resource(
                "AWS::EC2::SecurityGroup",
                {"GroupDescription": "nlb", "SecurityGroupIngress": [port(5678, CidrIp="0.0.0.0/0")]},
            ),
        ),
    ),
    silent(
        "the provider of a cluster of one's own",
        (f"{TRUST}/Principal/Federated", ref("Unknown")),
        (f"{TRUST}/Condition", GONE),
    ),
    silent(
        "a script from elsewhere may signal",
        (f"{HOST}/UserData", {"Fn::Base64": "#!/bin/bash\naws s3 cp s3://example/boot.sh - | bash\n"}),
    ),
    silent("user data known at deployment", (f"{HOST}/UserData", {"Fn::Base64": ref("Unknown")})),
    silent(
        "tags of the launch template",
        ("Hosts/Properties/Tags", GONE),
        (f"{HOST}/TagSpecifications", [{"ResourceType": "instance", "Tags": [{"Key": "Project", "Value": "aldeia"}]}]),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_nothing_is_said_of(case):
    template = changed(PLATFORM, *case.changes)
    template["Parameters"] = {**template["Parameters"], **PARAMETERS}
    template["Conditions"] = CONDITIONS

    assert found(template) == set()
