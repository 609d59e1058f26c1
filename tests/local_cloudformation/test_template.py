"""Templates are read as CloudFormation reads them: JSON, YAML, short forms, and its texts for what is wrong."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from local_cloudformation.errors import ValidationError
from local_cloudformation.template import Template, parse

_KEYS = st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,8}", fullmatch=True)
_LEAVES = st.one_of(
    st.text(st.characters(codec="ascii", categories=("L", "N", "P", "Zs")), max_size=12), st.integers(), st.booleans()
)
_VALUES = st.recursive(_LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3))
_BODIES = st.dictionaries(_KEYS, _VALUES, min_size=1, max_size=4)


@given(_BODIES)
def test_json_and_yaml_of_one_document_are_one_template(body):
    assert parse(json.dumps(body)) == body
    assert parse("# a comment\n" + yaml.safe_dump(body)) == body


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("!Ref Vpc", {"Ref": "Vpc"}),
        ("!GetAtt Role.Arn", {"Fn::GetAtt": ["Role", "Arn"]}),
        ("!GetAtt [Role, Arn]", {"Fn::GetAtt": ["Role", "Arn"]}),
        ("!GetAtt Db.Endpoint.Address", {"Fn::GetAtt": ["Db", "Endpoint.Address"]}),
        ("!Sub '${A}-x'", {"Fn::Sub": "${A}-x"}),
        ("!Join [',', [a, !Ref B]]", {"Fn::Join": [",", ["a", {"Ref": "B"}]]}),
        ("!If [IsProd, a, !Ref 'AWS::NoValue']", {"Fn::If": ["IsProd", "a", {"Ref": "AWS::NoValue"}]}),
        ("!Condition Yes", {"Condition": "Yes"}),
        ("!Select [0, !GetAZs '']", {"Fn::Select": [0, {"Fn::GetAZs": ""}]}),
        ("2010-09-09", "2010-09-09"),
    ],
)
def test_short_forms_become_full_forms(short, full):
    assert parse(f"Value: {short}") == {"Value": full}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"Resources": {"A": }}', "Template format error: JSON not well-formed. (line 1, column 21)"),
        ("Resources: [\n", "Template format error: YAML not well-formed. (line 2, column 1)"),
        ("A: 1\nA: 2", "Template format error: YAML not well-formed. (line 2, column 1)"),
        ("just words", "Template format error: unsupported structure."),
        ("!!python/object:os.system {}", "Template format error: YAML not well-formed. (line 1, column 1)"),
    ],
)
def test_text_that_is_no_template(text, message):
    with pytest.raises(ValidationError) as caught:
        parse(text)
    assert caught.value.message == message


def test_a_template_keeps_the_text_it_was_sent_as():
    text = '{"Resources":   {}}'
    assert Template.of(text).original == text
    assert Template.of({"Resources": {}}).original == '{"Resources":{}}'
