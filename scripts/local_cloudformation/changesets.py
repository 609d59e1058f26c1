"""Change sets in time: what becomes of one when its time of creation is over."""

from __future__ import annotations

import fnmatch
import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from local_cloudformation import changes, model
from local_cloudformation.change_shapes import ResourceChange
from local_cloudformation.errors import ServiceError
from local_cloudformation.properties import misfits
from local_cloudformation.records import ChangeSet, Stack
from local_cloudformation.schemas import schema_of
from local_cloudformation.values import UNKNOWN

if TYPE_CHECKING:
    from local_cloudformation.engine import Engine

NO_CHANGES = "The submitted information didn't contain changes. Submit different information to create a change set."
NO_UPDATES = "No updates are to be performed."
_EARLY = (
    "The following hook(s)/validation failed: [{}]. To troubleshoot Early Validation errors, use the DescribeEvents API "
    "for detailed failure information."
)
WITH_VALUES, WITHOUT_VALUES = "with", "without"


def advance(engine: Engine, change_set: ChangeSet, now: float) -> None:
    """Take a change set through CREATE_PENDING and CREATE_IN_PROGRESS to its result."""
    if change_set.status == "CREATE_PENDING":
        change_set.status = "CREATE_IN_PROGRESS"
        engine.store.touch("change-set", change_set.change_set_id)
    if change_set.due > now:
        return
    stack = engine.store.stacks[change_set.stack_id]
    try:
        _complete(engine, stack, change_set)
    except ServiceError as error:
        _fail(change_set, error.message)
    engine.store.touch("change-set", change_set.change_set_id)


def _complete(engine: Engine, stack: Stack, change_set: ChangeSet) -> None:
    plan, _ = plan_of(engine, stack, change_set)
    if not change_set.request.get("DisableValidation"):
        change_set.validations += _early_validations(engine, stack, change_set, plan)
        failed = sorted(
            {_check_name(each) for each in change_set.validations if each["ValidationFailureMode"] == "FAIL"}
        )
        if failed:
            _fail(change_set, _EARLY.format(", ".join(failed)))
            return
    _run_hooks(engine, stack, change_set)
    broken = [each["TypeName"] for each in change_set.hooks if each["Status"] == "HOOK_COMPLETE_FAILED"]
    if broken:
        _fail(change_set, f"The following hook(s) failed: [{', '.join(broken)}]")
        return
    if plan.is_empty and not settings_change(stack, change_set.request):
        identical = stack.template.body == change_set.template.body
        _fail(change_set, NO_CHANGES if identical else NO_UPDATES)
        return
    for key, with_values in ((WITH_VALUES, True), (WITHOUT_VALUES, False)):
        shown = (each.as_api(with_values) for each in plan.changes)
        change_set.changes[key] = [each for each in shown if each is not None]
    _leave_out(engine, change_set)
    change_set.status, change_set.execution_status = "CREATE_COMPLETE", "AVAILABLE"


def plan_of(engine: Engine, stack: Stack, change_set: ChangeSet) -> tuple[changes.Plan, dict[str, str]]:
    """The changes a set would make now, and the logical ids it imports with the physical ids they are to have."""
    exports = {name: value for name, (_, value) in engine.exports(stack.region).items()}

    def export(name: str) -> Any:
        return exports.get(name, UNKNOWN)

    desired = model.Desired(
        change_set.template, change_set.parameters, engine.environment(stack), change_set.tags, export
    )
    deployed = model.Deployed() if stack.status == "REVIEW_IN_PROGRESS" else stack.deployed
    plan = changes.plan(deployed, desired)
    imports = _imports(engine, stack, change_set, plan)
    return changes.Plan(tuple(_imported(each, imports) for each in plan.changes), plan.other_changes), imports


def _imports(engine: Engine, stack: Stack, change_set: ChangeSet, plan: changes.Plan) -> dict[str, str]:
    """What the request names for import, and with ImportExistingResources every named resource that exists."""
    request = change_set.request
    wanted = {
        each["LogicalResourceId"]: "|".join(each["ResourceIdentifier"].values())
        for each in request.get("ResourcesToImport") or []
    }
    if request.get("ImportExistingResources"):
        for each in plan.changes:
            made = _would_be(engine, stack, each)
            if made is not None and engine.is_taken(stack, made):
                wanted[each.logical_id] = made.physical_id
    return wanted


def _imported(change: ResourceChange, imports: dict[str, str]) -> ResourceChange:
    if change.action != "Add" or change.logical_id not in imports:
        return change
    return replace(change, action="Import", physical_id=imports[change.logical_id])


def _would_be(engine: Engine, stack: Stack, change: ResourceChange) -> model.Resource | None:
    """The resource an Add would make, as far as its name goes."""
    if change.action != "Add" or change.after is None:
        return None
    resolved = model.Resolved(dict(change.after.get("Properties", {})), None, {})
    return model.create(change.logical_id, {"Type": change.type_name}, resolved, engine.environment(stack))


def _early_validations(engine: Engine, stack: Stack, change_set: ChangeSet, plan: changes.Plan) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for change in plan.changes:
        if change.policy_action in {"Delete", "ReplaceAndDelete"}:
            found += _not_empty(engine, stack, change)
        if change.action == "Remove" or change.after is None:
            continue
        schema = schema_of(change.type_name, stack.region)
        for misfit in misfits(schema, change.after.get("Properties", {})) if schema else []:
            path = f"/Resources/{change.logical_id}{misfit.path}"
            found.append(_validation(change, "PROPERTY_VALIDATION", misfit.early, "FAIL", path))
        made = _would_be(engine, stack, change)
        if made is not None and engine.is_taken(stack, made):
            reason = f"Resource of type '{change.type_name}' with identifier '{made.physical_id}' already exists."
            path = f"/Resources/{change.logical_id}"
            found.append(_validation(change, "NAME_CONFLICT_VALIDATION", reason, "FAIL", path))
    for rule in engine.script.validations:
        for change in plan.changes:
            if change.logical_id == rule.logical_id and rule.times != 0 and _fits(stack.name, rule.stack):
                rule.times = None if rule.times is None else rule.times - 1
                path = rule.path or f"/Resources/{change.logical_id}"
                found.append(_validation(change, rule.name, rule.reason, rule.mode, path))
    return found


def _not_empty(engine: Engine, stack: Stack, change: ResourceChange) -> list[dict[str, Any]]:
    """A bucket that would be deleted with objects in it: a warning, as its deletion would fail."""
    standing = stack.resources.get(change.logical_id)
    if standing is None or not engine.backing.holds_objects(standing):
        return []
    reason = (
        f"The bucket '{standing.physical_id}' is not empty. You must either delete all objects and versions or use the "
        "deletion policy to retain it, otherwise the delete operation will fail."
    )
    return [_validation(change, "BUCKET_EMPTINESS_VALIDATION", reason, "WARN", f"/Resources/{change.logical_id}")]


def _validation(change: ResourceChange, name: str, reason: str, mode: str, path: str) -> dict[str, Any]:
    return {
        "LogicalResourceId": change.logical_id,
        "PhysicalResourceId": change.physical_id or "",
        "ResourceType": change.type_name,
        "ValidationName": name,
        "ValidationStatus": "FAILED",
        "ValidationFailureMode": mode,
        "ValidationStatusReason": reason,
        "ValidationPath": path,
    }


def _check_name(validation: dict[str, Any]) -> str:
    kind = "PropertyValidation" if "PROPERTY" in validation["ValidationName"] else "ResourceExistenceCheck"
    return f"AWS::EarlyValidation::{kind}"


def _run_hooks(engine: Engine, stack: Stack, change_set: ChangeSet) -> None:
    for hook in engine.script.hooks:
        if _fits(stack.name, hook.stack):
            failed = hook.reason is not None and hook.mode == "FAIL"
            change_set.hooks.append(
                {
                    "HookResultId": str(uuid.uuid4()),
                    "TypeName": hook.type_name,
                    "FailureMode": hook.mode,
                    "Status": "HOOK_COMPLETE_FAILED" if hook.reason is not None else "HOOK_COMPLETE_SUCCEEDED",
                    "HookStatusReason": hook.reason,
                    "InvokedAt": change_set.due,
                    "Annotations": hook.annotations,
                }
            )
            if hook.reason is not None and not failed:
                change_set.hooks[-1]["Status"] = "HOOK_COMPLETE_SUCCEEDED"


def _leave_out(engine: Engine, change_set: ChangeSet) -> None:
    """What the service does when values of some resources cannot be shown: it leaves them out and warns."""
    names = set(engine.script.incomplete_values)
    listed = change_set.changes[WITH_VALUES]
    hidden = [each for each in listed if each["ResourceChange"]["LogicalResourceId"] in names]
    if hidden:
        logical_id = hidden[0]["ResourceChange"]["LogicalResourceId"]
        change_set.reason = (
            "[WARN] --include-property-values option can return incomplete ChangeSet data because: Logical Id: "
            f"{logical_id}, failed property validation"
        )
        change_set.changes[WITH_VALUES] = [each for each in listed if each not in hidden]


def settings_change(stack: Stack, request: Mapping[str, Any]) -> bool:
    """Whether a request carries settings of the stack other than those it has: an update without any other change."""
    arns = request.get("NotificationARNs")
    configuration = request.get("RollbackConfiguration")
    return (arns is not None and list(arns) != stack.notification_arns) or (
        configuration is not None
        and any(stack.rollback_configuration.get(key, []) != value for key, value in configuration.items())
    )


def _fail(change_set: ChangeSet, reason: str) -> None:
    change_set.status, change_set.execution_status, change_set.reason = "FAILED", "UNAVAILABLE", reason


def _fits(name: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(name, pattern)


def fingerprint(request: dict[str, Any], template_text: str) -> str:
    """What makes two requests for a change set the same."""
    left = {key: value for key, value in request.items() if key not in {"ClientToken", "TemplateBody", "TemplateURL"}}
    return hashlib.sha256(json.dumps([left, template_text], sort_keys=True).encode()).hexdigest()
