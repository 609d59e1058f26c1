"""Stacks in time: every path through the states, with an event per resource in dependency order."""

from __future__ import annotations

import json

import pytest

from tests.local_cloudformation.support import parameter, refusal, template, topic

TWO = template(First=topic(DisplayName="a"), Second=topic(DisplayName={"Ref": "First"}))
CHANGED = template(First=topic(DisplayName="b"), Second=topic(DisplayName={"Ref": "First"}))
REPLACED = template(First=topic(DisplayName="a", FifoTopic=True), Second=topic(DisplayName={"Ref": "First"}))


def fail(on="create", **rule):
    return {"failures": [{"reason": "it broke", "on": on, **rule}]}


def test_a_creation_goes_through_its_states_in_order(service):
    assert service.deploy("web", TWO) == "CREATE_COMPLETE"
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
        "CreateChangeSet", StackName="web", ChangeSetName="c", ChangeSetType="CREATE", TemplateBody=json.dumps(TWO)
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
        service.call("CreateStack", StackName="web", TemplateBody=json.dumps(TWO))
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
    assert service.deploy("web", TWO) == "ROLLBACK_COMPLETE"
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
    service.call("CreateStack", StackName="web", TemplateBody=json.dumps(TWO), **options)
    assert service.settle("web") == status
    assert service.statuses("web") == seen


def test_a_failed_creation_that_stayed_can_be_rolled_back_or_mended(make_service):
    for mend in (False, True):
        service = make_service(fail(logical_id="Second", times=1))
        service.call("CreateStack", StackName="web", TemplateBody=json.dumps(TWO), DisableRollback=True)
        service.settle("web")
        if mend:
            service.call("UpdateStack", StackName="web", TemplateBody=json.dumps(TWO), DisableRollback=True)
            assert service.settle("web") == "UPDATE_COMPLETE"
            assert service.steps("web", "Second")[-2:] == [("DELETE_IN_PROGRESS", None), ("DELETE_COMPLETE", None)]
        else:
            service.call("RollbackStack", StackName="web")
            assert service.settle("web") == "ROLLBACK_COMPLETE"


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
    service.deploy("web", TWO)
    first = service.engine.find("web", "us-east-1").resources["First"].physical_id
    assert service.deploy("web", REPLACED) == "UPDATE_COMPLETE"
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
    service.deploy("web", {**TWO, "Outputs": {"O": {"Value": {"Ref": "First"}}}}, Tags=[{"Key": "v", "Value": "1"}])
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
    service.deploy("web", TWO)
    service.script(**fail(on="update", logical_id="First", times=1))
    assert service.deploy("web", CHANGED, DisableRollback=True) == "UPDATE_FAILED"
    code, words = refusal(lambda: service.call("UpdateStack", StackName="web", TemplateBody=json.dumps(CHANGED)))
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
    service.deploy("web", TWO)
    assert refusal(lambda: service.call("CancelUpdateStack", StackName="web")) == (
        "ValidationError",
        "CancelUpdateStack cannot be called from current stack status. You can cancel only stacks that are in the "
        "UPDATE_IN_PROGRESS state.",
    )
    service.call("UpdateStack", StackName="web", TemplateBody=json.dumps(CHANGED))
    service.clock.advance(3)
    words = refusal(lambda: service.call("DeleteStack", StackName="web"))[1]
    assert words.endswith("cannot be deleted while in status UPDATE_IN_PROGRESS")
    service.call("CancelUpdateStack", StackName="web", ClientRequestToken="c-1")
    assert service.stack("web")["StackStatus"] == "UPDATE_ROLLBACK_IN_PROGRESS"
    assert service.settle("web") == "UPDATE_ROLLBACK_COMPLETE"
    assert ("UPDATE_FAILED", "Resource update cancelled") in service.steps("web", "First")


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
    service.deploy("web", TWO)
    service.script(**fail(on="delete", logical_id="First"))
    service.call("DeleteStack", StackName="web")
    assert service.settle("web") == "DELETE_FAILED"
    assert service.stack("web")["StackStatusReason"] == "The following resource(s) failed to delete: [First]. "
    service.call("DeleteStack", StackName="web", RetainResources=["First"])
    assert service.settle("web") == "DELETE_COMPLETE"


def test_edge_case_30_termination_protection(service):
    service.deploy("web", TWO)
    service.call("UpdateTerminationProtection", StackName="web", EnableTerminationProtection=True)
    assert service.stack("web")["EnableTerminationProtection"] is True
    assert refusal(lambda: service.call("DeleteStack", StackName="web")) == (
        "ValidationError",
        "Stack [web] cannot be deleted while TerminationProtection is enabled",
    )
    service.call("UpdateTerminationProtection", StackName="web", EnableTerminationProtection=False)
    service.call("DeleteStack", StackName="web")
    assert service.settle("web") == "DELETE_COMPLETE"


POLICY = {
    "Statement": [
        {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"},
        {
            "Effect": "Deny",
            "Action": ["Update:Replace", "Update:Delete"],
            "Principal": "*",
            "Resource": "LogicalResourceId/First",
        },
    ]
}


@pytest.mark.parametrize(
    ("new", "status"),
    [
        (CHANGED, "UPDATE_COMPLETE"),
        (REPLACED, "UPDATE_ROLLBACK_COMPLETE"),
        (template(Second=topic(DisplayName="x")), "UPDATE_ROLLBACK_COMPLETE"),
    ],
)
def test_edge_case_31_a_stack_policy_is_kept_by_change_sets(service, new, status):
    service.deploy("web", TWO)
    service.call("SetStackPolicy", StackName="web", StackPolicyBody=json.dumps(POLICY))
    assert json.loads(service.call("GetStackPolicy", StackName="web")["StackPolicyBody"]) == POLICY
    assert service.deploy("web", new) == status
    if status != "UPDATE_COMPLETE":
        reasons = [reason or "" for name, reason in service.steps("web", "First") if name == "UPDATE_FAILED"]
        assert reasons[0].startswith("Action denied by stack policy: Statement [#2] does not allow")
        assert "First" in service.engine.find("web", "us-east-1").resources


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


EXPORTER = {**template(A=topic()), "Outputs": {"O": {"Value": {"Ref": "A"}, "Export": {"Name": "shared"}}}}
IMPORTER = template(B=topic(DisplayName={"Fn::ImportValue": "shared"}))


def test_exports_in_use_hold_their_stack(service):
    service.deploy("up", EXPORTER)
    service.deploy("down", IMPORTER)
    assert service.call("ListExports")["Exports"][0]["Name"] == "shared"
    assert service.call("ListImports", ExportName="shared")["Imports"] == ["down"]
    service.call("DeleteStack", StackName="up")
    assert service.settle("up") == "DELETE_FAILED"
    assert service.stack("up")["StackStatusReason"] == "Export shared cannot be deleted as it is in use by down"


def test_an_export_in_use_cannot_change(service):
    service.deploy("up", EXPORTER)
    service.deploy("down", IMPORTER)
    assert service.deploy("up", {**EXPORTER, **template(A=topic(FifoTopic=True))}) == "UPDATE_ROLLBACK_COMPLETE"
    reasons = [
        each.get("ResourceStatusReason")
        for each in service.events("up")
        if each["ResourceStatus"] == "UPDATE_ROLLBACK_IN_PROGRESS"
    ]
    assert reasons == ["Export shared cannot be updated as it is in use by down"]
    assert service.deploy("other", EXPORTER) == "ROLLBACK_COMPLETE"


def test_an_import_of_nothing_fails_when_it_is_needed(service):
    assert service.deploy("down", IMPORTER) == "ROLLBACK_COMPLETE"
    assert ("CREATE_FAILED", "No export named shared found.") in service.steps("down", "B")


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


def test_rollback_triggers_turn_an_update_back(make_service):
    arn = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:errors"
    service = make_service({"seconds": {"resource": 10}})
    service.deploy("web", TWO)
    configuration = {"RollbackTriggers": [{"Arn": arn, "Type": "AWS::CloudWatch::Alarm"}], "MonitoringTimeInMinutes": 5}
    service.backing.alarms["errors"] = "OK"
    service.call("UpdateStack", StackName="web", TemplateBody=json.dumps(CHANGED), RollbackConfiguration=configuration)
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
    service.call("UpdateStack", StackName="web", TemplateBody=json.dumps(CHANGED))
    assert service.settle("web") == "UPDATE_ROLLBACK_COMPLETE"


def test_a_watched_update_completes_when_no_alarm_rings(service):
    service.deploy("web", TWO)
    service.backing.alarms["errors"] = "OK"
    arn = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:errors"
    configuration = {"RollbackTriggers": [{"Arn": arn, "Type": "AWS::CloudWatch::Alarm"}], "MonitoringTimeInMinutes": 5}
    service.call("UpdateStack", StackName="web", TemplateBody=json.dumps(CHANGED), RollbackConfiguration=configuration)
    service.clock.advance(299)
    assert service.stack("web")["StackStatus"] == "UPDATE_IN_PROGRESS"
    service.clock.advance(1)
    assert service.stack("web")["StackStatus"] == "UPDATE_COMPLETE"


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
