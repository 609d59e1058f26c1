"""Change sets: create one, wait for it, read all of it, delete it.

In: what to send. Out: descriptions as CloudFormation gives them, pages and nested sets joined.
Refuses to know: whether a change is good. A change set is ours when its name has our prefix.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from deploy_stack.aws import Aws, as_deploy_error, error_code, error_text, is_missing_stack, patiently
from deploy_stack.exits import DeployError, Exit
from deploy_stack.failures import failure_reasons
from deploy_stack.pace import change_set_rhythm

PREFIX = "deploy-stack-"
NO_CHANGES = (
    "The submitted information didn't contain changes. Submit different information to create a change set.",
    "No updates are to be performed.",
)
UNFINISHED = frozenset({"CREATE_PENDING", "CREATE_IN_PROGRESS"})
INCOMPLETE_VALUES = "--include-property-values option can return incomplete ChangeSet data"


@dataclass(frozen=True)
class Request:
    """What CreateChangeSet is asked for. `template` is {"TemplateBody": ...} or {"TemplateURL": ...}."""

    stack_name: str
    operation: str  # CREATE or UPDATE
    template: Mapping[str, str]
    parameters: list[dict[str, Any]] = field(repr=False)
    tags: Mapping[str, str]
    capabilities: tuple[str, ...] = ()
    triggers: tuple[tuple[str, str], ...] | None = None  # (ARN, type); None leaves the stack's own
    monitor_minutes: int = 0
    nested: bool = False
    description: str = ""
    role_arn: str | None = None  # None leaves the stack's own, or the caller's rights

    def arguments(self, name: str) -> dict[str, Any]:
        """Return the request. The token makes a repetition after a lost answer the same request."""
        found: dict[str, Any] = {
            "StackName": self.stack_name,
            "ChangeSetName": name,
            "ClientToken": name,
            "ChangeSetType": self.operation,
            "Parameters": self.parameters,
            "Tags": [{"Key": key, "Value": value} for key, value in sorted(self.tags.items())],
            "Capabilities": list(self.capabilities),
            "Description": self.description,
            **self.template,
        }
        if self.role_arn:
            found["RoleARN"] = self.role_arn
        if self.nested:
            found["IncludeNestedStacks"] = True
        if self.triggers is not None:
            found["RollbackConfiguration"] = {
                "RollbackTriggers": [{"Arn": arn, "Type": kind} for arn, kind in self.triggers],
                "MonitoringTimeInMinutes": self.monitor_minutes,
            }
        return found


class NothingToChangeError(Exception):
    """CloudFormation found no difference; the empty change set is gone again."""


def create(aws: Aws, request: Request) -> tuple[str, str]:
    """Create the change set and return (its ARN, its stack's ARN). Raises NothingToChangeError, DeployError."""
    name = PREFIX + uuid.uuid4().hex
    client = aws.client("cloudformation")
    doing = f"creating the change set of {request.stack_name}"
    for last in (False, True):
        try:
            answer = client.create_change_set(**request.arguments(name))
        except Exception as error:
            if error_code(error) == "ValidationError" and error_text(error) in NO_CHANGES:
                raise NothingToChangeError from None
            if error_code(error) == "AlreadyExistsException":
                # A name that nobody else can have: an earlier attempt arrived, and its answer was lost.
                answer = client.describe_change_set(ChangeSetName=name, StackName=request.stack_name)
                return answer["ChangeSetId"], answer["StackId"]
            if error_code(error) == "LimitExceededException" and not last:
                removed = delete_failed(aws, request.stack_name)
                if removed:
                    continue
            raise as_deploy_error(error, doing) from error
        return answer["Id"], answer["StackId"]
    raise AssertionError  # pragma: no cover  the loop returns or raises


def wait(aws: Aws, change_set_id: str, *, sleep: Callable[[float], object], patience: float) -> dict[str, Any]:
    """Return the description (first page) of a change set that is finished, whatever it became."""
    rhythm = change_set_rhythm()
    with aws.bucket.watching() as fair:
        while True:
            sleep(fair(rhythm.next()))
            try:
                page = patiently(lambda: _page(aws, change_set_id), patience=patience, sleep=sleep)
            except Exception as error:
                raise _unreadable(error, change_set_id) from error
            if page["Status"] not in UNFINISHED:
                return dict(page)


def describe(aws: Aws, change_set_id: str, first: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the whole change set: every page, every nested set under its parent, nothing dropped for its values.

    Raises DeployError (stale) when it is not there any more.
    """
    try:
        found = first or _page(aws, change_set_id)
        changes = list(found.get("Changes", ()))
        token = found.get("NextToken")
        while token:
            page = _page(aws, change_set_id, NextToken=token)
            changes.extend(page.get("Changes", ()))
            token = page.get("NextToken")
        if INCOMPLETE_VALUES in found.get("StatusReason", ""):
            changes = _with_missing(aws, change_set_id, changes)
    except Exception as error:
        raise _unreadable(error, change_set_id) from error
    return {**found, "Changes": [_with_nested(aws, each) for each in changes]}


def _page(aws: Aws, change_set_id: str, *, values: bool = True, **more: str) -> Any:
    return aws.client("cloudformation").describe_change_set(
        ChangeSetName=change_set_id, IncludePropertyValues=values, **more
    )


def _with_missing(aws: Aws, change_set_id: str, changes: list[Any]) -> list[Any]:
    """Asked for values, CloudFormation may leave whole resources out: ask again without, and join."""
    seen = {each["ResourceChange"]["LogicalResourceId"] for each in changes if "ResourceChange" in each}
    token: str | None = None
    while True:
        page = _page(aws, change_set_id, values=False, **({"NextToken": token} if token else {}))
        changes.extend(
            each
            for each in page.get("Changes", ())
            if each.get("ResourceChange", {}).get("LogicalResourceId") not in seen
        )
        token = page.get("NextToken")
        if not token:
            return changes


def _with_nested(aws: Aws, change: dict[str, Any]) -> dict[str, Any]:
    inner = change.get("ResourceChange", {}).get("ChangeSetId")
    if not inner:
        return change
    nested = describe(aws, inner)
    return {**change, "ResourceChange": {**change["ResourceChange"], "NestedChanges": nested["Changes"]}}


def _unreadable(error: Exception, change_set_id: str) -> DeployError:
    if isinstance(error, DeployError):
        return error
    if error_code(error) in {"ChangeSetNotFound", "ChangeSetNotFoundException"} or is_missing_stack(error):
        return DeployError(
            f"the change set is not there any more: {change_set_id}",
            exit_code=Exit.STALE,
            next_step="somebody executed another change set or deleted this one: plan again",
        )
    return as_deploy_error(error, f"reading the change set {change_set_id.split('/')[1]}")


def raise_failure(aws: Aws, description: Mapping[str, Any]) -> None:
    """Raise what a change set failed of, after reading every place where CloudFormation may have said why.

    Raises NothingToChangeError for both texts that mean so.
    """
    reason = description.get("StatusReason", "")
    if any(text in reason for text in NO_CHANGES):
        raise NothingToChangeError
    reasons = failure_reasons(aws, description)
    raise DeployError(
        f"{description['StackName']}: the change set could not be made: {reason or description['Status']}",
        next_step="\n".join(reasons),
    )


def delete(aws: Aws, change_set_id: str) -> bool:
    """Delete a change set; tell whether that went well. Never raises: it is the tidying up after something else."""
    try:
        aws.client("cloudformation").delete_change_set(ChangeSetName=change_set_id)
    except Exception:
        return False
    return True


def ours(aws: Aws, stack: str) -> list[dict[str, Any]]:
    """Return our change sets of a stack (ListChangeSets, all pages)."""
    return [each for each in all_of(aws, stack) if each["ChangeSetName"].startswith(PREFIX)]


def all_of(aws: Aws, stack: str) -> list[dict[str, Any]]:
    """Return every change set of a stack; none for a stack that is not there."""
    pages = aws.client("cloudformation").get_paginator("list_change_sets").paginate(StackName=stack)
    try:
        return [dict(each) for page in pages for each in page["Summaries"]]
    except Exception as error:
        if is_missing_stack(error):
            return []
        raise as_deploy_error(error, f"listing the change sets of {stack}") from error


def delete_failed(aws: Aws, stack: str) -> int:
    """Delete our FAILED change sets of a stack and return how many they were: a stack holds only so many."""
    return sum(delete(aws, each["ChangeSetId"]) for each in ours(aws, stack) if each["Status"] == "FAILED")


def delete_empty_review_stack(aws: Aws, stack_id: str) -> bool:
    """Delete a stack that was never created, if it holds nothing and no change set of others. Never raises."""
    client = aws.client("cloudformation")
    try:
        found = client.describe_stacks(StackName=stack_id)["Stacks"][0]
        if found["StackStatus"] != "REVIEW_IN_PROGRESS" or all_of(aws, stack_id):
            return False
        if client.list_stack_resources(StackName=stack_id)["StackResourceSummaries"]:
            return False
        client.delete_stack(StackName=stack_id)
    except Exception as error:
        return is_missing_stack(error)
    return True
