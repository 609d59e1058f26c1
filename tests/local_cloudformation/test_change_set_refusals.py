"""Every refusal around change sets, in the words of the service (numbers are those of the edge cases)."""

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


def test_1_what_does_not_exist(service):
    cases = {
        ("DescribeStacks", "Stack with id web does not exist"): {"StackName": "web"},
        ("DescribeStackEvents", "Stack [web] does not exist"): {"StackName": "web"},
        ("DescribeStackResources", "Stack with id web does not exist"): {"StackName": "web"},
        ("ListStackResources", "Stack with id web does not exist"): {"StackName": "web"},
        ("GetTemplate", "Stack with id web does not exist"): {"StackName": "web"},
        ("UpdateStack", "Stack [web] does not exist"): {"StackName": "web", "TemplateBody": json.dumps(SINGLE)},
        ("ListChangeSets", "Stack [web] does not exist"): {"StackName": "web"},
    }
    for (operation, words), params in cases.items():
        assert refusal(lambda o=operation, p=params: service.call(o, **p)) == ("ValidationError", words)
    assert refusal(lambda: create_change_set(service, kind="UPDATE")) == (
        "ValidationError",
        "Stack [web] does not exist",
    )


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
    service.deploy("web", SINGLE)
    service.engine.find("web", "us-east-1").status = status
    stack_id = service.engine.find("web", "us-east-1").stack_id
    words = f"Stack:{stack_id} is in {status} state and can not be updated."
    assert refusal(lambda: create_change_set(service, body=CHANGED_SINGLE, kind="UPDATE")) == ("ValidationError", words)
    assert refusal(lambda: service.call("UpdateStack", StackName="web", TemplateBody=json.dumps(CHANGED_SINGLE))) == (
        "ValidationError",
        words,
    )


def test_7_names_and_the_same_name_again(service):
    pattern = (
        "1 validation error detected: Value '1c' at 'changeSetName' failed to satisfy constraint: Member must satisfy regular "
        "expression pattern: [a-zA-Z][-a-zA-Z0-9]*"
    )
    assert refusal(lambda: create_change_set(service, name="1c")) == ("ValidationError", pattern)
    assert refusal(lambda: create_change_set(service, name="c" * 129))[1].endswith(
        "Member must have length less than or equal to 128"
    )
    assert refusal(lambda: create_change_set(service, stack="my_stack"))[1].startswith(
        "1 validation error detected: Value 'my_stack' at 'stackName'"
    )
    made = create_change_set(service, ClientToken="t-1")
    assert create_change_set(service, ClientToken="t-1") == made
    assert refusal(lambda: create_change_set(service, body=CHANGED_SINGLE, ClientToken="t-1")) == (
        "AlreadyExistsException",
        "ChangeSet c1 cannot be created due to a mismatch with existing attribute Template",
    )


def test_8_the_limit_of_change_sets(make_service):
    service = make_service({"change_set_limit": 2})
    first = create_change_set(service)
    create_change_set(service, name="c2")
    assert refusal(lambda: create_change_set(service, name="c3")) == (
        "LimitExceededException",
        f"ChangeSet limit exceeded for stack {first['StackId']}",
    )
    service.call("DeleteChangeSet", ChangeSetName=first["Id"])
    create_change_set(service, name="c3")


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
        create_change_set(service, body=template(R=role), Capabilities=given)
        return
    found = refusal(lambda: create_change_set(service, body=template(R=role), Capabilities=given))
    assert found == ("InsufficientCapabilitiesException", f"Requires capabilities : [{missing}]")


def test_11_the_size_of_a_body_is_counted_in_bytes(service):
    text = json.dumps(SINGLE) + " " * (51_200 - len(json.dumps(SINGLE)))
    service.call("ValidateTemplate", TemplateBody=text)
    found = refusal(lambda: service.call("ValidateTemplate", TemplateBody=text + " "))
    assert found[0] == "ValidationError"
    assert found[1].endswith(
        "at 'templateBody' failed to satisfy constraint: Member must have length less than or equal to 51200"
    )
    wide = json.dumps(template(A=topic(DisplayName="ä" * 26_000)), ensure_ascii=False)
    assert len(wide) < 51_200 < len(wide.encode())
    assert refusal(lambda: service.call("ValidateTemplate", TemplateBody=wide))[1].endswith("51200")


def test_21_sets_that_cannot_be_executed(make_service):
    service = make_service({"seconds": {"change_set": 5, "resource": 5}})
    made = create_change_set(service)
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
    service.deploy("web", SINGLE)
    made = service.change_set("web", CHANGED_SINGLE)
    service.call("UpdateStack", StackName="web", TemplateBody=json.dumps(template(A=topic(DisplayName="c"))))
    service.settle("web")
    assert service.call("DescribeChangeSet", ChangeSetName=made["ChangeSetId"])["ExecutionStatus"] == "OBSOLETE"
    words = f"ChangeSet [{made['ChangeSetId']}] cannot be executed in its current execution status of [OBSOLETE]"
    assert refusal(lambda: service.call("ExecuteChangeSet", ChangeSetName=made["ChangeSetId"])) == (
        "InvalidChangeSetStatus",
        words,
    )


def test_22_a_token_seen_before_means_already_started(make_service):
    service = make_service({"seconds": {"resource": 5}})
    made = service.change_set("web", SINGLE)
    service.call("ExecuteChangeSet", ChangeSetName=made["ChangeSetId"], ClientRequestToken="t-1")
    code, _ = refusal(
        lambda: service.call("ExecuteChangeSet", ChangeSetName=made["ChangeSetId"], ClientRequestToken="t-1")
    )
    assert code == "TokenAlreadyExistsException"
    assert service.settle("web") == "CREATE_COMPLETE"
    tokens = {each.get("ClientRequestToken") for each in service.events("web")[1:]}
    assert tokens == {"t-1"}
    params = {"StackName": "other", "TemplateBody": json.dumps(SINGLE), "ClientRequestToken": "t-2"}
    assert service.call("CreateStack", **params) == service.call("CreateStack", **params)


def test_23_disable_rollback_excludes_on_stack_failure(service):
    made = service.change_set("web", SINGLE, OnStackFailure="DELETE")
    code, words = refusal(
        lambda: service.call("ExecuteChangeSet", ChangeSetName=made["ChangeSetId"], DisableRollback=False)
    )
    assert (code, "OnStackFailure" in words) == ("ValidationError", True)
    service.call("ExecuteChangeSet", ChangeSetName=made["ChangeSetId"])
    code, words = refusal(
        lambda: create_change_set(service, kind="UPDATE", body=CHANGED_SINGLE, name="c3", OnStackFailure="DELETE")
    )
    assert (code, "CREATE" in words) == ("ValidationError", True)


@pytest.mark.parametrize(
    ("params", "what"),
    [
        ({"DeploymentMode": "REVERT_DRIFT"}, "DeploymentMode REVERT_DRIFT"),
        ({"DeploymentConfig": {"Mode": "EXPRESS"}}, "DeploymentConfig.Mode EXPRESS"),
    ],
)
def test_32_33_modes_that_are_not_here_are_refused_by_name(service, params, what):
    code, words = refusal(lambda: create_change_set(service, **params))
    assert (code, words) == ("NotImplemented", f"{what} is not implemented by local-cloudformation")


def test_a_type_cannot_change_under_one_logical_id(service):
    service.deploy("web", SINGLE)
    made = service.change_set("web", template(A=parameter("v")))
    code, words = refusal(lambda: service.call("ExecuteChangeSet", ChangeSetName=made["ChangeSetId"]))
    assert (code, words) == (
        "ValidationError",
        "Update of resource type is not permitted. The new template modifies resource type of the following resources: [A]",
    )
    assert service.stack("web")["StackStatus"] == "CREATE_COMPLETE"
