"""What the account says about a stack, read once and kept as a value.

In: an `Aws` session and a stack name or ARN. Out: `Stack`, templates, stack policies, SSM values.
Refuses to know: what anybody wants to do with them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from deploy_stack.aws import Aws, as_deploy_error, error_code, is_missing_stack, is_passing


@dataclass(frozen=True)
class Parameter:
    """A stack's parameter; `resolved` is what SSM held, for the types that ask it. NoEcho values read `****`."""

    value: str
    resolved: str | None = None


@dataclass(frozen=True)
class Stack:
    """One stack as DescribeStacks shows it."""

    id: str
    name: str
    status: str
    reason: str
    changed: datetime
    created: datetime
    parameters: Mapping[str, Parameter]
    tags: Mapping[str, str]
    outputs: Mapping[str, str]
    protected: bool
    drift: str
    triggers: tuple[str, ...]
    mode: str
    description: str = ""

    @property
    def token(self) -> str:
        """What changes when anybody changes the stack: goes into a plan, and is compared before it is executed."""
        return f"{self.id}|{self.changed.isoformat()}"

    @property
    def region(self) -> str:
        """The region the stack lives in, from its ARN."""
        return self.id.split(":")[3]

    @property
    def account(self) -> str:
        """The account the stack lives in, from its ARN."""
        return self.id.split(":")[4]


def from_description(found: Mapping[str, Any]) -> Stack:
    """Return one of DescribeStacks' stacks as a `Stack`."""
    created = found["CreationTime"]
    return Stack(
        id=found["StackId"],
        name=found["StackName"],
        status=found["StackStatus"],
        reason=found.get("StackStatusReason", ""),
        changed=found.get("LastUpdatedTime", created),
        created=created,
        parameters={
            each["ParameterKey"]: Parameter(each.get("ParameterValue", ""), each.get("ResolvedValue"))
            for each in found.get("Parameters", ())
        },
        tags={each["Key"]: each["Value"] for each in found.get("Tags", ())},
        outputs={each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", ())},
        protected=bool(found.get("EnableTerminationProtection", False)),
        drift=found.get("DriftInformation", {}).get("StackDriftStatus", "NOT_CHECKED"),
        triggers=tuple(
            sorted(each["Arn"] for each in found.get("RollbackConfiguration", {}).get("RollbackTriggers", ()))
        ),
        mode=found.get("DeploymentConfig", {}).get("Mode", "STANDARD"),
        description=found.get("Description", ""),
    )


def find(aws: Aws, name_or_id: str) -> Stack | None:
    """Return the stack, or None when there is none of this name."""
    try:
        answer = aws.client("cloudformation").describe_stacks(StackName=name_or_id)
    except Exception as error:
        if is_missing_stack(error):
            return None
        raise as_deploy_error(error, f"reading {name_or_id}") from error
    return from_description(answer["Stacks"][0])


def template_of(aws: Aws, stack_id: str, change_set_id: str | None = None) -> dict[str, Any]:
    """Return the stack's template as it was sent, or that of one of its change sets; {} when there is none yet."""
    which = {"ChangeSetName": change_set_id} if change_set_id else {"StackName": stack_id}
    try:
        body = aws.client("cloudformation").get_template(TemplateStage="Original", **which)["TemplateBody"]
    except Exception as error:
        if is_missing_stack(error) or (error_code(error) == "ValidationError" and change_set_id is None):
            return {}
        raise as_deploy_error(error, f"reading the template of {stack_id}") from error
    if isinstance(body, str):  # botocore decodes JSON by itself; what is left may be YAML of another tool
        try:
            body = json.loads(body)
        except ValueError:
            return {}
    return dict(body)


def policy_of(aws: Aws, stack_id: str) -> dict[str, Any] | None:
    """Return the stack's policy document, or None."""
    try:
        body = aws.client("cloudformation").get_stack_policy(StackName=stack_id).get("StackPolicyBody")
    except Exception as error:
        raise as_deploy_error(error, f"reading the stack policy of {stack_id}") from error
    return dict(json.loads(body)) if body else None


def ssm_values(aws: Aws, names: Iterable[str]) -> dict[str, str]:
    """Return the values of the SSM parameters that exist, ten to a call (the service's limit)."""
    wanted = sorted(set(names))
    found: dict[str, str] = {}
    for start in range(0, len(wanted), 10):
        try:
            answer = aws.client("ssm").get_parameters(Names=wanted[start : start + 10])
        except Exception as error:
            raise as_deploy_error(
                error, "reading the SSM parameters that the template takes its values from"
            ) from error
        for each in answer["Parameters"]:
            found[each["Name"] + each.get("Selector", "")] = each["Value"]
    return found


def resources_of(aws: Aws, stack_id: str) -> list[dict[str, Any]]:
    """Return the stack's resources (ListStackResources, all pages)."""
    pages = aws.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack_id)
    try:
        return [dict(each) for page in pages for each in page["StackResourceSummaries"]]
    except Exception as error:
        if is_missing_stack(error):
            return []
        if is_passing(error):
            raise
        raise as_deploy_error(error, f"listing the resources of {stack_id}") from error
