"""Updates in time: what is touched, replaced, rolled back, continued and cleaned up, event by event."""

from __future__ import annotations

import json

from tests.local_cloudformation.support import (
    CHANGED_PAIR,
    PAIR,
    REPLACED_PAIR,
    fail,
    refusal,
    template,
    topic,
)


def test_an_update_touches_only_what_changed_and_cleans_up(service):
    service.deploy("web", template(First=topic(DisplayName="a"), Second=topic(DisplayName="s"), Old=topic()))
    assert (
        service.deploy("web", template(First=topic(DisplayName="b"), Second=topic(DisplayName="s")))
        == "UPDATE_COMPLETE"
    )
    assert service.statuses("web")[-3:] == [
        "UPDATE_IN_PROGRESS",
        "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_COMPLETE",
    ]
    assert service.steps("web", "First")[-2:] == [("UPDATE_IN_PROGRESS", None), ("UPDATE_COMPLETE", None)]
    assert len(service.steps("web", "Second")) == 3
    assert service.steps("web", "Old")[-1] == ("DELETE_COMPLETE", None)


def test_a_replacement_makes_the_new_before_it_deletes_the_old(service):
    service.deploy("web", PAIR)
    first = service.engine.find("web", "us-east-1").resources["First"].physical_id
    assert service.deploy("web", REPLACED_PAIR) == "UPDATE_COMPLETE"
    second = service.engine.find("web", "us-east-1").resources["First"].physical_id
    assert first != second
    assert service.steps("web", "First")[3:] == [
        (
            "UPDATE_IN_PROGRESS",
            "Requested update requires the creation of a new physical resource; hence creating one.",
        ),
        ("UPDATE_IN_PROGRESS", "Resource creation Initiated"),
        ("UPDATE_COMPLETE", None),
        ("DELETE_IN_PROGRESS", None),
        ("DELETE_COMPLETE", None),
    ]
    ids = [each["PhysicalResourceId"] for each in service.events("web") if each["LogicalResourceId"] == "First"]
    assert ids[3:] == [first, second, second, first, first]
    assert service.steps("web", "Second")[-1] == ("UPDATE_COMPLETE", None)
    row = service.call("DescribeStackResource", StackName="web", LogicalResourceId="First")["StackResourceDetail"]
    assert (row["PhysicalResourceId"], row["ResourceStatus"]) == (second, "UPDATE_COMPLETE")


def test_a_custom_name_cannot_be_replaced(service):
    service.deploy("web", template(First=topic(TopicName="mine")))
    assert service.deploy("web", template(First=topic(TopicName="mine", FifoTopic=True))) == "UPDATE_ROLLBACK_COMPLETE"
    reasons = [reason or "" for status, reason in service.steps("web", "First") if status == "UPDATE_FAILED"]
    assert reasons[0].startswith(
        "CloudFormation cannot update a stack when a custom-named resource requires replacing."
    )


def test_a_failed_update_is_rolled_back_to_what_stood(service):
    service.deploy("web", {**PAIR, "Outputs": {"O": {"Value": {"Ref": "First"}}}}, Tags=[{"Key": "v", "Value": "1"}])
    stood = service.engine.find("web", "us-east-1").deployed
    service.script(**fail(on="update", logical_id="Second"))
    new = template(
        First=topic(DisplayName="a", FifoTopic=True),
        Second=topic(DisplayName={"Ref": "First"}),
        Third=topic(DisplayName={"Ref": "First"}),
    )
    assert service.deploy("web", new, Tags=[{"Key": "v", "Value": "2"}]) == "UPDATE_ROLLBACK_COMPLETE"
    assert service.statuses("web")[-4:] == [
        "UPDATE_IN_PROGRESS",
        "UPDATE_ROLLBACK_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE",
    ]
    reason = next(
        each["ResourceStatusReason"]
        for each in service.events("web")
        if each["ResourceStatus"] == "UPDATE_ROLLBACK_IN_PROGRESS"
    )
    assert reason.endswith("The following resource(s) failed to update: [Second]. ")
    now = service.engine.find("web", "us-east-1").deployed
    assert now == stood
    assert service.stack("web")["Tags"] == [{"Key": "v", "Value": "1"}]


def test_edge_case_5_a_rollback_that_fails_is_continued_with_resources_to_skip(service):
    service.deploy(
        "web", template(First=topic(DisplayName="a"), Second=topic(DisplayName="a"), Third=topic(DisplayName="a"))
    )
    service.script(
        failures=[
            {"reason": "it broke", "on": "update", "logical_id": "Third"},
            {"reason": "cannot go back", "on": "rollback", "logical_id": "First"},
        ],
        seconds={"types": {"Third": 9}},
    )
    new = template(First=topic(DisplayName="b"), Second=topic(DisplayName="b"), Third=topic(DisplayName="b"))
    assert service.deploy("web", new) == "UPDATE_ROLLBACK_FAILED"
    assert service.stack("web")["StackStatusReason"] == "The following resource(s) failed to update: [First]. "
    code, words = refusal(lambda: service.call("ContinueUpdateRollback", StackName="web", ResourcesToSkip=["Second"]))
    assert (code, "Second" in words) == ("ValidationError", True)
    service.call("ContinueUpdateRollback", StackName="web")
    assert service.settle("web") == "UPDATE_ROLLBACK_FAILED"
    service.call("ContinueUpdateRollback", StackName="web", ResourcesToSkip=["First"])
    assert service.settle("web") == "UPDATE_ROLLBACK_COMPLETE"
    rows = service.call("DescribeStackResources", StackName="web")["StackResources"]
    assert {each["LogicalResourceId"]: each["ResourceStatus"] for each in rows}["First"] == "UPDATE_COMPLETE"
    standing = service.engine.find("web", "us-east-1").resources
    # Skipped means left as it is: it no longer matches the template, and a later change set shows it.
    assert standing["First"].properties["DisplayName"] == "b"
    assert standing["Second"].properties["DisplayName"] == "a"


def test_edge_case_6_a_failed_update_that_stayed(service):
    service.deploy("web", PAIR)
    service.script(**fail(on="update", logical_id="First", times=1))
    assert service.deploy("web", CHANGED_PAIR, DisableRollback=True) == "UPDATE_FAILED"
    code, words = refusal(lambda: service.call("UpdateStack", StackName="web", TemplateBody=json.dumps(CHANGED_PAIR)))
    assert (code, words) == (
        "ValidationError",
        "This stack is currently in a non-terminal [UPDATE_FAILED] state. To update the stack from this state, please "
        "use the disable-rollback parameter with update-stack API. To rollback to the last known good state, use the "
        "rollback-stack API",
    )
    service.call("RollbackStack", StackName="web")
    assert service.settle("web") == "UPDATE_ROLLBACK_COMPLETE"
    assert service.engine.find("web", "us-east-1").resources["First"].properties["DisplayName"] == "a"


def test_edge_case_26_a_clean_up_that_fails_is_passed_over(service):
    service.deploy("web", template(A=topic(), Old=topic()))
    service.script(**fail(on="delete", logical_id="Old"))
    assert service.deploy("web", template(A=topic())) == "UPDATE_COMPLETE"
    assert service.steps("web", "Old")[-1] == ("DELETE_FAILED", "it broke")


def test_edge_case_30_a_cancelled_update_rolls_back(make_service):
    service = make_service({"seconds": {"resource": 10}})
    service.deploy("web", PAIR)
    assert refusal(lambda: service.call("CancelUpdateStack", StackName="web")) == (
        "ValidationError",
        "CancelUpdateStack cannot be called from current stack status. You can cancel only stacks that are in the "
        "UPDATE_IN_PROGRESS state.",
    )
    service.call("UpdateStack", StackName="web", TemplateBody=json.dumps(CHANGED_PAIR))
    service.clock.advance(3)
    words = refusal(lambda: service.call("DeleteStack", StackName="web"))[1]
    assert words.endswith("cannot be deleted while in status UPDATE_IN_PROGRESS")
    service.call("CancelUpdateStack", StackName="web", ClientRequestToken="c-1")
    assert service.stack("web")["StackStatus"] == "UPDATE_ROLLBACK_IN_PROGRESS"
    assert service.settle("web") == "UPDATE_ROLLBACK_COMPLETE"
    assert ("UPDATE_FAILED", "Resource update cancelled") in service.steps("web", "First")
