"""A new version reaches EC2 hosts through the change set: one host after the other, each heard before the next, and back by itself.

The real template of production: two hosts, and hosts that this test plays: they read what they would run and say how it went.
"""

import base64
import contextlib
import json
import threading
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from deploy_stack.machine_images import advice
from deploy_stack.project import MachineImage

from generator.environments import PRODUCTION
from tests.deploy_stack.rendered import ROOT, Rendered

TAGS = ("--image", "backend=one", "--image", "frontend=one")
GROUP, LAUNCH = "HostGroup", "HostLaunchTemplate"
PINNED = json.loads((ROOT / "parameters/production/ec2.json").read_text())[0]["ParameterValue"]


class Hosts(threading.Thread):
    """What the hosts of a stack do: whenever the group changes, two of them start, and say whether they came up."""

    def __init__(self, cfn, stack):
        super().__init__(daemon=True)
        self.cfn, self.stack = cfn, stack
        self.seen, self.launched, self.ended = set(), [], threading.Event()

    def run(self):
        while not self.ended.wait(0.05):
            for event in reversed(self.cfn.describe_stack_events(StackName=self.stack)["StackEvents"]):
                if event["EventId"] not in self.seen:
                    self.seen.add(event["EventId"])
                    self.look(event)

    def look(self, event):
        """A host runs the launch template as it is when the group begins to change."""
        what = event["LogicalResourceId"], event["ResourceStatus"], event.get("ResourceStatusReason", "")
        if what[0] == LAUNCH and what[1].endswith("_COMPLETE"):
            data = json.loads(event["ResourceProperties"])["LaunchTemplateData"]
            self.data = data | {"UserData": base64.b64decode(data["UserData"]).decode()}
        if what == (GROUP, "UPDATE_IN_PROGRESS", ""):
            broken = "/aldeia/backend:broken" in self.data["UserData"]
            self.launched.append(self.data)
            for host in ("i-0000000000000000a", "i-0000000000000000b"):
                self.signal(host, "FAILURE" if broken else "SUCCESS")
                if broken:
                    return

    def signal(self, host, status):
        """A host starts after the group has begun to change: the group waits for it by then."""
        while not self.ended.wait(0.02):
            with contextlib.suppress(self.cfn.exceptions.ClientError):
                self.cfn.signal_resource(StackName=self.stack, LogicalResourceId=GROUP, UniqueId=host, Status=status)
                return

    @property
    def tags(self):
        """The backend's tag of each generation of hosts so far."""
        return [data["UserData"].split("/aldeia/backend:")[1].split()[0] for data in self.launched]


@pytest.fixture
def production(local, client, deploy_stack, tmp_path, monkeypatch):
    """Production's hosts, deployed with the image `one`; from now on nobody signals by himself."""
    found = Rendered(tmp_path / "platform", client, deploy_stack)
    monkeypatch.chdir(found.root)
    found.render(PRODUCTION)
    found.prepare("production", "ec2")
    first = deploy_stack("deploy", "production", "ec2", *TAGS, "--yes")
    assert first.code == 0, first.out + first.err
    local.script({"signals": "none"})
    return found


@pytest.fixture
def hosts(production, client):
    """Hosts that answer for themselves."""
    found = Hosts(client("cloudformation"), "aldeia-production-ec2")
    found.start()
    yield found
    found.ended.set()
    found.join()


def findings(result):
    """Return {(rule, resource)} of a plan."""
    return {tuple(each["Id"].split(":", 1)) for review in result.json["Stacks"] for each in review["Findings"]}


def notes(result):
    """Return the notes of a plan, as one text."""
    return " ".join(note for review in result.json["Stacks"] for note in review["Notes"])


def pin(production, image):
    """Write another machine image into the parameter file, as the review advises."""
    file = production.root / "parameters/production/ec2.json"
    file.write_text(json.dumps([{"ParameterKey": "HostImage", "ParameterValue": image}]))


def test_a_release_rolls_over_the_hosts_and_a_bad_one_comes_back(production, hosts):
    """Plan, apply; a host that fails; the release before. Each generation of hosts is waited for."""
    plan = production.deploy("plan", "production", "ec2", "--image", "backend=two", "--json")
    released = production.deploy("apply", "production")
    failed = production.deploy("deploy", "production", "ec2", "--image", "backend=broken", "--yes")
    back = production.deploy("rollback", "production", "ec2", "--yes")

    assert plan.code == 10
    assert ("hosts-replaced", "ec2/HostGroup") in findings(plan)
    assert "machine-image" not in {rule for rule, _ in findings(plan)}
    assert released.code == 0, released.err
    assert failed.code == 13
    assert "Received FAILURE signal" in failed.out + failed.err
    assert back.code == 0, back.err
    assert "BackendImageTag: two -> one" in back.err
    assert "FirstDeployment: false -> true" not in back.err  # scaling keeps its number
    assert "machine image" not in back.err
    # What the failed one had replaced goes back to the release before it, and the rollback to the one before that.
    assert hosts.tags == ["two", "broken", "two", "one"]


def test_a_patched_image_is_taken_by_an_edit_and_shown_as_what_it_is(production, hosts):
    """An unrelated deployment leaves the image alone and says that there is a newer one; the edit it names takes it."""
    unrelated = production.deploy("plan", "production", "ec2", "--image", "backend=two", "--json")
    same = production.deploy("plan", "production", "ec2")
    newest = notes(unrelated).split(" to ")[-1].split()[0]
    pin(production, newest)
    taken = production.deploy("plan", "production", "ec2", "--json")
    shown = production.deploy("deploy", "production", "ec2", "--yes")

    assert "machine-image" not in {rule for rule, _ in findings(unrelated)}
    advised = f"change HostImage in parameters/production/ec2.json from {PINNED} to {newest}"
    assert advised in notes(unrelated)
    assert advised in " ".join(same.err.split()) + " ".join(same.out.split())
    assert ("machine-image", "ec2/HostLaunchTemplate") in findings(taken)
    assert "a newer machine image" not in notes(taken)
    assert f"new machine image {PINNED} -> {newest}: hosts are replaced one by one" in " ".join(shown.err.split())
    assert shown.code == 0, shown.err
    assert [data["ImageId"] for data in hosts.launched] == [newest]


class Answers:
    """Parameter Store as one answer, or one error, to every question; counts the questions."""

    def __init__(self, answer):
        self.answer, self.asked = answer, 0

    def client(self, _):
        return self

    def get_parameters(self, Names):  # noqa: N803  (botocore's spelling)
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return {"Parameters": [{"Name": Names[0], "Value": self.answer}] if self.answer else []}


def denied():
    """Return the error of a role without the permission."""
    return ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "GetParameters")


SPEC = SimpleNamespace(machine_images=(MachineImage("HostImage", "/newest"),), parameters_file="parameters/x/ec2.json")
ADVICE = (
    "a newer machine image is there: ami-2 (/newest). To take it, with a review of its own, change HostImage in "
    "parameters/x/ec2.json from ami-1 to ami-2"
)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("ami-2", (ADVICE,)),
        ("ami-1", ()),
        (None, ()),  # another partition has other parameters
        (denied(), ()),
        (EndpointConnectionError(endpoint_url="https://ssm"), ()),
    ],
)
def test_the_advice_is_one_question_and_never_an_error(answer, said):
    """A role that may not ask deploys all the same."""
    aws = Answers(answer)

    assert advice(aws, SPEC, {"HostImage": "ami-1"}) == said
    assert aws.asked == 1


def test_a_stack_without_hosts_asks_nothing():
    aws = Answers("ami-2")

    assert advice(aws, SimpleNamespace(machine_images=()), {}) == ()
    assert aws.asked == 0
