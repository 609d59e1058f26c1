"""Check a parameters file against the template it is for, without asking anybody.

In: a template and the entries of `parameters/<environment>/<stack>.json`, both as `json.load` returns them.
Out: error texts, one for each mistake; each names the file and the key, what was found and what would be right.
Refuses to know: files, networks, accounts. Standard library only, so that the generator's `--check` and the deployer
judge by the same words.

The constraints are those of
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html; what only an account
can tell (whether `vpc-…` exists, what an SSM parameter holds) is left to CloudFormation.
"""

from __future__ import annotations

import difflib
import re
import warnings
from collections.abc import Collection, Iterator, Mapping
from typing import Any

MAX_PARAMETERS = 200  # CloudFormation quotas, "Parameters"
MAX_VALUE_BYTES = 4096  # CloudFormation quotas, "Parameter values"

SSM_VALUE = re.compile(r"AWS::SSM::Parameter::Value<(?P<inner>.+)>")
LIST_TYPE = re.compile(r"List<(?P<inner>.+)>")
SSM_NAME = re.compile(r"[a-zA-Z0-9_.\-/]+(:[a-zA-Z0-9_.\-]+)?")
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
DYNAMIC_REFERENCE = re.compile(r"\{\{resolve:(ssm-secure|secretsmanager):[^{}]+\}\}")

# The shape of the AWS-specific types' values; a type that is not here is not judged.
AWS_TYPES: Mapping[str, tuple[re.Pattern[str], str]] = {
    "AWS::EC2::AvailabilityZone::Name": (re.compile(r"[a-z]{2}(-[a-z]+)+-\d[a-z]"), "us-east-1a"),
    "AWS::EC2::Image::Id": (re.compile(r"ami-([0-9a-f]{8}|[0-9a-f]{17})"), "ami-0123456789abcdef0"),
    "AWS::EC2::Instance::Id": (re.compile(r"i-([0-9a-f]{8}|[0-9a-f]{17})"), "i-0123456789abcdef0"),
    "AWS::EC2::SecurityGroup::Id": (re.compile(r"sg-([0-9a-f]{8}|[0-9a-f]{17})"), "sg-0123456789abcdef0"),
    "AWS::EC2::Subnet::Id": (re.compile(r"subnet-([0-9a-f]{8}|[0-9a-f]{17})"), "subnet-0123456789abcdef0"),
    "AWS::EC2::VPC::Id": (re.compile(r"vpc-([0-9a-f]{8}|[0-9a-f]{17})"), "vpc-0123456789abcdef0"),
    "AWS::EC2::Volume::Id": (re.compile(r"vol-([0-9a-f]{8}|[0-9a-f]{17})"), "vol-0123456789abcdef0"),
    "AWS::Route53::HostedZone::Id": (re.compile(r"[A-Z0-9]{1,32}"), "Z0123456789ABCDEFGHIJ"),
}


def check_parameters(
    template: Mapping[str, Any], entries: object, *, file: str, optional: Collection[str] = ()
) -> list[str]:
    """One text for each mistake in `entries`, none when the template would take them.

    `entries` has the shape of CloudFormation's own parameter files: a list of `{"ParameterKey", "ParameterValue"}`.
    `optional` names parameters that may be missing although they have no default (an image tag is given at each
    deployment). `file` is only a name for the texts.
    """
    declared: Mapping[str, Any] = template.get("Parameters") or {}
    if not isinstance(entries, list):
        return [
            f'{file}: found {_kind(entries)}, expected a list of {{"ParameterKey": ..., "ParameterValue": ...}} objects'
        ]
    errors: list[str] = []
    if len(declared) > MAX_PARAMETERS:
        errors.append(
            f"{file}: the template declares {len(declared)} parameters; CloudFormation takes {MAX_PARAMETERS}"
        )
    seen: dict[str, int] = {}
    for index, entry in enumerate(entries):
        mistake = _entry_mistake(entry, index)
        if mistake:
            errors.append(f"{file}: {mistake}")
            if isinstance(entry, Mapping) and isinstance(entry.get("ParameterKey"), str):
                seen.setdefault(entry["ParameterKey"], index)  # it is wrong, not missing
            continue
        key, value = entry["ParameterKey"], entry["ParameterValue"]
        if key in seen:
            errors.append(f"{file}: {key} is given twice (entries {seen[key] + 1} and {index + 1}); keep one")
            continue
        seen[key] = index
        if key not in declared:
            errors.append(f"{file}: {key} is not a parameter of the template{_suggest(key, declared)}")
            continue
        errors.extend(f"{file}: {key}: {text}" for text in check_value(declared[key], value))
    errors.extend(
        f"{file}: {key} is missing: the template has no default for it ({_expected(declaration)})"
        for key, declaration in declared.items()
        if "Default" not in declaration and key not in seen and key not in optional
    )
    return errors


def check_value(declaration: Mapping[str, Any], value: str) -> list[str]:
    """What is wrong with `value` for one parameter declaration of a template.

    The texts do not name the key, and never repeat the value of a `NoEcho` parameter.
    """
    if is_no_echo(declaration):
        if DYNAMIC_REFERENCE.fullmatch(value):
            return []
        return [
            "a NoEcho parameter must not stand in a file in plain text; keep it in Secrets Manager and refer to it "
            "as {{resolve:secretsmanager:NAME:SecretString:KEY}}, or leave it out so that its previous value stays"
        ]
    errors = [*_size_mistakes(declaration, value)]
    type_name = str(declaration.get("Type", "String"))
    ssm = SSM_VALUE.fullmatch(type_name)
    if ssm or type_name == "AWS::SSM::Parameter::Name":
        if not SSM_NAME.fullmatch(value):
            what = f"the name of an SSM parameter that holds {ssm['inner']}" if ssm else "the name of an SSM parameter"
            errors.append(f"found {value!r}, expected {what}, such as /aldeia/staging/network/VpcId")
        return errors + list(_choice_mistakes(declaration, [value]))
    listed = LIST_TYPE.fullmatch(type_name)
    items = [item.strip() for item in value.split(",")] if listed or type_name == "CommaDelimitedList" else [value]
    inner = listed["inner"] if listed else type_name
    for item in items:
        errors.extend(_type_mistakes(inner, item, declaration))
    errors.extend(_choice_mistakes(declaration, items))
    return errors


def is_no_echo(declaration: Mapping[str, Any]) -> bool:
    """Whether a parameter's value is a secret: CloudFormation takes true and "true"."""
    return str(declaration.get("NoEcho", "false")).lower() == "true"


def is_ssm_value(declaration: Mapping[str, Any]) -> bool:
    """Whether the parameter's value is the name of an SSM parameter that CloudFormation resolves."""
    return SSM_VALUE.fullmatch(str(declaration.get("Type", "String"))) is not None


def _entry_mistake(entry: object, index: int) -> str | None:
    where = f"entry {index + 1}"
    if not isinstance(entry, Mapping):
        return f'{where}: found {_kind(entry)}, expected {{"ParameterKey": ..., "ParameterValue": ...}}'
    key = entry.get("ParameterKey")
    if not isinstance(key, str) or not key:
        return f"{where}: ParameterKey: found {_kind(key)}, expected the name of a parameter of the template"
    unknown = sorted(set(entry) - {"ParameterKey", "ParameterValue"})
    if unknown:
        return (
            f"{key}: found {', '.join(map(str, unknown))}; an entry has ParameterKey and ParameterValue, nothing else"
        )
    if "ParameterValue" not in entry:
        return f"{key}: ParameterValue is missing; give a string, or leave the entry out to take the default"
    value = entry["ParameterValue"]
    if not isinstance(value, str):
        right = f', expected a string, such as "{value}"' if isinstance(value, int | float) else ", expected a string"
        if isinstance(value, bool):
            right = f', expected a string, such as "{str(value).lower()}"'
        if isinstance(value, list):
            right = ", expected one string with commas between the items"
        return f"{key}: found {_kind(value)}{right}"
    return None


def _size_mistakes(declaration: Mapping[str, Any], value: str) -> Iterator[str]:
    size = len(value.encode())
    if size > MAX_VALUE_BYTES:
        yield f"found {size} bytes; CloudFormation takes {MAX_VALUE_BYTES}"
    if str(declaration.get("Type", "String")) != "String":
        return
    for bound, wrong in (("MinLength", int.__lt__), ("MaxLength", int.__gt__)):
        if bound in declaration and wrong(len(value), int(declaration[bound])):
            yield f"found {len(value)} characters ({value!r}), expected {bound} {declaration[bound]}{_why(declaration)}"


def _type_mistakes(type_name: str, item: str, declaration: Mapping[str, Any]) -> Iterator[str]:
    if type_name == "Number":
        if not NUMBER.fullmatch(item):
            yield f"found {item!r}, expected a number"
            return
        for bound, wrong in (("MinValue", float.__lt__), ("MaxValue", float.__gt__)):
            if bound in declaration and wrong(float(item), float(declaration[bound])):
                yield f"found {item}, expected {bound} {declaration[bound]}{_why(declaration)}"
    elif type_name in AWS_TYPES:
        pattern, example = AWS_TYPES[type_name]
        if not pattern.fullmatch(item):
            yield f"found {item!r}, expected a value of {type_name}, such as {example}"
    elif type_name.startswith("AWS::") and not item:
        yield f"found an empty value, expected one of {type_name}"


def _choice_mistakes(declaration: Mapping[str, Any], items: list[str]) -> Iterator[str]:
    allowed = [_text(choice) for choice in declaration.get("AllowedValues", ())]
    pattern = declaration.get("AllowedPattern")
    for item in items:
        if allowed and item not in allowed:
            yield f"found {item!r}, expected one of {', '.join(allowed)}{_why(declaration)}"
        if pattern and not _matches(str(pattern), item):
            yield f"found {item!r}, expected a match of {pattern}{_why(declaration)}"


def _matches(pattern: str, item: str) -> bool:
    try:
        with warnings.catch_warnings():
            # "Possible set intersection": Java means one, Python does not know it yet.
            warnings.simplefilter("error", FutureWarning)
            return re.fullmatch(pattern, item) is not None
    except (re.error, FutureWarning):
        # CloudFormation's expressions are Java's: what Python cannot read is left to the service.
        return True


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _why(declaration: Mapping[str, Any]) -> str:
    why = declaration.get("ConstraintDescription")
    return f" ({why})" if why else ""


def _expected(declaration: Mapping[str, Any]) -> str:
    description = declaration.get("Description")
    return (
        f"{declaration.get('Type', 'String')}: {description}" if description else str(declaration.get("Type", "String"))
    )


def _suggest(key: str, declared: Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(key, declared, n=1)
    if near:
        return f"; did you mean {near[0]}?"
    return f"; it takes {', '.join(sorted(declared))}" if declared else "; it takes none"


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", type(None): "null"}
    for kind, name in names.items():
        if isinstance(value, kind):
            return f"{name} ({value!r})" if isinstance(value, str | bool) else name
    return f"a number ({value!r})" if isinstance(value, int | float) else type(value).__name__
