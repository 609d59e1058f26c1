"""What holds a stack as it is: termination protection, a stack policy, exports that others import."""

from __future__ import annotations

import json

import pytest

from tests.local_cloudformation.support import (
    CHANGED_PAIR,
    PAIR,
    REPLACED_PAIR,
    refusal,
    template,
    topic,
)


def test_edge_case_30_termination_protection(service):
    service.deploy("web", PAIR)
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
        (CHANGED_PAIR, "UPDATE_COMPLETE"),
        (REPLACED_PAIR, "UPDATE_ROLLBACK_COMPLETE"),
        (template(Second=topic(DisplayName="x")), "UPDATE_ROLLBACK_COMPLETE"),
    ],
)
def test_edge_case_31_a_stack_policy_is_kept_by_change_sets(service, new, status):
    service.deploy("web", PAIR)
    service.call("SetStackPolicy", StackName="web", StackPolicyBody=json.dumps(POLICY))
    assert json.loads(service.call("GetStackPolicy", StackName="web")["StackPolicyBody"]) == POLICY
    assert service.deploy("web", new) == status
    if status != "UPDATE_COMPLETE":
        reasons = [reason or "" for name, reason in service.steps("web", "First") if name == "UPDATE_FAILED"]
        assert reasons[0].startswith("Action denied by stack policy: Statement [#2] does not allow")
        assert "First" in service.engine.find("web", "us-east-1").resources


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
