"""Stack policies: whether an update may touch a resource. Once a policy is set, what it does not allow is denied."""

from __future__ import annotations

import fnmatch
import json
from typing import Any

from local_cloudformation.errors import ValidationError

MODIFY, REPLACE, DELETE = "Update:Modify", "Update:Replace", "Update:Delete"
_ACTIONS = {MODIFY, REPLACE, DELETE, "Update:*", "*"}


def check_syntax(body: str) -> None:
    """Refuse what is not a stack policy."""
    try:
        statements = _statements(json.loads(body))
    except (ValueError, TypeError, AttributeError):
        statements = []
    valid = statements and all(
        each.get("Effect") in {"Allow", "Deny"}
        and ("Resource" in each or "NotResource" in each)
        and each.get("Principal") == "*"
        and all(action in _ACTIONS for action in _listed(each.get("Action", each.get("NotAction"))))
        for each in statements
    )
    if not valid:
        raise ValidationError("Error validating stack policy: Invalid stack policy")


def denial(body: str | None, action: str, logical_id: str, type_name: str) -> str | None:
    """Why a policy denies an action, None when it allows it."""
    if body is None:
        return None
    resource = f"LogicalResourceId/{logical_id}"
    allowed = False
    for number, statement in enumerate(_statements(json.loads(body)), 1):
        if not _applies(statement, action, resource, type_name):
            continue
        if statement["Effect"] == "Deny":
            named = ", ".join(_listed(statement.get("Action", statement.get("NotAction"))))
            return f"Action denied by stack policy: Statement [#{number}] does not allow [{named}] for resource [{resource}];"
        allowed = True
    return None if allowed else f"Action not allowed by stack policy: no statement allows [{action}] for [{resource}];"


def _statements(policy: Any) -> list[dict[str, Any]]:
    found = policy.get("Statement", [])
    return [found] if isinstance(found, dict) else list(found)


def _applies(statement: dict[str, Any], action: str, resource: str, type_name: str) -> bool:
    return (
        _matches(statement, "Action", action)
        and _matches(statement, "Resource", resource)
        and all(
            any(_like(operator, type_name, pattern) for pattern in _listed(keys.get("ResourceType")))
            for operator, keys in statement.get("Condition", {}).items()
        )
    )


def _matches(statement: dict[str, Any], key: str, value: str) -> bool:
    if key in statement:
        return any(fnmatch.fnmatchcase(value, pattern) for pattern in _listed(statement[key]))
    excluded = _listed(statement.get(f"Not{key}"))
    return bool(excluded) and not any(fnmatch.fnmatchcase(value, pattern) for pattern in excluded)


def _like(operator: str, value: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(value, pattern) if operator == "StringLike" else value == pattern


def _listed(value: Any) -> list[str]:
    if value is None:
        return []
    return [value] if isinstance(value, str) else list(value)
