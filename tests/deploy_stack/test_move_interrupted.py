"""Moves that somebody stops, kills, or that CloudFormation itself calls back: with real processes and a real terminal."""

import os
import signal
import sys

import pexpect
import pytest

from tests.deploy_stack.rehearsal import ROOT, Rehearsal

pytestmark = pytest.mark.slow
FAST = ("--step", "50,100", "--pause", "0", "--yes")


@pytest.fixture
def rehearse(local, client, tmp_path):
    """Deploy an environment of the real templates as its default says."""
    return lambda environment: Rehearsal(local, client, tmp_path, environment)


@pytest.fixture
def staging(rehearse):
    """Staging on EC2."""
    return rehearse("staging")


def at(rehearsal, weight):
    """Wait until a share is there and its change set done."""
    rehearsal.until(
        lambda: (
            rehearsal.parameter("edge", "FargateWeight") == str(weight)
            and rehearsal.status("edge") in {"UPDATE_COMPLETE", "CREATE_COMPLETE"}
        )
    )


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_brings_all_requests_back(staging, sent):
    """The operator, or the end of the job, while 10 % are there."""
    process = staging.process("move", "staging", "--to", "fargate", "--step", "10,100", "--pause", "60", "--yes")
    at(staging, 10)

    process.send_signal(sent)
    _, said = process.communicate(timeout=60)

    assert process.returncode == 130, said
    assert "all requests are back on ec2" in said
    assert (staging.weight, staging.homes) == (0, {"ec2"})
    staging.assert_whole()


def step_begins(rehearsal, number):
    """Return whether a step begins, as the calls that CloudFormation got tell: executions of change sets, counted."""
    return lambda: len(rehearsal.local.calls("ExecuteChangeSet")) >= number


# The change sets of a move, in their order: deploy, two shifts, leave, enter to Fargate; deploy, leave, enter, two shifts to EC2.
@pytest.mark.parametrize(
    ("environment", "to", "executed", "onward"),
    [
        ("staging", "fargate", 1, True),
        ("staging", "fargate", 3, False),
        ("staging", "fargate", 4, True),
        ("staging", "fargate", 4, False),
        ("production", "ec2", 2, True),
        ("production", "ec2", 4, False),
    ],
)
def test_kill_9_between_steps_then_on_or_back(rehearse, environment, to, executed, onward):
    """Killed as soon as so many change sets were ordered; what AWS says is all that the next run has."""
    rehearsal = rehearse(environment)
    rehearsal.local.reset(state=False)
    process = rehearsal.process("move", environment, "--to", to, "--step", "50,100", "--pause", "0", "--yes")
    rehearsal.until(step_begins(rehearsal, executed), 60)
    process.kill()
    process.communicate()
    rehearsal.assert_whole()

    origin = "ec2" if to == "fargate" else "fargate"
    wish = to if onward else origin
    code, said = rehearsal.run("move", environment, "--to", wish, *FAST)

    assert code == 0, said
    assert rehearsal.homes == {wish}
    assert rehearsal.weight == (100 if wish == "fargate" else 0)
    rehearsal.assert_whole()


def test_an_alarm_while_the_weight_is_being_set_calls_the_step_back(staging):
    """CloudFormation rolls the change set back by its trigger, and the move brings the earlier share back too."""
    staging.local.script(seconds={"types": {"AWS::ElasticLoadBalancingV2::ListenerRule": 2}})
    process = staging.process("move", "staging", "--to", "fargate", "--step", "10,100", "--pause", "0", "--yes")
    staging.until(lambda: staging.parameter("edge", "FargateWeight") == "100", 60)
    staging.ring("aldeia-staging-frontend-unhealthy")
    _, said = process.communicate(timeout=60)

    assert process.returncode == 13, said
    assert "all requests are back on ec2" in said
    assert (staging.weight, staging.homes) == (0, {"ec2"})
    events = staging.cfn.describe_stack_events(StackName="aldeia-staging-edge")["StackEvents"]
    assert "UPDATE_ROLLBACK_COMPLETE" in {each["ResourceStatus"] for each in events}
    staging.assert_whole()


def test_requests_stay_where_targets_are_healthy(staging):
    """The old option breaks while half of the requests are there: they are not sent back to it, and a person is asked."""
    process = staging.process("move", "staging", "--to", "fargate", "--step", "50,100", "--pause", "60", "--yes")
    at(staging, 50)
    staging.local.script(targets={"*Ec2TargetGroup": "unhealthy"})
    staging.ring("aldeia-staging-backend-unhealthy")
    _, said = process.communicate(timeout=60)

    assert process.returncode == 14, said
    assert "ec2 is not healthy" in said
    assert staging.weight == 50


def test_a_person_is_asked_for_the_move_the_stack_the_gap_and_the_deletion(staging):
    """At a terminal; after the last answer the old stack is gone, and what holds data is left behind."""
    child = pexpect.spawn(
        sys.executable,
        [str(ROOT / "scripts" / "deploy-stack"), "move", "staging", "--to", "fargate", "--step", "100", "--pause", "0"],
        cwd=str(staging.root),
        env={**os.environ, **staging.local.environ, "TERM": "xterm-256color"},
        dimensions=(60, 160),
        encoding="utf-8",
        timeout=60,
    )
    for question in ("Move staging to fargate", "Deploy fargate", "Begin the gap now", "Delete aldeia-staging-ec2"):
        child.expect(question)
        assert staging.status("ec2") is not None
        child.sendline("y")
    child.expect(pexpect.EOF)
    child.wait()

    assert child.exitstatus == 0
    assert staging.status("ec2") is None
    assert (staging.weight, staging.homes) == (100, {"fargate"})
    assert not staging.times_with_two_homes()
    staging.assert_whole()


def test_the_rehearsal_sees_two_homes(staging):
    """The check of all these tests finds what no command of ours would do: a second home made by hand."""
    staging.entries["fargate"]["CreateParameters"]["RunChromadb"] = "true"
    staging.create("fargate")

    assert staging.homes == {"ec2", "fargate"}
    assert staging.times_with_two_homes()
    code, said = staging.run("move", "staging", "--to", "fargate", *FAST)
    assert code == 14, said
    assert "both options say that they are the home" in said
