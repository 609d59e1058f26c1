"""Stacks in time: creation and deletion through every state, with an event per resource in dependency order."""

from __future__ import annotations

import json

import pytest

from tests.local_cloudformation.support import (
    PAIR,
    fail,
    parameter,
    refusal,
    template,
    topic,
)


def test_a_creation_goes_through_its_states_in_order(service):
    assert service.deploy("web", PAIR) == "CREATE_COMPLETE"
    shown = [
        (each["LogicalResourceId"], each["ResourceStatus"], each.get("ResourceStatusReason"))
        for each in service.events("web")
    ]
    assert shown == [
        ("web", "REVIEW_IN_PROGRESS", "User Initiated"),
        ("web", "CREATE_IN_PROGRESS", "User Initiated"),
        ("First", "CREATE_IN_PROGRESS", None),
        ("First", "CREATE_IN_PROGRESS", "Resource creation Initiated"),
        ("First", "CREATE_COMPLETE", None),
        ("Second", "CREATE_IN_PROGRESS", None),
        ("Second", "CREATE_IN_PROGRESS", "Resource creation Initiated"),
        ("Second", "CREATE_COMPLETE", None),
        ("web", "CREATE_COMPLETE", None),
    ]
    events = service.events("web")
    assert len({each["EventId"] for each in events}) == len(events)
    assert events[2]["PhysicalResourceId"] == ""
    assert events[3]["PhysicalResourceId"].startswith("arn:aws:sns:")
    assert "PREVIOUS" not in json.dumps(service.stack("web"), default=str)


def test_time_is_the_script_s(make_service):
    service = make_service({"seconds": {"change_set": 3.3, "stack": 20.7}})
    made = service.call(
        "CreateChangeSet", StackName="web", ChangeSetName="c", ChangeSetType="CREATE", TemplateBody=json.dumps(PAIR)
    )

    def status():
        return service.call("DescribeChangeSet", ChangeSetName=made["Id"])["Status"]

    assert status() == "CREATE_IN_PROGRESS"
    service.clock.advance(3.2)
    assert status() == "CREATE_IN_PROGRESS"
    service.clock.advance(0.101)
    assert status() == "CREATE_COMPLETE"
    service.call("ExecuteChangeSet", ChangeSetName=made["Id"])
    service.clock.advance(20.6)
    assert service.stack("web")["StackStatus"] == "CREATE_IN_PROGRESS"
    service.clock.advance(0.101)
    assert service.stack("web")["StackStatus"] == "CREATE_COMPLETE"
    begun, ended = (
        each["Timestamp"]
        for each in service.events("web")
        if each["ResourceStatus"] in {"CREATE_IN_PROGRESS", "CREATE_COMPLETE"} and each["LogicalResourceId"] == "web"
    )
    assert (ended - begun).total_seconds() == pytest.approx(20.7, abs=0.01)


def test_events_have_their_times_however_late_anybody_looks(make_service):
    seen = []
    for pauses in ([30.0], [0.7] * 50):
        service = make_service({"seconds": {"resource": 5}})
        service.call("CreateStack", StackName="web", TemplateBody=json.dumps(PAIR))
        for pause in pauses:
            service.clock.advance(pause)
            service.stack("web")
        start = service.events("web")[0]["Timestamp"]
        seen.append(
            [
                (round((each["Timestamp"] - start).total_seconds(), 2), each["ResourceStatus"])
                for each in service.events("web")
            ]
        )
    assert seen[0] == seen[1]


def test_a_failed_creation_is_rolled_back_in_reverse(make_service):
    service = make_service(fail(logical_id="Second"))
    assert service.deploy("web", PAIR) == "ROLLBACK_COMPLETE"
    assert service.statuses("web") == [
        "REVIEW_IN_PROGRESS",
        "CREATE_IN_PROGRESS",
        "ROLLBACK_IN_PROGRESS",
        "ROLLBACK_COMPLETE",
    ]
    assert ("CREATE_FAILED", "it broke") in service.steps("web", "Second")
    reasons = [
        each.get("ResourceStatusReason")
        for each in service.events("web")
        if each["ResourceStatus"] == "ROLLBACK_IN_PROGRESS"
    ]
    assert reasons == ["The following resource(s) failed to create: [Second]. Rollback requested by user."]
    deleted = [
        each["LogicalResourceId"] for each in service.events("web") if each["ResourceStatus"] == "DELETE_COMPLETE"
    ]
    assert deleted == ["Second", "First"]
    assert service.call("ListStackResources", StackName="web")["StackResourceSummaries"] == []


def test_others_under_way_are_cancelled_with_the_service_s_words(make_service):
    service = make_service({**fail(logical_id="Bad"), "seconds": {"resource": 10, "types": {"Bad": 1}}})
    assert service.deploy("web", template(Bad=topic(), Slow=topic())) == "ROLLBACK_COMPLETE"
    assert ("CREATE_FAILED", "Resource creation cancelled") in service.steps("web", "Slow")
    reason = next(
        each["ResourceStatusReason"]
        for each in service.events("web")
        if each["ResourceStatus"] == "ROLLBACK_IN_PROGRESS"
    )
    assert reason == "The following resource(s) failed to create: [Bad, Slow]. Rollback requested by user."


@pytest.mark.parametrize(
    ("options", "status", "seen"),
    [
        ({"OnFailure": "DO_NOTHING"}, "CREATE_FAILED", ["CREATE_IN_PROGRESS", "CREATE_FAILED"]),
        ({"DisableRollback": True}, "CREATE_FAILED", ["CREATE_IN_PROGRESS", "CREATE_FAILED"]),
        ({"OnFailure": "DELETE"}, "DELETE_COMPLETE", ["CREATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "DELETE_COMPLETE"]),
        ({}, "ROLLBACK_COMPLETE", ["CREATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE"]),
    ],
)
def test_what_follows_a_failed_creation_is_the_caller_s_wish(make_service, options, status, seen):
    service = make_service(fail(logical_id="Second"))
    service.call("CreateStack", StackName="web", TemplateBody=json.dumps(PAIR), **options)
    assert service.settle("web") == status
    assert service.statuses("web") == seen


def test_a_failed_creation_that_stayed_can_be_rolled_back_or_mended(make_service):
    for mend in (False, True):
        service = make_service(fail(logical_id="Second", times=1))
        service.call("CreateStack", StackName="web", TemplateBody=json.dumps(PAIR), DisableRollback=True)
        service.settle("web")
        if mend:
            service.call("UpdateStack", StackName="web", TemplateBody=json.dumps(PAIR), DisableRollback=True)
            assert service.settle("web") == "UPDATE_COMPLETE"
            assert service.steps("web", "Second")[-2:] == [("DELETE_IN_PROGRESS", None), ("DELETE_COMPLETE", None)]
        else:
            service.call("RollbackStack", StackName="web")
            assert service.settle("web") == "ROLLBACK_COMPLETE"


def test_a_deletion_in_reverse_order_and_what_is_retained(service):
    body = template(First={**topic(), "DeletionPolicy": "Retain"}, Second=topic(DisplayName={"Ref": "First"}))
    service.deploy("web", body)
    stack_id = service.stack("web")["StackId"]
    service.call("DeleteStack", StackName="web", ClientRequestToken="d-1")
    assert service.settle("web") == "DELETE_COMPLETE"
    gone = [(each["LogicalResourceId"], each["ResourceStatus"]) for each in service.events("web")][-4:]
    assert gone == [
        ("Second", "DELETE_IN_PROGRESS"),
        ("Second", "DELETE_COMPLETE"),
        ("First", "DELETE_SKIPPED"),
        ("web", "DELETE_COMPLETE"),
    ]
    assert refusal(lambda: service.stack("web")) == ("ValidationError", "Stack with id web does not exist")
    assert service.stack(stack_id)["StackStatus"] == "DELETE_COMPLETE"
    assert service.call("ListStacks", StackStatusFilter=["DELETE_COMPLETE"])["StackSummaries"][0]["StackId"] == stack_id
    service.call("DeleteStack", StackName="web")


def test_a_deletion_that_fails_and_is_tried_again(service):
    service.deploy("web", PAIR)
    service.script(**fail(on="delete", logical_id="First"))
    service.call("DeleteStack", StackName="web")
    assert service.settle("web") == "DELETE_FAILED"
    assert service.stack("web")["StackStatusReason"] == "The following resource(s) failed to delete: [First]. "
    service.call("DeleteStack", StackName="web", RetainResources=["First"])
    assert service.settle("web") == "DELETE_COMPLETE"


def test_dynamic_references_are_checked_and_never_written_down(make_service):
    service = make_service(parameters={"/known": "hush", "db": "hush"})
    good = parameter("{{resolve:ssm:/known}}-{{resolve:secretsmanager:db}}")
    assert service.deploy("web", template(P=good)) == "CREATE_COMPLETE"
    assert "hush" not in json.dumps(service.events("web"), default=str)
    assert (
        service.deploy("bad", template(P=parameter("{{resolve:secretsmanager:gone:SecretString:k}}")))
        == "ROLLBACK_COMPLETE"
    )
    reasons = [reason or "" for status, reason in service.steps("bad", "P") if status == "CREATE_FAILED"]
    assert reasons[0].startswith("Secrets Manager can't find the specified secret.")


def test_properties_that_do_not_fit_fail_the_resource(service):
    body = json.dumps(template(P={"Type": "AWS::SSM::Parameter", "Properties": {"Value": "v", "Colour": "red"}}))
    service.call("CreateStack", StackName="web", TemplateBody=body)
    assert service.settle("web") == "ROLLBACK_COMPLETE"
    assert service.steps("web", "P")[1] == (
        "CREATE_FAILED",
        "Property validation failure: [Encountered unsupported properties in {/}: [Colour], The property {/Type} is required]",
    )


def test_dependencies_come_before_dependents_in_both_directions(make_service):
    service = make_service({"seconds": {"resource": 1}})
    chain = {"R0": topic()}
    for number in range(1, 20):
        chain[f"R{number}"] = parameter({"Ref": f"R{number - 1}"}, Name=f"/r/{number}")
    service.deploy("web", template(**chain))
    service.call("DeleteStack", StackName="web")
    service.settle("web")
    ended = [
        each["LogicalResourceId"]
        for each in service.events("web")
        if each["ResourceStatus"] in {"CREATE_COMPLETE", "DELETE_COMPLETE"}
    ]
    order = [name for name in ended if name != "web"]
    assert order == [*chain, *reversed(chain)]
