"""Every resource type of the registry has an id and attributes that look like the service's own."""

from __future__ import annotations

import re

import pytest
from local_cloudformation.physical import Physical
from local_cloudformation.schemas import _index, schema_of
from local_cloudformation.values import Environment

PLACE = Environment(stack_name="web", stack_id="arn:aws:cloudformation:us-east-1:111122223333:stack/web/1")


def made(type_name, logical_id="Thing", **properties):
    return Physical(type_name, logical_id, PLACE, properties)


def test_every_type_of_the_registry_has_an_id():
    """No type answers with nothing or with a placeholder, and the same place always gives the same id."""
    for type_name in _index("us-east-1"):
        first, again = made(type_name).physical_id, made(type_name).physical_id
        assert first, type_name
        assert first == again
        assert not re.search(r"unknown|none|[{}]", first, re.IGNORECASE), (type_name, first)


@pytest.mark.parametrize(
    ("type_name", "properties", "pattern"),
    [
        ("AWS::EC2::VPC", {}, r"vpc-[0-9a-f]{17}"),
        ("AWS::EC2::SecurityGroup", {"GroupDescription": "x"}, r"sg-[0-9a-f]{17}"),
        ("AWS::EC2::EIP", {}, r"198\.51\.100\.\d+"),
        ("AWS::EFS::FileSystem", {}, r"fs-[0-9a-f]{17}"),
        ("AWS::EFS::AccessPoint", {"FileSystemId": "fs-1"}, r"fsap-[0-9a-f]{17}"),
        ("AWS::IAM::Role", {}, r"web-Thing-[0-9A-F]{12}"),
        ("AWS::IAM::Role", {"RoleName": "mine"}, r"mine"),
        ("AWS::S3::Bucket", {}, r"web-thing-[0-9a-f]{12}"),
        ("AWS::Logs::LogGroup", {"LogGroupName": "/app"}, r"/app"),
        ("AWS::SSM::Parameter", {"Name": "/a/b"}, r"/a/b"),
        ("AWS::ECS::Cluster", {"ClusterName": "c"}, r"c"),
        (
            "AWS::ECS::TaskDefinition",
            {"Family": "backend"},
            r"arn:aws:ecs:us-east-1:111122223333:task-definition/backend:1",
        ),
        (
            "AWS::ElasticLoadBalancingV2::TargetGroup",
            {"Name": "tg"},
            r"arn:aws:elasticloadbalancing:[^:]+:\d+:targetgroup/tg/[0-9a-f]{16}",
        ),
        ("AWS::SNS::Topic", {"TopicName": "t"}, r"arn:aws:sns:us-east-1:111122223333:t"),
        (
            "AWS::SecretsManager::Secret",
            {"Name": "a/b"},
            r"arn:aws:secretsmanager:us-east-1:111122223333:secret:a/b-[0-9a-f]{6}",
        ),
    ],
)
def test_ids_have_the_service_s_shape(type_name, properties, pattern):
    assert re.fullmatch(pattern, made(type_name, **properties).physical_id)


def test_an_ecs_service_is_known_by_its_arn_and_cluster_in_the_registry_s_order():
    found = made("AWS::ECS::Service", Cluster="aldeia", ServiceName="backend")
    assert found.physical_id == "arn:aws:ecs:us-east-1:111122223333:service/aldeia/backend"
    assert found.attribute("Name") == "backend"


@pytest.mark.parametrize(
    ("type_name", "properties", "attribute", "pattern"),
    [
        ("AWS::IAM::Role", {"RoleName": "r"}, "Arn", r"arn:aws:iam::111122223333:role/r"),
        (
            "AWS::ECR::Repository",
            {"RepositoryName": "a/b"},
            "RepositoryUri",
            r"111122223333\.dkr\.ecr\.us-east-1\.amazonaws\.com/a/b",
        ),
        (
            "AWS::ElasticLoadBalancingV2::LoadBalancer",
            {"Name": "web"},
            "DNSName",
            r"web-\d+\.us-east-1\.elb\.amazonaws\.com",
        ),
        ("AWS::EC2::LaunchTemplate", {}, "LatestVersionNumber", r"1"),
        ("AWS::EC2::SecurityGroup", {}, "GroupId", r"sg-[0-9a-f]{17}"),
        ("AWS::Logs::LogGroup", {"LogGroupName": "/a"}, "Arn", r"arn:aws:logs:us-east-1:111122223333:log-group:/a:\*"),
        ("AWS::S3::Bucket", {"BucketName": "b"}, "RegionalDomainName", r"b\.s3\.us-east-1\.amazonaws\.com"),
        ("AWS::SNS::Topic", {"DisplayName": "shown"}, "DisplayName", r"shown"),
        ("AWS::RDS::DBInstance", {}, "Endpoint.Port", r"\d+|[\w-]+"),
    ],
)
def test_attributes_have_the_service_s_shape(type_name, properties, attribute, pattern):
    assert schema_of(type_name).has_attribute(attribute)
    assert re.fullmatch(pattern, str(made(type_name, **properties).attribute(attribute)))


def test_a_generated_name_keeps_within_the_service_s_limit():
    long = Environment(stack_name="a" * 120, stack_id="s")
    name = Physical("AWS::ElasticLoadBalancingV2::LoadBalancer", "LoadBalancer", long).name
    assert len(name) <= 32


def test_china_has_its_own_names():
    place = Environment(region="cn-north-1", stack_name="s", stack_id="s")
    assert Physical("AWS::IAM::Role", "R", place).arn.startswith("arn:aws-cn:iam::")
    assert (
        Physical("AWS::ECR::Repository", "R", place)
        .attribute("RepositoryUri")
        .endswith(f".amazonaws.com.cn/{Physical('AWS::ECR::Repository', 'R', place).name}")
    )
