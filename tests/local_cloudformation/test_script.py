"""Scripts: every mistake is named with its place; faults strike where, when and as often as they are told to."""

from __future__ import annotations

import json

import pytest
from local_cloudformation.faults import Faults
from local_cloudformation.script import ScriptError, parse, read


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "a script is a JSON object, not list"),
        ({"failure": []}, "script: unknown key 'failure'; known are seconds, latency, seed"),
        ({"failures": {}}, "failures must be a list of objects"),
        ({"failures": ["x"]}, "failures[0] must be an object, not str"),
        ({"failures": [{"on": "create"}]}, "failures[0]: the key 'reason' is missing"),
        (
            {"failures": [{"reason": "r", "on": "creation"}]},
            "failures[0].on: 'creation' is not one of *, create, delete",
        ),
        ({"faults": [{"fault": "slow"}]}, "faults[0].fault: 'slow' is not one of access-denied, drop"),
        (
            {"validations": [{"name": "n", "reason": "r", "logical_id": "A", "mode": "INFO"}]},
            "validations[0].mode: 'INFO'",
        ),
        ({"seconds": {"stack": -1}}, "seconds.stack must be a number of seconds, not -1"),
        ({"seconds": {"resource": "5"}}, "seconds.resource must be a number of seconds, not '5'"),
        ({"seconds": 5}, "seconds must be an object, not int"),
        ({"signals": "maybe"}, "signals: 'maybe' is not one of automatic, failure, none"),
    ],
)
def test_a_script_that_cannot_be_meant(data, message):
    with pytest.raises(ScriptError) as caught:
        parse(data)
    assert str(caught.value).startswith(message)


def test_a_script_goes_through_json_unchanged():
    data = {
        "seconds": {"change_set": 3.3, "stack": 20.7, "types": {"AWS::ECS::Service": 4}},
        "failures": [{"reason": "r", "type": "AWS::*", "times": 2}],
        "faults": [{"fault": "drop", "operation": "Describe*", "call": 3}],
        "rate": {"calls_per_second": 10, "burst": 5},
    }
    script = parse(data)
    assert parse(json.loads(json.dumps(script.as_dict()))) == script


def test_keys_are_merged_one_by_one_and_lists_as_a_whole():
    script = parse({"seconds": {"stack": 5}, "failures": [{"reason": "a"}, {"reason": "b"}]})
    merged = script.merged({"seconds": {"resource": 1}, "failures": [{"reason": "c"}]})
    assert (merged.seconds.stack, merged.seconds.resource) == (5, 1)
    assert [each.reason for each in merged.failures] == ["c"]


def test_a_file_that_is_no_json_is_named(tmp_path):
    file = tmp_path / "script.json"
    file.write_text("{")
    with pytest.raises(ScriptError, match=r"script\.json"):
        read(file)
    with pytest.raises(ScriptError, match=r"missing\.json"):
        read(tmp_path / "missing.json")


@pytest.mark.parametrize(
    ("stack", "type_name", "logical_id", "action", "holds"),
    [
        ("app-web", "AWS::ECS::Service", "Backend", "create", True),
        ("app-web", "AWS::ECS::Service", "Backend", "update", False),
        ("other", "AWS::ECS::Service", "Backend", "create", False),
        ("app-web", "AWS::ECS::Cluster", "Backend", "create", False),
        ("app-web", "AWS::ECS::Service", "Frontend", "create", False),
    ],
)
def test_a_failure_holds_for_what_it_names(stack, type_name, logical_id, action, holds):
    rule = {"reason": "r", "stack": "app-*", "type": "AWS::ECS::Service", "logical_id": "Back*"}
    failure = parse({"failures": [rule]}).failures[0]
    assert failure.matches(stack, type_name, logical_id, action) is holds


class Time:
    """A clock that stands still until moved."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def verdicts(script, *operations, service="cloudformation"):
    faults = Faults(Time())
    faults.reset(parse(script))
    return [faults.judge(service, each).name for each in operations]


@pytest.mark.parametrize(
    ("rule", "seen"),
    [
        ({"fault": "throttle"}, ["Throttling"] * 4),
        ({"fault": "throttle", "call": 2}, [None, "Throttling", None, None]),
        ({"fault": "drop", "times": 1}, ["drop", None, None, None]),
        ({"fault": "drop-after", "operation": "List*"}, [None, None, None, "drop-after"]),
        ({"fault": "http-500", "service": "ssm"}, [None] * 4),
        ({"fault": "expired-token", "probability": 0.0}, [None] * 4),
        ({"fault": "latency", "seconds": 1}, [None] * 4),
    ],
)
def test_a_fault_strikes_where_and_when_it_says(rule, seen):
    assert verdicts({"faults": [rule]}, "CreateStack", "CreateStack", "DescribeStacks", "ListStacks") == seen


def test_latency_adds_up():
    faults = Faults(Time())
    faults.reset(
        parse({"latency": 0.1, "faults": [{"fault": "latency", "seconds": 1}, {"fault": "throttle", "seconds": 2}]})
    )
    assert faults.judge("cloudformation", "ListStacks").delay == pytest.approx(3.1)


def test_the_account_s_limit_fills_up_with_time():
    clock = Time()
    faults = Faults(clock)
    faults.reset(parse({"rate": {"calls_per_second": 2, "burst": 3}}))

    def burst(count):
        return [faults.judge("cloudformation", "ListStacks").name for _ in range(count)]

    assert burst(4) == [None, None, None, "Throttling"]
    clock.now += 1
    assert burst(3) == [None, None, "Throttling"]
    clock.now += 60
    assert burst(4) == [None, None, None, "Throttling"]
    assert faults.judge("ssm", "GetParameter").name is None
