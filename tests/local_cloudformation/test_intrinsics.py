"""Every intrinsic function: what it gives, what it refuses, and that the unknown stays unknown."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from local_cloudformation.errors import ServiceError
from local_cloudformation.functions import FUNCTIONS
from local_cloudformation.intrinsics import Resolver
from local_cloudformation.template import Template
from local_cloudformation.values import NO_VALUE, UNKNOWN, Environment, same

BODY = {
    "Transform": "AWS::LanguageExtensions",
    "Mappings": {"Sizes": {"small": {"Cpu": "256", "Ports": ["80", "81"]}}},
    "Conditions": {
        "Yes": {"Fn::Equals": [{"Ref": "Env"}, "prod"]},
        "No": {"Fn::Not": [{"Condition": "Yes"}]},
        "Both": {"Fn::And": [{"Condition": "Yes"}, {"Condition": "No"}]},
        "Either": {"Fn::Or": [{"Condition": "Yes"}, {"Condition": "No"}]},
        "Round": {"Fn::Not": [{"Condition": "Round"}]},
    },
    "Resources": {
        "Known": {"Type": "AWS::SNS::Topic"},
        "New": {"Type": "AWS::SNS::Topic"},
        "Off": {"Type": "AWS::SNS::Topic", "Condition": "No"},
    },
}


class _Lookup:
    def ref(self, logical_id):
        return UNKNOWN if logical_id == "New" else "known-id"

    def attribute(self, logical_id, name):
        return UNKNOWN if logical_id == "New" else f"known-{name}"

    def export(self, name):
        return f"exported-{name}"


def resolve(node):
    parameters = {"Env": "prod", "Subnets": ["a", "b"], "Count": "2"}
    environment = Environment(stack_name="web", stack_id="arn:x", notification_arns=("t",))
    return Resolver(Template(BODY), parameters, environment, _Lookup()).resolve(node)


@pytest.mark.parametrize(
    ("node", "value"),
    [
        ({"Ref": "Env"}, "prod"),
        ({"Ref": "Subnets"}, ["a", "b"]),
        ({"Ref": "AWS::StackName"}, "web"),
        ({"Ref": "AWS::NotificationARNs"}, ["t"]),
        ({"Ref": "Known"}, "known-id"),
        ({"Ref": "New"}, UNKNOWN),
        ({"Fn::GetAtt": ["Known", "Arn"]}, "known-Arn"),
        ({"Fn::GetAtt": "Known.Endpoint.Port"}, "known-Endpoint.Port"),
        (
            {"Fn::Sub": "${Env}:${AWS::Region}:${Known}:${Known.Arn}:${!Literal}"},
            "prod:us-east-1:known-id:known-Arn:${Literal}",
        ),
        ({"Fn::Sub": ["${A}-${Env}", {"A": {"Ref": "Count"}}]}, "2-prod"),
        ({"Fn::Sub": "plain ${New}"}, UNKNOWN),
        ({"Fn::Join": ["-", ["a", {"Ref": "Env"}, 1, True]]}, "a-prod-1-true"),
        ({"Fn::Join": ["", {"Ref": "Subnets"}]}, "ab"),
        ({"Fn::Join": ["", ["a", {"Ref": "New"}]]}, UNKNOWN),
        ({"Fn::Join": ["", ["a", {"Ref": "AWS::NoValue"}]]}, "a"),
        ({"Fn::Select": [1, {"Ref": "Subnets"}]}, "b"),
        ({"Fn::Select": [{"Ref": "Count"}, ["x", "y", "z"]]}, "z"),
        ({"Fn::Select": [0, {"Fn::Split": [",", {"Ref": "New"}]}]}, UNKNOWN),
        ({"Fn::Split": ["|", "a|b"]}, ["a", "b"]),
        ({"Fn::FindInMap": ["Sizes", "small", "Cpu"]}, "256"),
        ({"Fn::FindInMap": ["Sizes", "big", "Cpu", {"DefaultValue": "9"}]}, "9"),
        ({"Fn::If": ["Yes", "a", "b"]}, "a"),
        ({"Fn::If": ["No", {"Ref": "Nowhere"}, "b"]}, "b"),
        ({"Fn::If": ["Both", "a", "b"]}, "b"),
        ({"Fn::If": ["Either", "a", "b"]}, "a"),
        ({"A": {"Fn::If": ["No", "x", {"Ref": "AWS::NoValue"}]}, "B": [{"Ref": "AWS::NoValue"}, 1]}, {"B": [1]}),
        ({"Fn::ImportValue": {"Fn::Sub": "${Env}-vpc"}}, "exported-prod-vpc"),
        ({"Fn::Base64": "ä"}, base64.b64encode("ä".encode()).decode()),
        ({"Fn::Cidr": ["10.0.0.0/16", 2, 8]}, ["10.0.0.0/24", "10.0.1.0/24"]),
        ({"Fn::Cidr": ["10.0.0.0/16", "1"]}, ["10.0.0.0/24"]),
        ({"Fn::GetAZs": ""}, ["us-east-1a", "us-east-1b", "us-east-1c"]),
        ({"Fn::GetAZs": {"Ref": "AWS::Region"}}, ["us-east-1a", "us-east-1b", "us-east-1c"]),
        ({"Fn::Length": {"Ref": "Subnets"}}, 2),
        ({"Fn::ToJsonString": {"a": {"Ref": "Env"}}}, '{"a":"prod"}'),
    ],
)
def test_what_a_function_gives(node, value):
    assert resolve(node) == value


@pytest.mark.parametrize(
    ("node", "message"),
    [
        (
            {"Ref": "Nowhere"},
            "Template format error: Unresolved resource dependencies [Nowhere] in the Resources block of the template",
        ),
        (
            {"Ref": "Off"},
            "Template format error: Unresolved resource dependencies [Off] in the Resources block of the template",
        ),
        ({"Ref": ["A"]}, "Template error: every Ref object must have a single String value."),
        (
            {"Fn::GetAtt": ["Known"]},
            "Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the "
            "resource attribute",
        ),
        (
            {"Fn::Select": [2, {"Ref": "Subnets"}]},
            "Template error: Fn::Select cannot select nonexistent value at index 2",
        ),
        (
            {"Fn::Select": ["x", ["a"]]},
            "Template error: Fn::Select requires a list argument with two elements: an integer index and a list",
        ),
        ({"Fn::FindInMap": ["Sizes", "big", "Cpu"]}, "Template error: Unable to get mapping for Sizes::big::Cpu"),
        ({"Fn::If": ["Missing", 1, 2]}, "Template error: unresolved condition dependency Missing in Fn::If"),
        (
            {"Fn::If": ["Round", 1, 2]},
            "Template error: Found circular condition dependency between conditions ['Round']",
        ),
        ({"Fn::Equals": ["a"]}, "Template error: every Fn::Equals object requires a list of 2 string parameters."),
        (
            {"Fn::Split": ["", "a"]},
            "Template error: every Fn::Split object requires two parameters, (1) a string delimiter and (2) a string to be "
            "split or a function that returns a string to be split.",
        ),
        ({"Fn::Base64": ["a"]}, "Template error: every Fn::Base64 object must have a String-typed value."),
        (
            {"Fn::Cidr": ["10.0.0.0/24", 300, 8]},
            "Template error: Fn::Cidr requires an ip block, a count that fits it, and cidr bits",
        ),
        ({"Fn::Nonsense": 1}, "Template error: Fn::Nonsense is not a supported intrinsic function"),
        ({"Fn::Transform": {"Name": "AWS::Include"}}, "Fn::Transform is not implemented by local-cloudformation"),
    ],
)
def test_what_a_function_refuses(node, message):
    with pytest.raises(ServiceError) as caught:
        resolve(node)
    assert caught.value.message == message


def test_language_extensions_must_be_declared():
    plain = Resolver(Template({"Resources": {}}), {}, Environment(), _Lookup())
    with pytest.raises(ServiceError, match="requires the AWS::LanguageExtensions transform"):
        plain.resolve({"Fn::Length": [1]})


_WORDS = st.text(st.characters(codec="ascii", exclude_characters="|$"), max_size=8)


@given(st.lists(_WORDS, min_size=1, max_size=6))
def test_split_undoes_join(words):
    assert resolve({"Fn::Split": ["|", {"Fn::Join": ["|", words]}]}) == words


@given(_WORDS)
def test_text_without_variables_is_left_alone(text):
    assert resolve({"Fn::Sub": text}) == text


@given(st.sampled_from(sorted(set(FUNCTIONS) - {"Condition", "Ref", "Fn::GetAtt", "Fn::If"})), st.integers(0, 3))
def test_an_unknown_part_makes_the_whole_unknown_or_refused(name, position):
    """Never a made-up value: a function with an unknown part gives UNKNOWN, or says what it wants instead."""
    unknown = {"Ref": "New"}
    argument = [unknown if at == position else part for at, part in enumerate(["a", "b", "c"])]
    try:
        value = resolve({name: unknown if position == 3 else argument})
    except ServiceError:
        return
    # The length of a list is known even when what it holds is not.
    assert value is UNKNOWN or (name == "Fn::Length" and value == 3)


@given(
    st.recursive(
        st.text(max_size=5) | st.booleans() | st.integers(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.from_regex("[a-z]{1,4}", fullmatch=True), inner, max_size=3)
        ),
    )
)
def test_plain_data_resolves_to_itself(value):
    assert resolve(value) == value
    assert same(value, json.loads(json.dumps(value)))


@pytest.mark.parametrize(
    ("left", "right", "equal"),
    [
        (80, "80", True),
        (True, "true", True),
        (1.0, "1", True),
        ({"a": [1]}, {"a": ["1"]}, True),
        ("a", ["a"], False),
        (None, "None", False),
        (UNKNOWN, UNKNOWN, False),
        ({"a": 1}, {"a": 1, "b": 2}, False),
    ],
)
def test_values_are_the_same_as_the_service_sees_them(left, right, equal):
    assert same(left, right) is equal


def test_no_value_is_falsy_nowhere_by_accident():
    assert repr(NO_VALUE) == "NO_VALUE"
    assert resolve([{"Ref": "AWS::NoValue"}]) == []
