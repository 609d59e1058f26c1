"""Deployment strategies through deploy-stack: deployed, released, switched to, and kept from being written over."""

import dataclasses
import json
import subprocess
from pathlib import Path

import pytest

from generator.environments import PRODUCTION, STAGING
from generator.model import BlueGreen, Canary, Compute, Linear
from tests.deploy_stack.rendered import Rendered

STACKS = ("edge", "fargate")
KEY = "weights-reset:edge/Backend{}ListenerRule"
TAGS = ("--image", "backend=one", "--image", "frontend=one")


def fargate(environment, **deployments):
    """Return the environment on Fargate alone, with these strategies."""
    return dataclasses.replace(
        environment, compute=Compute.FARGATE, options=(Compute.FARGATE,), deployments=deployments
    )


@pytest.fixture
def platform(client, deploy_stack, tmp_path, monkeypatch):
    """The platform in an empty folder, which is the current one."""
    found = Rendered(tmp_path / "platform", client, deploy_stack)
    monkeypatch.chdir(found.root)
    return found


def changed(result):
    """Return what each resource of a plan or a difference comes to: (stack, logical id) -> (action, replacement)."""
    return {
        (review["Stack"], change["LogicalResourceId"]): (change["Action"], change["Replacement"])
        for review in result.json["Stacks"]
        for change in review["Changes"]
    }


BOTH = [
    (fargate(PRODUCTION, backend=Canary(), frontend=Linear()), "CANARY"),
    (fargate(STAGING, backend=BlueGreen()), "BLUE_GREEN"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("environment", "strategy"), BOTH, ids=[strategy for _, strategy in BOTH])
def test_a_shifting_service_is_deployed_and_released(platform, environment, strategy, local):
    """A release changes the task definition and the service, and never a rule; one that fails goes back."""
    name = environment.name
    platform.render(environment)
    platform.prepare(name, *STACKS)

    created = platform.deploy("deploy", name, "edge", "fargate", *TAGS, "--yes")
    plan = platform.deploy("plan", name, "edge", "fargate", "--image", "backend=two", "--json")
    released = platform.deploy("apply", name)
    local.script(
        {
            "failures": [
                {"type": "AWS::ECS::Service", "on": "update", "image": "*:one", "reason": "Alarm rang.", "times": 1}
            ]
        }
    )
    failed = platform.deploy("deploy", name, "fargate", "--image", "backend=one", "--yes")

    assert created.code == 0, created.out + created.err
    service = platform.resource(f"{name}-fargate", "BackendService")
    assert service["DeploymentConfiguration"]["Strategy"] == strategy
    assert changed(plan).keys() >= {("fargate", "BackendTaskDefinition"), ("fargate", "BackendService")}
    assert plan.json["Unchanged"] == ["edge"]
    assert released.code == 0, released.out + released.err
    assert failed.code == 13
    assert "Alarm rang." in failed.out + failed.err


def git(root, *arguments):
    """Run git in the platform's folder."""
    who = ["-c", "user.name=Ana", "-c", "user.email=ana@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *arguments], cwd=root, check=True, capture_output=True)


DRIFT = [
    {
        "logical_id": "BackendListenerRule",
        "actual": {f"/Properties/Actions/0/ForwardConfig/TargetGroups/{place}/Weight": weight},
    }
    for place, weight in ((0, 0), (1, 100))
]


def test_switching_replaces_nothing_and_the_way_back_is_guarded(platform, local):
    """Rolling to canary, edge first: the rule gets its other group before ECS takes it over. Back, the rule is ECS's."""
    platform.render(fargate(PRODUCTION))
    git(platform.root, "init", "-q")
    git(platform.root, "add", "-A")
    git(platform.root, "commit", "-qm", "rolling")
    platform.prepare("production", *STACKS)
    first = platform.deploy("deploy", "production", "edge", "fargate", *TAGS, "--yes")
    local.script({"drift": DRIFT})
    moved = platform.deploy("drift", "production", "edge")

    platform.render(fargate(PRODUCTION, backend=Canary()))
    offline = platform.deploy("diff", "production", "--json")
    switched = platform.deploy("deploy", "production", "edge", "fargate", "--yes")
    turned = platform.deploy("drift", "production", "edge")
    git(platform.root, "commit", "-qam", "canary")
    platform.render(fargate(PRODUCTION))
    back = platform.deploy("diff", "production", "edge")
    refused = platform.deploy("plan", "production", "edge")
    forged = json.loads(Path(".aldeia/production.plan.json").read_text())
    forged["Verdict"], forged["Stacks"][0]["Blocking"] = "changes", []
    Path("forged.json").write_text(json.dumps(forged))
    applied = platform.deploy("apply", "forged.json")
    rolling = platform.deploy("deploy", "production", "fargate", "--yes")
    allowed = platform.deploy("plan", "production", "edge", *(f"--allow={KEY.format(word)}" for word in ("", "Test")))

    assert first.code == 0, first.out + first.err
    changes = changed(offline)
    assert offline.code == 10
    assert changes["edge", "BackendListenerRule"] == ("Modify", "False")
    assert changes["edge", "BackendAlternateTargetGroup"] == ("Add", "")
    assert changes["edge", "BackendEc2TargetGroup"] == ("Remove", "")
    assert changes["fargate", "BackendService"] == ("Modify", "False")
    assert changes["fargate", "BackendAlbRequestCountScalingPolicy"] == ("Modify", "False")
    assert ("edge", "BackendFargateTargetGroup") not in changes
    assert {replacement for _, replacement in changes.values()} == {"", "False"}
    assert switched.code == 0, switched.out + switched.err
    assert [moved.code, turned.code] == [10, 0]  # weights moved by hand, and weights that ECS has turned
    assert [back.code, refused.code, applied.code] == [11, 11, 11]
    assert f"--allow {KEY.format('')}" in refused.out
    assert "Amazon ECS sets the weights of this rule" in applied.err
    assert rolling.code == 0, rolling.out + rolling.err
    assert allowed.code == 10
