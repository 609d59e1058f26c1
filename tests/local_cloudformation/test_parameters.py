"""Parameters: values, types, constraints and the service's refusals (edge case 10)."""

from __future__ import annotations

import pytest
from local_cloudformation.errors import ValidationError
from local_cloudformation.parameters import Parameter, given_as_list, in_force
from local_cloudformation.template import Template

SSM = {"/app/vpc": "vpc-0123456789abcdef0", "/app/list": "a, b"}


def force(declared, given=(), previous=None, **options):
    body = Template({"Parameters": declared, "Resources": {}})
    return in_force(body, list(given), previous, lambda paths: {p: SSM[p] for p in paths if p in SSM}, **options)


def value(declaration, text=None):
    given = given_as_list({"P": text}) if text is not None else []
    return force({"P": declaration}, given)["P"].effective


@pytest.mark.parametrize(
    ("declaration", "text", "effective"),
    [
        ({"Type": "String", "Default": "d"}, None, "d"),
        ({"Type": "String", "Default": "d"}, "given", "given"),
        ({"Type": "String", "Default": 80}, None, "80"),
        ({"Type": "Number", "MinValue": 1, "MaxValue": "5"}, "5", "5"),
        ({"Type": "CommaDelimitedList"}, "a, b,c", ["a", "b", "c"]),
        ({"Type": "List<Number>"}, "1,2", ["1", "2"]),
        ({"Type": "String", "AllowedValues": [True, "x"]}, "true", "true"),
        ({"Type": "String", "AllowedPattern": "[a-f0-9]{3,}"}, "abc", "abc"),
        ({"Type": "AWS::EC2::VPC::Id"}, "vpc-12345678", "vpc-12345678"),
        (
            {"Type": "List<AWS::EC2::Subnet::Id>"},
            "subnet-12345678,subnet-12345679",
            ["subnet-12345678", "subnet-12345679"],
        ),
        (
            {"Type": "AWS::SSM::Parameter::Value<AWS::EC2::VPC::Id>", "Default": "/app/vpc"},
            None,
            "vpc-0123456789abcdef0",
        ),
        ({"Type": "AWS::SSM::Parameter::Value<List<String>>", "Default": "/app/list"}, None, ["a", "b"]),
        ({"Type": "AWS::SSM::Parameter::Name", "Default": "/not/there"}, None, "/not/there"),
    ],
)
def test_a_value_in_force(declaration, text, effective):
    assert value(declaration, text) == effective


@pytest.mark.parametrize(
    ("declaration", "text", "message"),
    [
        ({"Type": "Number"}, "x", "Parameter 'P' must be a number."),
        ({"Type": "Number", "MinValue": 3}, "2", "Parameter 'P' must be a number not less than 3"),
        ({"Type": "Number", "MaxValue": 3}, "4", "Parameter 'P' must be a number not greater than 3"),
        ({"Type": "String", "AllowedValues": ["a"]}, "b", "Parameter 'P' must be one of AllowedValues"),
        ({"Type": "CommaDelimitedList", "AllowedValues": ["a"]}, "a,b", "Parameter 'P' must be one of AllowedValues"),
        ({"Type": "String", "AllowedPattern": "[a-z]+"}, "A", "Parameter 'P' must match pattern [a-z]+"),
        (
            {"Type": "String", "AllowedPattern": "[a-z]+", "ConstraintDescription": "must be small letters"},
            "A",
            "Parameter P failed to satisfy constraint: must be small letters",
        ),
        ({"Type": "String", "MinLength": 2}, "a", "Parameter 'P' must contain at least 2 characters"),
        ({"Type": "String", "MaxLength": 1}, "ab", "Parameter 'P' must contain at most 1 characters"),
        (
            {"Type": "AWS::EC2::VPC::Id"},
            "web",
            "Parameter validation failed: parameter value web for parameter name P does not exist",
        ),
        (
            {"Type": "AWS::SSM::Parameter::Value<AWS::EC2::Subnet::Id>"},
            "/app/vpc",
            "Parameter validation failed: parameter value vpc-0123456789abcdef0 for parameter name P does not exist",
        ),
        (
            {"Type": "AWS::SSM::Parameter::Value<String>"},
            "/nowhere",
            "Unable to fetch parameters [/nowhere] from parameter store for this account.",
        ),
        ({"Type": "String"}, None, "Parameters: [P] must have values"),
    ],
)
def test_a_value_refused(declaration, text, message):
    with pytest.raises(ValidationError) as caught:
        value(declaration, text)
    assert caught.value.message == message


STRING = {"Type": "String"}


@pytest.mark.parametrize(
    ("declared", "given", "previous", "options", "message"),
    [
        ({}, [{"ParameterKey": "X", "ParameterValue": "1"}], None, {}, "Parameters: [X] do not exist in the template"),
        ({"A": STRING, "B": STRING}, [], None, {}, "Parameters: [A, B] must have values"),
        (
            {"A": STRING},
            [{"ParameterKey": "A", "UsePreviousValue": True}],
            None,
            {"change_set_type": "CREATE"},
            "Cannot specify UsePreviousValue on Parameters when ChangeSetType is CREATE",
        ),
        (
            {"A": STRING},
            [{"ParameterKey": "A", "UsePreviousValue": True}],
            {},
            {},
            "Invalid input for parameter key A. Cannot specify usePreviousValue as true for a parameter key not in the "
            "previous template",
        ),
        (
            {"A": STRING},
            [{"ParameterKey": "A", "UsePreviousValue": True, "ParameterValue": "x"}],
            {"A": Parameter("A", "old")},
            {},
            "Invalid input for parameter key A. Cannot specify usePreviousValue as true and non empty value for a parameter",
        ),
        (
            {"A": STRING},
            [{"ParameterKey": "A", "ParameterValue": "x"}, {"ParameterKey": "A", "ParameterValue": "y"}],
            None,
            {},
            "Duplicate parameter key: A",
        ),
    ],
)
def test_edge_case_10_parameters_refused(declared, given, previous, options, message):
    with pytest.raises(ValidationError) as caught:
        force(declared, given, previous, **options)
    assert caught.value.message == message


def test_a_previous_value_is_taken_only_when_asked_for():
    previous = {"A": Parameter("A", "old"), "B": Parameter("B", "old")}
    declared = {"A": {"Type": "String", "Default": "new"}, "B": {"Type": "String", "Default": "new"}}
    found = force(declared, [{"ParameterKey": "A", "UsePreviousValue": True}], previous)
    assert (found["A"].value, found["B"].value) == ("old", "new")


def test_edge_case_12_no_echo_is_masked_wherever_it_is_shown():
    declared = {"P": {"Type": "String", "NoEcho": "true"}}
    found = force(declared, given_as_list({"P": "hush"}))["P"]
    assert found.effective == "hush"
    assert found.as_api() == {"ParameterKey": "P", "ParameterValue": "****"}
