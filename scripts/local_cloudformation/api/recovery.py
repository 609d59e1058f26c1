"""Turning back: cancel an update, continue a rollback, roll back by hand, signal a resource."""

from __future__ import annotations

from typing import Any

from local_cloudformation.engine import Engine
from local_cloudformation.errors import ValidationError
from local_cloudformation.events import stack_event
from local_cloudformation.lifecycle import waiting_for_signal
from local_cloudformation.phases import USER
from local_cloudformation.requests import Request, take_token


def cancel_update_stack(engine: Engine, request: Request) -> dict[str, Any]:
    """CancelUpdateStack."""
    stack = engine.stack(request["StackName"], request.region)
    if stack.status != "UPDATE_IN_PROGRESS" or stack.operation is None:
        raise ValidationError(
            "CancelUpdateStack cannot be called from current stack status. You can cancel only stacks that are in the "
            "UPDATE_IN_PROGRESS state."
        )
    take_token(stack, request)
    stack.operation.cancelled = True
    stack.operation.time = engine.clock.now()
    engine.lifecycle.stop(stack, stack.operation, USER)
    return {}


def continue_update_rollback(engine: Engine, request: Request) -> dict[str, Any]:
    """ContinueUpdateRollback, with resources to skip."""
    stack = engine.stack(request["StackName"], request.region)
    if stack.status != "UPDATE_ROLLBACK_FAILED":
        raise ValidationError(
            f"Stack:{stack.stack_id} is in {stack.status} state and can not continue update rollback. Only a stack in "
            "UPDATE_ROLLBACK_FAILED state can."
        )
    skipped = list(request.get("ResourcesToSkip") or ())
    if skipped and request.get("ForceRollback"):
        raise ValidationError("You cannot specify both ResourcesToSkip and ForceRollback")
    failed = [name for name, row in stack.rows.items() if row.status == "UPDATE_FAILED"]
    for name in skipped:
        if name not in failed:
            raise ValidationError(
                f"Resource [{name}] cannot be skipped: only resources in UPDATE_FAILED state because of the rollback can"
            )
    if request.get("ForceRollback"):
        skipped = failed
    options = {"token": take_token(stack, request), "skip": tuple(skipped)}
    operation = engine.begin(stack, "CONTINUE_ROLLBACK", "update-rollback", **options)
    stack_event(engine.store, stack, "UPDATE_ROLLBACK_IN_PROGRESS", operation.time, USER)
    return {}


def rollback_stack(engine: Engine, request: Request) -> dict[str, Any]:
    """RollbackStack: from a failed creation or update that was told to stay, to the last state that was complete.

    A stack that never was complete has none: its resources are deleted.
    """
    stack = engine.stack(request["StackName"], request.region)
    if stack.status == "UPDATE_FAILED" and stack.previous is not None:
        phase, status = "update-rollback", "UPDATE_ROLLBACK_IN_PROGRESS"
    elif stack.status in {"CREATE_FAILED", "UPDATE_FAILED"}:
        phase, status = "rollback", "ROLLBACK_IN_PROGRESS"
    else:
        raise ValidationError(f"Stack [{stack.name}] is in {stack.status} state and can not be rolled back.")
    options = {
        "token": take_token(stack, request),
        "retain_except_on_create": bool(request.get("RetainExceptOnCreate")),
    }
    operation = engine.begin(stack, "ROLLBACK", phase, **options)
    stack_event(engine.store, stack, status, operation.time, USER)
    return {"StackId": stack.stack_id, "OperationId": operation.operation_id}


def signal_resource(engine: Engine, request: Request) -> dict[str, Any]:
    """SignalResource."""
    stack = engine.stack(request["StackName"], request.region)
    name = request["LogicalResourceId"]
    task = waiting_for_signal(stack, name)
    if task is None:
        if name not in stack.rows:
            raise ValidationError(f"Resource {name} does not exist for stack {stack.name}")
        raise ValidationError(
            f"Resource {name} of stack {stack.name} is in {stack.rows[name].status} state and does not wait for a signal"
        )
    now = engine.clock.now()
    engine.lifecycle.steps.signal(stack, task, request["UniqueId"], request["Status"], now)
    if stack.operation is not None:
        stack.operation.time = max(stack.operation.time, now)
    return {}


OPERATIONS = {
    "CancelUpdateStack": cancel_update_stack,
    "ContinueUpdateRollback": continue_update_rollback,
    "RollbackStack": rollback_stack,
    "SignalResource": signal_resource,
}
