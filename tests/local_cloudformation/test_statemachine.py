"""Random operations, failures and pauses: the service never leaves the states it has, nor loses what a stack holds."""

from __future__ import annotations

import json
from itertools import pairwise

from botocore.exceptions import ClientError
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from local_cloudformation.protocol import operation_model

from tests.local_cloudformation.support import REGION, Service, template, topic

STATUSES = set(operation_model("DescribeStacks").output_shape.members["Stacks"].member.members["StackStatus"].enum)

# Which status of a stack may follow which ("Stack status codes", CloudFormation user guide; cancelled and continued
# operations included).
_FORWARD = {
    "REVIEW_IN_PROGRESS": {"CREATE_IN_PROGRESS", "DELETE_IN_PROGRESS"},
    "CREATE_IN_PROGRESS": {"CREATE_COMPLETE", "CREATE_FAILED", "ROLLBACK_IN_PROGRESS", "DELETE_IN_PROGRESS"},
    "CREATE_COMPLETE": {"UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS"},
    "CREATE_FAILED": {"UPDATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS", "DELETE_IN_PROGRESS"},
    "ROLLBACK_IN_PROGRESS": {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED"},
    "ROLLBACK_COMPLETE": {"DELETE_IN_PROGRESS"},
    "ROLLBACK_FAILED": {"DELETE_IN_PROGRESS"},
    # ROLLBACK_IN_PROGRESS: of a stack whose creation failed and stayed, so that no complete state is there to return to.
    "UPDATE_IN_PROGRESS": {
        "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_FAILED",
        "UPDATE_ROLLBACK_IN_PROGRESS",
        "ROLLBACK_IN_PROGRESS",
    },
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": {"UPDATE_COMPLETE"},
    "UPDATE_COMPLETE": {"UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS"},
    "UPDATE_FAILED": {
        "UPDATE_IN_PROGRESS",
        "UPDATE_ROLLBACK_IN_PROGRESS",
        "ROLLBACK_IN_PROGRESS",
        "DELETE_IN_PROGRESS",
    },
    "UPDATE_ROLLBACK_IN_PROGRESS": {"UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_ROLLBACK_FAILED"},
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": {"UPDATE_ROLLBACK_COMPLETE"},
    "UPDATE_ROLLBACK_COMPLETE": {"UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS"},
    "UPDATE_ROLLBACK_FAILED": {"UPDATE_ROLLBACK_IN_PROGRESS", "DELETE_IN_PROGRESS"},
    "DELETE_IN_PROGRESS": {"DELETE_COMPLETE", "DELETE_FAILED"},
    "DELETE_FAILED": {"DELETE_IN_PROGRESS"},
    "DELETE_COMPLETE": set(),
}
_NAMES = ("Aaa", "Bbb", "Ccc", "Ddd")


@st.composite
def templates(draw):
    """Some of four topics; each may refer to those before it, carry a name, be replaced when its kind changes."""
    resources = {}
    for name in draw(st.lists(st.sampled_from(_NAMES), min_size=1, unique=True).map(sorted)):
        shown = draw(st.sampled_from(["x", "y", *({"Ref": other} for other in resources)]))
        resources[name] = topic(DisplayName=shown, FifoTopic=draw(st.booleans()))
        if draw(st.booleans()):
            resources[name]["DeletionPolicy"] = "Retain"
    return template(**resources)


class Stacks(RuleBasedStateMachine):
    """One stack under every operation that can be asked for, legal or not."""

    def __init__(self) -> None:
        super().__init__()
        self.service = Service({"seconds": {"change_set": 1, "resource": 2}})
        self.good = None
        self.skipped = False
        self.set_number = 0

    def ask(self, operation, **params):
        """A call; a refusal is as good an answer, a failure of the server is not."""
        try:
            return self.service.call(operation, **params)
        except ClientError as error:
            assert error.response["Error"]["Code"] not in {"InternalFailure", "NotImplemented"}, error
            return None

    def found(self):
        return self.service.engine.find("web", REGION)

    @rule(body=templates(), legal=st.sampled_from([True, True, True, False]), keep=st.booleans(), wait=st.booleans())
    def deploy_by_change_set(self, body, legal, keep, wait):
        self.set_number += 1
        kind = "UPDATE" if self.service.exists("web") == legal else "CREATE"
        params = {"StackName": "web", "ChangeSetName": f"s{self.set_number}", "ChangeSetType": kind}
        made = self.ask("CreateChangeSet", TemplateBody=json.dumps(body), **params)
        if made is None:
            return
        self.service.clock.advance(1)
        self.ask("ExecuteChangeSet", ChangeSetName=made["Id"], DisableRollback=keep)
        if wait:
            self.wait(60)

    @rule(body=templates(), on_failure=st.sampled_from(["ROLLBACK", "DELETE", "DO_NOTHING"]))
    def create(self, body, on_failure):
        self.ask("CreateStack", StackName="web", TemplateBody=json.dumps(body), OnFailure=on_failure)

    @rule(body=templates(), keep=st.booleans(), wait=st.booleans(), breaks=st.none() | st.sampled_from(_NAMES))
    def update(self, body, keep, wait, breaks):
        if breaks:
            self.service.script(
                failures=[{"reason": "broken", "logical_id": breaks, "on": on} for on in ("create", "update")]
            )
        self.ask("UpdateStack", StackName="web", TemplateBody=json.dumps(body), DisableRollback=keep)
        if wait:
            self.wait(60)

    @rule(operation=st.sampled_from(["DeleteStack", "CancelUpdateStack", "ContinueUpdateRollback", "RollbackStack"]))
    def turn(self, operation):
        self.ask(operation, StackName="web")

    @rule(name=st.sampled_from(_NAMES))
    def skip(self, name):
        if self.ask("ContinueUpdateRollback", StackName="web", ResourcesToSkip=[name]) is not None:
            self.skipped = True

    @rule(
        name=st.sampled_from(_NAMES),
        on=st.sampled_from(["create", "update", "delete", "rollback"]),
        times=st.integers(1, 2),
    )
    def break_something(self, name, on, times):
        rules = [{"reason": "broken", "logical_id": name, "on": on, "times": times}]
        self.service.script(failures=rules)

    @rule()
    def mend_everything(self):
        self.service.script(failures=[])

    @rule(seconds=st.sampled_from([0.5, 1, 2, 60]))
    def wait(self, seconds):
        self.service.clock.advance(seconds)
        with self.service.engine.turn():
            pass

    @invariant()
    def statuses_follow_one_another_as_they_may(self):
        for stack in self.service.engine.store.stacks.values():
            assert stack.status in STATUSES
            events = self.service.engine.store.events[stack.stack_id]
            seen = [each.status for each in events if each.physical_id == stack.stack_id]
            for before, after in pairwise(seen):
                assert after in _FORWARD[before], (before, after)
            assert seen[-1] == stack.status

    @invariant()
    def a_stack_is_busy_exactly_when_its_status_says_so(self):
        with self.service.engine.turn():
            for stack in self.service.engine.store.stacks.values():
                in_progress = stack.status.endswith("IN_PROGRESS") and stack.status != "REVIEW_IN_PROGRESS"
                assert in_progress == (stack.operation is not None)

    @invariant()
    def what_stands_is_what_the_template_says(self):
        for stack in self.service.engine.store.stacks.values():
            if stack.status in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
                assert set(stack.resources) == set(stack.template.resources)
                for name, resource in stack.resources.items():
                    wanted = stack.template.resources[name]["Properties"]
                    assert resource.properties["FifoTopic"] == wanted["FifoTopic"]
                    shown = wanted["DisplayName"]
                    if isinstance(shown, dict):
                        shown = stack.resources[shown["Ref"]].physical_id
                    assert resource.properties["DisplayName"] == shown
                assert stack.leftovers == []
                assert stack.previous is None
            if stack.status in {"DELETE_COMPLETE", "ROLLBACK_COMPLETE"}:
                assert stack.resources == {}

    @invariant()
    def nothing_is_lost(self):
        """Whatever was made and not deleted stands in the stack, waits for its clean-up, or was left behind and told of."""
        for stack in self.service.engine.store.stacks.values():
            made, gone = set(), set()
            for each in self.service.engine.store.events[stack.stack_id]:
                if each.status == "CREATE_COMPLETE" and each.physical_id != stack.stack_id:
                    made.add(each.physical_id)
                if each.status in {"DELETE_COMPLETE", "DELETE_SKIPPED", "DELETE_FAILED"}:
                    gone.add(each.physical_id)
            kept = {each.physical_id for each in [*stack.resources.values(), *stack.leftovers]}
            if stack.previous is not None:
                kept |= {each.physical_id for each in stack.previous.resources.values()}
            assert made - gone <= kept

    @invariant()
    def a_rollback_returns_to_what_stood(self):
        stack = self.found()
        if stack is None or stack.is_busy:
            return
        if stack.status in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
            self.good, self.skipped = stack.deployed, False
        elif stack.status == "UPDATE_ROLLBACK_COMPLETE" and not self.skipped:
            assert stack.deployed == self.good


Stacks.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestStacks = Stacks.TestCase
