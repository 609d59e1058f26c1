"""Results of hooks on change sets."""

from __future__ import annotations

from typing import Any

from local_cloudformation.api.change_sets import find_change_set
from local_cloudformation.engine import Engine
from local_cloudformation.errors import NotImplementedHereError, ServiceError
from local_cloudformation.records import ChangeSet
from local_cloudformation.requests import Request, page


def list_hook_results(engine: Engine, request: Request) -> dict[str, Any]:
    """ListHookResults, for change sets."""
    kind, target = request.get("TargetType"), request.get("TargetId", "")
    if kind != "CHANGE_SET":
        raise NotImplementedHereError(f"ListHookResults for TargetType {kind}")
    change_set = engine.store.change_sets.get(target)
    if change_set is None or not change_set.hooks:
        raise ServiceError("HookResultNotFound", f"No hook results for {target}", 404)
    shown = [_summary(change_set, each) for each in change_set.hooks]
    return {"TargetType": kind, "TargetId": target, **page(request, shown, "HookResults")}


def _summary(change_set: ChangeSet, result: dict[str, Any]) -> dict[str, Any]:
    shown = {key: value for key, value in result.items() if key != "Annotations"}
    return {
        **shown,
        "InvocationPoint": "PRE_PROVISION",
        "TargetType": "CHANGE_SET",
        "TargetId": change_set.change_set_id,
    }


def get_hook_result(engine: Engine, request: Request) -> dict[str, Any]:
    """GetHookResult."""
    for change_set in engine.store.change_sets.values():
        for each in change_set.hooks:
            if each["HookResultId"] == request.get("HookResultId"):
                return {**each, "InvocationPoint": "PRE_PROVISION"}
    raise ServiceError("HookResultNotFound", f"Hook result {request.get('HookResultId')} does not exist", 404)


def describe_change_set_hooks(engine: Engine, request: Request) -> dict[str, Any]:
    """DescribeChangeSetHooks: hooks of single resources, of which a script makes none."""
    change_set = find_change_set(engine, request)
    stack = engine.store.stacks[change_set.stack_id]
    return {
        "ChangeSetId": change_set.change_set_id,
        "ChangeSetName": change_set.name,
        "Hooks": [],
        "Status": "PLANNED" if change_set.status == "CREATE_COMPLETE" else "UNAVAILABLE",
        "StackId": stack.stack_id,
        "StackName": stack.name,
    }


OPERATIONS = {
    "DescribeChangeSetHooks": describe_change_set_hooks,
    "GetHookResult": get_hook_result,
    "ListHookResults": list_hook_results,
}
