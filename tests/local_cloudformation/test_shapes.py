"""Every answer against botocore's output shapes, on the bytes of the wire: a parser drops in silence what it does not know."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from datetime import datetime

import pytest
from local_cloudformation.api import OPERATIONS

from tests.local_cloudformation.support import template, topic

# Sent by the service in events of stacks, though the model's enumeration lacks it.
CLEANING_UP = {f"UPDATE_{each}COMPLETE_CLEANUP_IN_PROGRESS" for each in ("", "ROLLBACK_")}
UNLISTED = {"ResourceStatus": {"REVIEW_IN_PROGRESS", *CLEANING_UP}}
WEB = {
    "Description": "web",
    "Parameters": {"Name": {"Type": "String", "Default": "first", "Description": "name", "AllowedPattern": ".*"}},
    "Conditions": {"Always": {"Fn::Equals": ["a", "a"]}},
    **template(
        Topic=topic(DisplayName={"Ref": "Name"}),
        Group={
            "Type": "AWS::Logs::LogGroup",
            "DeletionPolicy": "Retain",
            "Properties": {"LogGroupName": "web", "RetentionInDays": 7},
        },
        Waits={
            "Type": "AWS::AutoScaling::AutoScalingGroup",
            "CreationPolicy": {"ResourceSignal": {"Count": 1, "Timeout": "PT1M"}},
            "Properties": {"MinSize": "1", "MaxSize": "1", "AvailabilityZones": ["us-east-1a"]},
        },
    ),
    "Outputs": {"Arn": {"Value": {"Ref": "Topic"}, "Description": "the topic", "Export": {"Name": "topic"}}},
}
ANYTHING = {"Statement": [{"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}]}
USER = template(Name=topic(DisplayName={"Fn::ImportValue": "topic"}))


def problems(shape, element, path):
    """Where an element differs from its shape, in words."""
    name = lambda each: each.tag.rpartition("}")[2]  # noqa: E731 - no more than a short name for this
    if shape.type_name == "structure":
        wire = {member.serialization.get("name", key): (key, member) for key, member in shape.members.items()}
        found = [name(each) for each in element]
        yield from (f"{path}: {each} is no member of {shape.name}" for each in found if each not in wire)
        yield from (f"{path}: {each} twice" for each in set(found) if found.count(each) > 1)
        present = {wire[each][0] for each in found if each in wire}
        yield from (f"{path}: {each} is required" for each in shape.required_members if each not in present)
        for each in element:
            if name(each) in wire:
                key, member = wire[name(each)]
                yield from problems(member, each, f"{path}.{key}")
    elif shape.type_name == "list":
        wanted = shape.member.serialization.get("name", "member")
        for number, each in enumerate(element):
            if name(each) != wanted:
                yield f"{path}: {name(each)} in place of {wanted}"
            yield from problems(shape.member, each, f"{path}[{number}]")
    elif shape.type_name == "map":
        for each in element:
            if [name(part) for part in each] != ["key", "value"]:
                yield f"{path}: an entry of {[name(part) for part in each]}"
    elif len(element):
        yield f"{path}: elements in a {shape.type_name}"
    else:
        yield from scalar_problems(shape, element.text or "", path)


def scalar_problems(shape, text, path):
    """Where a text is no value of its shape."""
    if shape.type_name == "boolean" and text not in {"true", "false"}:
        yield f"{path}: {text!r} is no boolean"
    elif shape.type_name in {"integer", "long"} and not re.fullmatch(r"-?\d+", text):
        yield f"{path}: {text!r} is no number"
    elif shape.type_name == "timestamp":
        try:
            datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z")
        except ValueError:
            yield f"{path}: {text!r} is no moment"
    elif shape.type_name == "string":
        limits = shape.metadata
        if limits.get("enum") and text not in {*limits["enum"], *UNLISTED.get(shape.name, ())}:
            yield f"{path}: {text!r} is not in {shape.name}"
        if not limits.get("min", 0) <= len(text) <= limits.get("max", len(text)):
            yield f"{path}: {len(text)} characters"
        if limits.get("pattern") and not re.match(limits["pattern"], text):
            yield f"{path}: {text!r} does not match {limits['pattern']}"


@pytest.fixture
def checked(client):
    """A client whose answers are all checked, the operations that were answered, and what was wrong."""
    seen, wrong = set(), []

    def check(operation_model, response_dict, **_):
        if response_dict["status_code"] != 200:
            return
        seen.add(operation_model.name)
        root = ET.fromstring(response_dict["body"])  # noqa: S314 - our own server's
        shape = operation_model.output_shape
        metadata = "{" + operation_model.metadata["xmlNamespace"] + "}ResponseMetadata"
        if root.find(metadata) is None:
            wrong.append(f"{operation_model.name}: no ResponseMetadata")
        if shape is not None:
            result = next(each for each in root if each.tag.endswith(shape.serialization["resultWrapper"]))
            wrong.extend(problems(shape, result, operation_model.name))

    client.meta.events.register("before-parse.cloudformation", check)
    return client, seen, wrong


def test_every_operation_answers_in_its_shape(local, checked):
    client, seen, wrong = checked
    web = {"StackName": "web"}
    body = json.dumps(WEB)
    local.script(
        signals="none",
        hooks=[{"type_name": "Example::Check::Hook"}],
        drift=[{"logical_id": "Topic", "actual": {"/Properties/DisplayName": "other"}}],
    )
    client.validate_template(TemplateBody=body)
    client.get_template_summary(TemplateBody=body)
    client.estimate_template_cost(TemplateBody=body)
    client.describe_account_limits()
    named = {**web, "ChangeSetName": "first"}
    made = client.create_change_set(
        **named, ChangeSetType="CREATE", TemplateBody=body, Tags=[{"Key": "k", "Value": "v"}]
    )
    client.list_change_sets(**web)
    client.describe_change_set(**named, IncludePropertyValues=True)
    client.describe_change_set_hooks(**named)
    hooks = client.list_hook_results(TargetType="CHANGE_SET", TargetId=made["Id"])["HookResults"]
    client.get_hook_result(HookResultId=hooks[0]["HookResultId"])
    client.execute_change_set(**named)
    client.describe_stack_resources(**web)
    client.signal_resource(**web, LogicalResourceId="Waits", UniqueId="1", Status="SUCCESS")
    assert client.describe_stacks(**web)["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"
    client.create_stack(StackName="user", TemplateBody=json.dumps(USER))
    client.list_exports()
    client.list_imports(ExportName="topic")
    client.list_stacks()
    client.get_template(**web)
    client.list_stack_resources(**web)
    client.describe_stack_resource(**web, LogicalResourceId="Topic")
    client.set_stack_policy(**web, StackPolicyBody=json.dumps(ANYTHING))
    client.get_stack_policy(**web)
    client.update_termination_protection(**web, EnableTerminationProtection=False)

    detection = client.detect_stack_drift(**web)["StackDriftDetectionId"]
    client.describe_stack_drift_detection_status(StackDriftDetectionId=detection)
    client.describe_stack_resource_drifts(**web)
    client.detect_stack_resource_drift(**web, LogicalResourceId="Topic")

    recover(local, client)
    client.describe_stack_events(**web)
    client.describe_events(**web)
    client.delete_stack(StackName="user")
    client.delete_stack(**web)
    client.describe_stacks(StackName=made["StackId"])
    assert wrong == []
    assert set(OPERATIONS) - seen == set(), "operations that no answer was checked of"


def recover(local, client):
    """The operations on stacks that fail or are under way; their change sets and events hold every kind of text."""
    body = json.dumps(WEB)
    changed = {"TemplateBody": body, "Parameters": [{"ParameterKey": "Name", "ParameterValue": "second"}]}
    client.create_change_set(StackName="web", ChangeSetName="gone", **changed)
    client.describe_change_set(StackName="web", ChangeSetName="gone", IncludePropertyValues=True)
    client.delete_change_set(StackName="web", ChangeSetName="gone")
    local.script(seconds={"resource": 60})
    client.update_stack(StackName="user", TemplateBody=json.dumps(template(Name=topic(DisplayName="x"))))
    local.script(seconds={"resource": 0})
    client.cancel_update_stack(StackName="user")
    failing = [{"reason": "no", "logical_id": "Topic", "on": each} for each in ("update", "rollback")]
    local.script(seconds={"resource": 0}, failures=failing)
    client.update_stack(StackName="web", **changed)
    assert client.describe_stacks(StackName="web")["Stacks"][0]["StackStatus"] == "UPDATE_ROLLBACK_FAILED"
    local.script(failures=[])
    client.continue_update_rollback(StackName="web")
    local.script(failures=[{"reason": "no", "logical_id": "A", "on": "create"}])
    client.create_stack(StackName="bad", TemplateBody=json.dumps(template(A=topic())), OnFailure="DO_NOTHING")
    client.rollback_stack(StackName="bad")
    client.describe_stack_events(StackName="bad")
    client.describe_events(StackName="bad")
    client.describe_stacks()


@pytest.mark.parametrize(
    ("operation", "answer", "words"),
    [
        ("CreateStack", "<StackId>x</StackId><Other/>", ["CreateStack: Other is no member of CreateStackOutput"]),
        ("CreateStack", "<StackId><member/></StackId>", ["CreateStack.StackId: elements in a string"]),
        (
            "DescribeStacks",
            "<Stacks><member><StackName>a</StackName><StackStatus>DONE</StackStatus></member></Stacks>",
            [
                "DescribeStacks.Stacks[0]: CreationTime is required",
                "DescribeStacks.Stacks[0].StackStatus: 'DONE' is not in StackStatus",
            ],
        ),
        (
            "DescribeStackDriftDetectionStatus",
            "<DriftedStackResourceCount>few</DriftedStackResourceCount><Timestamp>now</Timestamp>",
            [
                *(
                    f"DescribeStackDriftDetectionStatus: {each} is required"
                    for each in ("StackId", "StackDriftDetectionId", "DetectionStatus")
                ),
                "DescribeStackDriftDetectionStatus.DriftedStackResourceCount: 'few' is no number",
                "DescribeStackDriftDetectionStatus.Timestamp: 'now' is no moment",
            ],
        ),
    ],
)
def test_the_check_sees_what_is_wrong(client, operation, answer, words):
    shape = client.meta.service_model.operation_model(operation).output_shape
    assert list(problems(shape, ET.fromstring(f"<r>{answer}</r>"), operation)) == words  # noqa: S314
