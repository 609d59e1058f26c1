"""Follow an operation to its end, by its events alone.

In: a stack's ARN and the tokens that mark our operation. Out: every event once, oldest first, and an `Ending`.
Refuses to know: what the operation was for. One call a look: the first page of events holds progress and end alike.

Three rules that other tools broke: an event is known by its EventId, never by its time; the end is our own root event,
not the stack's status, which may still be the old one; and what is not known is never called success or failure.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from deploy_stack import stacks
from deploy_stack.aws import error_code, error_text, is_expired, is_missing_stack, is_passing, is_throttle
from deploy_stack.exits import DeployError, Exit
from deploy_stack.pace import stack_rhythm
from deploy_stack.run import Run
from deploy_stack.states import BUSY, REVIEW, outcome

STACK_TYPE = "AWS::CloudFormation::Stack"
STARTS = frozenset({"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "IMPORT_IN_PROGRESS"})
QUIET_LOOKS = 25  # looks without news after which the stack itself is asked


@dataclass(frozen=True)
class Event:
    """One stack event."""

    id: str
    logical_id: str
    physical_id: str
    type: str
    status: str
    reason: str
    time: str
    token: str
    root: bool
    detailed: str = ""
    hook: str = ""


@dataclass(frozen=True)
class Ending:
    """How an operation ended."""

    status: str
    reason: str
    exit_code: Exit
    events: tuple[Event, ...] = ()


@dataclass
class Progress:
    """What a watcher has seen of one stack; the boards draw it."""

    name: str
    total: int = 0
    states: dict[str, str] = field(default_factory=dict)
    status: str = "waiting"
    started: float = field(default_factory=time.monotonic)
    ended: float | None = None
    last: str = ""

    def add(self, event: Event) -> None:
        """Take an event into account."""
        if event.root:
            self.status = event.status
        else:
            self.states[event.logical_id] = event.status
            self.last = f"{event.logical_id} {event.status}"

    def count(self, ending: str) -> int:
        """Return how many resources are in a state that ends so."""
        return sum(each.endswith(ending) for each in self.states.values())

    @property
    def done(self) -> int:
        """How many resources are finished."""
        return self.count("_COMPLETE") + self.count("_SKIPPED")


def follow(
    run: Run,
    name: str,
    stack_id: str,
    tokens: set[str],
    *,
    on_event: Callable[[Event], None] | None = None,
    progress: Progress | None = None,
    deleting: bool = False,
    resume: str = "",
) -> Ending:
    """Return how our operation ended. `tokens` are its ClientRequestTokens; more may be added while it runs.

    Raises DeployError (lost sight) when AWS does not answer for `run.patience` seconds or the credentials expire, and
    InterruptError when the user has had enough; in neither case is anything known of the stack.
    """
    progress = progress or Progress(name)
    rhythm = stack_rhythm()
    seen: dict[str, Event] = {}
    answered, quiet, trouble = time.monotonic(), 0, ""
    with run.aws.bucket.watching() as fair:
        while True:
            try:
                news = _news(run, stack_id, seen, tokens)
                quiet = 0 if news else quiet + 1
                ending = _take(news, seen, progress, on_event, deleting=deleting)
                if ending is None and quiet >= QUIET_LOOKS:
                    quiet, ending = 0, _ask_the_stack(run, stack_id, seen, deleting=deleting)
                answered, trouble = time.monotonic(), ""
                if ending:
                    progress.ended = answered
                    return ending
            except DeployError:
                raise
            except Exception as error:
                _survive(error, rhythm.throttled, answered, run.patience, resume)
                if not trouble:  # silence would look as if nothing went on
                    trouble = "AWS asks for fewer calls" if is_throttle(error) else f"no answer ({error_text(error)})"
                    run.say(name, f"{trouble}; looking less often, the operation goes on")
            pending = progress.total - progress.done
            run.sleep(fair(rhythm.next(nearly_done=progress.total > 0 and pending <= 1)))


def _news(run: Run, stack_id: str, seen: Mapping[str, Event], tokens: set[str]) -> list[Event]:
    """Return our events that are new, oldest first. Pages are read only as far as they are new."""
    found: list[Event] = []
    arguments = {"StackName": stack_id}
    while True:
        page = run.aws.client("cloudformation").describe_stack_events(**arguments)
        fresh = [from_description(each, stack_id) for each in page["StackEvents"] if each["EventId"] not in seen]
        ours = [each for each in fresh if each.token in tokens]
        found.extend(ours)
        token = page.get("NextToken")
        # A page with an event that is known, or that is somebody else's, is the last one with news.
        if not token or len(ours) < len(page["StackEvents"]):
            return found[::-1]
        arguments["NextToken"] = token


def _take(
    news: Iterable[Event],
    seen: dict[str, Event],
    progress: Progress,
    on_event: Callable[[Event], None] | None,
    *,
    deleting: bool,
) -> Ending | None:
    ending = None
    for event in news:
        seen[event.id] = event
        progress.add(event)
        if on_event:
            on_event(event)
        if event.root:
            # Other clients send no token: an operation that ended before this one began may come with it.
            ending = event if is_terminal(event.status) else None
    if ending is None:
        return None
    return Ending(
        ending.status, _first_reason(seen.values()), outcome(ending.status, deleting=deleting), tuple(seen.values())
    )


def is_terminal(status: str) -> bool:
    """Tell whether a root event of this status is an operation's last."""
    return status not in BUSY and status != REVIEW


def _first_reason(events: Iterable[Event]) -> str:
    """Return what the root said when things turned: the last event's own reason is empty."""
    reasons = [each.reason for each in events if each.root and each.reason and "User Initiated" not in each.reason]
    return reasons[-1] if reasons else ""


def _ask_the_stack(run: Run, stack_id: str, seen: Mapping[str, Event], *, deleting: bool) -> Ending | None:
    """No news for a while: a deleted stack's events may be gone, or a cancelled creation has another's token.

    A status that says REVIEW_IN_PROGRESS may be an old read, and one that was there before our first event is not ours.
    """
    try:
        answer = run.aws.client("cloudformation").describe_stacks(StackName=stack_id)
    except Exception as error:
        if not is_missing_stack(error):
            raise
        return Ending("DELETE_COMPLETE", "", outcome("DELETE_COMPLETE", deleting=deleting), tuple(seen.values()))
    stack = stacks.from_description(answer["Stacks"][0])
    if not seen or not is_terminal(stack.status):
        return None
    return Ending(stack.status, stack.reason, outcome(stack.status, deleting=deleting), tuple(seen.values()))


def _survive(error: Exception, slow_down: Callable[[], None], answered: float, patience: float, resume: str) -> None:
    """Return when watching can go on; raise lost sight when it cannot. Throttling is never fatal."""
    again = f"nothing is known of how it ended, and AWS goes on with it; to go on watching: {resume}" if resume else ""
    if is_throttle(error):
        slow_down()
        return
    if is_expired(error):
        raise DeployError(
            f"lost sight: the credentials expired ({error_code(error) or type(error).__name__})",
            exit_code=Exit.LOST_SIGHT,
            next_step="\n".join(filter(None, ("sign in again", again))),
        ) from error
    if is_passing(error) or is_missing_stack(error):
        if time.monotonic() - answered < patience:
            slow_down()
            return
        raise DeployError(
            f"lost sight: no answer for {patience:.0f} s ({error_text(error)})",
            exit_code=Exit.LOST_SIGHT,
            next_step=again,
        ) from error
    raise DeployError(f"lost sight: {error_text(error)}", exit_code=Exit.LOST_SIGHT, next_step=again) from error


def current_operation(run: Run, stack_id: str) -> set[str]:
    """Return the tokens of the operation that runs, or ran last: those of its root events since it started."""
    tokens: set[str] = set()
    pages = run.aws.client("cloudformation").get_paginator("describe_stack_events").paginate(StackName=stack_id)
    for page in pages:
        for raw in page["StackEvents"]:
            event = from_description(raw, stack_id)
            if not event.root:
                continue
            tokens.add(event.token)
            if event.status in STARTS:
                return tokens
    return tokens


def follow_current(
    run: Run,
    name: str,
    stack_id: str,
    *,
    on_event: Callable[[Event], None] | None = None,
    progress: Progress | None = None,
    resume: str = "",
) -> Ending:
    """Follow whatever the stack is doing, by whom it may be, to its end."""
    stack = stacks.find(run.aws, stack_id)
    deleting = stack is not None and stack.status.startswith("DELETE")
    tokens = current_operation(run, stack_id)
    return follow(run, name, stack_id, tokens, on_event=on_event, progress=progress, deleting=deleting, resume=resume)


def from_description(raw: Mapping[str, Any], stack_id: str) -> Event:
    """Return one of DescribeStackEvents' events."""
    return Event(
        id=raw["EventId"],
        logical_id=raw.get("LogicalResourceId", ""),
        physical_id=raw.get("PhysicalResourceId", ""),
        type=raw.get("ResourceType", ""),
        status=raw.get("ResourceStatus", ""),
        reason=raw.get("ResourceStatusReason", ""),
        time=raw["Timestamp"].isoformat(),
        token=raw.get("ClientRequestToken", ""),
        root=raw.get("ResourceType") == STACK_TYPE and raw.get("PhysicalResourceId") == stack_id,
        detailed=raw.get("DetailedStatus", ""),
        hook=raw.get("HookStatusReason", ""),
    )
