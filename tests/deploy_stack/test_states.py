"""The table of stack states times verbs: every cell is written down here, and every cell has a defined outcome."""

import botocore.session
import pytest
from deploy_stack.exits import Exit
from deploy_stack.states import (
    BUSY,
    GONE,
    REVIEW,
    ROLLED_BACK,
    STUCK,
    SUCCESS,
    TABLE,
    Move,
    Verb,
    answer,
    outcome,
)

C, W, X, D, R = Verb.CHANGE, Verb.WATCH, Verb.CANCEL, Verb.DELETE, Verb.ROLLBACK

# status: what plan/deploy/apply, watch, cancel, delete and rollback do
EXPECTED = {
    None: (Move.CREATE, Move.NOTHING, Move.NOTHING, Move.NOTHING, Move.REFUSE),
    "DELETE_COMPLETE": (Move.CREATE, Move.NOTHING, Move.NOTHING, Move.NOTHING, Move.REFUSE),
    "REVIEW_IN_PROGRESS": (Move.CREATE_IN_REVIEW, Move.REPORT, Move.CLEAN_REVIEW, Move.CLEAN_REVIEW, Move.REFUSE),
    "CREATE_IN_PROGRESS": (Move.WAIT, Move.FOLLOW, Move.DELETE_CREATION, Move.DELETE_CREATION, Move.WAIT),
    "CREATE_COMPLETE": (Move.UPDATE, Move.REPORT, Move.NOTHING, Move.DELETE, Move.UPDATE),
    "CREATE_FAILED": (Move.REFUSE, Move.REPORT, Move.NOTHING, Move.DELETE, Move.ROLL_BACK),
    "ROLLBACK_IN_PROGRESS": (Move.WAIT, Move.FOLLOW, Move.FOLLOW, Move.WAIT, Move.WAIT),
    "ROLLBACK_COMPLETE": (Move.RECREATE, Move.REPORT, Move.NOTHING, Move.DELETE, Move.REFUSE),
    "ROLLBACK_FAILED": (Move.REFUSE, Move.REPORT, Move.NOTHING, Move.DELETE, Move.REFUSE),
    "DELETE_IN_PROGRESS": (Move.WAIT, Move.FOLLOW, Move.FOLLOW, Move.FOLLOW, Move.WAIT),
    "DELETE_FAILED": (Move.REFUSE, Move.REPORT, Move.NOTHING, Move.DELETE, Move.REFUSE),
    "UPDATE_IN_PROGRESS": (Move.WAIT, Move.FOLLOW, Move.CANCEL_UPDATE, Move.WAIT, Move.WAIT),
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": (Move.WAIT, Move.FOLLOW, Move.FOLLOW, Move.WAIT, Move.WAIT),
    "UPDATE_COMPLETE": (Move.UPDATE, Move.REPORT, Move.NOTHING, Move.DELETE, Move.UPDATE),
    "UPDATE_FAILED": (Move.REFUSE, Move.REPORT, Move.NOTHING, Move.DELETE, Move.ROLL_BACK),
    "UPDATE_ROLLBACK_IN_PROGRESS": (Move.WAIT, Move.FOLLOW, Move.FOLLOW, Move.WAIT, Move.WAIT),
    "UPDATE_ROLLBACK_FAILED": (Move.REFUSE, Move.REPORT, Move.NOTHING, Move.DELETE, Move.CONTINUE_ROLLBACK),
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": (Move.WAIT, Move.FOLLOW, Move.FOLLOW, Move.WAIT, Move.WAIT),
    "UPDATE_ROLLBACK_COMPLETE": (Move.UPDATE, Move.REPORT, Move.NOTHING, Move.DELETE, Move.UPDATE),
    "IMPORT_IN_PROGRESS": (Move.WAIT, Move.FOLLOW, Move.FOLLOW, Move.WAIT, Move.WAIT),
    "IMPORT_COMPLETE": (Move.UPDATE, Move.REPORT, Move.NOTHING, Move.DELETE, Move.UPDATE),
    "IMPORT_ROLLBACK_IN_PROGRESS": (Move.WAIT, Move.FOLLOW, Move.FOLLOW, Move.WAIT, Move.WAIT),
    "IMPORT_ROLLBACK_FAILED": (Move.REFUSE, Move.REPORT, Move.NOTHING, Move.DELETE, Move.REFUSE),
    "IMPORT_ROLLBACK_COMPLETE": (Move.UPDATE, Move.REPORT, Move.NOTHING, Move.DELETE, Move.UPDATE),
}
CELLS = [
    (status, verb, move) for status, row in EXPECTED.items() for verb, move in zip((C, W, X, D, R), row, strict=True)
]


@pytest.mark.parametrize(("status", "verb", "move"), CELLS)
def test_every_status_times_every_verb_has_its_outcome(status, verb, move):
    """The table in the code is the table that was decided."""
    assert answer(verb, status).move is move


def test_the_table_knows_every_status_of_the_service_model():
    """A status that botocore knows and we do not would be a hole."""
    model = botocore.session.Session().get_service_model("cloudformation")

    assert set(TABLE) == {None, *model.shape_for("StackStatus").enum} == set(EXPECTED)


def test_every_status_is_of_one_kind():
    """Busy, good, rolled back, stuck, gone or under review: nothing in two, nothing in none."""
    kinds = [BUSY, SUCCESS, ROLLED_BACK, STUCK, GONE, {REVIEW}]

    assert sorted(map(str, TABLE)) == sorted(str(status) for kind in kinds for status in kind)


def test_reading_never_depends_on_the_state():
    """status, outputs and drift report whatever there is."""
    assert {row[Verb.READ].move for row in TABLE.values()} == {Move.REPORT}


def test_case_17_of_the_complaints_no_update_status_ever_leads_to_a_deletion_to_make_room():
    """A live stack was once deleted by a tool that met UPDATE_ROLLBACK_FAILED: only a failed creation is recreated."""
    assert [status for status, row in TABLE.items() if row[Verb.CHANGE].move is Move.RECREATE] == ["ROLLBACK_COMPLETE"]


def test_what_ends_here_says_why():
    """A refusal without a reason would leave the user alone."""
    silent = [
        (status, verb)
        for status, row in TABLE.items()
        for verb, cell in row.items()
        if cell.move in {Move.REFUSE, Move.WAIT} and not cell.say
    ]

    assert silent == []


def test_a_refusal_because_of_a_broken_stack_needs_a_person():
    """Exit 14 tells a job that trying again will not help."""
    codes = {status: TABLE[status][Verb.CHANGE].exit_code for status in STUCK}

    assert set(codes.values()) == {Exit.NEEDS_PERSON}


def test_a_status_of_tomorrow_is_refused_not_guessed():
    """Guessing "it ends with _COMPLETE" is how other tools got it wrong."""
    assert answer(Verb.CHANGE, "REFACTOR_COMPLETE").move is Move.REFUSE


@pytest.mark.parametrize(
    ("status", "deleting", "code"),
    [
        ("CREATE_COMPLETE", False, Exit.DONE),
        ("UPDATE_COMPLETE", False, Exit.DONE),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", False, Exit.DONE),
        ("IMPORT_COMPLETE", False, Exit.DONE),
        ("ROLLBACK_COMPLETE", False, Exit.ROLLED_BACK),
        ("UPDATE_ROLLBACK_COMPLETE", False, Exit.ROLLED_BACK),
        ("DELETE_COMPLETE", False, Exit.ROLLED_BACK),
        ("DELETE_COMPLETE", True, Exit.DONE),
        (None, True, Exit.DONE),
        ("DELETE_FAILED", True, Exit.NEEDS_PERSON),
        ("CREATE_COMPLETE", True, Exit.NEEDS_PERSON),
        ("UPDATE_FAILED", False, Exit.NEEDS_PERSON),
        ("UPDATE_ROLLBACK_FAILED", False, Exit.NEEDS_PERSON),
        ("ROLLBACK_FAILED", False, Exit.NEEDS_PERSON),
        ("CREATE_FAILED", False, Exit.NEEDS_PERSON),
    ],
)
def test_case_26_27_the_exit_code_of_an_ending(status, deleting, code):
    """Ending with _COMPLETE is no success by itself, and a stack that deleted itself has failed."""
    assert outcome(status, deleting=deleting) is code
