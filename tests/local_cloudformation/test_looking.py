"""The operations that look: summaries, drift, policies, limits; each answer parsed by botocore."""

from __future__ import annotations

import json

import pytest

from tests.local_cloudformation.support import refusal, template, topic

BODY = {
    "Description": "What it is",
    "Metadata": {"Version": "1"},
    "Parameters": {
        "Size": {"Type": "String", "Default": "small", "AllowedValues": ["small", "big"], "Description": "How big"},
        "Secret": {"Type": "String", "NoEcho": True, "Default": "x"},
    },
    **template(
        A=topic(DisplayName={"Ref": "Size"}),
        R={"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {}, "RoleName": "r"}},
    ),
}


def test_a_summary_tells_what_a_template_asks_for(service):
    found = service.call("GetTemplateSummary", TemplateBody=json.dumps(BODY))
    size, secret = found["Parameters"]
    assert (size["DefaultValue"], size["ParameterConstraints"], size["NoEcho"]) == (
        "small",
        {"AllowedValues": ["small", "big"]},
        False,
    )
    assert (secret["NoEcho"], secret["ParameterType"]) == (True, "String")
    assert found["Capabilities"] == ["CAPABILITY_NAMED_IAM"]
    assert found["CapabilitiesReason"] == "The following resource(s) require capabilities: [AWS::IAM::Role]"
    assert found["ResourceTypes"] == ["AWS::SNS::Topic", "AWS::IAM::Role"]
    assert {
        "ResourceType": "AWS::IAM::Role",
        "LogicalResourceIds": ["R"],
        "ResourceIdentifiers": ["RoleName"],
    } in found["ResourceIdentifierSummaries"]
    assert json.loads(found["Metadata"]) == {"Version": "1"}


def test_a_template_is_validated_without_its_values(service):
    found = service.call("ValidateTemplate", TemplateBody=json.dumps(BODY))
    assert (found["Description"], [each["ParameterKey"] for each in found["Parameters"]]) == (
        "What it is",
        ["Size", "Secret"],
    )
    words = "Either Template URL or Template Body must be specified."
    assert refusal(lambda: service.call("ValidateTemplate")) == ("ValidationError", words)


def test_nested_stacks_are_validated_but_not_deployed(service):
    nested = {
        "Type": "AWS::CloudFormation::Stack",
        "Properties": {"TemplateURL": "https://artifacts.s3.amazonaws.com/a.json"},
    }
    text = json.dumps(template(A=nested, B=topic(DisplayName={"Fn::GetAtt": ["A", "Outputs.Name"]})))
    assert service.call("ValidateTemplate", TemplateBody=text)["Parameters"] == []
    code, words = refusal(lambda: service.call("CreateStack", StackName="web", TemplateBody=text))
    assert (code, "AWS::CloudFormation::Stack" in words) == ("NotImplemented", True)


def test_a_template_comes_back_as_it_was_sent(service):
    text = json.dumps(template(A=topic()), indent=7)
    service.call("CreateStack", StackName="web", TemplateBody=text)
    assert service.call("GetTemplate", StackName="web")["TemplateBody"] == text
    service.call("CreateStack", StackName="yaml", TemplateBody="Resources:\n  A: {Type: 'AWS::SNS::Topic'}\n")
    assert service.call("GetTemplate", StackName="yaml")["TemplateBody"].startswith("Resources:\n")


def test_a_summary_of_a_stack_in_review_is_refused(service):
    service.change_set("web", template(A=topic()))
    words = "GetTemplateSummary cannot be called on REVIEW_IN_PROGRESS stacks."
    assert refusal(lambda: service.call("GetTemplateSummary", StackName="web")) == ("ValidationError", words)


def test_an_estimate_is_an_address_and_no_figure(service):
    assert service.call("EstimateTemplateCost", TemplateBody=json.dumps(BODY))["Url"].startswith(
        "https://calculator.aws/"
    )


def test_drift_is_what_the_script_says_was_changed(make_service):
    rules = [
        {"logical_id": "A", "actual": {"/Properties/DisplayName": "by hand", "/Properties/FifoTopic": True}},
        {"logical_id": "C", "deleted": True},
    ]
    service = make_service({"drift": rules, "seconds": {"drift": 5}})
    service.deploy("web", template(A=topic(DisplayName="a"), B=topic(), C=topic()))
    detection = service.call("DetectStackDrift", StackName="web")["StackDriftDetectionId"]

    def status():
        return service.call("DescribeStackDriftDetectionStatus", StackDriftDetectionId=detection)

    assert status()["DetectionStatus"] == "DETECTION_IN_PROGRESS"
    service.clock.advance(5)
    assert (status()["DetectionStatus"], status()["StackDriftStatus"], status()["DriftedStackResourceCount"]) == (
        "DETECTION_COMPLETE",
        "DRIFTED",
        2,
    )
    drifts = service.call("DescribeStackResourceDrifts", StackName="web")["StackResourceDrifts"]
    shown = {each["LogicalResourceId"]: each for each in drifts}
    assert {name: each["StackResourceDriftStatus"] for name, each in shown.items()} == {
        "A": "MODIFIED",
        "B": "IN_SYNC",
        "C": "DELETED",
    }
    assert shown["A"]["PropertyDifferences"] == [
        {"PropertyPath": "/DisplayName", "ExpectedValue": "a", "ActualValue": "by hand", "DifferenceType": "NOT_EQUAL"},
        {"PropertyPath": "/FifoTopic", "ExpectedValue": "", "ActualValue": "true", "DifferenceType": "ADD"},
    ]
    assert service.stack("web")["DriftInformation"]["StackDriftStatus"] == "DRIFTED"
    only = service.call("DescribeStackResourceDrifts", StackName="web", StackResourceDriftStatusFilters=["DELETED"])
    assert [each["LogicalResourceId"] for each in only["StackResourceDrifts"]] == ["C"]
    one = service.call("DetectStackResourceDrift", StackName="web", LogicalResourceId="B")["StackResourceDrift"]
    assert one["StackResourceDriftStatus"] == "IN_SYNC"


@pytest.mark.parametrize(
    "policy",
    [
        "not json",
        "[]",
        '{"Statement": []}',
        '{"Statement": [{"Effect": "Allow", "Action": "Create:*", "Principal": "*", "Resource": "*"}]}',
    ],
)
def test_a_stack_policy_that_is_none(service, policy):
    service.deploy("web", template(A=topic()))
    found = refusal(lambda: service.call("SetStackPolicy", StackName="web", StackPolicyBody=policy))
    assert found == ("ValidationError", "Error validating stack policy: Invalid stack policy")


def test_rollback_triggers_that_are_none(service):
    body = json.dumps(template(A=topic()))
    cases = {
        ("AWS::SNS::Topic", "arn:aws:cloudwatch:us-east-1:111122223333:alarm:a"): "Rollback Trigger Type not supported",
        ("AWS::CloudWatch::Alarm", "arn:aws:sns:x"): "RelativeId of a Rollback Trigger's ARN is incorrect",
    }
    for (kind, arn), words in cases.items():
        configuration = {"RollbackTriggers": [{"Arn": arn, "Type": kind}]}
        found = refusal(
            lambda c=configuration: service.call(
                "CreateStack", StackName="w", TemplateBody=body, RollbackConfiguration=c
            )
        )
        assert found == ("ValidationError", words)


def test_lists_hold_what_they_should(service):
    for name in ("one", "two"):
        service.deploy(name, template(A=topic()))
    assert [each["StackName"] for each in service.call("DescribeStacks")["Stacks"]] == ["two", "one"]
    row = service.call("DescribeStackResource", StackName="one", LogicalResourceId="A")["StackResourceDetail"]
    found = service.call("DescribeStackResources", PhysicalResourceId=row["PhysicalResourceId"])["StackResources"]
    assert {each["StackName"] for each in found} == {"one"}
    words = "Resource B does not exist for stack one"
    assert refusal(lambda: service.call("DescribeStackResource", StackName="one", LogicalResourceId="B")) == (
        "ValidationError",
        words,
    )
    assert {each["Name"] for each in service.call("DescribeAccountLimits")["AccountLimits"]} >= {"StackLimit"}


def test_an_answer_cannot_leave_the_model():
    """A member or a status the model does not have is a mistake of the server, never an answer."""
    from local_cloudformation.protocol import answer, operation_model

    model = operation_model("DescribeStacks")
    whole = {"StackName": "w", "CreationTime": 0.0, "StackStatus": "CREATE_COMPLETE"}
    answer(model, {"Stacks": [whole]})
    for wrong in ({"Colour": "red"}, {"StackStatus": "FINE"}, {"DisableRollback": "no"}, {"StackName": 5}):
        with pytest.raises(TypeError):
            answer(model, {"Stacks": [{**whole, **wrong}]})
