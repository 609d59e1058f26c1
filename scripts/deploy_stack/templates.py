"""What can be told from a template alone: its wire form, its digest, the capabilities it needs, where it reads from.

In: a template as `json.load` returns it. Out: values. Refuses to know: files, AWS.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

MAX_BODY_BYTES = 51_200  # CloudFormation quotas: template body in a request, in bytes of UTF-8
MAX_URL_BYTES = 1_048_576  # CloudFormation quotas: template body in an S3 object, 1 MB

# The types that CloudFormation wants acknowledged, with the property that gives them a custom name:
# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html, "Capabilities"
IAM_NAME_PROPERTY: Mapping[str, str | None] = {
    "AWS::IAM::AccessKey": None,
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::GroupPolicy": None,
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Policy": None,
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::RolePolicy": None,
    "AWS::IAM::User": "UserName",
    "AWS::IAM::UserPolicy": None,
    "AWS::IAM::UserToGroupAddition": None,
}


def compact(template: Mapping[str, Any]) -> str:
    """Return the template as it is sent: no spaces, keys in the file's order."""
    return json.dumps(template, separators=(",", ":"), ensure_ascii=False)


def digest(value: object) -> str:
    """Return the SHA-256 (hex) of a JSON value that does not depend on spaces or the order of keys."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()


def same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Tell whether two templates ask for the same: CloudFormation sees no change in a description or a version."""
    return _essence(one) == _essence(other)


def _essence(template: Mapping[str, Any]) -> dict[str, Any]:
    essence = {key: value for key, value in template.items() if key != "Description"}
    metadata = {key: value for key, value in template.get("Metadata", {}).items() if key != "Aldeia"}
    essence.pop("Metadata", None)
    return {**essence, "Metadata": metadata} if metadata else essence


def capabilities(template: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what must be acknowledged for this template, so that nobody finds out from a refusal.

    A nested stack's template is not at hand, so it is taken to need everything.
    """
    needed: set[str] = set()
    for resource in template.get("Resources", {}).values():
        kind = resource.get("Type")
        if kind == "AWS::CloudFormation::Stack":
            needed.update(("CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"))
        if kind in IAM_NAME_PROPERTY:
            named = IAM_NAME_PROPERTY[kind] in (resource.get("Properties") or {})
            needed.add("CAPABILITY_NAMED_IAM" if named else "CAPABILITY_IAM")
    if "Transform" in template or any(key == "Fn::Transform" for key, _ in _pairs(template)):
        needed.add("CAPABILITY_AUTO_EXPAND")
    if "CAPABILITY_NAMED_IAM" in needed:
        needed.discard("CAPABILITY_IAM")  # the greater one includes the lesser
    return tuple(sorted(needed))


def written_ssm_names(template: Mapping[str, Any]) -> dict[str, str]:
    """Return the literal names of the SSM parameters that the template creates, with their logical ids."""
    names = {}
    for logical_id, resource in template.get("Resources", {}).items():
        name = (resource.get("Properties") or {}).get("Name")
        if resource.get("Type") == "AWS::SSM::Parameter" and isinstance(name, str):
            names[name] = logical_id
    return names


def _pairs(value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield str(key), inner
            yield from _pairs(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _pairs(inner)
