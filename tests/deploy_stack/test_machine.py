"""Random verbs, faults, failures and kills: what is deployed is what was approved, and nothing is lost or left over."""

import contextlib
import io
import json
import random
import time
from pathlib import Path

import pytest
from deploy_stack.__main__ import run
from deploy_stack.changesets import PREFIX
from deploy_stack.templates import digest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

STACKS = ("network", "data")
CONSENT = "data-replaced:data/FileSystem"
CODES = {0, 1, 10, 11, 12, 13, 14, 15}
OPERATIONS = (
    "DescribeStacks",
    "CreateChangeSet",
    "DescribeChangeSet",
    "ExecuteChangeSet",
    "DescribeStackEvents",
    "GetTemplate",
)
FAULTS = st.lists(
    st.fixed_dictionaries(
        {
            "fault": st.sampled_from(["throttle", "drop", "drop-after", "http-500", "expired-token"]),
            "operation": st.sampled_from(OPERATIONS),
            "call": st.integers(1, 3),
        }
    ),
    max_size=2,
)
FAILURES = st.lists(
    st.fixed_dictionaries(
        {
            "logical_id": st.sampled_from(["Group", "LogGroup", "FileSystem", "FileSystemIdParameter"]),
            "on": st.sampled_from(["create", "update"]),
            "reason": st.just("made to fail"),
        }
    ),
    max_size=1,
)


class Deployer(RuleBasedStateMachine):
    """One environment, its files, and everything that has been approved for it so far."""

    def __init__(self, local, project, cfn, process, empty):
        super().__init__()
        self.local, self.project, self.cfn, self.process = local, project, cfn, process
        empty()
        self.approved = {name: {digest(self.files(name))} for name in STACKS}
        self.planned = {}
        self.file_system = None
        self.count = 0

    def files(self, stack):
        """Return the template in the tree."""
        return json.loads(Path(f"templates/staging/{stack}.json").read_text())

    def call(self, *arguments):
        """Run deploy-stack here; it must end with a documented code and without a traceback."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run([*arguments, "--patience", "1"])
        assert code in CODES, (arguments, code, err.getvalue())
        assert "Traceback" not in err.getvalue()
        return code, err.getvalue()

    def settle(self):
        """Let AWS finish, without faults."""
        self.local.script(faults=[], failures=[])
        deadline = time.monotonic() + 20
        while any(
            each["StackStatus"].endswith("_IN_PROGRESS") and "REVIEW" not in each["StackStatus"] for each in self.live()
        ):
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def live(self):
        """Return the stacks that are there."""
        return self.cfn.describe_stacks()["Stacks"]

    @rule(text=st.sampled_from(["one", "two", "three"]))
    def edit(self, text):
        """A harmless change of the network."""
        self.project.template(
            "network", lambda found: found["Resources"]["Group"]["Properties"].update(GroupDescription=text)
        )

    @rule(days=st.sampled_from([7, 14, 30]))
    def edit_data(self, days):
        """A harmless change beside the data."""
        self.project.template(
            "data", lambda found: found["Resources"]["LogGroup"]["Properties"].update(RetentionInDays=days)
        )

    @rule(mode=st.sampled_from(["generalPurpose", "maxIO"]))
    def edit_file_system(self, mode):
        """A change that would replace the file system."""
        self.project.template(
            "data", lambda found: found["Resources"]["FileSystem"]["Properties"].update(PerformanceMode=mode)
        )

    @rule(stack=st.sampled_from(STACKS), faults=FAULTS)
    def plan(self, stack, faults):
        """A plan approves what the tree holds now, and executes nothing."""
        before = {each["StackName"]: each.get("LastUpdatedTime") for each in self.live()}
        self.local.script(faults=faults)
        code, _ = self.call("plan", "staging", stack, "--out", "plan.json")
        self.settle()
        self.planned = {stack: digest(self.files(stack))} if code == 10 and Path("plan.json").exists() else {}
        after = {each["StackName"]: each.get("LastUpdatedTime") for each in self.live()}
        assert {name: after.get(name) for name in before} == before

    @precondition(lambda self: self.planned)
    @rule(faults=FAULTS, failures=FAILURES)
    def apply(self, faults, failures):
        """Applying deploys what was planned, or nothing."""
        for stack, found in self.planned.items():
            self.approved[stack].add(found)
        self.local.script(faults=faults, failures=failures)
        code, said = self.call("apply", "plan.json")
        self.settle()
        if code == 0:
            for stack, found in self.planned.items():
                assert self.deployed(stack) == found, said

    @rule(stack=st.sampled_from(STACKS), faults=FAULTS, failures=FAILURES)
    def deploy(self, stack, faults, failures):
        """Deploying without consent deploys the files, or leaves what was there."""
        found = self.files(stack)
        self.approved[stack].add(digest(found))
        self.local.script(faults=faults, failures=failures)
        code, said = self.call("deploy", "staging", stack, "--yes", "--wait")
        self.settle()
        if code == 0:
            assert self.deployed(stack) == digest(found), said

    @rule()
    def allow(self):
        """With consent the file system may go."""
        self.approved["data"].add(digest(self.files("data")))
        code, _ = self.call("deploy", "staging", "data", "--yes", "--wait", "--allow", CONSENT)
        self.settle()
        if code == 0:
            self.file_system = self.physical_file_system()

    @rule(
        stack=st.sampled_from(STACKS),
        moment=st.sampled_from(["CreateChangeSet", "DescribeChangeSet", "ExecuteChangeSet"]),
    )
    def kill(self, stack, moment):
        """kill -9 while it deploys."""
        self.approved[stack].add(digest(self.files(stack)))
        self.local.reset(state=False)
        victim = self.process("deploy", "staging", stack, "--yes")
        while victim.poll() is None and not self.local.calls(moment):
            time.sleep(0.01)
        victim.kill()
        victim.communicate()
        self.settle()

    @rule(stack=st.sampled_from(STACKS), number=st.integers(0, 99))
    def somebody_else(self, stack, number):
        """Another tool updates the stack."""
        name = f"aldeia-staging-{stack}"
        if not any(each["StackName"] == name and each["StackStatus"].endswith("_COMPLETE") for each in self.live()):
            return
        template = self.cfn.get_template(StackName=name)["TemplateBody"]
        template.setdefault("Outputs", {})[f"Theirs{number}"] = {"Value": str(random.random())}  # noqa: S311
        with contextlib.suppress(self.cfn.exceptions.ClientError):
            self.cfn.update_stack(StackName=name, TemplateBody=json.dumps(template))
            self.approved[stack].add(digest(template))
        self.settle()

    def deployed(self, stack):
        """Return the digest of what the stack has, or None."""
        found = next((each for each in self.live() if each["StackName"] == f"aldeia-staging-{stack}"), None)
        if found is None or found["StackStatus"] == "REVIEW_IN_PROGRESS":
            return None
        return digest(self.cfn.get_template(StackName=found["StackId"])["TemplateBody"])

    def physical_file_system(self):
        """Return the file system's id, or None before there is one."""
        for each in self.live():
            if each["StackName"] == "aldeia-staging-data" and each["StackStatus"] in {
                "CREATE_COMPLETE",
                "UPDATE_COMPLETE",
                "UPDATE_ROLLBACK_COMPLETE",
            }:
                found = self.cfn.describe_stack_resource(StackName=each["StackId"], LogicalResourceId="FileSystem")
                return found["StackResourceDetail"]["PhysicalResourceId"]
        return None

    @invariant()
    def only_what_was_approved_is_deployed(self):
        """Every stack's template is one that somebody approved."""
        for stack in STACKS:
            assert self.deployed(stack) in {None, *self.approved[stack]}

    @invariant()
    def data_is_never_lost_without_consent(self):
        """The file system stays the one it was."""
        now = self.physical_file_system()
        if self.file_system is None:
            self.file_system = now
        if now is not None:
            assert now == self.file_system

    def teardown(self):
        """In the end a deployment goes through, and nothing of ours is left over."""
        self.settle()
        for stack in STACKS:
            code, said = self.call("deploy", "staging", stack, "--yes", "--allow", CONSENT)
            assert code == 0, said
            assert self.deployed(stack) == digest(self.files(stack))
        assert self.call("prune", "staging", "--yes", "--older-than", "0")[0] == 0
        left = [
            each["ChangeSetName"]
            for stack in self.live()
            for each in self.cfn.list_change_sets(StackName=stack["StackId"])["Summaries"]
            if each["ChangeSetName"].startswith(PREFIX) and each["ExecutionStatus"] != "EXECUTE_COMPLETE"
        ]
        assert left == []
        for stack in STACKS[::-1]:  # retained file systems stay; nothing else is to be in the next run's way
            assert self.call("delete", "staging", stack, "--yes")[0] == 0


def drive(*parts, examples, steps):
    """Run the machine."""
    run_state_machine_as_test(
        lambda: Deployer(*parts),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
            database=None,
        ),
    )


def test_random_verbs_faults_and_kills_never_deploy_what_nobody_approved(local, project, cfn, process, empty):
    """A few short runs each time."""
    drive(local, project, cfn, process, empty, examples=4, steps=8)


@pytest.mark.slow
def test_long_runs_of_random_verbs_faults_and_kills(local, project, cfn, process, empty):
    """Many long runs."""
    drive(local, project, cfn, process, empty, examples=60, steps=25)
