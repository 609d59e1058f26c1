"""Deployment strategies through deploy-stack: deployed, released, switched to, and kept from being written over.

The real templates, rendered from another description into a temporary folder. What the stacks before them publish is put into
Parameter Store by hand: how those are deployed, other tests see.
"""

import dataclasses
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from generator.build import build
from generator.environments import PRODUCTION, STAGING
from generator.model import BlueGreen, Canary, Compute, Linear
from generator.services import SERVICES

ROOT = Path(__file__).resolve().parents[2]
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
KEY = "weights-reset:edge/Backend{}ListenerRule"
TAGS = ("--image", "backend=one", "--image", "frontend=one")
UPSTREAM = ("network", "data", "shared")
VALUES = {
    "List<AWS::EC2::Subnet::Id>": "subnet-0123456789abcdef0,subnet-0123456789abcdef1",
    "AWS::EC2::VPC::Id": "vpc-0123456789abcdef0",
    "AWS::EC2::SecurityGroup::Id": "sg-0123456789abcdef0",
}


def fargate(environment, **deployments):
    """Return the environment on Fargate alone, with these strategies."""
    return dataclasses.replace(
        environment, compute=Compute.FARGATE, options=(Compute.FARGATE,), deployments=deployments
    )


class Platform:
    """A folder with templates and parameters, and the account that they are deployed to."""

    def __init__(self, root, client, deploy):
        self.root, self.client, self.deploy = root, client, deploy

    def render(self, environment, services=SERVICES):
        """Write the environment's templates, as `make templates` would."""
        for path, text in build((environment,), services).items():
            file = self.root / "templates" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)

    def prepare(self, name):
        """Publish what the stacks before edge and fargate do, and give each image a tag and each secret a value."""
        wanted = {f"/aldeia/shared/delivery/{name.title()}CloudFormationRoleArn": "String"}
        for stack in ("edge", "fargate"):
            template = json.loads((self.root / f"templates/{name}/{stack}.json").read_text())
            wanted |= {
                each["Default"]: each["Type"].removeprefix("AWS::SSM::Parameter::Value<").removesuffix(">")
                for each in template["Parameters"].values()
                if str(each.get("Default", "")).startswith(tuple(f"/aldeia/{name}/{each}/" for each in UPSTREAM))
            }
        for path, kind in wanted.items():
            value = VALUES.get(kind, "arn:aws:iam::111122223333:role/x" if path.endswith("RoleArn") else "value")
            self.client("ssm").put_parameter(Name=path, Value=value, Type="String", Overwrite=True)
        for repository in ("aldeia/backend", "aldeia/frontend"):
            self.client("ecr").create_repository(repositoryName=repository)
            for tag in ("one", "two"):
                body = {"schemaVersion": 2, "mediaType": MANIFEST, "config": {"digest": f"sha256:{tag}"}, "layers": []}
                self.client("ecr").put_image(repositoryName=repository, imageManifest=json.dumps(body), imageTag=tag)
        for secret in ("database/credentials", "jwt/secrets"):
            self.client("secretsmanager").create_secret(Name=f"{name}/{secret}", SecretString="{}")

    def resource(self, stack, name):
        """Return the properties of a resource in the template that is deployed."""
        body = self.client("cloudformation").get_template(StackName=f"aldeia-{stack}")["TemplateBody"]
        return body["Resources"][name]["Properties"]


@pytest.fixture
def platform(client, deploy_stack, tmp_path, monkeypatch):
    """The platform in an empty folder, which is the current one."""
    root = tmp_path / "platform"
    root.mkdir()
    monkeypatch.chdir(root)
    shutil.copytree(ROOT / "parameters", root / "parameters")
    return Platform(root, client, deploy_stack)


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
    platform.prepare(name)

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
    platform.prepare("production")
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
