"""A change as data, and the shape `DescribeChangeSet` gives it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from local_cloudformation.differences import Difference
from local_cloudformation.parameters import MASK, Parameters
from local_cloudformation.template import POLICY_ATTRIBUTES
from local_cloudformation.values import UNKNOWN, text_of

KNOWN_AFTER_APPLY = "{{changeSet:KNOWN_AFTER_APPLY}}"
STATIC, DYNAMIC = "Static", "Dynamic"
Secrets = frozenset[str]
_SCOPES = ("Properties", "Metadata", *POLICY_ATTRIBUTES, "Tags")


@dataclass(frozen=True)
class Detail:
    """One reason for one difference.

    `companion` marks the Dynamic entry the service adds beside a reference; `possible` one that it lists only when not
    asked for values, for an attribute that an update in place might touch.
    """

    attribute: str
    name: str | None
    recreation: str
    path: str
    difference: Difference
    evaluation: str
    source: str
    cause: str | None = None
    companion: bool = False
    resource_cause: bool = False
    possible: bool = False

    def shown(self, with_values: bool) -> bool:
        """Whether the service lists this entry, with or without IncludePropertyValues."""
        return not self.possible if with_values else not (self.companion and self.resource_cause)

    def as_api(self, with_values: bool, secrets: Secrets) -> dict[str, Any]:
        """The `ResourceChangeDetail` shape."""
        target: dict[str, Any] = {"Attribute": self.attribute, "RequiresRecreation": self.recreation}
        if self.name:
            target["Name"] = self.name
        if with_values:
            target["Path"] = self.path
            target["AttributeChangeType"] = self.difference.change_type
            if self.difference.before is not None:
                target["BeforeValue"] = value_text(self.difference.before, secrets)
            if self.difference.after is not None:
                target["AfterValue"] = value_text(self.difference.after, secrets)
        detail = {"Target": target, "Evaluation": self.evaluation, "ChangeSource": self.source}
        return {**detail, "CausingEntity": self.cause} if self.cause else detail


@dataclass(frozen=True)
class ResourceChange:
    """What happens to one resource."""

    action: str
    logical_id: str
    type_name: str
    physical_id: str | None = None
    replacement: str | None = None
    details: tuple[Detail, ...] = ()
    policy_action: str | None = None
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    secrets: Secrets = frozenset()

    @property
    def is_real(self) -> bool:
        """False when the service would list the change only when not asked for values."""
        return self.action != "Modify" or any(not each.possible for each in self.details)

    def as_api(self, with_values: bool) -> dict[str, Any] | None:
        """The `Change` shape, or None when the service leaves it out."""
        shown = [each for each in self.details if each.shown(with_values)]
        if self.action == "Modify" and not shown:
            return None
        change: dict[str, Any] = {
            "PolicyAction": self.policy_action,
            "Action": self.action,
            "LogicalResourceId": self.logical_id,
            "PhysicalResourceId": self.physical_id,
            "ResourceType": self.type_name,
            "Replacement": self.replacement,
            "Scope": [name for name in _SCOPES if any(each.attribute == name for each in shown)],
            "Details": _once([each.as_api(with_values, self.secrets) for each in shown]),
        }
        if with_values:
            change["BeforeContext"] = None if self.before is None else _json(self.before, self.secrets)
            change["AfterContext"] = None if self.after is None else _json(self.after, self.secrets)
        return {"Type": "Resource", "ResourceChange": {key: each for key, each in change.items() if each is not None}}


def _once(details: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without values, several leaves of one property look alike: the service lists them once."""
    seen: dict[str, dict[str, Any]] = {}
    for each in details:
        seen.setdefault(json.dumps(each, sort_keys=True), each)
    return list(seen.values())


def value_text(value: Any, secrets: Secrets = frozenset()) -> str:
    """A value as the service shows it: text as it is, anything else as JSON, the unknown by its marker."""
    if value is UNKNOWN:
        return KNOWN_AFTER_APPLY
    return _json(value, secrets) if isinstance(value, dict | list) else str(marked(text_of(value), secrets))


def _json(value: Any, secrets: Secrets) -> str:
    return json.dumps(marked(value, secrets), separators=(",", ":"))


def marked(value: Any, secrets: Secrets = frozenset()) -> Any:
    """A value with KNOWN_AFTER_APPLY for what is unknown, `****` for NoEcho values in it, and scalars as text."""
    if isinstance(value, dict):
        return {key: marked(each, secrets) for key, each in value.items()}
    if isinstance(value, list):
        return [marked(each, secrets) for each in value]
    if value is UNKNOWN:
        return KNOWN_AFTER_APPLY
    if value is None:
        return None
    text = text_of(value)
    for secret in secrets:
        text = text.replace(secret, MASK)
    return text


def secrets_of(*parameters: Parameters) -> Secrets:
    """The values no answer may show."""
    values = (each.value for found in parameters for each in found.values() if each.no_echo)
    return frozenset(value for value in values if value)
