"""Why an operation failed, and what to do next.

In: the events of an operation. Out: a `Cause`. Refuses to know: how it is shown.

The root cause is the earliest real failure: what was cancelled because something else failed is no cause. Nested stacks
are followed down; for an ECS service that never became steady the stopped tasks say what CloudFormation cannot.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from deploy_stack.aws import Aws
from deploy_stack.events import STACK_TYPE, Event, from_description
from deploy_stack.links import events_link, stopped_tasks_link

CANCELLED = ("resource creation cancelled", "resource update cancelled", "cancelled")
MAX_DEPTH = 5

# What to do about it: (expression over the reason, advice). The first match speaks.
ADVICE: tuple[tuple[str, str], ...] = (
    (
        r"CannotPull|ImageNotFound|pull image|manifest unknown",
        "the image cannot be pulled: check its tag, the repository "
        "and the execution role, then deploy again with --image NAME=TAG",
    ),
    (
        r"ResourceInitializationError|secretsmanager|secret",
        "a secret cannot be read when the task starts: check that it has "
        "a value and that the execution role may read it",
    ),
    (
        r"circuit breaker|did not stabilize|not stabilized|essential container|health check|exited with",
        "the containers start and do not stay: read their log group, mend the image, deploy again",
    ),
    (
        r"already exists|AlreadyExists",
        "something of this name exists outside the stack: delete it, rename it or import it",
    ),
    (
        r"AccessDenied|not authorized|UnauthorizedOperation|is not authorized",
        "the deploying role lacks a permission: add it to the delivery stack's role and deploy again",
    ),
    (r"[Ll]imit ?[Ee]xceeded|quota|maximum number", "a quota of the account is used up: raise it or free something"),
    (r"RollbackTrigger|alarm", "an alarm rang during the deployment: look at what it measures before trying again"),
    (
        r"signal|FAILURE signals|timed out waiting",
        "an instance did not report success in time: read its cloud-init log in the host's log group",
    ),
    (r"Rate exceeded|Throttling", "AWS was too busy: deploy again"),
    (
        r"VALIDATION_FAILED|validation",
        "a property has a value that the service refuses: correct it and run make templates",
    ),
)


@dataclass(frozen=True)
class Cause:
    """The first thing that went wrong."""

    logical_id: str
    type: str
    reason: str
    details: tuple[str, ...] = ()
    next_step: str = ""
    links: tuple[str, ...] = field(default=())


def find_cause(aws: Aws, stack_id: str, events: Sequence[Event]) -> Cause | None:
    """Return the root cause, or None when nothing in the events has failed (a cancelled operation)."""
    first = earliest_failure(events)
    if first is None:
        return None
    prefix = ""
    current = stack_id
    for _ in range(MAX_DEPTH):
        if first.type != STACK_TYPE or not first.physical_id or first.physical_id == current:
            break
        inner = earliest_failure(_events_of(aws, first.physical_id))
        if inner is None:
            break
        prefix, current, first = f"{prefix}{first.logical_id}/", first.physical_id, inner
    details: tuple[str, ...] = ()
    links: tuple[str, ...] = (events_link(current),)
    if first.hook:
        details = (f"hook: {first.hook}",)
    if first.type == "AWS::ECS::Service" and first.physical_id:
        cluster, service = _service(first.physical_id)
        details = (*details, *stopped_tasks(aws, cluster, service))
        links = (stopped_tasks_link(current, cluster, service), *links)
    reason = first.reason or "no reason given"
    return Cause(
        logical_id=prefix + first.logical_id,
        type=first.type,
        reason=reason,
        details=details,
        next_step=advice(" ".join((reason, *details))),
        links=links,
    )


def earliest_failure(events: Sequence[Event]) -> Event | None:
    """Return the earliest failure that is no consequence of another; `events` are oldest first."""
    failed = [each for each in events if _is_failure(each)]
    resources = [each for each in failed if not each.root]
    return next(iter(resources or failed), None)


def _is_failure(event: Event) -> bool:
    if any(word in event.reason.lower() for word in CANCELLED):
        return False
    return event.status.endswith("_FAILED") or event.detailed == "VALIDATION_FAILED"


DEPLOY_AGAIN = "mend the cause, then deploy again: nothing of the failed change is left"


def advice(reason: str) -> str:
    """Return what to do next about a reason, as far as it is known."""
    for expression, text in ADVICE:
        if re.search(expression, reason):
            return text
    return DEPLOY_AGAIN


def stopped_tasks(aws: Aws, cluster: str, service: str) -> tuple[str, ...]:
    """Return why the service's last tasks stopped, each reason once; nothing when ECS cannot be asked."""
    try:
        client = aws.client("ecs")
        arns = client.list_tasks(cluster=cluster, serviceName=service, desiredStatus="STOPPED").get("taskArns", [])
        tasks = client.describe_tasks(cluster=cluster, tasks=arns[:20]).get("tasks", []) if arns else []
    except Exception:
        return ()
    lines: dict[str, None] = {}
    for task in tasks:
        if task.get("stoppedReason"):
            lines[f"task stopped: {task['stoppedReason']}"] = None
        for container in task.get("containers", ()):
            code, reason = container.get("exitCode"), container.get("reason", "")
            if reason or code not in (None, 0):
                lines[f"container {container.get('name')}: exit code {code} {reason}".rstrip()] = None
    return tuple(lines)[:6]


def _service(physical_id: str) -> tuple[str, str]:
    """Return (cluster, service) from `arn:...:service/CLUSTER/SERVICE`, or a short ARN of the default cluster."""
    parts = physical_id.rsplit(":", 1)[-1].split("/")
    return (parts[1], parts[2]) if len(parts) == 3 else ("default", parts[-1])


def _events_of(aws: Aws, stack_id: str) -> list[Event]:
    try:
        pages = aws.client("cloudformation").get_paginator("describe_stack_events").paginate(StackName=stack_id)
        found = [from_description(each, stack_id) for page in pages for each in page["StackEvents"]]
    except Exception:
        return []
    return found[::-1]
