"""A real terminal: the question, the live table, Ctrl-C, and the offer to cancel."""

import os
import signal
import sys
import time

import pexpect
import pytest
from local_cloudformation import LocalCloudFormation


def cpu(value):
    """Return a change of the task's size."""
    return lambda found: found["Resources"]["TaskDefinition"]["Properties"].update(Cpu=value)


def hear_ctrl_c() -> None:
    """A shell starts its background jobs deaf to Ctrl-C, and their children inherit it; a terminal's programs are not."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture
def terminal(local: LocalCloudFormation, project):
    """Start deploy-stack in a terminal of 80 columns."""
    started = []
    launcher = str(next(each for each in map(os.path.abspath, sys.path) if each.endswith("scripts"))) + "/deploy-stack"

    def start(*arguments):
        child = pexpect.spawn(
            sys.executable,
            [launcher, *arguments],
            cwd=str(project.root),
            env={**os.environ, **local.environ, "TERM": "xterm-256color"},
            dimensions=(30, 80),
            encoding="utf-8",
            timeout=60,
            preexec_fn=hear_ctrl_c,
        )
        started.append(child)
        return child

    yield start
    for child in started:
        child.close(force=True)


def state(cfn):
    """Return the application's status."""
    return cfn.describe_stacks(StackName="aldeia-staging-app")["Stacks"][0]["StackStatus"]


def end(child):
    """Read to the end and return (everything that came, exit code)."""
    child.expect(pexpect.EOF)
    child.wait()
    return child.before, child.exitstatus


def test_deploy_asks_and_shows_a_live_table(deployed, project, local, cfn, terminal):
    """The review, one question, a table with a bar that ends with the last state, the outputs."""
    local.script(seconds={"resource": 0.4})
    project.template("app", cpu("512"))

    child = terminal("deploy", "staging", "app")
    child.expect("Cpu: 256 -> 512")
    child.expect(r"Deploy app\? \[y/N\]")
    child.sendline("y")
    child.expect("UPDATE_IN_PROGRESS")
    child.expect("━")
    said, code = end(child)

    assert code == 0
    assert "UPDATE_COMPLETE" in said
    assert "app.ClusterName = aldeia-staging" in said
    assert state(cfn) == "UPDATE_COMPLETE"


def test_the_page_is_there_while_the_question_is_asked(deployed, project, terminal):
    """Who approves in a browser reads it before the answer; it says the command that it belongs to."""
    project.template("app", cpu("512"))

    child = terminal("deploy", "staging", "app", "--image", "backend=v1", "--html", "out/review.html")
    child.expect(r"Deploy app\? \[y/N\]")
    page = (project.root / "out/review.html").read_text()
    child.sendline("n")
    end(child)

    assert "deploy-stack deploy staging app --image backend=v1" in page
    assert all(each in page for each in ("Review of", "app/TaskDefinition", "512"))


def test_a_deletion_looks_again_after_the_question(deploy_stack, project, cfn, terminal):
    """While it stood on the screen somebody gave the stack requests."""
    project.two_options()
    for name in ("edge", "ec2", "fargate"):
        assert deploy_stack("deploy", "staging", name, "--yes").code == 0

    child = terminal("delete", "staging", "fargate")
    child.expect(r"Delete aldeia-staging-fargate\? \[y/N\]")
    assert deploy_stack("deploy", "staging", "edge", "--parameter", "FargateWeight=50", "--yes").code == 0
    child.sendline("y")
    said, code = end(child)

    assert code == 12
    assert "have moved since the question: nothing was deleted" in " ".join(said.split())
    assert cfn.describe_stacks(StackName="aldeia-staging-fargate")["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"


@pytest.mark.parametrize("answer", ["n", ""])
def test_no_is_the_default_and_leaves_nothing(deployed, project, cfn, terminal, answer):
    """Declined: the change set is deleted, nothing is changed, exit 11."""
    project.template("app", cpu("512"))

    child = terminal("deploy", "staging", "app")
    child.expect(r"\[y/N\]")
    child.sendline(answer)
    said, code = end(child)

    assert code == 11
    assert "declined" in said
    assert cfn.list_change_sets(StackName="aldeia-staging-app")["Summaries"] == []
    assert state(cfn) == "CREATE_COMPLETE"


def test_ctrl_c_at_the_question_deletes_the_change_set(deployed, project, cfn, terminal):
    """Nothing was begun, so nothing goes on."""
    project.template("app", cpu("512"))

    child = terminal("deploy", "staging", "app")
    child.expect(r"\[y/N\]")
    time.sleep(0.5)  # a person is slower than the line editor, which may still be taking over the terminal
    child.sendintr()
    _, code = end(child)

    assert code == 130
    assert cfn.list_change_sets(StackName="aldeia-staging-app")["Summaries"] == []


def test_ctrl_c_stops_watching_says_how_to_come_back_and_leaves_the_update_alone(
    deployed, project, local, cfn, terminal
):
    """No to the offer: the operation goes on in AWS."""
    local.script(seconds={"resource": 1.5})
    project.template("app", cpu("512"))

    child = terminal("deploy", "staging", "app", "--yes")
    child.expect("UPDATE_IN_PROGRESS")
    child.sendintr()
    child.expect("the operation goes on in AWS")
    child.expect("deploy-stack watch staging app")
    child.expect(r"Cancel the update of app\? \[y/N\]")
    child.sendline("n")
    _, code = end(child)

    assert code == 130
    assert state(cfn) == "UPDATE_IN_PROGRESS"
    assert deployed("watch", "staging", "app").code == 0
    assert state(cfn) == "UPDATE_COMPLETE"


def test_ctrl_c_then_yes_cancels_the_update(deployed, project, local, cfn, terminal):
    """The rollback is followed to its end."""
    local.script(seconds={"resource": 2.0})
    project.template("app", cpu("512"))

    child = terminal("deploy", "staging", "app", "--yes")
    child.expect("UPDATE_IN_PROGRESS")
    child.sendintr()
    child.expect(r"Cancel the update of app\?")
    child.sendline("y")
    said, code = end(child)

    assert code == 130
    assert "cancelled: UPDATE_ROLLBACK_COMPLETE" in said
    assert state(cfn) == "UPDATE_ROLLBACK_COMPLETE"


def test_ctrl_c_during_a_creation_offers_to_delete_it(project, local, cfn, terminal):
    """A creation cannot be cancelled, only deleted."""
    local.script(seconds={"resource": 1.5})

    child = terminal("deploy", "staging", "network", "--yes")
    child.expect("CREATE_IN_PROGRESS")
    child.sendintr()
    child.expect(r"End the creation of network by deleting it\?")
    child.sendline("y")
    said, code = end(child)

    assert code == 130
    assert "cancelled: DELETE_COMPLETE" in said


def test_cancel_and_watch_attach_to_a_running_update(deployed, project, local, cfn, process):
    """From another terminal, another job, another day: both see the same operation."""
    local.script(seconds={"resource": 1.5})
    project.template("app", cpu("512"))
    running = process("deploy", "staging", "app", "--yes")
    while state(cfn) != "UPDATE_IN_PROGRESS":
        time.sleep(0.05)
    watching = process("watch", "staging", "app")
    time.sleep(1.0)

    cancelled = deployed("cancel", "staging", "app")

    assert cancelled.code == 0, cancelled.err
    assert state(cfn) == "UPDATE_ROLLBACK_COMPLETE"
    for each in (running, watching):
        _, said = each.communicate(timeout=60)
        assert each.returncode == 13, said


def test_rollback_complete_is_asked_about_and_recreated(deploy_stack, local, cfn, terminal):
    """At a terminal the consent is a question."""
    local.script(failures=[{"logical_id": "Group", "reason": "no", "times": 1}])
    assert deploy_stack("deploy", "staging", "network", "--yes").code == 13

    child = terminal("deploy", "staging", "network")
    child.expect("Delete what it left, and create it again")
    child.sendline("y")
    child.expect(r"Deploy network\?")
    child.sendline("y")
    _, code = end(child)

    assert code == 0
    assert cfn.describe_stacks(StackName="aldeia-staging-network")["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"
