"""The states in which somebody opens a runbook: each function brings a `World` into one."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from tests.docs.world import NEW, OLD, World

BROKEN = {
    "logical_id": "BackendService",
    "on": "update",
    "reason": "ECS Deployment Circuit Breaker was triggered.",
    "stopped_reason": "Essential container in task exited",
    "container_exit_code": 1,
    "times": 1,
}
STUCK_BACK = {"logical_id": "BackendService", "on": "rollback", "reason": "Service is not stable"}
NO_ROOM = {
    "type": "AWS::AutoScaling::AutoScalingGroup",
    "on": "create",
    "reason": "You have requested more vCPU capacity than your current vCPU limit of 8 allows.",
    "times": 1,
}
IMAGES = ("--image", f"backend={NEW}", "--image", f"frontend={NEW}")


def production(world: World) -> None:
    """Production runs `OLD`."""
    world.create("shared")
    world.create("production")


def released(world: World) -> None:
    """Production was deployed with `OLD`, then with `NEW`, and both are recorded."""
    production(world)
    world.deploy_stack("deploy", "production", "fargate", *IMAGES, "--yes")
    world.deploy_stack(
        "deploy", "production", "fargate", "--image", f"backend={OLD}", "--image", f"frontend={OLD}", "--yes"
    )
    world.deploy_stack("deploy", "production", "fargate", *IMAGES, "--yes")


def update_rolled_back(world: World) -> None:
    production(world)
    world.local.script(failures=[BROKEN])
    world.deploy_stack("deploy", "production", "fargate", "--image", f"backend={NEW}", "--yes", code=13)


def rollback_failed(world: World) -> None:
    production(world)
    world.local.script(failures=[BROKEN, {**STUCK_BACK, "times": 1}])
    world.deploy_stack("deploy", "production", "fargate", "--image", f"backend={NEW}", "--yes", code=14)


def rollback_fails_again(world: World) -> None:
    """As `rollback_failed`, and what holds it up will not be mended."""
    rollback_failed(world)
    world.local.script(failures=[STUCK_BACK])


def update_failed(world: World) -> None:
    """By another client, with rollback disabled."""
    production(world)
    world.local.script(failures=[BROKEN])
    (entry,) = (each for each in world.manifest("production") if each["Name"] == "fargate")
    arguments = world.arguments("production", entry, NEW)
    world.client("cloudformation").update_stack(**arguments, DisableRollback=True)
    assert world.settled("production", "fargate") == "UPDATE_FAILED"


def creation_failed(world: World) -> None:
    production(world)
    world.local.script(failures=[NO_ROOM])
    world.deploy_stack("deploy", "production", "ec2", *IMAGES, "--yes", code=13)


def creation_stands(world: World, *, clean_up_fails: bool = False) -> None:
    """By another client, with rollback disabled."""
    production(world)
    world.local.script(failures=[NO_ROOM])
    (entry,) = (each for each in world.manifest("production") if each["Name"] == "ec2")
    arguments = world.arguments("production", entry, NEW)
    world.client("cloudformation").create_stack(**arguments, DisableRollback=True)
    assert world.settled("production", "ec2") == "CREATE_FAILED"


def clean_up_failed(world: World) -> None:
    production(world)
    kept = {"logical_id": "HostLaunchTemplate", "on": "rollback", "reason": "Access denied", "times": 1}
    world.local.script(failures=[NO_ROOM, kept])
    world.deploy_stack("deploy", "production", "ec2", *IMAGES, "--yes", code=14)
    assert world.status("production", "ec2") == "ROLLBACK_FAILED"


def deletion_failed(world: World) -> None:
    production(world)
    world.create("production", "ec2")
    busy = {
        "type": "AWS::AutoScaling::AutoScalingGroup",
        "on": "delete",
        "reason": "There are still instances in the group.",
    }
    world.local.script(failures=[busy])
    world.deploy_stack("delete", "production", "ec2", "--yes", code=14)


def review_left(world: World) -> None:
    production(world)
    world.deploy_stack("plan", "production", "ec2", *IMAGES, code=10)
    assert world.status("production", "ec2") == "REVIEW_IN_PROGRESS"


def import_failed(world: World) -> None:
    """An import by another client that did not succeed; then somebody changes a parameter file."""
    production(world)
    client = world.client("cloudformation")
    world.local.script(failures=[{"type": "AWS::SNS::Topic", "on": "*", "reason": "not yours", "times": 1}])
    stack = "aldeia-production-monitoring"
    template = client.get_template(StackName=stack)["TemplateBody"]
    template["Resources"]["Other"] = {"Type": "AWS::SNS::Topic", "DeletionPolicy": "Retain", "Properties": {}}
    adopted = {
        "ResourceType": "AWS::SNS::Topic",
        "LogicalResourceId": "Other",
        "ResourceIdentifier": {"TopicArn": "arn:aws:sns:x"},
    }
    client.create_change_set(
        StackName=stack,
        ChangeSetName="adopt",
        ChangeSetType="IMPORT",
        TemplateBody=json.dumps(template),
        Parameters=[
            {"ParameterKey": each["ParameterKey"], "UsePreviousValue": True}
            for each in client.describe_stacks(StackName=stack)["Stacks"][0]["Parameters"]
        ],
        ResourcesToImport=[adopted],
        Capabilities=["CAPABILITY_IAM"],
    )
    while client.describe_change_set(StackName=stack, ChangeSetName="adopt")["Status"].endswith(
        ("PENDING", "PROGRESS")
    ):
        pass
    client.execute_change_set(StackName=stack, ChangeSetName="adopt")
    assert world.settled("production", "monitoring") == "IMPORT_ROLLBACK_COMPLETE"
    file = world.checkout / "parameters/production/monitoring.json"
    file.write_text(file.read_text().replace("on-call@", "others@"))


def busy(world: World) -> None:
    """A deployment that will take an hour."""
    production(world)
    world.deploy_stack("plan", "production", "fargate", *IMAGES, code=10)
    world.local.script(seconds={"types": {"AWS::ECS::Service": 3600}})
    client, stack = world.client("cloudformation"), "aldeia-production-fargate"
    (waiting,) = client.list_change_sets(StackName=stack)["Summaries"]
    client.execute_change_set(ChangeSetName=waiting["ChangeSetId"])
    while (
        client.describe_stack_resource(StackName=stack, LogicalResourceId="BackendService")["StackResourceDetail"][
            "ResourceStatus"
        ]
        != "UPDATE_IN_PROGRESS"
    ):
        time.sleep(0.05)
    world.local.script(seconds={"types": {}})  # the way back is as quick as ever


def nothing(world: World) -> None:
    """An empty account, a docker, and the application's checkout beside this one."""
    docker = world.tools / "docker"
    docker.write_text(f"#!{sys.executable}\n{Path(__file__).with_name('docker.py').read_text()}")
    docker.chmod(0o755)
    for folder in ("backend", "chatbot-frontend"):
        (world.checkout.parent / "aldeia-chatbot" / "apps" / folder).mkdir(parents=True)


def both(world: World) -> None:
    """Staging and production run `OLD`."""
    production(world)
    world.create("staging")
