"""Every stack status through the real commands: the exit codes of plan, status, watch and cancel.

The stack is put into the state behind the scenes; the table of moves itself is in test_states.py.
"""

import pytest
from deploy_stack.states import BUSY, GONE, REVIEW, TABLE, Move, Verb, answer, outcome

STABLE = [status for status in TABLE if status not in GONE and status not in BUSY and status != REVIEW]
PLAN = {Move.UPDATE: 10, Move.REFUSE: 14, Move.RECREATE: 11, Move.WAIT: 1, Move.CREATE: 10, Move.CREATE_IN_REVIEW: 10}


@pytest.fixture
def put(deployed, project, local):
    """Put the network's stack into a state, with a change waiting in its files."""
    project.template("network", lambda found: found["Resources"]["Group"]["Properties"].update(GroupDescription="x"))

    def into(status):
        stack = next(each for each in local.server.store.stacks.values() if each.name == "aldeia-staging-network")
        stack.status = status

    return into


@pytest.mark.parametrize("status", [each for each in TABLE if each not in GONE and each != REVIEW])
def test_plan_of_every_status(deployed, put, status):
    """Changes wait (10), refused (1, 14) or asked for (11), and never a deletion."""
    put(status)

    result = deployed("plan", "staging", "network")

    assert result.code == PLAN[answer(Verb.CHANGE, status).move], result.err
    assert status in result.err or result.code == 10


@pytest.mark.parametrize("status", STABLE)
def test_watch_status_and_cancel_of_every_status_at_rest(deployed, put, status):
    """watch ends with the code of the last operation, cancel with 0, status shows it."""
    put(status)

    codes = [deployed(verb, "staging", "network").code for verb in ("watch", "cancel")]

    assert codes == [outcome(status, deleting=status == "DELETE_FAILED"), 0]
    assert deployed("status", "staging", "--json", "network").json["Stacks"][0]["Status"] == status


@pytest.mark.parametrize("status", [each for each in STABLE if answer(Verb.ROLLBACK, each).move is Move.REFUSE])
def test_rollback_of_a_stack_that_cannot_go_back(deployed, put, status):
    """Refused with the code of the table."""
    put(status)

    assert deployed("rollback", "staging", "network").code == answer(Verb.ROLLBACK, status).exit_code
