"""What each verb does with a stack in each state: one table, for people and for the code.

In: a stack status (None: no such stack) and a verb. Out: an `Answer`. Refuses to know: how it is done.

Only an empty stack is ever deleted to make room: ROLLBACK_COMPLETE after a failed creation, and a review stack of ours.
No `UPDATE_*` status leads to a deletion, whatever the verb.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from deploy_stack.exits import Exit


class Move(Enum):
    """What is done."""

    CREATE = "create the stack"
    CREATE_IN_REVIEW = "create the stack in the review stack that is there"
    UPDATE = "update the stack"
    RECREATE = "ask, delete what the failed creation left, then create"
    WAIT = "wait for the other operation (--wait) or refuse"
    REFUSE = "refuse, and say what a person has to do"
    NOTHING = "nothing to do"
    FOLLOW = "follow the operation to its end"
    REPORT = "report the state it is in"
    CANCEL_UPDATE = "cancel the update"
    DELETE = "ask, then delete the stack"
    DELETE_CREATION = "ask, then end the creation by deleting the stack"
    CLEAN_REVIEW = "delete our change sets and the empty stack"
    CONTINUE_ROLLBACK = "ask, then continue the rollback, with the resources to skip shown"
    ROLL_BACK = "ask, then roll the stack back to its last good state"


@dataclass(frozen=True)
class Answer:
    """What a verb does in a state; `exit_code` and `say` are for the moves that end there."""

    move: Move
    exit_code: Exit = Exit.DONE
    say: str = ""


class Verb(Enum):
    """The verbs that care for a stack's state. plan, deploy, apply and a rollback to a release all CHANGE it."""

    CHANGE = "change"
    WATCH = "watch"
    CANCEL = "cancel"
    DELETE = "delete"
    ROLLBACK = "rollback"
    READ = "read"  # status, outputs, drift


BUSY = frozenset(
    {
        "CREATE_IN_PROGRESS",
        "ROLLBACK_IN_PROGRESS",
        "DELETE_IN_PROGRESS",
        "UPDATE_IN_PROGRESS",
        "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_ROLLBACK_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
        "IMPORT_IN_PROGRESS",
        "IMPORT_ROLLBACK_IN_PROGRESS",
    }
)
SUCCESS = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"})
ROLLED_BACK = frozenset({"ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_ROLLBACK_COMPLETE"})
STUCK = frozenset(
    {
        "CREATE_FAILED",
        "ROLLBACK_FAILED",
        "DELETE_FAILED",
        "UPDATE_FAILED",
        "UPDATE_ROLLBACK_FAILED",
        "IMPORT_ROLLBACK_FAILED",
    }
)
GONE = frozenset({None, "DELETE_COMPLETE"})
REVIEW = "REVIEW_IN_PROGRESS"

# A creation that has not come to its end, or not to a good one: nobody was ever served by the stack.
NEVER_UP = frozenset({REVIEW, "CREATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED"})

# The new version already serves, only the old resources are being removed: good enough to end a watch with success,
# not good enough to start another operation.
LIVE = SUCCESS | {"UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"}

# What a person has to know of a stack that did not come to where it should: what runs, what is safe.
NOW: Mapping[str, str] = {
    "CREATE_FAILED": "what was made of it stands; nothing was there before",
    "ROLLBACK_COMPLETE": "nothing of it runs; the next deployment removes the empty stack and begins anew",
    "ROLLBACK_FAILED": "it never worked, and a part of it is left",
    "DELETE_FAILED": "a part of it is left",
    "UPDATE_FAILED": "it stands half-way between two versions",
    "UPDATE_ROLLBACK_COMPLETE": "the version before is back and runs",
    "UPDATE_ROLLBACK_FAILED": "it stands between two versions; no deployment is possible until its rollback is finished",
}

_UPDATE = Answer(Move.UPDATE)
_WAIT = Answer(Move.WAIT, Exit.ERROR, "another operation is running")
_BUSY_ROLLBACK = Answer(Move.WAIT, Exit.ERROR, "it is rolling back")
_FOLLOW = Answer(Move.FOLLOW)
_REPORT = Answer(Move.REPORT)
_NONE = Answer(Move.NOTHING, Exit.DONE, "there is no such stack")
_NOT_RUNNING = Answer(Move.NOTHING, Exit.DONE, "no operation is running")
_TOO_LATE = Answer(Move.FOLLOW, Exit.DONE, "it cannot be cancelled any more; following it")
_DELETE = Answer(Move.DELETE)
_ROLL = Answer(Move.UPDATE, Exit.DONE, "a plan to the version deployed before")


def _stuck(say: str) -> Answer:
    return Answer(Move.REFUSE, Exit.NEEDS_PERSON, say)


_CONTINUE = "its rollback failed; continue it with `deploy-stack rollback {environment} {stack}`"
_DELETE_FIRST = "nothing but a deletion is possible: `deploy-stack delete {environment} {stack}`"
_ROLL_FIRST = "roll it back first: `deploy-stack rollback {environment} {stack}`"
_NO_VERSION = "there is no version deployed before"


def _row(change: Answer, watch: Answer, cancel: Answer, delete: Answer, rollback: Answer) -> Mapping[Verb, Answer]:
    return {
        Verb.CHANGE: change,
        Verb.WATCH: watch,
        Verb.CANCEL: cancel,
        Verb.DELETE: delete,
        Verb.ROLLBACK: rollback,
        Verb.READ: _REPORT,
    }


_STABLE = _row(_UPDATE, _REPORT, _NOT_RUNNING, _DELETE, _ROLL)
_ABSENT = _row(
    Answer(Move.CREATE), _NONE, _NONE, _NONE, Answer(Move.REFUSE, Exit.ERROR, f"there is no such stack: {_NO_VERSION}")
)
_ROLLING = _row(_BUSY_ROLLBACK, _FOLLOW, _TOO_LATE, _WAIT, _BUSY_ROLLBACK)

TABLE: Mapping[str | None, Mapping[Verb, Answer]] = {
    None: _ABSENT,
    "DELETE_COMPLETE": _ABSENT,
    REVIEW: _row(
        Answer(Move.CREATE_IN_REVIEW),
        Answer(Move.REPORT, Exit.DONE, "a change set waits for its review"),
        Answer(Move.CLEAN_REVIEW),
        Answer(Move.CLEAN_REVIEW),
        Answer(Move.REFUSE, Exit.ERROR, f"it was never created: {_NO_VERSION}"),
    ),
    "CREATE_IN_PROGRESS": _row(_WAIT, _FOLLOW, Answer(Move.DELETE_CREATION), Answer(Move.DELETE_CREATION), _WAIT),
    "CREATE_COMPLETE": _STABLE,
    "CREATE_FAILED": _row(
        _stuck(f"its creation failed and was not rolled back; {_ROLL_FIRST}"),
        _REPORT,
        _NOT_RUNNING,
        _DELETE,
        Answer(Move.ROLL_BACK),
    ),
    "ROLLBACK_IN_PROGRESS": _ROLLING,
    "ROLLBACK_COMPLETE": _row(
        Answer(Move.RECREATE),
        _REPORT,
        _NOT_RUNNING,
        _DELETE,
        Answer(Move.REFUSE, Exit.ERROR, f"its creation failed: {_NO_VERSION}"),
    ),
    "ROLLBACK_FAILED": _row(
        _stuck(f"its creation failed and so did the clean-up; {_DELETE_FIRST}"),
        _REPORT,
        _NOT_RUNNING,
        _DELETE,
        _stuck(f"its creation failed and so did the clean-up; {_DELETE_FIRST}"),
    ),
    "DELETE_IN_PROGRESS": _row(_WAIT, _FOLLOW, _TOO_LATE, _FOLLOW, _WAIT),
    "DELETE_FAILED": _row(
        _stuck(f"its deletion failed half-way; {_DELETE_FIRST}"),
        _REPORT,
        _NOT_RUNNING,
        _DELETE,
        _stuck(f"its deletion failed half-way; {_DELETE_FIRST}"),
    ),
    "UPDATE_IN_PROGRESS": _row(_WAIT, _FOLLOW, Answer(Move.CANCEL_UPDATE), _WAIT, _WAIT),
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": _row(
        Answer(Move.WAIT, Exit.ERROR, "the new version is live, the old resources are still being removed"),
        _FOLLOW,
        _TOO_LATE,
        _WAIT,
        _WAIT,
    ),
    "UPDATE_COMPLETE": _STABLE,
    "UPDATE_FAILED": _row(
        _stuck(f"its update failed and was not rolled back; {_ROLL_FIRST}"),
        _REPORT,
        _NOT_RUNNING,
        _DELETE,
        Answer(Move.ROLL_BACK),
    ),
    "UPDATE_ROLLBACK_IN_PROGRESS": _ROLLING,
    "UPDATE_ROLLBACK_FAILED": _row(_stuck(_CONTINUE), _REPORT, _NOT_RUNNING, _DELETE, Answer(Move.CONTINUE_ROLLBACK)),
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": _ROLLING,
    "UPDATE_ROLLBACK_COMPLETE": _STABLE,
    "IMPORT_IN_PROGRESS": _row(_WAIT, _FOLLOW, _TOO_LATE, _WAIT, _WAIT),
    "IMPORT_COMPLETE": _STABLE,
    "IMPORT_ROLLBACK_IN_PROGRESS": _ROLLING,
    "IMPORT_ROLLBACK_FAILED": _row(
        _stuck("its import failed and could not be undone; mend it in the console"),
        _REPORT,
        _NOT_RUNNING,
        _DELETE,
        _stuck("its import failed and could not be undone; mend it in the console"),
    ),
    "IMPORT_ROLLBACK_COMPLETE": _STABLE,
}


def answer(verb: Verb, status: str | None) -> Answer:
    """Return what `verb` does with a stack in `status`; a status of tomorrow's API is refused, not guessed."""
    row = TABLE.get(status)
    if row is None:
        return Answer(Move.REFUSE, Exit.NEEDS_PERSON, f"{status} is a state this version does not know")
    return row[verb]


def outcome(status: str | None, *, deleting: bool = False) -> Exit:
    """Return the exit code that an operation ended with, from the stack's state after it."""
    if status in GONE:
        return Exit.DONE if deleting else Exit.ROLLED_BACK  # OnStackFailure=DELETE ends here too, and is a failure
    if status in LIVE and not deleting:
        return Exit.DONE
    return Exit.ROLLED_BACK if status in ROLLED_BACK and not deleting else Exit.NEEDS_PERSON
