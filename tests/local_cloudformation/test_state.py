"""State on disk: whatever moment the process is killed at, the next one goes on from there."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import boto3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from local_cloudformation import LocalCloudFormation
from local_cloudformation.store import Store

from tests.local_cloudformation.support import Service, parameter, template, topic

ROOT = Path(__file__).resolve().parents[2]
CHAIN = template(
    First=topic(),
    Second=topic(DisplayName={"Ref": "First"}),
    Third=parameter({"Ref": "Second"}, Name="/chain/third"),
)


@contextmanager
def running(folder: Path, *options: str):
    """A server process of its own, and a client of it; the process is killed at the end without a word."""
    command = [sys.executable, "-m", "local_cloudformation", "--port", "0", "--state", str(folder), *options]
    environ = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ) as process:
        assert process.stdout is not None
        word, endpoint, *rest = process.stdout.readline().split()
        assert (word, rest) == ("ready", ["account", "111122223333", "region", "us-east-1"])
        options_of = {"endpoint_url": endpoint, "region_name": "us-east-1"}
        options_of |= {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
        clients = [boto3.client(name, **options_of) for name in ("cloudformation", "ssm")]
        try:
            yield (process, *clients)
        finally:
            process.send_signal(signal.SIGKILL)
            for each in clients:
                each.close()


def wait(client, name, *ends):
    """Poll until the stack's status is one of `ends`."""
    deadline = time.monotonic() + 20
    while True:
        status = client.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
        if status in ends:
            return status
        assert time.monotonic() < deadline, status
        time.sleep(0.05)


def test_a_killed_server_goes_on_where_it_was(tmp_path):
    with running(tmp_path, "--resource-seconds", "0.6") as (_, client, ssm):
        ssm.put_parameter(Name="/by/hand", Value="kept", Type="String")
        client.create_stack(StackName="chain", TemplateBody=json.dumps(CHAIN), ClientRequestToken="t-1")
        client.create_change_set(
            StackName="later", ChangeSetName="c1", ChangeSetType="CREATE", TemplateBody=json.dumps(template(A=topic()))
        )
        time.sleep(0.8)
        assert client.describe_stacks(StackName="chain")["Stacks"][0]["StackStatus"] == "CREATE_IN_PROGRESS"
        before = client.describe_stack_events(StackName="chain")["StackEvents"]
    with running(tmp_path, "--resource-seconds", "0.6") as (_, client, ssm):
        assert wait(client, "chain", "CREATE_COMPLETE") == "CREATE_COMPLETE"
        after = client.describe_stack_events(StackName="chain")["StackEvents"]
        assert after[-len(before) :] == before
        assert len({each["EventId"] for each in after}) == len(after) == 11
        assert {each.get("ClientRequestToken") for each in after} == {"t-1"}
        # What other services held is there again: made by the stack, or by a client.
        assert ssm.get_parameter(Name="/chain/third")["Parameter"]["Value"].startswith("arn:aws:sns:")
        assert ssm.get_parameter(Name="/by/hand")["Parameter"]["Value"] == "kept"
        assert client.describe_change_set(StackName="later", ChangeSetName="c1")["Status"] == "CREATE_COMPLETE"
        client.delete_stack(StackName="chain")
        time.sleep(0.3)
    with running(tmp_path, "--resource-seconds", "0.1") as (_, client, ssm):
        client.get_waiter("stack_delete_complete").wait(StackName="chain", WaiterConfig={"Delay": 0.1})
        with pytest.raises(ssm.exceptions.ParameterNotFound):
            ssm.get_parameter(Name="/chain/third")


def test_a_stopped_server_starts_again_with_the_same_answers(tmp_path):
    body = {
        "Parameters": {"Name": {"Type": "String", "Default": "x"}},
        **template(A=topic(DisplayName={"Ref": "Name"})),
        "Outputs": {"O": {"Value": {"Ref": "A"}, "Export": {"Name": "shared"}}},
    }
    answers = []
    for _ in range(2):
        with LocalCloudFormation(state=tmp_path) as local:
            client = boto3.client("cloudformation", **local.client_options)
            if not answers:
                tags = [{"Key": "k", "Value": "v"}]
                client.create_stack(StackName="web", TemplateBody=json.dumps(body), Tags=tags)
            found = [
                client.describe_stacks()["Stacks"],
                client.describe_stack_events(StackName="web")["StackEvents"],
                client.list_stack_resources(StackName="web")["StackResourceSummaries"],
                client.get_template(StackName="web")["TemplateBody"],
                client.list_exports()["Exports"],
            ]
            client.close()
        answers.append(found)
    assert answers[0] == answers[1]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.floats(0, 4), min_size=1, max_size=4), st.sampled_from(["create", "update", "*", "none"]))
def test_any_number_of_restarts_gives_the_events_of_none(tmp_path_factory, moments, fails_on):
    """The engine is thrown away and read from the file at chosen moments: what happens is as if it had never been."""
    script = {"seconds": {"resource": 1}}
    if fails_on != "none":
        script["failures"] = [{"reason": "no", "on": fails_on, "logical_id": "Third"}]
    seen = []
    for pauses in ([], moments):
        folder = tmp_path_factory.mktemp("state")
        service = Service(script)
        service.engine.store = Store(folder)
        service.call("CreateStack", StackName="chain", TemplateBody=json.dumps(CHAIN))
        for pause in pauses:
            service.clock.advance(pause)
            with service.engine.turn():
                pass
            service.engine.store.close()
            service.engine.store = Store(folder)
        service.settle("chain")
        start = service.events("chain")[0]["Timestamp"]
        seen.append(
            [
                (
                    round((each["Timestamp"] - start).total_seconds(), 2),
                    each["LogicalResourceId"],
                    each["ResourceStatus"],
                )
                for each in service.events("chain")
            ]
        )
        service.engine.store.close()
    assert seen[0] == seen[1]


def test_nothing_is_written_without_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    service = Service()
    service.deploy("web", template(A=topic()))
    assert list(tmp_path.iterdir()) == []
