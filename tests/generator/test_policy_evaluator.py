"""The evaluator that judges our roles judges as the IAM guide says; each row is a sentence of it."""

from typing import Any

import pytest

from tests.generator.policy_evaluator import ALLOWED, DENIED, NOT_ALLOWED, decide, resolve

Json = dict[str, Any]


def allow(action: str = "s3:GetObject", resource: str = "*", **condition: Any) -> Json:
    return {"Effect": "Allow", "Action": [action], "Resource": [resource], "Condition": condition}


def deny(action: str = "s3:GetObject", **condition: Any) -> Json:
    return {"Effect": "Deny", "Action": [action], "Resource": ["*"], "Condition": condition}


KEY = "arn:aws:s3:::bucket/key"
ROWS = {
    "nothing said is not allowed": ([], {}, NOT_ALLOWED),
    "an allow allows": ([allow()], {}, ALLOWED),
    "a deny wins over an allow, whatever the order": ([deny(), allow()], {}, DENIED),
    "a deny alone denies": ([deny()], {}, DENIED),
    "another action is not allowed": ([allow("s3:PutObject")], {}, NOT_ALLOWED),
    "actions know no case": ([allow("S3:getobject")], {}, ALLOWED),
    "a star stands for any characters": ([allow("s3:*")], {}, ALLOWED),
    "a star in the middle too": ([allow(resource="arn:aws:s3:::*/key")], {}, ALLOWED),
    "a question mark is one character": ([allow(resource="arn:aws:s3:::bucke?/key")], {}, ALLOWED),
    "another resource is not allowed": ([allow(resource="arn:aws:s3:::other/*")], {}, NOT_ALLOWED),
    "resources know case": ([allow(resource="arn:aws:s3:::Bucket/key")], {}, NOT_ALLOWED),
    "a condition that holds": ([allow(StringEquals={"k": "v"})], {"k": "v"}, ALLOWED),
    "a condition that does not": ([allow(StringEquals={"k": "v"})], {"k": "w"}, NOT_ALLOWED),
    "one of several values is enough": ([allow(StringEquals={"k": ["a", "v"]})], {"k": "v"}, ALLOWED),
    "every key must hold": ([allow(StringEquals={"k": "v", "l": "v"})], {"k": "v", "l": "w"}, NOT_ALLOWED),
    "every operator must hold": (
        [allow(StringEquals={"k": "v"}, StringLike={"l": "x*"})],
        {"k": "v", "l": "yx"},
        NOT_ALLOWED,
    ),
    "a missing key does not hold": ([allow(StringEquals={"k": "v"})], {}, NOT_ALLOWED),
    "but with IfExists it does": ([allow(StringEqualsIfExists={"k": "v"})], {}, ALLOWED),
    "and is compared where it is there": ([allow(StringEqualsIfExists={"k": "v"})], {"k": "w"}, NOT_ALLOWED),
    "a negated operator holds where the key is missing": ([deny(StringNotEquals={"k": "v"}), allow()], {}, DENIED),
    "and not where it equals": ([deny(StringNotEquals={"k": "v"}), allow()], {"k": "v"}, ALLOWED),
    "and not where it equals one of several": ([deny(StringNotEquals={"k": ["v", "w"]}), allow()], {"k": "w"}, ALLOWED),
    "StringEquals knows no star": ([allow(StringEquals={"k": "v*"})], {"k": "vv"}, NOT_ALLOWED),
    "StringLike does": ([allow(StringLike={"k": "v*"})], {"k": "vv"}, ALLOWED),
    "StringLike knows case": ([allow(StringLike={"k": "v*"})], {"k": "Vv"}, NOT_ALLOWED),
    "StringNotLike is its negation": ([deny(StringNotLike={"k": ["v*", "w*"]}), allow()], {"k": "wx"}, ALLOWED),
    "and denies what is like none of them": ([deny(StringNotLike={"k": ["v*", "w*"]}), allow()], {"k": "x"}, DENIED),
    "ArnLike does": ([allow(ArnLike={"k": "arn:aws:s3:*:1:x"})], {"k": "arn:aws:s3:y:1:x"}, ALLOWED),
    "a star of ArnLike ends at its colon": ([allow(ArnLike={"k": "arn:*:x"})], {"k": "arn:aws:s3:y:1:x"}, NOT_ALLOWED),
    "but the last part may hold colons": (
        [allow(ArnLike={"k": "arn:aws:logs:r:1:*"})],
        {"k": "arn:aws:logs:r:1:a:b"},
        ALLOWED,
    ),
    "ArnEquals behaves as ArnLike": ([allow(ArnEquals={"k": "arn:aws:s3:*:1:x"})], {"k": "arn:aws:s3:y:1:x"}, ALLOWED),
    "ArnNotEquals is its negation": (
        [deny(ArnNotEquals={"k": "arn:aws:s3:*:1:x"}), allow()],
        {"k": "arn:aws:s3:y:1:z"},
        DENIED,
    ),
    "a resource's star does not end at a colon": ([allow(resource="arn:aws:s3*/key")], {}, ALLOWED),
    "condition keys know no case": (
        [allow(StringEquals={"aws:SourceAccount": "1"})],
        {"AWS:sourceaccount": "1"},
        ALLOWED,
    ),
    "values know case": ([allow(StringEquals={"k": "v"})], {"k": "V"}, NOT_ALLOWED),
    "statements do not add up": (
        [allow(StringEquals={"k": "v"}), allow("s3:PutObject", StringEquals={"l": "v"})],
        {"l": "v"},
        NOT_ALLOWED,
    ),
    "one of several statements is enough": (
        [allow("s3:PutObject"), allow(StringEquals={"k": "v"})],
        {"k": "v"},
        ALLOWED,
    ),
    "a deny whose condition does not hold denies nothing": (
        [deny(StringEquals={"k": "v"}), allow()],
        {"k": "w"},
        ALLOWED,
    ),
    "a deny whose key is missing denies nothing": ([deny(StringEquals={"k": "v"}), allow()], {}, ALLOWED),
    "unless it says IfExists": ([deny(StringEqualsIfExists={"k": "v"}), allow()], {}, DENIED),
    "an empty condition always holds": ([allow()], {"k": "v"}, ALLOWED),
    "Null asks for absence": ([allow(Null={"k": "true"})], {}, ALLOWED),
    "Null false asks for presence": ([allow(Null={"k": "false"})], {}, NOT_ALLOWED),
    "Bool compares words": (
        [deny(Bool={"aws:SecureTransport": "false"}), allow()],
        {"aws:SecureTransport": "false"},
        DENIED,
    ),
    "a variable is filled in": (
        [allow(resource="arn:aws:s3:::${aws:PrincipalTag/B}/*")],
        {"aws:PrincipalTag/B": "bucket"},
        ALLOWED,
    ),
    "a variable without a value matches nothing": (
        [allow(resource="arn:aws:s3:::${aws:PrincipalTag/B}/*")],
        {},
        NOT_ALLOWED,
    ),
    "a variable in a condition": ([allow(StringEquals={"k": "${l}"})], {"k": "v", "l": "v"}, ALLOWED),
}


@pytest.mark.parametrize("row", ROWS)
def test_decides_as_the_guide_says(row: str) -> None:
    statements, context, verdict = ROWS[row]

    assert decide(statements, "s3:GetObject", KEY, context) == verdict


@pytest.mark.parametrize("context", [{"k": "10.0.0.1"}, {}], ids=["there", "missing"])
@pytest.mark.parametrize(
    "operator", ["IpAddress", "ForAllValues:StringEquals", "StringEqualsIgnoreCase", "NumericLessThan"]
)
def test_an_unknown_operator_is_neither_yes_nor_no(operator: str, context: dict[str, str]) -> None:
    with pytest.raises(NotImplementedError, match=operator):
        decide([allow(**{operator: {"k": "10.0.0.1"}})], "s3:GetObject", KEY, context)


@pytest.mark.parametrize("element", ["NotAction", "NotResource", "NotPrincipal"])
def test_an_unknown_element_is_neither_yes_nor_no(element: str) -> None:
    with pytest.raises(NotImplementedError, match=element):
        decide([allow() | {element: ["*"]}], "s3:GetObject", KEY, {})


@pytest.mark.parametrize("variable", ["${*}", "${aws:PrincipalTag/B, 'default'}"])
def test_an_unknown_variable_is_neither_yes_nor_no(variable: str) -> None:
    with pytest.raises(NotImplementedError):
        decide([allow(resource=f"arn:aws:s3:::{variable}/key")], "s3:GetObject", KEY, {})


def test_references_are_worked_out() -> None:
    value = {
        "Fn::Sub": ["arn:${AWS::Partition}:x:${Here}:${!aws:PrincipalTag/B}", {"Here": {"Fn::GetAtt": ["Role", "Arn"]}}]
    }

    assert resolve(value, {"Role.Arn": "there"}) == "arn:aws:x:there:${aws:PrincipalTag/B}"
