"""Writing events: each also moves the status of the stack or resource it speaks of."""

from __future__ import annotations

import json
import uuid

from local_cloudformation.change_shapes import Secrets, marked, secrets_of
from local_cloudformation.model import Resource
from local_cloudformation.records import Event, Row, Stack
from local_cloudformation.store import Store

STACK_TYPE = "AWS::CloudFormation::Stack"
# Statuses after which a row disappears from the stack's resources.
_GONE = {"DELETE_COMPLETE", "DELETE_SKIPPED"}


def stack_event(store: Store, stack: Stack, status: str, at: float, reason: str | None = None) -> None:
    """The stack itself enters a status."""
    stack.status, stack.reason = status, reason
    event = Event(str(uuid.uuid4()), at, stack.name, stack.stack_id, STACK_TYPE, status, reason)
    _append(store, stack, event)


def resource_event(
    store: Store,
    stack: Stack,
    resource: Resource,
    *,
    status: str,
    at: float,
    reason: str | None = None,
    with_id: bool = True,
) -> None:
    """A resource enters a status. `with_id` is False before the service has given it an id."""
    name = resource.logical_id
    standing = stack.rows.get(name)
    physical_id = resource.physical_id if with_id else ""
    if status in _GONE:
        # A replaced resource's old body goes; its logical id stands on.
        if standing is not None and standing.physical_id in {physical_id, ""}:
            standing.status, standing.timestamp, standing.reason = status, at, reason
    elif standing is None or not (status.startswith("DELETE") and standing.physical_id != physical_id):
        stack.rows[name] = Row(name, resource.type_name, physical_id, status, at, reason)
    properties = json.dumps(marked(dict(resource.properties), _secrets(stack)), separators=(",", ":"))
    event_id = f"{name}-{status}-{uuid.uuid4()}"
    _append(store, stack, Event(event_id, at, name, physical_id, resource.type_name, status, reason, properties))


def _secrets(stack: Stack) -> Secrets:
    before = stack.previous.parameters if stack.previous else {}
    return secrets_of(stack.parameters, before)


def _append(store: Store, stack: Stack, event: Event) -> None:
    if stack.operation is not None:
        event.token, event.operation_id = stack.operation.token, stack.operation.operation_id
    store.events.setdefault(stack.stack_id, []).append(event)
    store.touch("stack", stack.stack_id)
