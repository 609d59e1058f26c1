"""Values are followed as cfn-lint follows them: through conditions, parameters, mappings and functions, and no further."""

from __future__ import annotations

import pytest
from cfnlint.template import Template

from generator.rules._template import Document

TEMPLATE = {
    "Parameters": {
        "Count": {"Type": "Number", "Default": 2},
        "Tag": {"Type": "String"},
        "Environment": {"Type": "String", "Default": "staging", "AllowedValues": ["staging", "production"]},
        "Empty": {"Type": "String", "Default": ""},
        "Path": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/some/path"},
        "Names": {"Type": "CommaDelimitedList", "Default": "a, b"},
    },
    "Mappings": {"Sizes": {"staging": {"Cpu": "256"}, "production": {"Cpu": "512"}}},
    "Conditions": {"Big": {"Fn::Equals": [{"Ref": "Tag"}, "big"]}},
    "Resources": {
        "Topic": {"Type": "AWS::SNS::Topic"},
        "Other": {"Type": "AWS::SNS::Topic", "Condition": "Big"},
        "R": {"Type": "AWS::SNS::Topic", "Properties": {}},
    },
}


def value(expression: object, *keys: str | int) -> list[object]:
    template = {**TEMPLATE, "Resources": {**TEMPLATE["Resources"], "R": {"Type": "T", "Properties": {"P": expression}}}}
    resource = Document(Template("t.json", template, ["us-east-1"])).resource("R")
    assert resource is not None
    return [node.value for node in resource.each("Properties", "P", *keys)]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("plain", ["plain"]),
        ({"Ref": "Count"}, ["2"]),
        ({"Ref": "Environment"}, ["staging"]),
        ({"Fn::Sub": "${Environment}-db"}, ["staging-db"]),
        ({"Fn::Join": ["-", ["a", {"Ref": "Environment"}]]}, ["a-staging"]),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "Environment"}, "Cpu"]}, ["256"]),
        ({"Fn::If": ["Big", "one", "two"]}, ["one", "two"]),
        ({"Fn::If": ["Big", {"Fn::If": ["Big", "one", "never"]}, "two"]}, ["one", "two"]),
        ({"Ref": "AWS::NoValue"}, []),
        ({"Fn::If": ["Big", "one", {"Ref": "AWS::NoValue"}]}, ["one"]),
    ],
)
def test_known_values(expression, expected):
    assert value(expression) == expected


@pytest.mark.parametrize(
    "expression",
    [
        {"Ref": "Tag"},
        {"Ref": "Path"},
        {"Ref": "AWS::Region"},
        {"Ref": "Topic"},
        {"Fn::GetAtt": ["Topic", "TopicName"]},
        {"Fn::Sub": "${Tag}-db"},
        {"Fn::Sub": "${AWS::AccountId}"},
        {"Fn::ImportValue": "x"},
    ],
)
def test_what_deployment_decides_stays_as_it_is_written(expression):
    assert value(expression) == [expression]


def test_items_of_lists_and_of_lists_behind_a_parameter():
    assert value([{"A": 1}, {"A": {"Ref": "Count"}}, {"Ref": "AWS::NoValue"}], "*", "A") == [1, "2"]
    assert value({"Ref": "Names"}, "*") == ["a", "b"]


def test_one_thing_where_a_list_is_meant():
    assert value("s3:GetObject", "*") == ["s3:GetObject"]
    assert value({"Fn::Sub": "${Tag}/x"}, "*") == [{"Fn::Sub": "${Tag}/x"}]


def test_absent_is_told_with_the_world_in_which_it_is():
    template = {
        **TEMPLATE,
        "Resources": {
            "R": {
                "Type": "T",
                "Properties": {
                    "A": {"Fn::If": ["Big", 1, {"Ref": "AWS::NoValue"}]},
                    "B": {"Fn::If": ["Big", {"Ref": "AWS::NoValue"}, 2]},
                },
            }
        },
    }
    resource = Document(Template("t.json", template, ["us-east-1"])).resource("R")
    assert resource is not None
    (gap,) = resource.absent("Properties", "A")

    assert [node.value for node in resource.under(gap).each("Properties", "B")] == [2]
    assert gap.path == ("Resources", "R", "Properties", "A", "Fn::If", 2)


def test_a_function_nobody_knows_is_neither_there_nor_absent():
    template = {**TEMPLATE, "Resources": {"R": {"Type": "T", "Properties": {"Fn::Transform": {"Name": "Other"}}}}}
    resource = Document(Template("t.json", template, ["us-east-1"])).resource("R")
    assert resource is not None

    assert list(resource.each("Properties", "A")) == []
    assert list(resource.absent("Properties", "A")) == []


def test_a_resource_of_another_world_cannot_be_followed():
    template = {
        **TEMPLATE,
        "Resources": {
            **TEMPLATE["Resources"],
            "R": {"Type": "T", "Properties": {"P": {"Fn::If": ["Big", {"Ref": "Other"}, {"Ref": "Other"}]}}},
        },
    }
    resource = Document(Template("t.json", template, ["us-east-1"])).resource("R")
    assert resource is not None
    there, not_there = (node.follow("AWS::SNS::Topic") for node in resource.each("Properties", "P"))

    assert there is not None
    assert not_there is None


def test_needs_are_followed_to_the_end():
    resources = {
        "A": {"Type": "T", "DependsOn": "B"},
        "B": {"Type": "T", "Properties": {"X": {"Fn::Sub": "${C.Arn}-${!Literal}-${AWS::Region}"}}},
        "C": {"Type": "T", "Properties": {"X": [{"Fn::GetAtt": "D.Arn"}]}},
        "D": {"Type": "T"},
        "E": {"Type": "T"},
    }
    document = Document(Template("t.json", {"Resources": resources}, ["us-east-1"]))

    assert document.needs("A") == {"B", "C", "D"}
