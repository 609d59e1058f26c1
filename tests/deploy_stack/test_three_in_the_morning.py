"""What a person reads when something has gone wrong: what happened, what is safe, what to type next, each once."""

import json
import signal
import time

import pytest
from botocore.exceptions import ClientError
from deploy_stack.events import follow
from deploy_stack.pace import TokenBucket

ROOT_EVENT = {
    "EventId": "1",
    "ResourceType": "AWS::CloudFormation::Stack",
    "PhysicalResourceId": "arn:aws:cloudformation:us-east-1:111122223333:stack/aldeia-staging-app/1",
    "ResourceStatus": "UPDATE_COMPLETE",
    "ClientRequestToken": "ours",
}


def cpu(value):
    """Return a change of the task's size."""
    return lambda found: found["Resources"]["TaskDefinition"]["Properties"].update(Cpu=value)


def state(cfn):
    """Return the application's status."""
    return cfn.describe_stacks(StackName="aldeia-staging-app")["Stacks"][0]["StackStatus"]


def test_a_rollback_that_failed_names_what_holds_it_up(deployed, project, local):
    """Not what made the update fail, which may be mended by now; and the table of states says where to read on."""
    project.template("app", cpu("512"))
    broken = {"logical_id": "Service", "on": "update", "reason": "Circuit Breaker was triggered.", "times": 1}
    local.script(failures=[broken, {**broken, "on": "rollback", "reason": "Service is not stable"}])

    first, again = deployed("deploy", "staging", "app", "--yes"), deployed("watch", "staging", "app")

    for each in (first, again):
        assert each.code == 14
        assert "  now: it stands between two versions; no deployment is possible until its rollback" in each.err
        assert "  next: Service holds it up: Service is not stable" in each.err
        assert each.err.rstrip().endswith("deploy-stack rollback staging app")
    assert "app: it stands between two versions" in deployed("status", "staging").err
    assert "next: to read why: deploy-stack watch staging app" in deployed("plan", "staging", "app").err


def test_a_creation_that_failed_says_that_nothing_of_it_runs(deploy_stack, images, project, local):
    """And that the next deployment needs no cleaning up before."""
    local.script(failures=[{"logical_id": "Group", "on": "create", "reason": "no", "times": 1}])

    result = deploy_stack("deploy", "staging", "network", "--yes")

    assert result.code == 13
    assert "  now: nothing of it runs; the next deployment removes the empty stack and begins anew" in result.err


@pytest.mark.parametrize("words", [("plan",), ("watch",), ("deploy", "--yes"), ("status",)], ids=lambda words: words[0])
def test_expired_credentials_are_said_once(deployed, project, local, words):
    """Not once for each stack."""
    local.script(faults=[{"fault": "expired-token"}])

    result = deployed(words[0], "staging", *words[1:])

    assert result.code == 1
    assert result.err.count("AWS does not take these credentials: ExpiredToken") == 1
    assert result.err.count("sign in again and repeat the command") == 1


def test_credentials_that_expire_on_the_way_leave_an_operation_that_goes_on(deployed, project, local):
    """It has neither failed nor been refused: nobody knows."""
    project.template("app", cpu("512"))
    local.script(faults=[{"fault": "expired-token", "operation": "DescribeStackEvents"}])

    result = deployed("deploy", "staging", "app", "--yes")

    assert result.code == 15
    assert "app: UNKNOWN: lost sight: the credentials expired" in result.err
    assert "  next: sign in again\n  next: nothing is known of how it ended, and AWS goes on with it" in result.err
    assert result.err.rstrip().endswith("deploy-stack watch staging app")


class Service:
    """A CloudFormation that refuses some looks and then answers; also the `Run` and the session of who looks."""

    def __init__(self, *refusals):
        self._refusals = list(refusals)
        self.said = []
        self.aws = self
        self.bucket = TokenBucket()
        self.patience = 60.0

    def client(self, _):
        return self

    def describe_stack_events(self, **_):
        if self._refusals:
            code = self._refusals.pop(0)
            raise ClientError(
                {"Error": {"Code": code, "Message": "busy"}, "ResponseMetadata": {"HTTPStatusCode": 503}}, "x"
            )
        return {"StackEvents": [{**ROOT_EVENT, "Timestamp": FIRST}]}

    def say(self, name, text):
        self.said.append(f"{name}: {text}")

    def sleep(self, _):
        pass


FIRST = type("Time", (), {"isoformat": lambda _: "now"})()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("Throttling", "app: AWS asks for fewer calls; looking less often, the operation goes on"),
        ("ServiceUnavailable", "app: no answer (busy); looking less often, the operation goes on"),
    ],
)
def test_a_wait_is_no_silence(code, words):
    """Half a minute without a line looks like a command that hangs; every look that fails would be noise."""
    service = Service(code, code, code)

    ending = follow(service, "app", ROOT_EVENT["PhysicalResourceId"], {"ours"})

    assert ending.status == "UPDATE_COMPLETE"
    assert service.said == [words]


def test_a_plan_that_somebody_else_executes_leads_to_the_watch(deployed, project, local, cfn):
    """Planning again would only be refused."""
    project.template("app", cpu("512"))
    deployed("plan", "staging")
    plan = json.loads((project.root / ".aldeia/staging.plan.json").read_text())
    local.script(seconds={"resource": 0.7})
    cfn.execute_change_set(ChangeSetName=plan["Stacks"][0]["ChangeSetId"])

    running = deployed("apply", "staging")
    while state(cfn).endswith("IN_PROGRESS"):
        time.sleep(0.05)
    over = deployed("apply", "staging")

    for result, word in ((running, "goes on"), (over, "ended")):
        assert result.code == 12
        assert f"to see how it {word}: deploy-stack watch staging app" in result.err
        assert "plan again" not in result.err


@pytest.mark.usefixtures("deployed")
def test_ctrl_c_during_a_deletion_offers_nothing_that_is_not_there(local, cfn, process):
    """A deletion cannot be cancelled."""
    local.script(seconds={"resource": 60})

    running = process("delete", "staging", "app", "--yes")
    end = time.monotonic() + 30
    while state(cfn) != "DELETE_IN_PROGRESS":
        assert time.monotonic() < end
    time.sleep(0.3)
    running.send_signal(signal.SIGTERM)
    _, said = running.communicate(timeout=30)

    assert running.returncode == 130
    assert "app: stopped watching; the operation goes on in AWS" in said
    assert "a deletion cannot be cancelled" in said
    assert "deploy-stack cancel" not in said
