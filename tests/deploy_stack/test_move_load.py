"""Requests during a move: a load generator, a balancer with the weights of the stacks, and targets that come and go with them."""

import pytest

from bench.traffic import traffic
from tests.deploy_stack.rehearsal import Rehearsal

pytestmark = pytest.mark.slow
# A host takes its time, and so does a task: long enough for a request that goes there meanwhile to be lost.
SECONDS = {"types": {"AWS::AutoScaling::AutoScalingGroup": 1.5, "AWS::ECS::Service": 1.0}}


@pytest.fixture
def staging(local, client, tmp_path):
    """Staging on EC2, where one host carries everything, ChromaDB too."""
    found = Rehearsal(local, client, tmp_path, "staging")
    local.script(seconds=SECONDS)
    return found


def listener(rehearsal):
    """Return the listener's ARN."""
    return next(
        each["OutputValue"] for each in rehearsal.stack("edge")["Outputs"] if each["OutputKey"] == "HttpsListenerArn"
    )


def move(rehearsal, to):
    """Move, and return the process's exit code and what it said."""
    process = rehearsal.process("move", "staging", "--to", to, "--step", "10,50,100", "--pause", "1", "--yes")
    _, said = process.communicate(timeout=120)
    return process.returncode, said


def test_no_request_is_lost_in_a_move_in_either_direction(staging, client):
    """There and back again: every request is answered, and both options answered some."""
    with traffic(client("elbv2"), listener(staging)) as tally:
        there, said = move(staging, "fargate")
        assert (there, staging.weight) == (0, 100), said
        back, said = move(staging, "ec2")
        assert (back, staging.weight) == (0, 0), said

    assert tally.lost == []
    assert tally.sent > 500
    assert len(tally.answered) == 4, "two services, two target groups each"


def test_the_count_finds_what_a_careless_change_loses(staging, client):
    """The home is taken from the host that has all requests: it is replaced under them, and that shows."""
    with traffic(client("elbv2"), listener(staging)) as tally:
        process = staging.process("deploy", "staging", "ec2", "--parameter", "ec2.RunChromadb=false", "--yes")
        process.communicate(timeout=60)

    assert process.returncode == 0
    assert tally.lost
    assert tally.answered
