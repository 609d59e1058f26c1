"""Change sets: what they say, when they fail, and every refusal around them (numbers are those of the edge cases)."""

from __future__ import annotations

import json

import pytest

from tests.local_cloudformation.support import parameter, refusal, template, topic

ONE = template(A=topic(DisplayName="a"))
TWO = template(A=topic(DisplayName="b"))
NO_CHANGES = "The submitted information didn't contain changes. Submit different information to create a change set."


def create(service, stack="web", name="c1", body=ONE, kind="CREATE", **params):
    return service.call(
        "CreateChangeSet",
        StackName=stack,
        ChangeSetName=name,
        ChangeSetType=kind,
        **({"TemplateBody": json.dumps(body)} if body else {}),
        **params,
    )


def test_1_what_does_not_exist(service):
    cases = {
        ("DescribeStacks", "Stack with id web does not exist"): {"StackName": "web"},
        ("DescribeStackEvents", "Stack [web] does not exist"): {"StackName": "web"},
        ("DescribeStackResources", "Stack with id web does not exist"): {"StackName": "web"},
        ("ListStackResources", "Stack with id web does not exist"): {"StackName": "web"},
        ("GetTemplate", "Stack with id web does not exist"): {"StackName": "web"},
        ("UpdateStack", "Stack [web] does not exist"): {"StackName": "web", "TemplateBody": json.dumps(ONE)},
        ("ListChangeSets", "Stack [web] does not exist"): {"StackName": "web"},
    }
    for (operation, words), params in cases.items():
        assert refusal(lambda o=operation, p=params: service.call(o, **p)) == ("ValidationError", words)
    assert refusal(lambda: create(service, kind="UPDATE")) == ("ValidationError", "Stack [web] does not exist")


def test_2_a_review_holds_the_name_with_nothing_in_it(service):
    made = create(service)
    assert service.stack("web")["StackStatus"] == "REVIEW_IN_PROGRESS"
    assert service.call("DescribeStackResources", StackName="web")["StackResources"] == []
    assert refusal(lambda: create(service, kind="UPDATE", name="c2"))[1] == "Stack [web] does not exist"
    again = create(service, name="c2")
    assert again["StackId"] == made["StackId"]
    assert refusal(lambda: service.call("CreateStack", StackName="web", TemplateBody=json.dumps(ONE))) == (
        "AlreadyExistsException",
        "Stack [web] already exists",
    )
    service.call("DeleteChangeSet", ChangeSetName=made["Id"])
    service.call("DeleteChangeSet", ChangeSetName="c2", StackName="web")
    assert service.call("ListChangeSets", StackName="web")["Summaries"] == []
    service.call("DeleteStack", StackName=made["StackId"])
    assert service.settle("web") == "DELETE_COMPLETE"


@pytest.mark.parametrize(
    "status",
    [
        "ROLLBACK_COMPLETE",
        "ROLLBACK_FAILED",
        "DELETE_FAILED",
        "UPDATE_ROLLBACK_FAILED",
        "UPDATE_IN_PROGRESS",
        "CREATE_IN_PROGRESS",
    ],
)
def test_4_stacks_that_cannot_be_updated(service, status):
    service.deploy("web", ONE)
    service.engine.find("web", "us-east-1").status = status
    stack_id = service.engine.find("web", "us-east-1").stack_id
    words = f"Stack:{stack_id} is in {status} state and can not be updated."
    assert refusal(lambda: create(service, body=TWO, kind="UPDATE")) == ("ValidationError", words)
    assert refusal(lambda: service.call("UpdateStack", StackName="web", TemplateBody=json.dumps(TWO))) == (
        "ValidationError",
        words,
    )


def test_7_names_and_the_same_name_again(service):
    pattern = (
        "1 validation error detected: Value '1c' at 'changeSetName' failed to satisfy constraint: Member must satisfy regular "
        "expression pattern: [a-zA-Z][-a-zA-Z0-9]*"
    )
    assert refusal(lambda: create(service, name="1c")) == ("ValidationError", pattern)
    assert refusal(lambda: create(service, name="c" * 129))[1].endswith(
        "Member must have length less than or equal to 128"
    )
    assert refusal(lambda: create(service, stack="my_stack"))[1].startswith(
        "1 validation error detected: Value 'my_stack' at 'stackName'"
    )
    made = create(service, ClientToken="t-1")
    assert create(service, ClientToken="t-1") == made
    assert refusal(lambda: create(service, body=TWO, ClientToken="t-1")) == (
        "AlreadyExistsException",
        "ChangeSet c1 cannot be created due to a mismatch with existing attribute Template",
    )


def test_8_the_limit_of_change_sets(make_service):
    service = make_service({"change_set_limit": 2})
    first = create(service)
    create(service, name="c2")
    assert refusal(lambda: create(service, name="c3")) == (
        "LimitExceededException",
        f"ChangeSet limit exceeded for stack {first['StackId']}",
    )
    service.call("DeleteChangeSet", ChangeSetName=first["Id"])
    create(service, name="c3")


ROLE = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {}}}
NAMED = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {}, "RoleName": "r"}}


@pytest.mark.parametrize(
    ("role", "given", "missing"),
    [
        (ROLE, [], "CAPABILITY_IAM"),
        (NAMED, ["CAPABILITY_IAM"], "CAPABILITY_NAMED_IAM"),
        (ROLE, ["CAPABILITY_IAM"], None),
        (ROLE, ["CAPABILITY_NAMED_IAM"], None),
        (NAMED, ["CAPABILITY_NAMED_IAM"], None),
    ],
)
def test_9_capabilities(service, role, given, missing):
    if missing is None:
        create(service, body=template(R=role), Capabilities=given)
        return
    found = refusal(lambda: create(service, body=template(R=role), Capabilities=given))
    assert found == ("InsufficientCapabilitiesException", f"Requires capabilities : [{missing}]")


def test_11_the_size_of_a_body_is_counted_in_bytes(service):
    text = json.dumps(ONE) + " " * (51_200 - len(json.dumps(ONE)))
    service.call("ValidateTemplate", TemplateBody=text)
    found = refusal(lambda: service.call("ValidateTemplate", TemplateBody=text + " "))
    assert found[0] == "ValidationError"
    assert found[1].endswith(
        "at 'templateBody' failed to satisfy constraint: Member must have length less than or equal to 51200"
    )
    wide = json.dumps(template(A=topic(DisplayName="ä" * 26_000)), ensure_ascii=False)
    assert len(wide) < 51_200 < len(wide.encode())
    assert refusal(lambda: service.call("ValidateTemplate", TemplateBody=wide))[1].endswith("51200")


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
    service.deploy("web", ONE, Tags=[{"Key": "k", "Value": "v"}])
    assert service.change_set("web", ONE)["StatusReason"] == NO_CHANGES
    made = service.change_set("web", ONE, name="c2", Tags=[])
    assert made["Changes"][0]["ResourceChange"]["Scope"] == ["Tags"]
    service.call("ExecuteChangeSet", ChangeSetName=made["ChangeSetId"])
    service.settle("web")
    assert service.stack("web")["Tags"] == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (ONE, NO_CHANGES),
        ({**ONE, "Metadata": {"Version": "2"}}, "No updates are to be performed."),
        ({**ONE, "AWSTemplateFormatVersion": "2010-09-09"}, "No updates are to be performed."),
        (template(A=topic(DisplayName={"Fn::Sub": "a"})), "No updates are to be performed."),
    ],
)
def test_14_no_change_has_two_texts(service, body, words):
    service.deploy("web", ONE)
    made = service.change_set("web", body)
    assert (made["Status"], made["ExecutionStatus"], made["StatusReason"]) == ("FAILED", "UNAVAILABLE", words)
    assert "Changes" not in made or made["Changes"] == []
    direct = refusal(lambda: service.call("UpdateStack", StackName="web", TemplateBody=json.dumps(body)))
    assert direct == ("ValidationError", "No updates are to be performed.")


@pytest.mark.parametrize(
    "body",
    [
        {**ONE, "Outputs": {"O": {"Value": "new"}}},
        {**ONE, "Description": "new"},
    ],
)
def test_15_outputs_and_description_alone_are_a_set_without_changes_that_executes(service, body):
    service.deploy("web", ONE)
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
    made = service.change_set("web", ONE)
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
    made = service.change_set("web", ONE)
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
    words = refusal(lambda: create(service, body=None, TemplateURL="https://bucket.s3.amazonaws.com/big.json"))[1]
    assert words == "Template may not exceed 1000000 bytes in size."
    half = template(**{f"Topic{number}": topic(DisplayName="x" * 2400) for number in range(400)})
    service.engine.backing.fetch = lambda url, region: json.dumps(half)
    made = create(service, body=None, TemplateURL="https://bucket.s3.amazonaws.com/big.json")
    pages, token = [], {}
    while token is not None:
        page = service.call("DescribeChangeSet", ChangeSetName=made["Id"], IncludePropertyValues=True, **token)
        pages.append(len(page["Changes"]))
        token = {"NextToken": page["NextToken"]} if "NextToken" in page else None
    assert len(pages) > 1
    assert sum(pages) == 400


def test_21_sets_that_cannot_be_executed(make_service):
    service = make_service({"seconds": {"change_set": 5, "resource": 5}})
    made = create(service)
    words = f"ChangeSet [{made['Id']}] cannot be executed in its current status of [CREATE_IN_PROGRESS]"
    assert refusal(lambda: service.call("ExecuteChangeSet", ChangeSetName=made["Id"])) == (
        "InvalidChangeSetStatus",
        words,
    )
    service.clock.advance(5)
    service.call("ExecuteChangeSet", ChangeSetName=made["Id"])
    words = f"ChangeSet [{made['Id']}] cannot be executed in its current execution status of [EXECUTE_IN_PROGRESS]"
    assert refusal(lambda: service.call("ExecuteChangeSet", ChangeSetName=made["Id"])) == (
        "InvalidChangeSetStatus",
        words,
    )
    assert service.settle("web") == "CREATE_COMPLETE"
    assert service.call("DescribeChangeSet", ChangeSetName=made["Id"])["ExecutionStatus"] == "EXECUTE_COMPLETE"


def test_21_an_update_by_somebody_else_makes_a_set_obsolete(service):
    service.deploy("web", ONE)
    made = service.change_set("web", TWO)
    service.call("UpdateStack", StackName="web", TemplateBody=json.dumps(template(A=topic(DisplayName="c"))))
    service.settle("web")
    assert service.call("DescribeChangeSet", ChangeSetName=made["ChangeSetId"])["ExecutionStatus"] == "OBSOLETE"
    words = f"ChangeSet [{made['ChangeSetId']}] cannot be executed in its current execution status of [OBSOLETE]"
    assert refusal(lambda: service.call("ExecuteChangeSet", ChangeSetName=made["ChangeSetId"])) == (
        "InvalidChangeSetStatus",
        words,
    )


def test_21_executing_one_set_deletes_the_others(service):
    service.deploy("web", ONE)
    other = service.change_set("web", template(A=topic(DisplayName="c")), name="other")
    service.deploy("web", TWO)
    error = refusal(lambda: service.call("DescribeChangeSet", ChangeSetName=other["ChangeSetId"]))
    assert error == ("ChangeSetNotFound", f"ChangeSet [{other['ChangeSetId']}] does not exist")


def test_22_a_token_seen_before_means_already_started(make_service):
    service = make_service({"seconds": {"resource": 5}})
    made = service.change_set("web", ONE)
    service.call("ExecuteChangeSet", ChangeSetName=made["ChangeSetId"], ClientRequestToken="t-1")
    code, _ = refusal(
        lambda: service.call("ExecuteChangeSet", ChangeSetName=made["ChangeSetId"], ClientRequestToken="t-1")
    )
    assert code == "TokenAlreadyExistsException"
    assert service.settle("web") == "CREATE_COMPLETE"
    tokens = {each.get("ClientRequestToken") for each in service.events("web")[1:]}
    assert tokens == {"t-1"}
    params = {"StackName": "other", "TemplateBody": json.dumps(ONE), "ClientRequestToken": "t-2"}
    assert service.call("CreateStack", **params) == service.call("CreateStack", **params)


def test_23_disable_rollback_excludes_on_stack_failure(service):
    made = service.change_set("web", ONE, OnStackFailure="DELETE")
    code, words = refusal(
        lambda: service.call("ExecuteChangeSet", ChangeSetName=made["ChangeSetId"], DisableRollback=False)
    )
    assert (code, "OnStackFailure" in words) == ("ValidationError", True)
    service.call("ExecuteChangeSet", ChangeSetName=made["ChangeSetId"])
    code, words = refusal(lambda: create(service, kind="UPDATE", body=TWO, name="c3", OnStackFailure="DELETE"))
    assert (code, "CREATE" in words) == ("ValidationError", True)


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
    made = service.change_set("web", ONE, OnStackFailure="DELETE")
    service.call("ExecuteChangeSet", ChangeSetName=made["ChangeSetId"])
    service.settle("web")
    assert service.call("DescribeStacks", StackName=made["StackId"])["Stacks"][0]["StackStatus"] == "DELETE_COMPLETE"
    assert refusal(lambda: service.stack("web"))[1] == "Stack with id web does not exist"


def test_28_failed_events_are_told_from_the_others(make_service):
    service = make_service({"failures": [{"reason": "no", "logical_id": "A"}]})
    service.deploy("web", ONE)
    found = service.call("DescribeEvents", StackName="web", Filters={"FailedEvents": True})["OperationEvents"]
    assert ("PROVISIONING_ERROR", "A", "no") in {
        (each["EventType"], each["LogicalResourceId"], each.get("ResourceStatusReason")) for each in found
    }


@pytest.mark.parametrize(
    ("params", "what"),
    [
        ({"DeploymentMode": "REVERT_DRIFT"}, "DeploymentMode REVERT_DRIFT"),
        ({"DeploymentConfig": {"Mode": "EXPRESS"}}, "DeploymentConfig.Mode EXPRESS"),
    ],
)
def test_32_33_modes_that_are_not_here_are_refused_by_name(service, params, what):
    code, words = refusal(lambda: create(service, **params))
    assert (code, words) == ("NotImplemented", f"{what} is not implemented by local-cloudformation")


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
    assert refusal(lambda: create(service, body=body)) == ("ValidationError", words)
    service.deploy("net", template(P=parameter("vpc-0123456789abcdef0", Name="/net/vpc")))
    made = service.change_set("web", body)
    assert made["Parameters"] == [
        {"ParameterKey": "Vpc", "ParameterValue": "/net/vpc", "ResolvedValue": "vpc-0123456789abcdef0"}
    ]
    service.deploy("web", body)
    service.deploy("net", template(P=parameter("vpc-0123456789abcdef1", Name="/net/vpc")))
    change = service.change_set("web", body, name="c9")["Changes"][0]["ResourceChange"]
    assert (change["Replacement"], change["Details"][-1]["CausingEntity"]) == ("True", "Vpc")


def test_a_type_cannot_change_under_one_logical_id(service):
    service.deploy("web", ONE)
    made = service.change_set("web", template(A=parameter("v")))
    code, words = refusal(lambda: service.call("ExecuteChangeSet", ChangeSetName=made["ChangeSetId"]))
    assert (code, words) == (
        "ValidationError",
        "Update of resource type is not permitted. The new template modifies resource type of the following resources: [A]",
    )
    assert service.stack("web")["StackStatus"] == "CREATE_COMPLETE"
