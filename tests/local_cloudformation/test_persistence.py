"""The command `local-cloudformation --state` killed in the middle of its work, and a state of many stacks. All slow."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import boto3
import pytest
from botocore.config import Config

from tests.local_cloudformation.support import template, topic

pytestmark = pytest.mark.slow

COMMAND = Path(__file__).parents[2] / "scripts" / "local-cloudformation"
STACKS, RESOURCES = 200, 100


@contextmanager
def serving(folder, *options):
    """The command with its state in a folder; a client of it. It is killed at the end (kill -9)."""
    command = [COMMAND, "--port", "0", "--state", folder, *options]
    environ = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ) as process:
        client = None
        try:
            assert process.stdout is not None
            word, endpoint = process.stdout.readline().split()[:2]
            assert word == "ready"
            client = boto3.client(
                "cloudformation",
                endpoint_url=endpoint,
                region_name="us-east-1",
                aws_access_key_id="x",
                aws_secret_access_key="x",
                config=Config(retries={"total_max_attempts": 1}, read_timeout=60),
            )
            yield client
        finally:
            process.send_signal(signal.SIGKILL)
            if client is not None:
                client.close()


def status_of(client, name):
    return client.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]


def settled(client, name):
    """The status the stack's operation ends in."""
    deadline = time.monotonic() + 60
    while (status := status_of(client, name)).endswith("_IN_PROGRESS"):
        assert time.monotonic() < deadline, status
        time.sleep(0.1)
    return status


def create(client, name, body, **params):
    return client.create_stack(StackName=name, TemplateBody=json.dumps(body), **params)["StackId"]


def chain(name):
    """Two resources that can only come one after the other."""
    return template(First=topic(DisplayName=name), Second=topic(DisplayName={"Fn::GetAtt": ["First", "TopicName"]}))


def test_stacks_stand_after_a_kill(tmp_path):
    with serving(tmp_path) as client:
        stack_id = create(client, "web", chain("a"), Tags=[{"Key": "team", "Value": "web"}])
        before = client.describe_stacks()["Stacks"], client.list_stack_resources(StackName="web")
        assert status_of(client, "web") == "CREATE_COMPLETE"
    with serving(tmp_path) as client:
        after = client.describe_stacks()["Stacks"], client.list_stack_resources(StackName="web")
        assert after[0] == before[0]
        assert after[0][0]["StackId"] == stack_id
        assert after[1]["StackResourceSummaries"] == before[1]["StackResourceSummaries"]
        assert client.get_template(StackName="web")["TemplateBody"] == chain("a")


@pytest.mark.parametrize(
    ("fail", "end", "name"),
    [([], "UPDATE_COMPLETE", "b"), (["--fail", "Third=refused"], "UPDATE_ROLLBACK_COMPLETE", "a")],
    ids=["update", "rollback"],
)
def test_an_update_under_way_goes_on_after_a_kill(tmp_path, fail, end, name):
    with serving(tmp_path) as client:
        create(client, "web", chain("a"))
        assert settled(client, "web") == "CREATE_COMPLETE"
    changed = chain("b")
    # A failure by option strikes creations: there is one after the changed resource.
    changed["Resources"]["Third"] = {**topic(), "DependsOn": "First"}
    with serving(tmp_path, "--resource-seconds", "1", *fail) as client:
        client.update_stack(StackName="web", TemplateBody=json.dumps(changed))
        time.sleep(0.5)
        assert status_of(client, "web") == "UPDATE_IN_PROGRESS"
        before = client.describe_stack_events(StackName="web")["StackEvents"]
    with serving(tmp_path, "--resource-seconds", "1", *fail) as client:
        assert settled(client, "web") == end
        after = client.describe_stack_events(StackName="web")["StackEvents"]
        assert after[-len(before) :] == before, "nothing that was told is told otherwise"
        assert len({each["EventId"] for each in after}) == len(after), "nothing is told twice"
        body = client.get_template(StackName="web")["TemplateBody"]
        assert body["Resources"]["First"]["Properties"]["DisplayName"] == name
