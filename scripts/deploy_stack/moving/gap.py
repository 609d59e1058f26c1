"""How long nobody is at home: estimated before, measured after, both from stack events.

In: a `Run` and stacks. Out: seconds. Refuses to know: the steps of a move.
CloudFormation keeps events for 90 days, so the estimate comes from how long this very stack took last.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from deploy_stack.aws import as_deploy_error, is_missing_stack
from deploy_stack.events import STARTS, Event, from_description
from deploy_stack.project import StackSpec
from deploy_stack.run import Run

# What starts and stops containers; all else is done beside it.
RUNNERS = frozenset({"AWS::ECS::Service", "AWS::AutoScaling::AutoScalingGroup"})
_ENOUGH = 1000  # events that are read at most: ten pages


def estimated(run: Run, leaving: Iterable[StackSpec], entering: Iterable[StackSpec]) -> float | None:
    """Return how long leaving one home and entering another takes, one after the other, or None where nothing is recorded.

    Each is taken as long as the slowest service or group of its stack took last: rather too long than too short.
    """
    found = [_longest(run, each) for each in (*leaving, *entering)]
    return None if None in found else sum(each for each in found if each is not None)


def _longest(run: Run, spec: StackSpec) -> float | None:
    ended: dict[str, datetime] = {}
    lasted: dict[str, float] = {}
    for event in _newest_first(run, spec):
        if event.type not in RUNNERS or event.logical_id in lasted:
            continue
        if event.status in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
            ended.setdefault(event.logical_id, datetime.fromisoformat(event.time))
        elif event.status in STARTS and event.logical_id in ended:
            lasted[event.logical_id] = (ended[event.logical_id] - datetime.fromisoformat(event.time)).total_seconds()
    return max(lasted.values(), default=None)


def measured(run: Run, left: Iterable[StackSpec], entered: Iterable[StackSpec]) -> float | None:
    """Return the seconds from the first runner that the last operation on the old home touched to the last one on the new home.

    So it is known after a kill in between as well. None where the events do not tell.
    """
    begun = [event.time for spec in left for event in _last_operation(run, spec) if event.type in RUNNERS]
    ended = [
        event.time
        for spec in entered
        for event in _last_operation(run, spec)
        if event.type in RUNNERS and event.status in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
    ]
    if not begun or not ended:
        return None
    seconds = (datetime.fromisoformat(max(ended)) - datetime.fromisoformat(min(begun))).total_seconds()
    return seconds if seconds >= 0 else None


def _last_operation(run: Run, spec: StackSpec) -> Sequence[Event]:
    found = []
    for event in _newest_first(run, spec):
        found.append(event)
        if event.root and event.status in STARTS:
            break
    return found


def _newest_first(run: Run, spec: StackSpec) -> Iterator[Event]:
    pages = (
        run.aws.client("cloudformation")
        .get_paginator("describe_stack_events")
        .paginate(StackName=spec.stack_name, PaginationConfig={"MaxItems": _ENOUGH})
    )
    try:
        for page in pages:
            for raw in page["StackEvents"]:
                yield from_description(raw, raw["StackId"])
    except Exception as error:
        if not is_missing_stack(error):
            raise as_deploy_error(error, f"reading the events of {spec.stack_name}") from error
