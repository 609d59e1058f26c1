"""The change engine against what the service is recorded to answer, and the rules of Replacement, Scope and cause."""

from __future__ import annotations

import copy
import json

import pytest
from local_cloudformation import ServiceError, changes_between

from tests.local_cloudformation.support import parameter, template, topic

UNKNOWN = "{{changeSet:KNOWN_AFTER_APPLY}}"


def changes(old, new, **options):
    """Logical id to ResourceChange."""
    old_parameters, new_parameters = options.pop("old_parameters", {}), options.pop("new_parameters", {})
    found = changes_between(old, old_parameters, new, new_parameters, **options)
    return {each["ResourceChange"]["LogicalResourceId"]: each["ResourceChange"] for each in found}


def detail(evaluation, source, cause=None, **target):
    found = {"Evaluation": evaluation, "ChangeSource": source, "Target": {"Attribute": "Properties", **target}}
    return {**found, "CausingEntity": cause} if cause else found


CHAIN = template(
    Topic1=topic(TopicName="topic-name-1", DisplayName="value"),
    Topic2=topic(TopicName="topic-name-2", DisplayName={"Ref": "Topic1"}),
)


def test_recorded_a_reference_to_what_is_replaced():
    """As recorded: Static cause and Dynamic companion, the value known after apply, the dependent not replaced."""
    new = copy.deepcopy(CHAIN)
    new["Resources"]["Topic1"]["Properties"] = {"TopicName": "updated-topic-name-1", "DisplayName": "new_value"}
    found = changes(CHAIN, new)
    before = "arn:aws:sns:us-east-1:111122223333:topic-name-1"
    assert found["Topic1"] == {
        "Action": "Modify",
        "LogicalResourceId": "Topic1",
        "PhysicalResourceId": before,
        "PolicyAction": "ReplaceAndDelete",
        "Replacement": "True",
        "ResourceType": "AWS::SNS::Topic",
        "Scope": ["Properties"],
        "Details": [
            detail(
                "Static",
                "DirectModification",
                AfterValue="new_value",
                AttributeChangeType="Modify",
                BeforeValue="value",
                Name="DisplayName",
                Path="/Properties/DisplayName",
                RequiresRecreation="Never",
            ),
            detail(
                "Static",
                "DirectModification",
                AfterValue="updated-topic-name-1",
                AttributeChangeType="Modify",
                BeforeValue="topic-name-1",
                Name="TopicName",
                Path="/Properties/TopicName",
                RequiresRecreation="Always",
            ),
        ],
        "BeforeContext": '{"Properties":{"TopicName":"topic-name-1","DisplayName":"value"}}',
        "AfterContext": '{"Properties":{"TopicName":"updated-topic-name-1","DisplayName":"new_value"}}',
    }
    target = {
        "AfterValue": UNKNOWN,
        "AttributeChangeType": "Modify",
        "BeforeValue": before,
        "Name": "DisplayName",
        "Path": "/Properties/DisplayName",
        "RequiresRecreation": "Never",
    }
    assert found["Topic2"]["Details"] == [
        detail("Dynamic", "DirectModification", **target),
        detail("Static", "ResourceReference", "Topic1", **target),
    ]
    assert (found["Topic2"]["Replacement"], "PolicyAction" in found["Topic2"]) == ("False", False)
    assert json.loads(found["Topic2"]["AfterContext"])["Properties"]["DisplayName"] == UNKNOWN


def test_recorded_without_values_the_companion_is_not_listed():
    new = copy.deepcopy(CHAIN)
    new["Resources"]["Topic1"]["Properties"]["TopicName"] = "other"
    found = changes(CHAIN, new, include_property_values=False)
    assert found["Topic2"]["Details"] == [
        detail("Static", "ResourceReference", "Topic1", Name="DisplayName", RequiresRecreation="Never")
    ]
    assert "BeforeContext" not in found["Topic1"]


def test_recorded_a_parameter_s_change_has_two_entries():
    body = {"Parameters": {"TopicName": {"Type": "String"}}, **template(Foo=topic(TopicName={"Ref": "TopicName"}))}
    found = changes(body, body, old_parameters={"TopicName": "topic-1"}, new_parameters={"TopicName": "topic-2"})["Foo"]
    target = {
        "AfterValue": "topic-2",
        "AttributeChangeType": "Modify",
        "BeforeValue": "topic-1",
        "Name": "TopicName",
        "Path": "/Properties/TopicName",
        "RequiresRecreation": "Always",
    }
    assert found["Details"] == [
        detail("Dynamic", "DirectModification", **target),
        detail("Static", "ParameterReference", "TopicName", **target),
    ]
    assert (found["Replacement"], found["PolicyAction"]) == ("True", "ReplaceAndDelete")


def test_recorded_an_attribute_of_what_is_updated_in_place():
    """Listed as Dynamic without values; with values only when it can differ."""
    old = template(
        Role={"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {}, "Description": "a"}},
        Arn=parameter({"Fn::GetAtt": ["Role", "Arn"]}),
    )
    new = copy.deepcopy(old)
    new["Resources"]["Role"]["Properties"]["Description"] = "b"
    assert set(changes(old, new)) == {"Role"}
    listed = changes(old, new, include_property_values=False)["Arn"]
    assert listed["Details"] == [
        detail("Dynamic", "ResourceAttribute", "Role.Arn", Name="Value", RequiresRecreation="Never")
    ]
    assert listed["Replacement"] == "False"


def test_recorded_an_addition_and_a_removal():
    found = changes(template(Gone=topic(TopicName="g")), template(Came=topic(TopicName="c")))
    assert found["Came"] == {
        "Action": "Add",
        "LogicalResourceId": "Came",
        "ResourceType": "AWS::SNS::Topic",
        "Scope": [],
        "Details": [],
        "AfterContext": '{"Properties":{"TopicName":"c"}}',
    }
    assert found["Gone"] == {
        "Action": "Remove",
        "LogicalResourceId": "Gone",
        "PhysicalResourceId": "arn:aws:sns:us-east-1:111122223333:g",
        "PolicyAction": "Delete",
        "ResourceType": "AWS::SNS::Topic",
        "Scope": [],
        "Details": [],
        "BeforeContext": '{"Properties":{"TopicName":"g"}}',
    }


VPC = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16", "InstanceTenancy": "default"}}
FILES = {"Type": "AWS::EFS::FileSystem", "Properties": {"Encrypted": True}}
CLUSTER = {"Type": "AWS::RDS::DBCluster", "Properties": {"Engine": "aurora-mysql", "DatabaseName": "a"}}


def changed(resource, **properties):
    return {**resource, "Properties": {**resource["Properties"], **properties}}


@pytest.mark.parametrize(
    ("old", "new", "replacement", "policy_action"),
    [
        (VPC, changed(VPC, CidrBlock="10.1.0.0/16"), "True", "ReplaceAndDelete"),
        (VPC, changed(VPC, InstanceTenancy="dedicated"), "Conditional", "ReplaceAndDelete"),
        (VPC, changed(VPC, EnableDnsSupport=True), "False", None),
        (VPC, changed(VPC, EnableDnsSupport=True, CidrBlock="10.1.0.0/16"), "True", "ReplaceAndDelete"),
        (FILES, {**changed(FILES, Encrypted=False), "UpdateReplacePolicy": "Retain"}, "True", "ReplaceAndRetain"),
        (FILES, {**changed(FILES, Encrypted=False), "UpdateReplacePolicy": "Snapshot"}, "True", "ReplaceAndSnapshot"),
        (CLUSTER, changed(CLUSTER, DatabaseName="b"), "True", "ReplaceAndSnapshot"),
    ],
)
def test_replacement_follows_the_registry(old, new, replacement, policy_action):
    found = changes(template(Thing=old), template(Thing=new))["Thing"]
    assert (found["Replacement"], found.get("PolicyAction")) == (replacement, policy_action)


@pytest.mark.parametrize(
    ("resource", "policy_action"),
    [
        (topic(), "Delete"),
        ({**topic(), "DeletionPolicy": "Retain"}, "Retain"),
        ({**topic(), "DeletionPolicy": "RetainExceptOnCreate"}, "Retain"),
        ({**CLUSTER, "DeletionPolicy": "Snapshot"}, "Snapshot"),
        (CLUSTER, "Snapshot"),
    ],
)
def test_what_a_removal_does_to_the_resource(resource, policy_action):
    found = changes(template(Thing=resource, Other=topic()), template(Other=topic()))["Thing"]
    assert found["PolicyAction"] == policy_action


def test_a_static_reference_to_what_is_replaced_replaces():
    old = template(
        Vpc=VPC,
        Subnet={"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.0.1.0/24"}},
    )
    new = copy.deepcopy(old)
    new["Resources"]["Vpc"]["Properties"]["CidrBlock"] = "10.1.0.0/16"
    subnet = changes(old, new)["Subnet"]
    assert subnet["Replacement"] == "True"
    assert subnet["Details"][-1]["CausingEntity"] == "Vpc"
    new["Resources"]["Vpc"]["Properties"] = {"CidrBlock": "10.0.0.0/16", "InstanceTenancy": "dedicated"}
    assert changes(old, new)["Subnet"]["Replacement"] == "Conditional"


def test_the_version_of_a_launch_template_is_known_after_apply():
    old = template(
        Launch={
            "Type": "AWS::EC2::LaunchTemplate",
            "Properties": {"LaunchTemplateData": {"InstanceType": "t3.medium"}},
        },
        Group={
            "Type": "AWS::AutoScaling::AutoScalingGroup",
            "Properties": {
                "MinSize": "1",
                "MaxSize": "2",
                "LaunchTemplate": {
                    "LaunchTemplateId": {"Ref": "Launch"},
                    "Version": {"Fn::GetAtt": ["Launch", "LatestVersionNumber"]},
                },
            },
        },
    )
    new = copy.deepcopy(old)
    new["Resources"]["Launch"]["Properties"]["LaunchTemplateData"]["InstanceType"] = "t3.large"
    group = changes(old, new)["Group"]
    assert group["Details"][-1]["CausingEntity"] == "Launch.LatestVersionNumber"
    assert group["Details"][-1]["Target"]["Path"] == "/Properties/LaunchTemplate/Version"
    assert group["Details"][-1]["Target"]["AfterValue"] == UNKNOWN
    assert group["Replacement"] == "Conditional"


def test_a_path_leads_to_the_leaf_and_a_policy_document_is_one_value():
    old = template(
        Group={
            "Type": "AWS::EC2::SecurityGroup",
            "Properties": {
                "GroupDescription": "g",
                "SecurityGroupIngress": [{"IpProtocol": "tcp", "CidrIp": "10.0.0.0/8"}],
            },
        },
        Policy={
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {
                "PolicyDocument": {"Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]}
            },
        },
    )
    new = copy.deepcopy(old)
    new["Resources"]["Group"]["Properties"]["SecurityGroupIngress"] += [{"IpProtocol": "tcp", "CidrIp": "0.0.0.0/0"}]
    new["Resources"]["Policy"]["Properties"]["PolicyDocument"]["Statement"][0]["Action"] = "s3:*"
    found = changes(old, new)
    target = found["Group"]["Details"][0]["Target"]
    assert (target["Path"], target["AttributeChangeType"]) == ("/Properties/SecurityGroupIngress/1", "Add")
    assert json.loads(target["AfterValue"]) == {"IpProtocol": "tcp", "CidrIp": "0.0.0.0/0"}
    target = found["Policy"]["Details"][0]["Target"]
    assert target["Path"] == "/Properties/PolicyDocument"
    assert json.loads(target["BeforeValue"])["Statement"][0]["Action"] == "s3:Get*"


@pytest.mark.parametrize(
    ("attribute", "scope"),
    [
        ({"Metadata": {"a": 1}}, ["Metadata"]),
        ({"DeletionPolicy": "Retain"}, ["DeletionPolicy"]),
        ({"UpdateReplacePolicy": "Retain"}, ["UpdateReplacePolicy"]),
        ({"CreationPolicy": {"ResourceSignal": {"Count": 1}}}, ["CreationPolicy"]),
        ({"UpdatePolicy": {"EnableVersionUpgrade": True}}, ["UpdatePolicy"]),
    ],
)
def test_attributes_beside_the_properties_have_their_scope(attribute, scope):
    found = changes(template(A=topic()), template(A={**topic(), **attribute}))["A"]
    assert (found["Scope"], found["Replacement"], found["Details"][0]["Target"]["Attribute"]) == (
        scope,
        "False",
        scope[0],
    )


def test_stack_tags_reach_every_type_that_takes_tags():
    body = template(
        A=topic(),
        B={"Type": "AWS::EC2::Route", "Properties": {"RouteTableId": "rtb-1", "DestinationCidrBlock": "0.0.0.0/0"}},
    )
    found = changes(body, body, old_tags={"Env": "a"}, new_tags={"Env": "b"})
    assert set(found) == {"A"}
    assert found["A"]["Scope"] == ["Tags"]


@pytest.mark.parametrize(
    "new",
    [
        template(A={**topic(DisplayName="x"), "DependsOn": "B"}, B=topic()),
        {**template(A=topic(DisplayName="x"), B=topic()), "Metadata": {"Version": 2}},
        {**template(A=topic(DisplayName={"Fn::Sub": "x"}), B=topic())},
        {**template(A=topic(DisplayName={"Fn::Join": ["", ["x"]]}), B=topic())},
    ],
)
def test_what_resolves_to_the_same_is_no_change(new):
    assert changes(template(A=topic(DisplayName="x"), B=topic()), new) == {}


def test_conditions_and_mappings_are_followed():
    body = {
        "Parameters": {"Env": {"Type": "String"}},
        "Mappings": {"Names": {"a": {"N": "one"}, "b": {"N": "two"}}},
        "Conditions": {"IsB": {"Fn::Equals": [{"Ref": "Env"}, "b"]}},
        **template(
            Always=topic(DisplayName={"Fn::FindInMap": ["Names", {"Ref": "Env"}, "N"]}),
            OnlyB={**topic(), "Condition": "IsB"},
            Uses=topic(DisplayName={"Fn::If": ["IsB", {"Ref": "OnlyB"}, "none"]}),
        ),
    }
    found = changes(body, body, old_parameters={"Env": "a"}, new_parameters={"Env": "b"})
    assert found["OnlyB"]["Action"] == "Add"
    assert found["Always"]["Details"][-1]["CausingEntity"] == "Env"
    assert found["Uses"]["Details"][-1]["Target"]["AfterValue"] == UNKNOWN
    assert changes(body, body, old_parameters={"Env": "b"}, new_parameters={"Env": "a"})["OnlyB"]["Action"] == "Remove"


def test_from_nothing_and_to_nothing():
    assert {each["Action"] for each in changes(None, CHAIN).values()} == {"Add"}
    assert {each["Action"] for each in changes(CHAIN, None).values()} == {"Remove"}


def test_offline_stand_ins_show_the_path_and_not_a_value():
    body = {
        "Parameters": {
            "Vpc": {"Type": "AWS::SSM::Parameter::Value<AWS::EC2::VPC::Id>", "Default": "/app/vpc"},
            "Tag": {"Type": "String", "AllowedPattern": "[a-f0-9]{40}"},
        },
        **template(A=topic(DisplayName={"Fn::Sub": "${Vpc}-${Tag}"})),
    }
    found = changes(None, body)["A"]
    assert (
        json.loads(found["AfterContext"])["Properties"]["DisplayName"] == "{{resolve:ssm:/app/vpc}}-{{parameter:Tag}}"
    )


def test_offline_stand_ins_of_lists_have_as_many_items_as_are_asked_for():
    body = {
        "Parameters": {
            "Subnets": {"Type": "AWS::SSM::Parameter::Value<List<AWS::EC2::Subnet::Id>>", "Default": "/app/subnets"},
            "Names": {"Type": "CommaDelimitedList"},
        },
        **template(
            A=topic(DisplayName={"Fn::Select": [2, {"Ref": "Subnets"}]}),
            B=topic(DisplayName={"Fn::Join": [",", {"Ref": "Names"}]}),
        ),
    }
    found = changes(None, body)
    assert json.loads(found["A"]["AfterContext"])["Properties"]["DisplayName"] == "{{resolve:ssm:/app/subnets}}[2]"
    assert json.loads(found["B"]["AfterContext"])["Properties"]["DisplayName"] == "{{parameter:Names}}"
    assert changes(body, body) == {}


def test_offline_a_template_that_is_not_valid_is_refused():
    with pytest.raises(ServiceError, match=r"Unresolved resource dependencies \[B\]"):
        changes(CHAIN, template(A=topic(DisplayName={"Ref": "B"})))
