"""Stack policies, termination protection, account limits."""

from __future__ import annotations

from typing import Any

from local_cloudformation.engine import Engine
from local_cloudformation.errors import NotImplementedHereError, ValidationError
from local_cloudformation.requests import Request
from local_cloudformation.stack_policy import check_syntax


def set_stack_policy(engine: Engine, request: Request) -> dict[str, Any]:
    """SetStackPolicy."""
    stack = engine.stack(request["StackName"], request.region)
    body, url = request.get("StackPolicyBody"), request.get("StackPolicyURL")
    if body and url:
        raise ValidationError("You cannot specify both StackPolicyURL and StackPolicyBody")
    if url:
        body = engine.backing.fetch(url, request.region)
        if body is None:
            raise NotImplementedHereError("A StackPolicyURL outside the local S3")
    if not body:
        raise ValidationError("You must specify StackPolicyURL or StackPolicyBody")
    check_syntax(body)
    stack.policy = body
    engine.store.touch("stack", stack.stack_id)
    return {}


def get_stack_policy(engine: Engine, request: Request) -> dict[str, Any]:
    """GetStackPolicy."""
    return {"StackPolicyBody": engine.stack(request["StackName"], request.region).policy}


def update_termination_protection(engine: Engine, request: Request) -> dict[str, Any]:
    """UpdateTerminationProtection."""
    stack = engine.stack(request["StackName"], request.region)
    stack.termination_protection = bool(request["EnableTerminationProtection"])
    engine.store.touch("stack", stack.stack_id)
    return {"StackId": stack.stack_id}


def describe_account_limits(engine: Engine, request: Request) -> dict[str, Any]:
    """DescribeAccountLimits: the service's defaults."""
    limits = {"StackLimit": 2000, "StackOutputsLimit": 200, "ConcurrentResourcesLimit": 2500}
    return {"AccountLimits": [{"Name": name, "Value": value} for name, value in limits.items()]}


OPERATIONS = {
    "DescribeAccountLimits": describe_account_limits,
    "GetStackPolicy": get_stack_policy,
    "SetStackPolicy": set_stack_policy,
    "UpdateTerminationProtection": update_termination_protection,
}
