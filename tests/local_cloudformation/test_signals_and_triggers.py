"""What a stack waits for: signals of its hosts, and alarms that turn an update back."""

from __future__ import annotations

import json

import pytest

from tests.local_cloudformation.support import (
    CHANGED_PAIR,
    PAIR,
    refusal,
    template,
    topic,
)

SIGNALLED = template(Host={**topic(), "CreationPolicy": {"ResourceSignal": {"Count": 2, "Timeout": "PT10M"}}})


@pytest.mark.parametrize(
    ("signals", "status"),
    [("automatic", "CREATE_COMPLETE"), ("none", "ROLLBACK_COMPLETE"), ("failure", "ROLLBACK_COMPLETE")],
)
def test_a_creation_policy_waits_for_signals(make_service, signals, status):
    service = make_service({"signals": signals})
    assert service.deploy("web", SIGNALLED) == status
    reasons = [reason or "" for _, reason in service.steps("web", "Host")]
    expected = {
        "automatic": "Received SUCCESS signal with UniqueId i-",
        "none": "Failed to receive 2 resource signal(s) within the specified duration",
        "failure": "Received FAILURE signal with UniqueId i-",
    }
    assert any(each.startswith(expected[signals]) for each in reasons)


def test_signals_sent_by_a_client_complete_the_creation(make_service):
    service = make_service({"signals": "none"})
    service.call("CreateStack", StackName="web", TemplateBody=json.dumps(SIGNALLED))
    for unique_id in ("i-1", "i-1", "i-2"):
        assert service.stack("web")["StackStatus"] == "CREATE_IN_PROGRESS"
        service.clock.advance(1)
        service.call("SignalResource", StackName="web", LogicalResourceId="Host", UniqueId=unique_id, Status="SUCCESS")
    assert service.stack("web")["StackStatus"] == "CREATE_COMPLETE"
    code, _ = refusal(
        lambda: service.call(
            "SignalResource", StackName="web", LogicalResourceId="Host", UniqueId="i", Status="SUCCESS"
        )
    )
    assert code == "ValidationError"


def test_rollback_triggers_turn_an_update_back(make_service):
    arn = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:errors"
    service = make_service({"seconds": {"resource": 10}})
    service.deploy("web", PAIR)
    configuration = {"RollbackTriggers": [{"Arn": arn, "Type": "AWS::CloudWatch::Alarm"}], "MonitoringTimeInMinutes": 5}
    service.backing.alarms["errors"] = "OK"
    service.call(
        "UpdateStack", StackName="web", TemplateBody=json.dumps(CHANGED_PAIR), RollbackConfiguration=configuration
    )
    service.clock.advance(60)
    # Everything is deployed; the stack is watched for five minutes more.
    assert service.stack("web")["StackStatus"] == "UPDATE_IN_PROGRESS"
    assert service.stack("web")["RollbackConfiguration"] == configuration
    service.backing.alarms["errors"] = "ALARM"
    assert service.stack("web")["StackStatus"] == "UPDATE_ROLLBACK_IN_PROGRESS"
    assert arn in service.stack("web")["StackStatusReason"]
    assert service.settle("web") == "UPDATE_ROLLBACK_COMPLETE"
    # The triggers stay for later operations; an alarm that is gone fails them.
    service.backing.alarms.clear()
    service.call("UpdateStack", StackName="web", TemplateBody=json.dumps(CHANGED_PAIR))
    assert service.settle("web") == "UPDATE_ROLLBACK_COMPLETE"


def test_a_watched_update_completes_when_no_alarm_rings(service):
    service.deploy("web", PAIR)
    service.backing.alarms["errors"] = "OK"
    arn = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:errors"
    configuration = {"RollbackTriggers": [{"Arn": arn, "Type": "AWS::CloudWatch::Alarm"}], "MonitoringTimeInMinutes": 5}
    service.call(
        "UpdateStack", StackName="web", TemplateBody=json.dumps(CHANGED_PAIR), RollbackConfiguration=configuration
    )
    service.clock.advance(299)
    assert service.stack("web")["StackStatus"] == "UPDATE_IN_PROGRESS"
    service.clock.advance(1)
    assert service.stack("web")["StackStatus"] == "UPDATE_COMPLETE"
