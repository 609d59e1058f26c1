"""Why a change set failed: CloudFormation says it in four places.

In: a failed change set's description. Out: lines for a person. Refuses to know: what to do with the change set.
A role that may not read one of the places loses a line, not the command.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deploy_stack.aws import Aws, error_code


def failure_reasons(aws: Aws, description: Mapping[str, Any]) -> list[str]:
    """Return what early validation, hooks and nested stacks have to say about the failure."""
    reason = description.get("StatusReason", "")
    lines: list[str] = []
    if "validation failed" in reason.lower() or "hook" in reason.lower():
        lines.extend(validation_events(aws, description["ChangeSetId"], only_failed=True))
        lines.extend(_hook_results(aws, description["ChangeSetId"]))
    if "ested change set" in reason:
        lines.extend(_nested(aws, description))
    return lines


def validation_events(aws: Aws, change_set_id: str, *, only_failed: bool) -> list[str]:
    """Return the findings of CloudFormation's own checks before the deployment, as lines.

    The events are found by the change set's ARN only; its name is refused. Warnings do not fail a change set and are
    read all the same.
    """
    arguments: dict[str, Any] = {"ChangeSetName": change_set_id}
    if only_failed:
        arguments["Filters"] = {"FailedEvents": True}
    try:
        events = aws.client("cloudformation").describe_events(**arguments).get("OperationEvents", [])
    except Exception as error:
        code = error_code(error) or type(error).__name__
        return [f"(the details could not be read: DescribeEvents: {code})"] if only_failed else []
    lines = []
    for event in events:
        if event.get("EventType") != "VALIDATION_ERROR" or event.get("ValidationStatus", "FAILED") != "FAILED":
            continue
        mode = event.get("ValidationFailureMode", "FAIL")
        where = " ".join(filter(None, (event.get("LogicalResourceId"), event.get("ValidationPath"))))
        why = event.get("ValidationStatusReason") or event.get("ResourceStatusReason") or "no reason given"
        lines.append(f"{mode} {event.get('ValidationName', 'validation')} {where}: {why}".replace("  ", " "))
    return lines


def _hook_results(aws: Aws, change_set_id: str) -> list[str]:
    """A hook that fails a change set leaves no event: ask for its result, then for its reasons."""
    client = aws.client("cloudformation")
    try:
        results = client.list_hook_results(TargetType="CHANGE_SET", TargetId=change_set_id).get("HookResults", [])
    except Exception:
        return []
    lines = []
    for result in results:
        if "FAILED" not in result.get("Status", ""):
            continue
        why = result.get("HookStatusReason", "")
        try:
            found = client.get_hook_result(HookResultId=result["HookResultId"])
        except Exception:
            found = {}
        notes = [
            f"{each.get('AnnotationName', '')}: {each.get('StatusMessage', '')}"
            for each in found.get("Annotations", ())
            if each.get("Status") == "FAILED"
        ]
        lines.append(f"hook {result.get('TypeName', '')}: {'; '.join(notes) or why or result['Status']}")
    return lines


def _nested(aws: Aws, description: Mapping[str, Any]) -> list[str]:
    """Follow a failed nested change set down to the one that really failed; "no changes" of a child is no failure."""
    client = aws.client("cloudformation")
    lines = []
    for change in description.get("Changes", ()):
        inner = change.get("ResourceChange", {}).get("ChangeSetId")
        if not inner:
            continue
        try:
            child = client.describe_change_set(ChangeSetName=inner)
        except Exception as error:
            lines.append(f"{change['ResourceChange']['LogicalResourceId']}: unreadable: {error_code(error)}")
            continue
        reason = child.get("StatusReason", "")
        if child.get("Status") == "FAILED" and "didn't contain changes" not in reason:
            lines.append(f"{change['ResourceChange']['LogicalResourceId']}: {reason}")
            lines.extend(failure_reasons(aws, child))
    return lines
