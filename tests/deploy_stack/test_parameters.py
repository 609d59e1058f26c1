"""What the offline check of parameter files promises: every mistake is found, and named so that it can be mended."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.parameters import check_parameters, check_value


def one(declaration: dict[str, object], value: object) -> list[str]:
    """Check one value for one declaration."""
    return check_parameters(
        {"Parameters": {"Key": declaration}}, [{"ParameterKey": "Key", "ParameterValue": value}], file="p.json"
    )


GOOD = [
    ({"Type": "String"}, ""),
    ({"Type": "String", "MinLength": 2, "MaxLength": 3}, "abc"),
    ({"Type": "String", "AllowedValues": ["a", True, 3]}, "true"),
    ({"Type": "String", "AllowedPattern": "[a-z]+"}, "abc"),
    ({"Type": "String", "AllowedPattern": "[a-z&&[^b]]+("}, "what only Java can read is left to the service"),
    ({"Type": "Number", "MinValue": 1, "MaxValue": 10}, "10"),
    ({"Type": "Number"}, "-1.5e3"),
    ({"Type": "List<Number>"}, "1, 2,3"),
    ({"Type": "CommaDelimitedList", "AllowedValues": ["a", "b"]}, "a,b"),
    ({"Type": "AWS::EC2::VPC::Id"}, "vpc-0123456789abcdef0"),
    ({"Type": "AWS::EC2::VPC::Id"}, "vpc-01234567"),
    ({"Type": "List<AWS::EC2::Subnet::Id>"}, "subnet-01234567,subnet-89abcdef"),
    ({"Type": "AWS::EC2::KeyPair::KeyName"}, "anything"),
    ({"Type": "AWS::SSM::Parameter::Value<AWS::EC2::VPC::Id>"}, "/aldeia/staging/network/VpcId"),
    ({"Type": "AWS::SSM::Parameter::Value<List<AWS::EC2::Subnet::Id>>"}, "/aldeia/subnets:3"),
    ({"Type": "AWS::SSM::Parameter::Name"}, "name"),
    ({"Type": "String", "NoEcho": True}, "{{resolve:secretsmanager:staging/token:SecretString:VALUE}}"),
]
BAD = [
    ({"Type": "String", "MinLength": 2}, "a", "expected MinLength 2"),
    ({"Type": "String", "MaxLength": "2"}, "abc", "found 3 characters"),
    ({"Type": "String", "AllowedValues": ["a", "b"]}, "c", "expected one of a, b"),
    ({"Type": "String", "AllowedPattern": "[a-z]+"}, "abC", "expected a match of [a-z]+"),
    ({"Type": "String", "AllowedPattern": "x", "ConstraintDescription": "only x"}, "y", "(only x)"),
    ({"Type": "String"}, "x" * 4097, "found 4097 bytes"),
    ({"Type": "Number"}, "ten", "expected a number"),
    ({"Type": "Number", "MinValue": 1}, "0", "expected MinValue 1"),
    ({"Type": "Number", "MaxValue": 9}, "10", "expected MaxValue 9"),
    ({"Type": "List<Number>"}, "1,x", "found 'x'"),
    ({"Type": "CommaDelimitedList", "AllowedPattern": "[a-z]"}, "a,B", "found 'B'"),
    ({"Type": "AWS::EC2::VPC::Id"}, "subnet-01234567", "such as vpc-"),
    ({"Type": "List<AWS::EC2::Subnet::Id>"}, "subnet-01234567,", "expected a value of AWS::EC2::Subnet::Id"),
    ({"Type": "AWS::EC2::KeyPair::KeyName"}, "", "found an empty value"),
    ({"Type": "AWS::SSM::Parameter::Value<String>"}, "no spaces", "the name of an SSM parameter"),
    ({"Type": "AWS::SSM::Parameter::Name"}, "", "the name of an SSM parameter"),
    ({"Type": "String"}, 3, 'expected a string, such as "3"'),
    ({"Type": "String"}, True, 'expected a string, such as "true"'),
    ({"Type": "CommaDelimitedList"}, ["a"], "one string with commas"),
    ({"Type": "String"}, None, "found null"),
]


@pytest.mark.parametrize(("declaration", "value"), GOOD)
def test_a_value_that_cloudformation_takes_is_no_mistake(declaration, value):
    """No false alarm."""
    assert one(declaration, value) == []


@pytest.mark.parametrize(("declaration", "value", "words"), BAD)
def test_a_mistake_is_named_with_file_key_and_what_would_be_right(declaration, value, words):
    """One text, with everything that is needed to mend it."""
    (text,) = one(declaration, value)

    assert text.startswith("p.json: Key: ")
    assert words in text


def test_a_no_echo_value_in_plain_text_is_refused_and_not_repeated():
    """A secret must not stand in a committed file, and not in the error about it either."""
    (text,) = one({"Type": "String", "NoEcho": "true"}, "hush")

    assert "NoEcho" in text
    assert "hush" not in text


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ({}, "p.json: found an object, expected a list"),
        (["x"], "entry 1: found a string ('x')"),
        ([{"ParameterValue": "x"}], "entry 1: ParameterKey: found null"),
        ([{"ParameterKey": "Key"}], "Key: ParameterValue is missing"),
        ([{"ParameterKey": "Key", "ParameterValue": "x", "UsePreviousValue": True}], "Key: found UsePreviousValue"),
        ([{"ParameterKey": "Kye", "ParameterValue": "x"}], "Kye is not a parameter of the template; did you mean Key?"),
        ([{"ParameterKey": "Zzz", "ParameterValue": "x"}], "it takes Key"),
        ([{"ParameterKey": "Key", "ParameterValue": "x"}] * 2, "Key is given twice (entries 1 and 2)"),
    ],
)
def test_the_shape_of_the_file_is_checked(entries, words):
    """Every way of getting an entry wrong has its own words."""
    template = {"Parameters": {"Key": {"Type": "String", "Default": "d"}}}

    assert any(words in text for text in check_parameters(template, entries, file="p.json"))


def test_a_parameter_without_default_must_be_given_unless_it_is_optional():
    """Image tags come with each deployment; everything else must be there."""
    template = {"Parameters": {"Tag": {"Type": "String", "Description": "The tag"}}}

    assert check_parameters(template, [], file="p.json") == [
        "p.json: Tag is missing: the template has no default for it (String: The tag)"
    ]
    assert check_parameters(template, [], file="p.json", optional={"Tag"}) == []


def test_a_template_takes_at_most_200_parameters():
    """CloudFormation's own limit."""
    template = {"Parameters": {f"P{n}": {"Type": "String", "Default": ""} for n in range(201)}}

    assert "declares 201 parameters" in check_parameters(template, [], file="p.json")[0]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(json_values)
def test_no_file_however_strange_ends_in_an_exception(entries):
    """Whatever a file holds, the answer is a list of texts."""
    template = {"Parameters": {"Key": {"Type": "String"}}}

    assert all(isinstance(text, str) for text in check_parameters(template, entries, file="p.json"))


@given(st.text(), st.sampled_from([declaration for declaration, *_ in GOOD + BAD]))
def test_no_value_however_strange_ends_in_an_exception(value, declaration):
    """Whatever the value, the answer is a list of texts."""
    assert all(isinstance(text, str) for text in check_value(declaration, value))
