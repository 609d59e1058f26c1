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
    "ArnLike does": ([allow(ArnLike={"k": "arn:*:x"})], {"k": "arn:y:x"}, ALLOWED),
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


def test_an_unknown_operator_is_no_yes() -> None:
    with pytest.raises(NotImplementedError, match="IpAddress"):
        decide([allow(IpAddress={"k": "10.0.0.0/8"})], "s3:GetObject", KEY, {"k": "10.0.0.1"})


def test_references_are_worked_out() -> None:
    value = {
        "Fn::Sub": ["arn:${AWS::Partition}:x:${Here}:${!aws:PrincipalTag/B}", {"Here": {"Fn::GetAtt": ["Role", "Arn"]}}]
    }

    assert resolve(value, {"Role.Arn": "there"}) == "arn:aws:x:there:${aws:PrincipalTag/B}"
