"""Change sets: what they say and what comes of them (numbers are those of the edge cases)."""

from __future__ import annotations

import json

import pytest

from tests.local_cloudformation.support import (
    CHANGED_SINGLE,
    SINGLE,
    create_change_set,
    parameter,
    refusal,
    template,
    topic,
)

NO_CHANGES = "The submitted information didn't contain changes. Submit different information to create a change set."


def test_2_a_review_holds_the_name_with_nothing_in_it(service):
    made = create_change_set(service)
    assert service.stack("web")["StackStatus"] == "REVIEW_IN_PROGRESS"
    assert service.call("DescribeStackResources", StackName="web")["StackResources"] == []
    assert refusal(lambda: create_change_set(service, kind="UPDATE", name="c2"))[1] == "Stack [web] does not exist"
    again = create_change_set(service, name="c2")
    assert again["StackId"] == made["StackId"]
    assert refusal(lambda: service.call("CreateStack", StackName="web", TemplateBody=json.dumps(SINGLE))) == (
        "AlreadyExistsException",
        "Stack [web] already exists",
    )
    service.call("DeleteChangeSet", ChangeSetName=made["Id"])
    service.call("DeleteChangeSet", ChangeSetName="c2", StackName="web")
    assert service.call("ListChangeSets", StackName="web")["Summaries"] == []
    service.call("DeleteStack", StackName=made["StackId"])
    assert service.settle("web") == "DELETE_COMPLETE"


def test_12_no_echo_shows_nowhere(service):
    body = {
        "Parameters": {"Secret": {"Type": "String", "NoEcho": True}},
        **template(A=topic(DisplayName={"Ref": "Secret"})),
    }
    given = [{"ParameterKey": "Secret", "ParameterValue": "hush-hush"}]
    made = service.change_set("web", body, Parameters=given)
    assert made["Parameters"] == [{"ParameterKey": "Secret", "ParameterValue": "****"}]
    assert "hush-hush" not in json.dumps(made, default=str)
    service.deploy("web", body, Parameters=given)
    assert service.stack("web")["Parameters"] == [{"ParameterKey": "Secret", "ParameterValue": "****"}]
    assert "hush-hush" not in json.dumps(service.events("web"), default=str)
    kept = [{"ParameterKey": "Secret", "UsePreviousValue": True}]
    assert service.change_set("web", body, Parameters=kept)["StatusReason"] == NO_CHANGES


def test_13_tags_left_out_stay_and_an_empty_list_removes_them(service):
    service.deploy("web", SINGLE, Tags=[{"Key": "k", "Value": "v"}])
    assert service.change_set("web", SINGLE)["StatusReason"] == NO_CHANGES
    made = service.change_set("web", SINGLE, name="c2", Tags=[])
    assert made["Changes"][0]["ResourceChange"]["Scope"] == ["Tags"]
    service.call("ExecuteChangeSet", ChangeSetName=made["ChangeSetId"])
    service.settle("web")
    assert service.stack("web")["Tags"] == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (SINGLE, NO_CHANGES),
        ({**SINGLE, "Metadata": {"Version": "2"}}, "No updates are to be performed."),
        ({**SINGLE, "AWSTemplateFormatVersion": "2010-09-09"}, "No updates are to be performed."),
        (template(A=topic(DisplayName={"Fn::Sub": "a"})), "No updates are to be performed."),
    ],
)
def test_14_no_change_has_two_texts(service, body, words):
    service.deploy("web", SINGLE)
    made = service.change_set("web", body)
    assert (made["Status"], made["ExecutionStatus"], made["StatusReason"]) == ("FAILED", "UNAVAILABLE", words)
    assert "Changes" not in made or made["Changes"] == []
    direct = refusal(lambda: service.call("UpdateStack", StackName="web", TemplateBody=json.dumps(body)))
    assert direct == ("ValidationError", "No updates are to be performed.")


@pytest.mark.parametrize(
    "body",
    [
        {**SINGLE, "Outputs": {"O": {"Value": "new"}}},
        {**SINGLE, "Description": "new"},
    ],
)
def test_15_outputs_and_description_alone_are_a_set_without_changes_that_executes(service, body):
    service.deploy("web", SINGLE)
    made = service.change_set("web", body)
    assert (made["Status"], made["ExecutionStatus"], made["Changes"]) == ("CREATE_COMPLETE", "AVAILABLE", [])
    assert service.deploy("web", body) == "UPDATE_COMPLETE"
    shown = service.stack("web")
    assert shown.get("Description") == body.get("Description")
    assert [each["OutputValue"] for each in shown.get("Outputs", [])] == [
        each["Value"] for each in body.get("Outputs", {}).values()
    ]


def test_16_early_validation_says_where_to_look(service):
    made = service.change_set("web", template(P=parameter("v", Colour="red")))
    assert (made["Status"], made["StatusReason"]) == (
        "FAILED",
        "The following hook(s)/validation failed: [AWS::EarlyValidation::PropertyValidation]. To troubleshoot Early "
        "Validation errors, use the DescribeEvents API for detailed failure information.",
    )
    found = service.call("DescribeEvents", ChangeSetName=made["ChangeSetId"], Filters={"FailedEvents": True})[
        "OperationEvents"
    ]
    event = next(each for each in found if each["EventType"] == "VALIDATION_ERROR")
    assert (
        event["ValidationName"],
        event["ValidationStatusReason"],
        event["ValidationPath"],
        event["ValidationFailureMode"],
    ) == (
        "PROPERTY_VALIDATION",
        "Unsupported property [Colour]",
        "/Resources/P/Properties/Colour",
        "FAIL",
    )
    assert event["LogicalResourceId"] == "P"
    words = "One of ChangeSetName, OperationId or StackName must be specified"
    assert refusal(lambda: service.call("DescribeEvents", ChangeSetName="set")) == ("ValidationError", words)
    assert (
        service.change_set("web", template(P=parameter("v", Colour="red")), name="c9", DisableValidation=True)["Status"]
        == "CREATE_COMPLETE"
    )


def test_17_names_that_are_taken_are_found_before_the_deployment(service):
    kept = {**topic(TopicName="shared"), "DeletionPolicy": "Retain"}
    service.deploy("one", template(A=kept))
    for stack in ("two", "three"):
        made = service.change_set(stack, template(A=topic(TopicName="shared")))
        assert "AWS::EarlyValidation::ResourceExistenceCheck" in made["StatusReason"]
        event = service.call("DescribeEvents", ChangeSetName=made["ChangeSetId"], Filters={"FailedEvents": True})[
            "OperationEvents"
        ][-1]
        assert event["ValidationName"] == "NAME_CONFLICT_VALIDATION"
        arn = "arn:aws:sns:us-east-1:111122223333:shared"
        assert (
            event["ValidationStatusReason"]
            == f"Resource of type 'AWS::SNS::Topic' with identifier '{arn}' already exists."
        )
        if stack == "two":
            # Left behind by its stack, the name is still taken.
            service.call("DeleteStack", StackName="one")
            service.settle("one")


def test_17_a_warning_does_not_fail_the_set(make_service):
    rule = {
        "name": "BUCKET_EMPTINESS_VALIDATION",
        "reason": "The bucket is not empty.",
        "logical_id": "A",
        "mode": "WARN",
    }
    service = make_service({"validations": [rule]})
    made = service.change_set("web", SINGLE)
    assert made["Status"] == "CREATE_COMPLETE"
    events = service.call("DescribeEvents", ChangeSetName=made["ChangeSetId"])["OperationEvents"]
    assert [each["ValidationStatusReason"] for each in events if each["EventType"] == "VALIDATION_ERROR"] == [
        "The bucket is not empty."
    ]


def test_18_a_hook_that_fails_is_read_from_its_result(make_service):
    note = {
        "AnnotationName": "encryption",
        "Status": "FAILED",
        "StatusMessage": "not encrypted",
        "SeverityLevel": "HIGH",
    }
    service = make_service(
        {"hooks": [{"type_name": "Example::Guard::Hook", "reason": "Template is not compliant", "annotations": [note]}]}
    )
    made = service.change_set("web", SINGLE)
    assert (made["Status"], made["StatusReason"]) == ("FAILED", "The following hook(s) failed: [Example::Guard::Hook]")
    listed = service.call("ListHookResults", TargetType="CHANGE_SET", TargetId=made["ChangeSetId"])["HookResults"]
    assert (listed[0]["Status"], listed[0]["HookStatusReason"]) == ("HOOK_COMPLETE_FAILED", "Template is not compliant")
    result = service.call("GetHookResult", HookResultId=listed[0]["HookResultId"])
    assert result["Annotations"][0]["StatusMessage"] == "not encrypted"


def test_19_incomplete_values_leave_a_resource_out_with_a_warning(make_service):
    service = make_service({"incomplete_values": ["A"]})
    made = service.change_set("web", template(A=topic(), B=topic()))
    assert made["StatusReason"] == (
        "[WARN] --include-property-values option can return incomplete ChangeSet data because: Logical Id: A, failed "
        "property validation"
    )
    assert [each["ResourceChange"]["LogicalResourceId"] for each in made["Changes"]] == ["B"]
    plain = service.call("DescribeChangeSet", ChangeSetName=made["ChangeSetId"])
    assert [each["ResourceChange"]["LogicalResourceId"] for each in plain["Changes"]] == ["A", "B"]


def test_20_many_changes_come_in_pages_of_a_megabyte(service):
    big = {f"Topic{number}": topic(DisplayName="x" * 5000) for number in range(400)}
    service.engine.backing.fetch = lambda url, region: json.dumps(template(**big)) if url.endswith("big.json") else None
    words = refusal(
        lambda: create_change_set(service, body=None, TemplateURL="https://bucket.s3.amazonaws.com/big.json")
    )[1]
    assert words == "Template may not exceed 1000000 bytes in size."
    half = template(**{f"Topic{number}": topic(DisplayName="x" * 2400) for number in range(400)})
    service.engine.backing.fetch = lambda url, region: json.dumps(half)
    made = create_change_set(service, body=None, TemplateURL="https://bucket.s3.amazonaws.com/big.json")
    pages, token = [], {}
    while token is not None:
        page = service.call("DescribeChangeSet", ChangeSetName=made["Id"], IncludePropertyValues=True, **token)
        pages.append(len(page["Changes"]))
        token = {"NextToken": page["NextToken"]} if "NextToken" in page else None
    assert len(pages) > 1
    assert sum(pages) == 400


def test_21_executing_one_set_deletes_the_others(service):
    service.deploy("web", SINGLE)
    other = service.change_set("web", template(A=topic(DisplayName="c")), name="other")
    service.deploy("web", CHANGED_SINGLE)
    error = refusal(lambda: service.call("DescribeChangeSet", ChangeSetName=other["ChangeSetId"]))
    assert error == ("ChangeSetNotFound", f"ChangeSet [{other['ChangeSetId']}] does not exist")


def test_24_events_are_newest_first_in_pages_with_one_operation_s_id(service):
    service.deploy("web", template(**{f"T{number}": topic() for number in range(60)}))
    first = service.call("DescribeStackEvents", StackName="web")
    second = service.call("DescribeStackEvents", StackName="web", NextToken=first["NextToken"])
    events = first["StackEvents"] + second["StackEvents"]
    assert len({each["EventId"] for each in events}) == len(events)
    assert events[0]["ResourceStatus"] == "CREATE_COMPLETE"
    assert events[0]["LogicalResourceId"] == "web"
    operation = service.stack("web")["LastOperations"][0]["OperationId"]
    of_operation = service.call("DescribeEvents", OperationId=operation)["OperationEvents"]
    assert {each["OperationId"] for each in of_operation} == {operation}


def test_27_a_stack_deleted_on_failure_is_found_by_its_id(make_service):
    service = make_service({"failures": [{"reason": "no", "logical_id": "A"}]})
    made = service.change_set("web", SINGLE, OnStackFailure="DELETE")
    service.call("ExecuteChangeSet", ChangeSetName=made["ChangeSetId"])
    service.settle("web")
    assert service.call("DescribeStacks", StackName=made["StackId"])["Stacks"][0]["StackStatus"] == "DELETE_COMPLETE"
    assert refusal(lambda: service.stack("web"))[1] == "Stack with id web does not exist"


def test_28_failed_events_are_told_from_the_others(make_service):
    service = make_service({"failures": [{"reason": "no", "logical_id": "A"}]})
    service.deploy("web", SINGLE)
    found = service.call("DescribeEvents", StackName="web", Filters={"FailedEvents": True})["OperationEvents"]
    assert ("PROVISIONING_ERROR", "A", "no") in {
        (each["EventType"], each["LogicalResourceId"], each.get("ResourceStatusReason")) for each in found
    }


def test_existing_resources_are_imported_rather_than_made(service):
    kept = {**topic(TopicName="shared"), "DeletionPolicy": "Retain"}
    service.deploy("one", template(A=kept))
    service.call("DeleteStack", StackName="one")
    service.settle("one")
    made = service.change_set("two", template(A=kept), ImportExistingResources=True)
    change = made["Changes"][0]["ResourceChange"]
    assert (change["Action"], change["PhysicalResourceId"]) == ("Import", "arn:aws:sns:us-east-1:111122223333:shared")
    service.call("ExecuteChangeSet", ChangeSetName=made["ChangeSetId"])
    assert service.settle("two") == "CREATE_COMPLETE"
    assert service.steps("two", "A") == [("IMPORT_IN_PROGRESS", None), ("IMPORT_COMPLETE", None)]


def test_an_import_change_set_takes_over_what_it_names(service):
    existing = {**topic(TopicName="shared"), "DeletionPolicy": "Retain"}
    target = {"ResourceType": "AWS::SNS::Topic", "LogicalResourceId": "A", "ResourceIdentifier": {"TopicArn": "arn:x"}}
    service.deploy("web", template(B=topic()))
    made = service.change_set(
        "web", template(A=existing, B=topic()), ChangeSetType="IMPORT", ResourcesToImport=[target]
    )
    assert [each["ResourceChange"]["Action"] for each in made["Changes"]] == ["Import"]
    service.call("ExecuteChangeSet", ChangeSetName=made["ChangeSetId"])
    assert service.settle("web") == "IMPORT_COMPLETE"
    assert service.engine.find("web", "us-east-1").resources["A"].physical_id == "arn:x"


def test_ssm_parameters_are_resolved_when_the_set_is_made(make_service):
    body = {
        "Parameters": {"Vpc": {"Type": "AWS::SSM::Parameter::Value<AWS::EC2::VPC::Id>", "Default": "/net/vpc"}},
        **template(S={"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.0.0.0/24"}}),
    }
    service = make_service()
    words = "Unable to fetch parameters [/net/vpc] from parameter store for this account."
    assert refusal(lambda: create_change_set(service, body=body)) == ("ValidationError", words)
    service.deploy("net", template(P=parameter("vpc-0123456789abcdef0", Name="/net/vpc")))
    made = service.change_set("web", body)
    assert made["Parameters"] == [
        {"ParameterKey": "Vpc", "ParameterValue": "/net/vpc", "ResolvedValue": "vpc-0123456789abcdef0"}
    ]
    service.deploy("web", body)
    service.deploy("net", template(P=parameter("vpc-0123456789abcdef1", Name="/net/vpc")))
    change = service.change_set("web", body, name="c9")["Changes"][0]["ResourceChange"]
    assert (change["Replacement"], change["Details"][-1]["CausingEntity"]) == ("True", "Vpc")
