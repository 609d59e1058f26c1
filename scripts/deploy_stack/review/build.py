"""Turn a change set's description into a `Review`.

In: DescribeChangeSet's `Changes` (all pages, nested sets under their parents), or the same shape from the embedded
change engine. Out: `ResourceChange`s. Refuses to know: verdicts. Secrets are masked here, before anything else sees them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from deploy_stack.review.model import PropertyChange, ResourceChange

MASK = "****"

# Properties whose literal value is a secret, whatever the template does; a reference to one is no secret.
SECRET_PROPERTIES = frozenset(
    {
        "SecretString",
        "MasterUserPassword",
        "Password",
        "AuthToken",
        "LoginProfile",
        "ClientSecret",
        "PrivateKey",
        "SecretAccessKey",
        "SecureString",
        "OAuthToken",
    }
)


def resource_changes(changes: Iterable[Mapping[str, Any]], prefix: str = "") -> tuple[ResourceChange, ...]:
    """Return the resource changes in a steady order: removals and replacements first, then changes, then additions.

    A nested stack's changes are expected under `NestedChanges` of its ResourceChange and get its id as a prefix.
    """
    found: list[ResourceChange] = []
    for change in changes:
        raw = change.get("ResourceChange")
        if not raw:
            continue
        found.append(_resource_change(raw, prefix))
        if raw.get("NestedChanges"):
            found.extend(resource_changes(raw["NestedChanges"], f"{prefix}{raw['LogicalResourceId']}/"))
    weight = ("remove", "replace", "replace?", "unknown", "change", "undrift", "import", "add")
    order = {word: place for place, word in enumerate(weight)}
    return tuple(sorted(found, key=lambda each: (order.get(each.verb, 9), each.logical_id)))


def _resource_change(raw: Mapping[str, Any], prefix: str) -> ResourceChange:
    replacement = raw.get("Replacement", "")
    # PolicyAction tells of a replacement that Replacement itself leaves out for removed resources.
    return ResourceChange(
        logical_id=prefix + raw["LogicalResourceId"],
        type=raw["ResourceType"],
        action=raw["Action"],
        replacement="" if raw["Action"] in {"Add", "Remove"} else replacement,
        physical_id=raw.get("PhysicalResourceId", ""),
        policy_action=raw.get("PolicyAction", ""),
        properties=_properties(raw.get("Details", ())),
        before=mask(_context(raw.get("BeforeContext"))),
        after=mask(_context(raw.get("AfterContext"))),
        drift=raw.get("ResourceDriftStatus", ""),
    )


def _properties(details: Iterable[Mapping[str, Any]]) -> tuple[PropertyChange, ...]:
    """Return one change a path. CloudFormation lists a path once for each cause, statically and dynamically."""
    merged: dict[tuple[str, str], dict[str, Any]] = {}
    for detail in details:
        target = detail.get("Target", {})
        attribute = target.get("Attribute", "Properties")
        path = (
            target.get("Path", "").removeprefix("/Properties/").strip("/").replace("/", ".") or target.get("Name") or ""
        )
        row = merged.setdefault(
            (attribute, path or attribute),
            {"before": None, "after": None, "recreation": "Never", "causes": [], "evaluations": set()},
        )
        for key, name in (("before", "BeforeValue"), ("after", "AfterValue")):
            if target.get(name) is not None:
                row[key] = target[name]
        row["recreation"] = max(
            row["recreation"], target.get("RequiresRecreation", "Never"), key=("Never", "Conditionally", "Always").index
        )
        row["evaluations"].add(detail.get("Evaluation", "Static"))
        cause = _cause(detail)
        if cause and cause not in row["causes"]:
            row["causes"].append(cause)
    return tuple(
        PropertyChange(
            path=path,
            attribute=attribute,
            before=_masked_value(path, row["before"]),
            after=_masked_value(path, row["after"]),
            recreation=row["recreation"],
            causes=tuple(row["causes"]),
            dynamic=row["evaluations"] == {"Dynamic"},
        )
        for (attribute, path), row in merged.items()
    )


def _cause(detail: Mapping[str, Any]) -> str:
    entity = detail.get("CausingEntity", "")
    return {
        "ParameterReference": f"parameter {entity}",
        "ResourceReference": f"reference to {entity}",
        "ResourceAttribute": f"attribute {entity}",
        "Automatic": "nested stack",
    }.get(detail.get("ChangeSource", ""), "")


def _context(text: str | None) -> dict[str, Any]:
    """Return a Before/AfterContext. "Large values can be truncated": what is cut off is no JSON and is left out."""
    if not text:
        return {}
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def mask(value: Any) -> Any:
    """Return the value with every literal secret replaced; references ({"Ref": ...}, {{resolve:...}}) stay."""
    if isinstance(value, Mapping):
        return {
            key: MASK if key in SECRET_PROPERTIES and _is_literal(inner) else mask(inner)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [mask(each) for each in value]
    return value


def _masked_value(path: str, value: str | None) -> str | None:
    if value is None:
        return None
    if any(part.split("[")[0] in SECRET_PROPERTIES for part in path.split(".")) and _is_literal(value):
        return MASK
    try:
        inner = json.loads(value)
    except ValueError:
        return value
    masked = mask(inner)
    return value if masked == inner else json.dumps(masked)


def _is_literal(value: Any) -> bool:
    return isinstance(value, str) and not value.startswith("{{")
