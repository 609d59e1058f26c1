"""Decides whether roles of a rendered template may do something, as IAM does within one account.

In: a template, values for its references, a role and a request. Out: "allowed", "denied" (by a Deny) or "not allowed".
The logic is that of the IAM guide, "Policy evaluation logic" and "IAM JSON policy elements: Condition operators"; what the
templates do not use (resource policies, boundaries, sessions) is left out, and an unknown operator or element is an error, never
a yes and never a no.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from fnmatch import translate
from typing import Any

Json = dict[str, Any]
Context = Mapping[str, str]

ALLOWED, DENIED, NOT_ALLOWED = "allowed", "denied", "not allowed"
PSEUDO = {
    "AWS::AccountId": "111122223333",
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::URLSuffix": "amazonaws.com",
}


def resolve(value: Any, names: Mapping[str, str]) -> Any:
    """`value` with its intrinsic functions worked out; `names` holds references (`Topic`) and attributes (`Role.Arn`)."""
    if isinstance(value, list):
        return [resolve(item, names) for item in value]
    if not isinstance(value, dict):
        return value
    name, argument = next(iter(value.items())) if len(value) == 1 else ("", None)
    known = {**PSEUDO, **names}
    match name:
        case "Ref":
            found: Any = known[argument]
        case "Fn::GetAtt":
            found = known[".".join(argument)]
        case "Fn::If":
            found = resolve(argument[1], names)
        case "Fn::Sub":
            text, own = (argument, {}) if isinstance(argument, str) else argument
            known |= {key: resolve(item, names) for key, item in own.items()}
            found = re.sub(r"\$\{(?!!)([^}]+)\}", lambda hit: known[hit[1]], text).replace("${!", "${")
        case _:
            found = {key: resolve(item, names) for key, item in value.items()}
    return found


def statements(template: Json, role: str, names: Mapping[str, str]) -> list[Json]:
    """Every statement of a role's managed and inline policies."""
    properties = template["Resources"][role]["Properties"]
    managed = [template["Resources"][policy["Ref"]]["Properties"] for policy in properties.get("ManagedPolicyArns", [])]
    documents = [policy["PolicyDocument"] for policy in (*managed, *properties.get("Policies", []))]
    return [resolve(statement, names) for document in documents for statement in document["Statement"]]


def decide(found: Iterable[Json], action: str, resource: str, context: Context) -> str:
    """The verdict of `found` statements on one request."""
    hits = {statement["Effect"] for statement in found if applies(statement, action, resource, context)}
    if "Deny" in hits:
        return DENIED
    return ALLOWED if "Allow" in hits else NOT_ALLOWED


def applies(statement: Json, action: str, resource: str, context: Context) -> bool:
    """Whether a statement speaks of this request."""
    if unknown := set(statement) - {"Sid", "Effect", "Action", "Resource", "Condition"}:
        raise NotImplementedError(", ".join(sorted(unknown)))
    return (
        any(_like(pattern.lower(), action.lower()) for pattern in _list(statement["Action"]))
        and ("Resource" not in statement or _names(statement["Resource"], resource, context))
        and holds(statement.get("Condition", {}), context)
    )


def _names(patterns: Any, resource: str, context: Context) -> bool:
    filled = [_fill(pattern, context) for pattern in _list(patterns)]
    return any(pattern is not None and _like(pattern, resource) for pattern in filled)


def holds(condition: Mapping[str, Mapping[str, Any]], context: Context) -> bool:
    """Whether a Condition block holds: every key of every operator must. Keys know no case."""
    found = {key.lower(): value for key, value in context.items()}
    judged = [  # every one: what is not known is an error even where another does not hold
        _key_holds(operator, _list(wanted), found.get(key.lower()), context)
        for operator, keys in condition.items()
        for key, wanted in keys.items()
    ]
    return all(judged)


def _key_holds(operator: str, wanted: list[Any], found: str | None, context: Context) -> bool:
    base = operator.removesuffix("IfExists")
    if base == "Null":
        return (found is None) == (str(wanted[0]).lower() == "true")
    if base not in _OPERATORS:
        raise NotImplementedError(operator)
    if found is None:
        # IAM guide: IfExists, and operators that negate, hold where the key is missing.
        return operator != base or "Not" in base
    values = [value for value in (_fill(str(value), context) for value in wanted) if value is not None]
    matches = any(_OPERATORS[base](value, found) for value in values)
    # One of several values is enough; of those that negate, none may match.
    return not matches if "Not" in base else matches


def _fill(pattern: str, context: Context) -> str | None:
    """The pattern with its policy variables filled in, or None where the request has no such key: then nothing matches."""
    variables = re.findall(r"\$\{([^}]+)\}", pattern)
    if unknown := [name for name in variables if not re.fullmatch(r"[A-Za-z][\w-]*:[\w./@-]+|[a-z]", name)]:
        raise NotImplementedError(f"${{{unknown[0]}}}")  # ${*}, or one with a default
    missing = [name for name in variables if name not in context]
    return None if missing else re.sub(r"\$\{([^}]+)\}", lambda found: context[found[1]], pattern)


def _like(pattern: str, text: str) -> bool:
    return re.fullmatch(translate(pattern.replace("[", "[[]")), text) is not None


def _like_arn(pattern: str, text: str) -> bool:
    """IAM guide, ARN condition operators: each of the six parts between colons is compared for itself."""
    patterns, parts = pattern.split(":", 5), text.split(":", 5)
    return len(patterns) == len(parts) and all(map(_like, patterns, parts))


_OPERATORS: Mapping[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda wanted, found: wanted == found,
    "StringNotEquals": lambda wanted, found: wanted == found,
    "StringLike": _like,
    "StringNotLike": _like,
    "ArnEquals": _like_arn,  # the guide: the two behave identically
    "ArnLike": _like_arn,
    "ArnNotEquals": _like_arn,
    "ArnNotLike": _like_arn,
    "Bool": lambda wanted, found: wanted.lower() == found.lower(),
}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
