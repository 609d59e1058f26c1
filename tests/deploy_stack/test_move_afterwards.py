"""Life after a move: deployments, rollbacks and the description's edit leave the requests and the data where they are."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from deploy_stack.moving.route import Kind, Standing, Step
from deploy_stack.project import StackSpec
from deploy_stack.releases import Release
from deploy_stack.restoring import restore
from deploy_stack.templates import digest

from generator.build import build
from generator.environments import PRODUCTION, STAGING
from generator.model import Compute
from generator.services import SERVICES
from tests.deploy_stack.rehearsal import Rehearsal


@pytest.fixture
def moved(local, client, tmp_path):
    """Staging, moved from EC2 to Fargate, the old stack deleted."""
    found = Rehearsal(local, client, tmp_path, "staging")
    code, said = found.run("move", "staging", "--to", "fargate", "--step", "100", "--pause", "0", "--yes", "--delete")
    assert code == 0, said
    return found


@pytest.mark.slow
def test_a_deployment_does_not_bring_the_old_option_back_with_the_data(moved):
    """The files still say EC2: its stack would be created as a second home. It is refused, and the others are left alone."""
    code, said = moved.run("deploy", "staging", "--image", "backend=4f2c1ab", "--image", "frontend=4f2c1ab", "--yes")

    assert code == 11, said
    assert "chromadb would run twice: aldeia-staging-fargate is its home" in said
    assert "say so in Environment.compute" in said
    assert moved.status("ec2") is None
    assert (moved.weight, moved.homes) == (100, {"fargate"})


@pytest.mark.slow
def test_after_the_edit_that_the_move_asks_for_nothing_moves(moved):
    """`Environment.compute` says Fargate: the default stacks are the ones that are there, and no resource changes."""
    for path, text in build((replace(STAGING, compute=Compute.FARGATE), PRODUCTION), SERVICES).items():
        (moved.root / "templates" / path).write_text(text)

    code, said = moved.run("deploy", "staging", "--yes")

    assert code == 0, said
    assert "fargate: unchanged" in said
    assert (
        "edge  UPDATE aldeia-staging-edge: no resource changes" in said
    )  # its default, and the move's rollback triggers
    assert "traffic-moves" not in said
    assert moved.status("ec2") is None
    assert (moved.weight, moved.homes) == (100, {"fargate"})


@pytest.mark.slow
def test_an_edge_in_parts_is_moved_whole_after_a_kill_between_them(local, client, tmp_path):
    """A part that has its new weight and one that has not: the next run sets both."""
    staging = Rehearsal(local, client, tmp_path, "staging")
    add_a_part(staging)
    staging.create("edge-2")
    staging.set_weight(50)  # edge alone, as a kill between the two would leave it

    code, said = staging.run(
        "move", "staging", "--to", "fargate", "--step", "50,100", "--pause", "0", "--yes", "--json"
    )

    assert code == 0, said
    assert staging.parameter("edge-2", "FargateWeight") == "100"
    assert staging.weight == 100


def add_a_part(staging):
    """Write a second part of edge, with a rule of its own behind the same weight."""
    folder = staging.root / "templates/staging"
    edge = json.loads((folder / "edge.json").read_text())
    rule = edge["Resources"]["BackendListenerRule"]
    rule["Properties"]["ListenerArn"] = {"Ref": "HttpsListenerArn"}
    rule["Properties"]["Priority"] = 500
    for group in rule["Properties"]["Actions"][0]["ForwardConfig"]["TargetGroups"]:
        group["TargetGroupArn"] = {"Ref": group["TargetGroupArn"]["Ref"] + "Arn"}
    taken = ("HttpsListenerArn", "BackendFargateTargetGroupArn", "BackendEc2TargetGroupArn")
    part = {
        "Metadata": {"Aldeia": {**edge["Metadata"]["Aldeia"], "Stack": "edge-2"}},
        "Mappings": edge["Mappings"],
        "Parameters": {"FargateWeight": edge["Parameters"]["FargateWeight"]}
        | {
            name: {"Type": "AWS::SSM::Parameter::Value<String>", "Default": f"/aldeia/staging/edge/{name}"}
            for name in taken
        },
        "Resources": {"MoreListenerRule": rule},
    }
    (folder / "edge-2.json").write_text(json.dumps(part))
    manifest = json.loads((folder / "manifest.json").read_text())
    entry = {**staging.entries["edge"], "Name": "edge-2", "StackName": "aldeia-staging-edge-2", "DependsOn": ["edge"]}
    manifest["Stacks"].insert(3, entry)
    staging.entries["edge-2"] = entry
    (folder / "manifest.json").write_text(json.dumps(manifest))


def test_a_rollback_leaves_weight_and_home_where_they_are():
    """The record of a release holds the values of its time; what a move sets is not brought back."""
    template = {"Parameters": {key: {"Type": "String"} for key in ("RunChromadb", "BackendImageTag")}, "Resources": {}}
    spec = StackSpec(
        environment="staging",
        name="fargate",
        stack_name="aldeia-staging-fargate",
        default=True,
        depends_on=(),
        termination_protection=False,
        policy=None,
        rollback_alarms=(),
        tags={},
        images=(),
        machine_images=(),
        secrets=(),
        create_parameters={},
        service_role=None,
        template=template,
        template_file="fargate.json",
        entries=[],
        parameters_file="fargate.json",
        kept=frozenset({"RunChromadb"}),
    )
    values = {"RunChromadb": "false", "BackendImageTag": "v1"}
    release = Release(1, "r", "0.1.0", None, digest(template), values, "2026-01-01T00:00:00+00:00", "x")

    found = restore(None, spec, release, Path()).spec.entries

    assert found == [{"ParameterKey": "BackendImageTag", "ParameterValue": "v1"}]


def test_a_standing_says_what_a_step_makes_of_it():
    """The share of one option is what the other has not."""
    standing = Standing(frozenset({"ec2"}), 0, frozenset({"ec2"}))

    assert standing.after(Step(Kind.SHIFT, "ec2", 75)).share("fargate") == 25
    assert standing.after(Step(Kind.LEAVE, "ec2")).homes == frozenset()
    assert standing.after(Step(Kind.DEPLOY, "fargate")).deployed == {"ec2", "fargate"}
