"""Dynamic references (`{{resolve:ssm:...}}`): found in values, checked against the services, never written into a record.

A stack keeps them as they were written, as the real service shows them, so no secret's value reaches a change set, an
event or the state on disk. Only what is handed on to a service behind is resolved.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

_REFERENCE = re.compile(r"\{\{resolve:(ssm|ssm-secure|secretsmanager):([^}]+)\}\}")

# Service and name to the value, None when there is no such thing.
Look = Callable[[str, str], str | None]


def found(value: Any) -> Iterator[tuple[str, str]]:
    """Service and name of every dynamic reference in a value."""
    if isinstance(value, dict):
        for each in value.values():
            yield from found(each)
    elif isinstance(value, list):
        for each in value:
            yield from found(each)
    elif isinstance(value, str):
        yield from _REFERENCE.findall(value)


def problem(properties: Any, look: Look) -> str | None:
    """The reason the first reference that leads nowhere gives, None when all lead somewhere."""
    for service, name in found(properties):
        if look(service, name) is None:
            if service == "secretsmanager":
                return (
                    "Secrets Manager can't find the specified secret. (Service: AWSSecretsManager; Status Code: 400; "
                    f"Error Code: ResourceNotFoundException; secret: {name.split(':SecretString', 1)[0]})"
                )
            return f"Unable to fetch parameters [{name}] from parameter store for this account."
    return None


def resolved(value: Any, look: Look) -> Any:
    """A value with its dynamic references resolved: for a service behind, never for a record."""
    if isinstance(value, dict):
        return {key: resolved(each, look) for key, each in value.items()}
    if isinstance(value, list):
        return [resolved(each, look) for each in value]
    if isinstance(value, str):
        return _REFERENCE.sub(lambda match: look(match[1], match[2]) or "", value)
    return value
