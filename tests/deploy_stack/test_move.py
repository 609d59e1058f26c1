"""A move between the compute options, rehearsed with the real templates: in both directions, and with what can come between.

After everything that can happen the requests are whole (weights sum to 100, on healthy targets), ChromaDB never had two homes,
and a second run goes on or back.
"""

import json
import threading

import pytest

from tests.deploy_stack.rehearsal import Rehearsal

FAST = ("--step", "50,100", "--pause", "0", "--yes")


@pytest.fixture
def rehearse(local, client, tmp_path, monkeypatch):
    """Deploy an environment of the real templates as its default says."""

    def begin(environment):
        found = Rehearsal(local, client, tmp_path, environment)
        monkeypatch.chdir(tmp_path)
        found.assert_whole()
        return found

    return begin


@pytest.fixture
def staging(rehearse):
    """Staging on EC2."""
    return rehearse("staging")


@pytest.fixture
def production(rehearse):
    """Production on Fargate."""
    return rehearse("production")


@pytest.fixture
def move(local, capsys, request):
    """deploy-stack in this process."""
    from tests.deploy_stack.conftest import Result, run

    def call(*arguments):
        capsys.readouterr()
        code = run([str(each) for each in arguments])
        captured = capsys.readouterr()
        return Result(int(code), captured.out, captured.err)

    return call


def when(good, do):
    """Do something in a thread as soon as something is so; returns the thread."""

    def wait():
        while not good():
            threading.Event().wait(0.02)
        do()

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    return thread


def test_staging_moves_to_fargate_and_stays_there(staging, move):
    """The whole way; then a second run has nothing to do, a deployment keeps what the move set, and a second home is refused."""
    result = move("move", "staging", "--to", "fargate", *FAST, "--json")

    assert result.code == 0, result.err
    told = result.json
    assert [each["Step"] for each in told["Steps"]] == ["deploy", "check", "shift", "shift", "leave", "enter", "check"]
    assert told["Shares"] == {"ec2": 0, "fargate": 100}
    assert told["Homes"] == ["fargate"]
    assert 0 < told["GapSeconds"] < 60
    assert "chromadb answers nobody between its two homes" in result.err
    assert "compute=Compute.FARGATE" in result.err
    assert "deploy-stack delete staging ec2" in result.err
    assert staging.parameter("fargate", "BackendImageTag") == "4f2c1ab"  # what EC2 runs, without --image
    assert (staging.weight, staging.homes) == (100, {"fargate"})
    staging.assert_whole()

    again = move("move", "staging", "--to", "fargate", *FAST)
    kept = move("deploy", "staging", "edge", "ec2", "fargate", "--yes")
    twice = move("deploy", "staging", "ec2", "--parameter", "ec2.RunChromadb=true", "--yes")

    assert (again.code, kept.code, twice.code) == (0, 0, 11), kept.err + twice.err
    assert "already runs on fargate" in again.err
    assert "chromadb would run twice: aldeia-staging-fargate is its home" in twice.err
    assert (staging.weight, staging.homes) == (100, {"fargate"})
    staging.assert_whole()


@pytest.mark.slow
def test_an_alarm_half_way_brings_all_requests_back(production, move):
    """On the way to EC2, at 50 %: all requests return, the data stays, where both options reach it; then a second run goes on."""
    alarm = "aldeia-prod-backend-5xx"
    ringing = when(lambda: production.parameter("edge", "FargateWeight") == "50", lambda: production.ring(alarm))

    result = move("move", "production", "--to", "ec2", "--step", "50,100", "--pause", "20", "--yes", "--json")
    ringing.join()

    assert result.code == 13, result.err
    assert alarm in result.json["Text"]
    assert (production.weight, production.homes) == (100, {"ec2"})
    production.assert_whole()

    refused = move("move", "production", "--to", "ec2", *FAST)
    production.ring(alarm, "OK")
    on = move("move", "production", "--to", "ec2", *FAST, "--json")

    assert refused.code == 11
    assert "ring already" in refused.err
    assert on.code == 0, on.err
    assert [each["Step"] for each in on.json["Steps"]] == ["deploy", "check", "shift", "shift"]
    assert (production.weight, production.homes) == (0, {"ec2"})
    production.assert_whole()


def test_unhealthy_targets_get_no_request(staging, move, local):
    """The new option is deployed and not well: nothing is shifted, and the same command goes on when it is."""
    local.script(targets={"BackendFargateTargetGroup": "unhealthy"})

    result = move("move", "staging", "--to", "fargate", *FAST, "--healthy-within", "0.3")

    assert result.code == 1
    assert "BackendFargate: 0 of 1 healthy (unhealthy Target.FailedHealthChecks)" in result.err
    assert "then go on: deploy-stack move staging --to fargate" in result.err
    assert (staging.weight, staging.homes) == (0, {"ec2"})
    staging.assert_whole()


@pytest.mark.slow
def test_a_home_that_cannot_be_entered_is_given_back(production, move, local):
    """On the way to EC2 the data's host does not start: ChromaDB runs on Fargate again, and no request was moved."""
    local.script(
        failures=[{"logical_id": "DataHostGroup", "on": "create", "reason": "Received 0 SUCCESS signal(s) out of 1"}]
    )

    result = move("move", "production", "--to", "ec2", *FAST, "--json")

    assert result.code == 13, result.err
    assert "chromadb runs on fargate again" in result.json["Text"]
    assert (production.weight, production.homes) == (100, {"fargate"})
    production.assert_whole()


# --- refused before anything is changed ---


def calls_that_change(local):
    """Return the operations called that change something."""
    return {each["operation"] for each in local.calls()} & {
        "CreateChangeSet",
        "ExecuteChangeSet",
        "UpdateStack",
        "DeleteStack",
    }


def test_what_is_refused_changes_nothing(staging, move, local, tmp_path):
    """Wrong steps, nobody at the terminal, missing alarms, an option that ECS shifts itself, one option only."""
    local.reset(state=False)
    wrong = move("move", "staging", "--to", "fargate", "--step", "20,100", "--yes")
    unasked = move("move", "staging", "--to", "fargate")
    staging.client("cloudwatch").delete_alarms(AlarmNames=["aldeia-staging-backend-5xx"])
    unwatched = move("move", "staging", "--to", "fargate", "--yes")
    template = tmp_path / "templates/staging/fargate.json"
    text = template.read_text()
    body = json.loads(text)
    body["Resources"]["BackendService"]["Properties"]["DeploymentConfiguration"]["Strategy"] = "BLUE_GREEN"
    template.write_text(json.dumps(body))
    owned = move("move", "staging", "--to", "fargate", "--yes")
    template.write_text(text)
    manifest = tmp_path / "templates/staging/manifest.json"
    about = json.loads(manifest.read_text())
    del about["Compute"]
    manifest.write_text(json.dumps(about))
    single = move("move", "staging", "--to", "fargate", "--yes")

    assert [each.code for each in (wrong, unasked, unwatched, owned, single)] == [2, 11, 11, 2, 2]
    assert "each must be one of 1, 5, 10" in wrong.err
    assert "Nobody is at the terminal" in unasked.err
    assert "--allow unwatched:edge" in unwatched.err
    assert "ECS shifts the requests of BackendService itself" in owned.err
    assert "one compute option" in single.err
    assert not calls_that_change(local)
