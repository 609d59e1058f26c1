"""Clients that this project did not write, unmodified, against the embedded CloudFormation: the AWS CLI and sceptre.

They run as processes with nothing but environment variables that lead them to the server, from an environment of their
own (`.venv-clients`, made from requirements/clients.txt), for their dependencies are not ours.
"""

from __future__ import annotations

import json
import os
import subprocess
import time

import pytest

from tests.clients import installed
from tests.local_cloudformation.support import template, topic

pytestmark = pytest.mark.slow

WEB = {
    "Parameters": {"Name": {"Type": "String", "Default": "first"}},
    **template(Topic=topic(DisplayName={"Ref": "Name"})),
    "Outputs": {"Arn": {"Value": {"Ref": "Topic"}}},
}
UP_TO_DATE = "No changes to deploy. Stack web is up to date"


@pytest.fixture(scope="session")
def clients():
    """Folder of the clients' executables."""
    return installed()


@pytest.fixture
def run(clients, local, tmp_path):
    """Run a client in an empty folder with an empty home; the finished process."""

    def finished(name, *arguments):
        return subprocess.run(
            [clients / name, *arguments],
            env={"PATH": f"{clients}:{os.environ['PATH']}", "HOME": str(tmp_path), **local.environ},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    return finished


@pytest.fixture
def aws(run):
    """A command of `aws cloudformation` that must succeed: its answer, parsed when it is JSON."""

    def succeeded(*arguments):
        done = run("aws", "cloudformation", *arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.startswith(("{", "[")) else done.stdout

    return succeeded


@pytest.fixture
def deploy(run, tmp_path):
    """`aws cloudformation deploy` of the stack web: exit code, what it said."""
    (tmp_path / "web.json").write_text(json.dumps(WEB))

    def said(*arguments):
        # It names its change sets by the second, and a name is taken once.
        time.sleep(1 - time.time() % 1)
        done = run("aws", "cloudformation", "deploy", "--stack-name", "web", "--template-file", "web.json", *arguments)
        return done.returncode, done.stdout + done.stderr

    return said


def test_aws_deploy_creates_updates_and_finds_nothing_to_do(deploy, aws, local):
    stack = ("--stack-name", "web")
    code, said = deploy()
    assert code == 0
    assert "Waiting for changeset to be created.." in said
    assert "Successfully created/updated stack - web" in said
    code, said = deploy("--no-fail-on-empty-changeset")
    assert (code, UP_TO_DATE in said) == (0, True)
    code, said = deploy("--fail-on-empty-changeset")
    assert (code, UP_TO_DATE in said) == (255, True)
    # This client deletes no set without changes; the service does when another is executed.
    assert [each["Status"] for each in aws("list-change-sets", *stack)["Summaries"]].count("FAILED") == 2
    code, said = deploy("--parameter-overrides", "Name=second", "--tags", "team=web")
    assert (code, "Successfully created/updated stack - web" in said) == (0, True)

    assert [each["Status"] for each in aws("list-change-sets", *stack)["Summaries"]].count("FAILED") == 0
    shown = aws("describe-stacks", *stack)["Stacks"][0]
    assert shown["StackStatus"] == "UPDATE_COMPLETE"
    assert shown["Parameters"] == [{"ParameterKey": "Name", "ParameterValue": "second"}]
    assert shown["Tags"] == [{"Key": "team", "Value": "web"}]
    assert {each["status"] for each in local.calls()} == {200, 400}
    refused = {each["operation"] for each in local.calls() if each["status"] == 400}
    assert refused == {"DescribeStacks"}, "only the question whether the stack exists may be refused"


def test_aws_deploy_reviews_without_executing(deploy, aws):
    assert deploy()[0] == 0
    code, said = deploy("--parameter-overrides", "Name=second", "--no-execute-changeset")
    assert (code, "Changeset created successfully." in said) == (0, True)
    arn = said.split("--change-set-name ")[1].split()[0]
    described = aws("describe-change-set", "--change-set-name", arn, "--include-property-values")
    assert described["ExecutionStatus"] == "AVAILABLE"
    (change,) = described["Changes"]
    assert change["ResourceChange"]["LogicalResourceId"] == "Topic"
    targets = [each["Target"] for each in change["ResourceChange"]["Details"]]
    assert {(each["Path"], each["BeforeValue"], each["AfterValue"]) for each in targets} == {
        ("/Properties/DisplayName", "first", "second")
    }
    assert aws("describe-stacks", "--stack-name", "web")["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"


def test_aws_deploy_says_that_a_stack_failed(deploy, aws, local):
    local.script(failures=[{"reason": "no more topics", "logical_id": "Topic", "on": "create"}])
    code, said = deploy()
    assert (code, "Failed to create/update the stack." in said) == (255, True)
    assert aws("describe-stacks", "--stack-name", "web")["Stacks"][0]["StackStatus"] == "ROLLBACK_COMPLETE"
    events = aws("describe-stack-events", "--stack-name", "web")["StackEvents"]
    assert "no more topics" in {each.get("ResourceStatusReason") for each in events}
    local.script(failures=[])
    code, said = deploy()
    assert (code, "is in ROLLBACK_COMPLETE state and can not be updated" in said) == (255, True)


def test_aws_deploy_sends_a_large_template_by_the_bucket(run, deploy, aws, tmp_path):
    large = {**WEB, "Metadata": {"Text": ["x" * 1000 for _ in range(60)]}}
    (tmp_path / "web.json").write_text(json.dumps(large))
    code, said = deploy()
    assert code == 255
    assert "51,200 bytes" in said
    assert run("aws", "s3", "mb", "s3://artifacts").returncode == 0
    code, said = deploy("--s3-bucket", "artifacts")
    assert code == 0, said
    assert aws("get-template", "--stack-name", "web")["TemplateBody"] == large


def test_aws_step_by_step_with_its_waiters(run, aws, local, tmp_path):
    (tmp_path / "web.json").write_text(json.dumps(WEB))
    # One real wait of each: the client's own pause between two looks is 30 s.
    local.script(seconds={"change_set": 1.5, "resource": 3})
    stack, named = ("--stack-name", "web"), ("--stack-name", "web", "--change-set-name", "first")
    made = aws("create-change-set", *named, "--change-set-type", "CREATE", "--template-body", "file://web.json")
    assert ":changeSet/first/" in made["Id"]
    begun = time.monotonic()
    assert aws("wait", "change-set-create-complete", *named) == ""
    assert time.monotonic() - begun > 1, "the change set takes its time"
    described = aws("describe-change-set", *named)
    assert (described["Status"], described["ExecutionStatus"]) == ("CREATE_COMPLETE", "AVAILABLE")
    assert [each["ResourceChange"]["Action"] for each in described["Changes"]] == ["Add"]
    assert aws("execute-change-set", *named) == ""
    assert aws("describe-stacks", *stack)["Stacks"][0]["StackStatus"] == "CREATE_IN_PROGRESS"
    assert aws("wait", "stack-create-complete", *stack) == ""

    events = aws("describe-stack-events", *stack)["StackEvents"][::-1]
    assert [(each["LogicalResourceId"], each["ResourceStatus"]) for each in events] == [
        ("web", "REVIEW_IN_PROGRESS"),
        ("web", "CREATE_IN_PROGRESS"),
        ("Topic", "CREATE_IN_PROGRESS"),
        ("Topic", "CREATE_IN_PROGRESS"),
        ("Topic", "CREATE_COMPLETE"),
        ("web", "CREATE_COMPLETE"),
    ]
    (resource,) = aws("list-stack-resources", *stack)["StackResourceSummaries"]
    outputs = aws("describe-stacks", *stack, "--query", "Stacks[0].Outputs")
    assert outputs == [{"OutputKey": "Arn", "OutputValue": resource["PhysicalResourceId"]}]

    local.script(seconds={"change_set": 0, "resource": 0})
    aws("update-termination-protection", *stack, "--enable-termination-protection")
    refused = run("aws", "cloudformation", "delete-stack", *stack)
    assert (refused.returncode, "TerminationProtection is enabled" in refused.stderr) == (255, True)
    aws("update-termination-protection", *stack, "--no-enable-termination-protection")
    assert aws("delete-stack", *stack) == ""
    assert aws("wait", "stack-delete-complete", *stack) == ""
    gone = run("aws", "cloudformation", "describe-stacks", *stack)
    assert (gone.returncode, "Stack with id web does not exist" in gone.stderr) == (255, True)


def test_aws_waiters_tell_of_failure(run, aws, local, tmp_path):
    (tmp_path / "web.json").write_text(json.dumps(WEB))
    aws("create-stack", "--stack-name", "web", "--template-body", "file://web.json")
    named = ("--stack-name", "web", "--change-set-name", "same")
    aws("create-change-set", *named, "--use-previous-template")
    failed = run("aws", "cloudformation", "wait", "change-set-create-complete", *named)
    assert (failed.returncode, "Waiter ChangeSetCreateComplete failed" in failed.stderr) == (255, True)
    assert aws("describe-change-set", *named)["StatusReason"].startswith("The submitted information didn't contain")
    local.script(failures=[{"reason": "denied", "logical_id": "Topic", "on": "update"}])
    changed = ("--use-previous-template", "--parameters", "ParameterKey=Name,ParameterValue=second")
    aws("update-stack", "--stack-name", "web", *changed)
    failed = run("aws", "cloudformation", "wait", "stack-update-complete", "--stack-name", "web")
    assert (failed.returncode, "UPDATE_ROLLBACK_COMPLETE" in failed.stderr) == (255, True)


@pytest.fixture
def sceptre(run, tmp_path):
    """sceptre in a project of two stacks, the second with the first's output: what it said; it must succeed."""
    files = {
        "config/config.yaml": {"project_code": "app", "region": "us-east-1"},
        "config/dev/topic.yaml": {
            "template": {"type": "file", "path": "web.json"},
            "parameters": {"Name": "first"},
        },
        "templates/web.json": WEB,
        "templates/name.json": {
            "Parameters": {"Arn": {"Type": "String"}},
            **template(Name={"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": {"Ref": "Arn"}}}),
        },
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(json.dumps(content))
    (tmp_path / "config" / "dev" / "name.yaml").write_text(
        "template:\n  type: file\n  path: name.json\nparameters:\n  Arn: !stack_output dev/topic.yaml::Arn\n"
    )

    def said(*arguments):
        done = run("sceptre", "--no-colour", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    return said


def test_sceptre_launches_updates_and_deletes(sceptre, aws, local, tmp_path):
    # It shows events later than the Date of the answer to its request, which has whole seconds.
    local.script(seconds={"resource": 1})
    said = sceptre("launch", "-y", "dev")
    for stack in ("topic", "name"):
        assert f"dev/{stack} app-dev-{stack} AWS::CloudFormation::Stack CREATE_COMPLETE" in said
    assert said.index("dev/topic - Creating Stack") < said.index("dev/name - Creating Stack")
    assert json.loads(sceptre("status", "dev")) == {"dev/topic": "CREATE_COMPLETE", "dev/name": "CREATE_COMPLETE"}
    (topic_row,) = aws("list-stack-resources", "--stack-name", "app-dev-topic")["StackResourceSummaries"]
    (given,) = aws("describe-stacks", "--stack-name", "app-dev-name")["Stacks"][0]["Parameters"]
    assert given == {"ParameterKey": "Arn", "ParameterValue": topic_row["PhysicalResourceId"]}

    said = sceptre("launch", "-y", "dev")
    assert "dev/topic - No updates to perform." in said
    assert "dev/name - No updates to perform." in said
    config = tmp_path / "config" / "dev" / "topic.yaml"
    config.write_text(config.read_text().replace("first", "second"))
    assert "second" in sceptre("diff", "dev/topic.yaml")
    said = sceptre("update", "-y", "dev/topic.yaml")
    assert "Topic AWS::SNS::Topic UPDATE_COMPLETE" in said
    assert (
        aws("describe-stacks", "--stack-name", "app-dev-topic")["Stacks"][0]["Parameters"][0]["ParameterValue"]
        == "second"
    )
    assert "IN_SYNC" in sceptre("drift", "show", "dev/topic.yaml")

    said = sceptre("delete", "-y", "dev")
    assert said.index("dev/name - delete complete") < said.index("dev/topic - delete complete")
    assert json.loads(sceptre("status", "dev")) == {"dev/topic": "PENDING", "dev/name": "PENDING"}
    assert aws("describe-stacks")["Stacks"] == []


def test_sceptre_reviews_a_change_set(sceptre, aws, tmp_path):
    sceptre("launch", "-y", "dev/topic.yaml")
    config = tmp_path / "config" / "dev" / "topic.yaml"
    config.write_text(config.read_text().replace("first", "second"))
    assert "Successfully initiated creation of Change Set 'review'" in sceptre(
        "create", "-y", "dev/topic.yaml", "review"
    )
    assert "'ExecutionStatus': 'AVAILABLE'" in sceptre("describe", "change-set", "dev/topic.yaml", "review")
    sceptre("execute", "-y", "dev/topic.yaml", "review")
    assert aws("describe-stacks", "--stack-name", "app-dev-topic")["Stacks"][0]["StackStatus"] == "UPDATE_COMPLETE"
