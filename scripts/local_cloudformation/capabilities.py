"""Which capabilities a template needs acknowledged."""

from __future__ import annotations

from collections.abc import Iterable

from local_cloudformation.errors import ServiceError
from local_cloudformation.template import Template

IAM, NAMED_IAM = "CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"

# Types that need an acknowledgement, with the property that gives a custom name ("Acknowledging IAM resources in
# CloudFormation templates", CloudFormation user guide).
_TYPES = {
    "AWS::IAM::AccessKey": None,
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Policy": None,
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
    "AWS::IAM::UserToGroupAddition": None,
}


def needed(template: Template) -> tuple[list[str], list[str]]:
    """The capabilities (none or one) and the resource types that call for them."""
    types = sorted({each["Type"] for each in template.resources.values()} & _TYPES.keys())
    named = any(
        _TYPES.get(each["Type"]) in (each.get("Properties") or {})
        for each in template.resources.values()
        if _TYPES.get(each["Type"])
    )
    return ([NAMED_IAM if named else IAM] if types else []), types


def reason(types: Iterable[str]) -> str:
    """The `CapabilitiesReason`."""
    return f"The following resource(s) require capabilities: [{', '.join(types)}]"


def require(template: Template, given: Iterable[str]) -> None:
    """Refuse a template whose capabilities are not acknowledged."""
    acknowledged = set(given)
    if NAMED_IAM in acknowledged:
        acknowledged.add(IAM)
    missing = [each for each in needed(template)[0] if each not in acknowledged]
    if missing:
        raise ServiceError("InsufficientCapabilitiesException", f"Requires capabilities : [{', '.join(missing)}]")
