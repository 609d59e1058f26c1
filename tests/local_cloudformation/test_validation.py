"""Templates that do not hold together are refused with the service's words."""

from __future__ import annotations

import pytest
from local_cloudformation.errors import ServiceError
from local_cloudformation.schemas import schema_of
from local_cloudformation.template import Template
from local_cloudformation.validation import validate

from tests.local_cloudformation.support import parameter, template, topic


def words(body):
    with pytest.raises(ServiceError) as caught:
        validate(Template(body), "us-east-1")
    return caught.value.message


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "Template format error: At least one Resources member must be defined."),
        ({"Resources": {}, "Extra": 1}, "Invalid template property or properties [Extra]"),
        (template(A="x"), "Template format error: Any Resources member must be an object."),
        (template(A={}), "Template format error: [/Resources/A] Every Resources object must contain a Type member."),
        ({"Resources": {"a-b": topic()}}, "Template format error: Resource name a-b is non alphanumeric."),
        (template(A={"Type": "AWS::SNS::Topic", "Invalid": 1}), "Invalid template resource property 'Invalid'"),
        (
            template(A={"Type": "AWS::Nope::Thing"}),
            "Template format error: Unrecognized resource types: [AWS::Nope::Thing]",
        ),
        (
            template(A=topic(DisplayName={"Ref": "B"})),
            "Template format error: Unresolved resource dependencies [B] in the Resources block of the template",
        ),
        (
            template(A={**topic(), "DependsOn": "B"}),
            "Template format error: Unresolved resource dependencies [B] in the Resources block of the template",
        ),
        (
            {**template(A=topic()), "Outputs": {"O": {"Value": {"Ref": "B"}}}},
            "Unresolved resource dependencies [B] in the Outputs block of the template",
        ),
        (
            template(A=topic(DisplayName={"Fn::GetAtt": ["B", "Colour"]}), B=topic()),
            "Template error: resource B does not support attribute type Colour in Fn::GetAtt",
        ),
        (
            template(A=topic(DisplayName={"Fn::If": ["Gone", 1, 2]})),
            "Template error: unresolved condition dependency Gone in Fn::If",
        ),
        (
            template(A=topic(DisplayName={"Ref": "B"}), B=topic(DisplayName={"Ref": "A"})),
            "Circular dependency between resources: [A, B]",
        ),
        (
            {**template(A=topic()), "Outputs": {"O": {}}},
            "Template format error: Every Outputs member must contain a Value object",
        ),
        (
            {**template(A=topic()), "Outputs": {"O": {"Value": None}}},
            "[/Outputs/O/Value] 'null' values are not allowed in templates",
        ),
        ({**template(A=topic()), "Mappings": {"M": 1}}, "Template format error: Every Mappings member M must be a map"),
        (
            {**template(A=topic()), "Mappings": {"M": {"k": {"a": {}}}}},
            "Template format error: Every Mappings attribute must be a String or a List.",
        ),
        (
            {**template(A=topic()), "Parameters": {"P": {"Type": "Sting"}}},
            "Template format error: Unrecognized parameter type: Sting",
        ),
        (
            {**template(A=topic()), "Conditions": {"C": {"Fn::Equals": [{"Ref": "A"}, ""]}}},
            "Template error: Unresolved dependencies [A]. Cannot reference resources in the Conditions block of the template",
        ),
        (
            template(**{f"T{number}": topic() for number in range(501)}),
            "Template format error: Number of resources, 501, is greater than maximum allowed, 500",
        ),
        (
            {**template(A=topic()), "Parameters": {f"P{number}": {"Type": "String"} for number in range(201)}},
            "Template format error: Number of parameters, 201, is greater than maximum allowed, 200",
        ),
        (
            {**template(A=topic()), "Transform": "AWS::Serverless-2016-10-31"},
            "The transform AWS::Serverless-2016-10-31 is not implemented by local-cloudformation",
        ),
        (
            template(A={"Type": "AWS::CloudFormation::Stack"}),
            "The resource type AWS::CloudFormation::Stack is not implemented by local-cloudformation",
        ),
    ],
)
def test_a_template_refused(body, message):
    assert words(body) == message


def test_a_template_that_holds_together():
    body = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Parameters": {"Env": {"Type": "String"}},
        "Conditions": {"Prod": {"Fn::Equals": [{"Ref": "Env"}, "prod"]}},
        **template(
            A={**topic(DisplayName={"Fn::Sub": "${Env}-${AWS::Region}-${B.TopicName}"}), "Condition": "Prod"},
            B=topic(),
            C={**parameter({"Fn::GetAtt": ["B", "TopicArn"]}), "DependsOn": ["A", "B"]},
            D={"Type": "Custom::Thing", "Properties": {"ServiceToken": "arn", "Any": {"Thing": 1}}},
        ),
    }
    validate(Template(body), "us-east-1")


@pytest.mark.parametrize(
    ("type_name", "path", "recreation"),
    [
        ("AWS::EC2::VPC", ("CidrBlock",), "Always"),
        ("AWS::EC2::VPC", ("InstanceTenancy",), "Conditionally"),
        ("AWS::EC2::VPC", ("EnableDnsSupport",), "Never"),
        ("AWS::EFS::FileSystem", ("Encrypted",), "Always"),
        ("AWS::ECS::Service", ("LaunchType",), "Conditionally"),
        ("AWS::ECS::TaskDefinition", ("ContainerDefinitions", 0, "Image"), "Always"),
        ("AWS::EC2::SecurityGroup", ("SecurityGroupIngress", 0, "CidrIp"), "Never"),
    ],
)
def test_the_registry_says_what_replaces(type_name, path, recreation):
    assert schema_of(type_name).recreation(path) == recreation


def test_schemas_are_read_without_importing_cfn_lint():
    import subprocess
    import sys

    code = (
        "import sys; from local_cloudformation import changes_between; "
        "changes_between(None, {}, {'Resources': {'A': {'Type': 'AWS::SNS::Topic'}}}, {}); "
        "print(sorted({'cfnlint', 'moto', 'boto3', 'botocore', 'yaml', 'werkzeug'} & sys.modules.keys()))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": "scripts"}
    )
    assert run.stdout.strip() == "[]"
