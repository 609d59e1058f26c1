"""What cfn-lint's copy of the service authorization reference says of IAM actions and the resources they take."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from cfnlint.data import AdditionalSpecs
from cfnlint.helpers import load_resource

from generator.rules._arn import TOKEN, fields, meet

# Asked for by guides of their services, absent from the reference.
_UNDOCUMENTED = ("mediaconnect:managed", "codestar:syncresources")


@cache
def _services() -> dict[str, Any]:
    found: dict[str, Any] = load_resource(AdditionalSpecs, "Policies.json")  # type: ignore[no-untyped-call]
    return found


def fault_of(action: str) -> str:
    """Why an action cannot exist; empty when it does, or when part of it is only known at deployment."""
    if action == "*" or TOKEN.search(action) or action.lower().startswith(_UNDOCUMENTED):
        return ""
    service, colon, name = action.lower().partition(":")
    if not colon:
        return "is not of the form service:Action"
    if service not in _services():
        return "" if service in {"*", ""} or "*" in service else f"names the service '{service}', which does not exist"
    if any(True for _ in _matching(service, name)):
        return ""
    near = [known for known in _services()[service]["Actions"] if known[:4] == name[:4]][:4]
    return f"is no action of {service}" + (f"; near are {', '.join(near)}" if near else "")


def _matching(service: str, name: str) -> Iterator[dict[str, Any]]:
    known: dict[str, dict[str, Any]] = _services()[service]["Actions"]
    if not re.search(r"[*?]", name):
        if name in known:
            yield known[name]
        return
    pattern = re.compile(re.escape(name).replace(r"\*", ".*").replace(r"\?", "."))
    yield from (body for each, body in known.items() if pattern.fullmatch(each))


@cache
def formats_of(action: str) -> frozenset[str] | None:
    """The ARN patterns an action takes; empty when it takes none but `*`, None when nobody can tell."""
    service, _, name = action.lower().partition(":")
    if service not in _services() or TOKEN.search(action):
        return None
    found: set[str] = set()
    for body in _matching(service, name):
        kinds = body.get("Resources", [])
        for kind in [kinds] if isinstance(kinds, str) else kinds:
            formats = _services()[service]["Resources"].get(kind.lower(), {}).get("ARNFormats")
            if not formats:
                return None
            # The reference writes placeholders as ${Name} and the free end as a regular expression.
            found.update(
                "s3-object" if service == "s3" and kind.lower() == "object" else re.sub(r"\$\{[^}]*\}|\.\*", "*", f)
                for f in formats
            )
    return frozenset(found)


def accepts(formats: frozenset[str], resource: str) -> bool:
    """Whether a Resource text may be one of the patterns."""
    # Transforms are a resource of CreateChangeSet in the CloudFormation guide, and missing in the reference.
    if not resource.startswith("arn:") or ":transform/" in resource:
        return True
    for pattern in formats:
        if pattern == "s3-object":
            last = fields(resource)[-1]
            if ":s3:::" in resource and ("/" in last or re.search(r"[*?$]", last)):
                return True
            pattern = "arn:*:s3:*:*:accesspoint/*"  # noqa: PLW2901
        one, other = fields(pattern), fields(resource)
        if len(one) != len(other) or all(meet(a, TOKEN.sub("*", b)) for a, b in zip(one, other, strict=True)):
            return True
    return False
