"""IAM: does the new set of statements grant anything that the old one did not?

Every statement is taken apart into single grants (who, what, on what, under which conditions). A grant of the new set is
a widening when no old grant covers it; an old refusal that is gone is one as well. Wildcards are compared as patterns.
A grant that cannot be read (a document that is only known while the change runs) is left to `unknown-until-applied`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from deploy_stack.review.model import ResourceChange
from deploy_stack.review.verdicts.opinion import Opinion, warn

# Where policy documents stand, by type; `[]` walks a list.
DOCUMENTS: Mapping[str, tuple[str, ...]] = {
    "AWS::ECR::Repository": ("RepositoryPolicyText",),
    "AWS::EFS::FileSystem": ("FileSystemPolicy",),
    "AWS::IAM::Group": ("Policies[].PolicyDocument",),
    "AWS::IAM::ManagedPolicy": ("PolicyDocument",),
    "AWS::IAM::Policy": ("PolicyDocument",),
    "AWS::IAM::Role": ("AssumeRolePolicyDocument", "Policies[].PolicyDocument"),
    "AWS::IAM::RolePolicy": ("PolicyDocument",),
    "AWS::IAM::User": ("Policies[].PolicyDocument",),
    "AWS::KMS::Key": ("KeyPolicy",),
    "AWS::S3::BucketPolicy": ("PolicyDocument",),
    "AWS::SNS::TopicPolicy": ("PolicyDocument",),
    "AWS::SQS::QueuePolicy": ("PolicyDocument",),
    "AWS::SecretsManager::ResourcePolicy": ("ResourcePolicy",),
}
SHOWN = 4


@dataclass(frozen=True)
class Grant:
    """One thing that somebody may, or may not, do."""

    effect: str
    principal: str
    action: str
    resource: str
    condition: str

    def covers(self, other: Grant) -> bool:
        """Tell whether `other` is no more than this. A condition only covers the same condition."""
        return (
            self.effect == other.effect
            and self.condition in {"", other.condition}
            and _matches(self.principal, other.principal)
            and _matches(self.action.lower(), other.action.lower())
            and _matches(self.resource, other.resource)
        )

    def __str__(self) -> str:
        who = "" if not self.principal else f" to {self.principal}"
        return f"{self.action} on {self.resource}{who}" if self.resource else f"{self.action}{who}"


def widened(change: ResourceChange, operation: str) -> Iterator[Opinion]:
    """`permissions-widened`"""
    if change.type not in DOCUMENTS or change.action == "Remove":
        return
    before, after = list(grants(change.type, change.before)), list(grants(change.type, change.after))
    if change.action == "Modify" and not (change.before and change.after):
        if change.touches("PolicyDocument", "AssumeRolePolicyDocument", "Policies", *DOCUMENTS[change.type]):
            yield warn("its permissions change; CloudFormation did not show both documents, so compare them by hand")
        return
    added = [
        each
        for each in after
        if each.effect == "Allow" and not any(old.covers(each) for old in before if old.effect == "Allow")
    ]
    if operation == "CREATE":
        added = [each for each in added if each.action == "*" or each.principal == "*"]
    if added:
        yield warn(f"allows {_list(added)}")
    freed = [
        each
        for each in before
        if each.effect == "Deny" and not any(new.covers(each) for new in after if new.effect == "Deny")
    ]
    if freed:
        yield warn(f"no longer denies {_list(freed)}")
    managed = sorted(_managed(change.after) - _managed(change.before))
    if managed and operation != "CREATE":
        yield warn(f"attaches {', '.join(managed)}")


def grants(type_name: str, context: Mapping[str, Any]) -> Iterator[Grant]:
    """Return the single grants of every policy document in a resource of this type."""
    properties = context.get("Properties") or {}
    for path in DOCUMENTS[type_name]:
        for document in _walk(properties, path.split(".")):
            yield from _document(document)


def _walk(value: Any, path: list[str]) -> Iterator[Any]:
    if not path:
        yield value
        return
    key = path[0].removesuffix("[]")
    inner = value.get(key) if isinstance(value, Mapping) else None
    for each in (inner if isinstance(inner, list) else ()) if path[0].endswith("[]") else [inner]:
        if each is not None:
            yield from _walk(each, path[1:])


def _document(document: Any) -> Iterator[Grant]:
    if isinstance(document, str):
        try:
            document = json.loads(document)
        except ValueError:
            return
    if not isinstance(document, Mapping):
        return
    for statement in _several(document.get("Statement")):
        if isinstance(statement, Mapping):
            yield from _statement(statement)


def _statement(statement: Mapping[str, Any]) -> Iterator[Grant]:
    condition = json.dumps(statement["Condition"], sort_keys=True) if statement.get("Condition") else ""
    # NotAction and its like grant everything but a few: shown as they stand, covered only by the same or by "*".
    actions = _named(statement, "Action")
    resources = _named(statement, "Resource") or [""]
    principals = list(_principals(statement)) or [""]
    for action in actions:
        for resource in resources:
            for principal in principals:
                yield Grant(str(statement.get("Effect", "Allow")), principal, action, resource, condition)


def _named(statement: Mapping[str, Any], key: str) -> list[str]:
    found = [_text(each) for each in _several(statement.get(key))]
    return found + [f"everything but {_text(each)}" for each in _several(statement.get(f"Not{key}"))]


def _principals(statement: Mapping[str, Any]) -> Iterator[str]:
    for key, but in (("Principal", ""), ("NotPrincipal", "everybody but ")):
        found = statement.get(key)
        if isinstance(found, Mapping):
            for kind, names in found.items():
                for name in _several(names):
                    yield f"{but}{'*' if name == '*' and kind == 'AWS' else _text(name)}"
        elif found is not None:
            yield f"{but}{_text(found)}"


def _managed(context: Mapping[str, Any]) -> set[str]:
    return {_text(each) for each in _several((context.get("Properties") or {}).get("ManagedPolicyArns"))}


def _several(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _matches(pattern: str, text: str) -> bool:
    # IAM knows only * and ?; fnmatch would read [ as well.
    return pattern == text or fnmatchcase(text, pattern.replace("[", "[[]"))


def _list(found: list[Grant]) -> str:
    shown = list(dict.fromkeys(str(each) for each in found))
    more = f" and {len(shown) - SHOWN} more" if len(shown) > SHOWN else ""
    return "; ".join(shown[:SHOWN]) + more
