"""Bad networks and busy accounts, on real sockets: throttling, lost connections, silence, expiry, and two at once."""

import contextlib
import signal
import socket
import threading
import time

import pytest


def cpu(value):
    """Return a change of the task's size."""
    return lambda found: found["Resources"]["TaskDefinition"]["Properties"].update(Cpu=value)


def state(cfn, stack="app"):
    """Return a stack's status."""
    return cfn.describe_stacks(StackName=f"aldeia-staging-{stack}")["Stacks"][0]["StackStatus"]


class Line:
    """A line to the embedded CloudFormation that can be cut: then nothing listens, as on a machine without a network."""

    def __init__(self, endpoint):
        host, port = endpoint.removeprefix("http://").split(":")
        self.far = (host, int(port))
        self.port = 0
        self.mend()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def mend(self):
        self.server = socket.create_server(("127.0.0.1", self.port))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self._serve, args=(self.server,), daemon=True).start()

    def cut(self):
        self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()

    def _serve(self, server):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self._carry, args=(server.accept()[0],), daemon=True).start()

    def _carry(self, near):
        """One request and its answer: the service closes each connection after it."""
        with near, socket.create_connection(self.far) as far, contextlib.suppress(OSError):
            answering = threading.Thread(target=self._pump, args=(far, near))
            answering.start()
            self._pump(near, far)
            answering.join()

    @staticmethod
    def _pump(one, other):
        with contextlib.suppress(OSError):
            while data := one.recv(65536):
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)


@pytest.mark.parametrize("fault", ["drop", "drop-after", "http-500", "throttle"])
def test_a_deployment_survives_bad_moments_of_every_call(deployed, project, local, cfn, fault):
    """One bad moment in each operation: what is deployed is what was wanted, once."""
    operations = ("DescribeStacks", "CreateChangeSet", "DescribeChangeSet", "ExecuteChangeSet", "DescribeStackEvents")
    project.template("app", cpu("512"))
    local.script(faults=[{"fault": fault, "operation": name, "call": 1} for name in operations])

    result = deployed("deploy", "staging", "app", "--yes")

    assert result.code == 0, result.err
    assert state(cfn) == "UPDATE_COMPLETE"


def test_a_connection_that_stays_lost_ends_with_15_and_the_way_back(deployed, project, local, cfn):
    """Neither success nor failure: nothing is known of the stack."""
    project.template("app", cpu("512"))
    deployed("plan", "staging")
    local.script(faults=[{"fault": "drop", "operation": "DescribeStackEvents"}])

    result = deployed("apply", "staging", "--patience", "0")

    assert result.code == 15
    assert "deploy-stack watch staging app" in result.err
    local.script({})
    assert deployed("watch", "staging").code == 0


def test_a_deployment_outlives_the_loss_of_the_network(deployed, project, local, cfn, process):
    """Nothing listens for some seconds, as when a lid is closed: watching goes on when the network is back."""
    project.template("app", cpu("512"))
    deployed("plan", "staging")
    local.script(seconds={"resource": 0.7})
    line = Line(local.endpoint)

    running = process("apply", "staging", "--endpoint-url", line.url)
    while state(cfn) != "UPDATE_IN_PROGRESS":
        time.sleep(0.05)
    line.cut()
    while state(cfn) != "UPDATE_COMPLETE":
        time.sleep(0.05)
    line.mend()
    _, said = running.communicate(timeout=60)
    line.cut()

    assert running.returncode == 0, said
    assert "app: UPDATE_COMPLETE" in said


def test_an_address_where_nobody_is_is_told_at_once(deployed, local):
    """Nothing was begun: what is wrong is the network or the setting, and waiting would not show it."""
    line = Line(local.endpoint)
    line.cut()
    begun = time.monotonic()

    result = deployed("plan", "staging", "--endpoint-url", line.url)

    assert result.code == 1
    assert "AWS_ENDPOINT_URL" in result.err
    assert time.monotonic() - begun < 30


def test_expired_credentials_before_anything_are_a_plain_error(deployed, local):
    """Nothing was begun, so nothing is lost from sight."""
    local.script(faults=[{"fault": "expired-token"}])

    result = deployed("plan", "staging")

    assert result.code == 1
    assert "sign in again" in result.err


@pytest.mark.parametrize("verb", ["watch", "cancel", "status", "outputs", "drift", "prune", "delete", "rollback"])
def test_no_verb_ends_in_a_traceback_when_aws_refuses_everything(deployed, local, verb):
    """One sentence, a documented code."""
    local.script(faults=[{"fault": "access-denied"}])

    result = deployed(
        verb,
        "staging",
        *(["app"] if verb == "delete" else []),
        *(["--yes"] if verb in {"cancel", "prune", "delete"} else []),
    )

    assert result.code == 1
    assert "AccessDenied" in result.err


def test_the_wrong_account_is_refused_before_anything_changes(deploy_stack, project, local):
    """target.json says where an environment may be deployed."""
    for environment in ("staging", "production"):
        project.edit(f"parameters/{environment}/target.json", lambda found: found.update(Account="444455556666"))

    result = deploy_stack("plan", "staging", "network")

    assert result.code == 1
    assert "belongs to account 444455556666" in result.err
    assert "CreateChangeSet" not in {each["operation"] for each in local.calls()}


def test_the_wrong_region_is_refused_without_a_call(deploy_stack, local):
    """The region of the settings and that of target.json must agree."""
    local.reset(state=False)

    result = deploy_stack("plan", "staging", "--region", "eu-west-1")

    assert result.code == 1
    assert "--region says eu-west-1" in result.err
    assert local.calls() == []


def test_two_deployers_at_once_on_one_stack_one_wins_one_is_told(deployed, project, local, cfn, process):
    """Both planned the same stack: one executes, the other's plan is stale, and the stack is what was approved."""
    project.template("app", cpu("512"))
    deployed("plan", "staging", "--out", "first.json")
    deployed("plan", "staging", "--out", "second.json")
    local.script(seconds={"resource": 0.3})

    both = [process("apply", f"{name}.json") for name in ("first", "second")]
    ends = [(each.communicate(timeout=60), each.returncode) for each in both]

    codes = sorted(code for _, code in ends)
    assert codes == [0, 12], ends
    assert state(cfn) == "UPDATE_COMPLETE"


def test_another_operation_is_refused_or_waited_for(deployed, project, local, cfn, process):
    """Exit 1 with the way to look on; with --wait the plan comes after it."""
    local.script(seconds={"resource": 0.7})
    project.template("app", cpu("512"))
    running = process("deploy", "staging", "app", "--yes")
    while state(cfn) != "UPDATE_IN_PROGRESS":
        time.sleep(0.05)

    refused = deployed("plan", "staging", "app")
    project.template("app", cpu("1024"))
    waited = deployed("plan", "staging", "app", "--wait")
    running.communicate(timeout=60)

    assert refused.code == 1
    assert "deploy-stack watch staging app" in refused.err
    assert waited.code == 10, waited.err
    assert "Cpu: 512 -> 1024" in waited.out


@pytest.mark.parametrize("moment", ["CreateChangeSet", "DescribeChangeSet", "ExecuteChangeSet", "DescribeStackEvents"])
def test_what_kill_9_leaves_the_next_run_picks_up(  # noqa: PLR0917
    deployed, project, local, cfn, process, moment
):
    """At any moment: afterwards a deployment ends well, with what was wanted, and nothing of ours is left over."""
    project.template("app", cpu("512"))
    local.script(seconds={"change_set": 0.4, "resource": 0.3})
    local.reset(state=False)
    victim = process("deploy", "staging", "app", "--yes")
    deadline = time.monotonic() + 30
    while not local.calls(moment) and time.monotonic() < deadline:
        time.sleep(0.02)
    victim.send_signal(signal.SIGKILL)
    victim.communicate()

    result = deployed("deploy", "staging", "app", "--yes", "--wait")
    pruned = deployed("prune", "staging", "--yes", "--older-than", "0")

    assert (result.code, pruned.code) == (0, 0), result.err
    template = cfn.get_template(StackName="aldeia-staging-app")["TemplateBody"]
    assert template["Resources"]["TaskDefinition"]["Properties"]["Cpu"] == "512"
    left = cfn.list_change_sets(StackName="aldeia-staging-app")["Summaries"]
    assert [each for each in left if each["ExecutionStatus"] != "EXECUTE_COMPLETE"] == []


def test_kill_9_during_a_first_deployment_leaves_a_review_stack_that_is_used(deploy_stack, local, cfn, process):
    """The empty stack holds the name; the next deployment creates in it."""
    local.script(seconds={"change_set": 1.0})
    local.reset(state=False)
    victim = process("deploy", "staging", "network", "--yes")
    while not local.calls("DescribeChangeSet"):
        time.sleep(0.02)
    victim.send_signal(signal.SIGKILL)
    victim.communicate()
    assert state(cfn, "network") == "REVIEW_IN_PROGRESS"
    local.script({})

    assert deploy_stack("deploy", "staging", "network", "--yes").code == 0
    assert state(cfn, "network") == "CREATE_COMPLETE"


def test_a_job_that_is_told_to_end_stops_watching_and_says_how_to_come_back(deployed, project, local, cfn, process):
    """SIGTERM: exit 130, and the operation goes on in AWS."""
    local.script(seconds={"resource": 1.0})
    project.template("app", cpu("512"))
    job = process("deploy", "staging", "app", "--yes")
    while state(cfn) != "UPDATE_IN_PROGRESS":
        time.sleep(0.05)
    time.sleep(0.3)
    job.send_signal(signal.SIGTERM)
    _, said = job.communicate(timeout=30)

    assert job.returncode == 130
    assert "deploy-stack watch staging app" in said
    assert deployed("watch", "staging", "app").code == 0


@pytest.mark.slow
def test_twenty_deployers_against_ten_calls_a_second_all_end_well(deployed, project, local, process):
    """A busy account: everybody backs off, nobody fails."""
    local.script(rate={"calls_per_second": 10, "burst": 10}, seconds={"resource": 0.2, "change_set": 0.5})
    many = [process("deploy", "staging", "spare", "--yes") if n == 0 else process("plan", "staging") for n in range(20)]

    ends = [(each.communicate(timeout=300), each.returncode) for each in many]

    assert {code for _, code in ends} == {0}, [said for (_, said), code in ends if code]
