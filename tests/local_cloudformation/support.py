"""What the tests share: the service without a wire (botocore's own serializer and parser around it, time by hand)."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.exceptions import ClientError
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from local_cloudformation.backing import NoBacking
from local_cloudformation.clock import ManualClock
from local_cloudformation.dispatch import dispatch
from local_cloudformation.engine import Engine
from local_cloudformation.protocol import form_fields, operation_model
from local_cloudformation.script import parse

REGION = "us-east-1"


class Service:
    """CloudFormation in this process: calls as a client makes them, answers as botocore parses them."""

    def __init__(self, script: dict[str, Any] | None = None, parameters: dict[str, str] | None = None) -> None:
        self.clock = ManualClock()
        self.backing = NoBacking(parameters)
        self.engine = Engine(script=parse(script or {}), clock=self.clock, backing=self.backing)

    def call(self, operation: str, region: str = REGION, **params: Any) -> dict[str, Any]:
        """One call; a refusal is raised as botocore raises it."""
        model = operation_model(operation)
        assert model is not None, operation
        request = create_serializer("query").serialize_to_request(params, model)
        body = urlencode(request["body"]).encode()
        status, xml = dispatch(self.engine, operation, region, form_fields(body, ""))
        answer = {"status_code": status, "headers": {}, "body": xml}
        parsed = create_parser("query").parse(answer, model.output_shape)
        if status >= 300:
            raise ClientError(parsed, operation)
        parsed.pop("ResponseMetadata")
        return parsed

    def script(self, **keys: Any) -> None:
        """Change keys of the script."""
        self.engine.script = self.engine.script.merged(keys)

    def change_set(self, stack: str, template: dict[str, Any], name: str = "set", **params: Any) -> dict[str, Any]:
        """Create a change set, let its time pass, describe it with values."""
        kind = params.pop("ChangeSetType", None) or ("UPDATE" if self.exists(stack) else "CREATE")
        made = self.call(
            "CreateChangeSet",
            StackName=stack,
            ChangeSetName=name,
            ChangeSetType=kind,
            TemplateBody=json.dumps(template),
            **{"Capabilities": ["CAPABILITY_NAMED_IAM"], **params},
        )
        self.clock.advance(60)
        return self.call("DescribeChangeSet", ChangeSetName=made["Id"], IncludePropertyValues=True)

    def exists(self, stack: str) -> bool:
        """Whether a stack of the name stands (one in review does not)."""
        found = self.engine.find(stack, REGION)
        return found is not None and found.status != "REVIEW_IN_PROGRESS"

    def deploy(self, stack: str, template: dict[str, Any], **params: Any) -> str:
        """Create and execute a change set; the status it ends in."""
        execute = {key: params.pop(key) for key in ("DisableRollback", "RetainExceptOnCreate") if key in params}
        made = self.change_set(stack, template, f"set-{self.clock.now():.0f}", **params)
        assert made["Status"] == "CREATE_COMPLETE", made["StatusReason"]
        self.call("ExecuteChangeSet", ChangeSetName=made["ChangeSetId"], **execute)
        return self.settle(stack)

    def settle(self, stack: str) -> str:
        """Let time pass until nothing happens any more; the status."""
        found = self.engine.find(stack, REGION, gone=True) or self._last(stack)
        for _ in range(1000):
            with self.engine.turn():
                if found.operation is None:
                    break
            self.clock.advance(60)
        return str(found.status)

    def _last(self, name: str) -> Any:
        return [each for each in self.engine.store.stacks.values() if each.name == name][-1]

    def stack(self, name: str) -> dict[str, Any]:
        """DescribeStacks of one."""
        return self.call("DescribeStacks", StackName=name)["Stacks"][0]

    def statuses(self, name: str) -> list[str]:
        """Statuses the stack itself went through, oldest first."""
        return [each["ResourceStatus"] for each in self.events(name) if each["LogicalResourceId"] == name]

    def events(self, name: str) -> list[dict[str, Any]]:
        """All events, oldest first."""
        page = self.call("DescribeStackEvents", StackName=self._last(name).stack_id)
        found = page["StackEvents"]
        while "NextToken" in page:
            page = self.call("DescribeStackEvents", StackName=self._last(name).stack_id, NextToken=page["NextToken"])
            found += page["StackEvents"]
        return found[::-1]

    def steps(self, name: str, logical_id: str) -> list[tuple[str, str | None]]:
        """Status and reason of each event of a resource, oldest first."""
        return [
            (each["ResourceStatus"], each.get("ResourceStatusReason"))
            for each in self.events(name)
            if each["LogicalResourceId"] == logical_id
        ]


def topic(**properties: Any) -> dict[str, Any]:
    """A resource that nobody minds."""
    return {"Type": "AWS::SNS::Topic", "Properties": properties}


def parameter(value: Any, **properties: Any) -> dict[str, Any]:
    """An SSM parameter."""
    return {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": value, **properties}}


def template(**resources: Any) -> dict[str, Any]:
    """A template of resources alone."""
    return {"Resources": resources}


def refusal(action: Any) -> tuple[str, str]:
    """Code and text an action is refused with."""
    with pytest.raises(ClientError) as caught:
        action()
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


# A topic, and a pair of which the second is made after the first; what an update changes in them, and what it replaces.
SINGLE = template(A=topic(DisplayName="a"))
CHANGED_SINGLE = template(A=topic(DisplayName="b"))
PAIR = template(First=topic(DisplayName="a"), Second=topic(DisplayName={"Ref": "First"}))
CHANGED_PAIR = template(First=topic(DisplayName="b"), Second=topic(DisplayName={"Ref": "First"}))
REPLACED_PAIR = template(First=topic(DisplayName="a", FifoTopic=True), Second=topic(DisplayName={"Ref": "First"}))


def fail(on: str = "create", **rule: Any) -> dict[str, Any]:
    """A script in which what matches `rule` fails on `on`."""
    return {"failures": [{"reason": "it broke", "on": on, **rule}]}


def create_change_set(
    service: Service,
    stack: str = "web",
    name: str = "c1",
    body: dict[str, Any] | None = SINGLE,
    kind: str = "CREATE",
    **params: Any,
) -> dict[str, Any]:
    """CreateChangeSet as a client calls it, without waiting for the set; without a template where `body` is None."""
    given = {"TemplateBody": json.dumps(body)} if body else {}
    return service.call("CreateChangeSet", StackName=stack, ChangeSetName=name, ChangeSetType=kind, **given, **params)
