"""Template parameters: what was given, what stood before and the template's own defaults become one value each.

Types, constraints and the service's refusals are here. Where an SSM parameter's value comes from is the business of the
`fetch` function handed in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from local_cloudformation.errors import ValidationError
from local_cloudformation.template import Template
from local_cloudformation.values import StandIn, text_of

SSM_VALUE = re.compile(r"^AWS::SSM::Parameter::Value<(?P<inner>.+)>$")
_LIST = re.compile(r"^List<(?P<inner>.+)>$")
MASK = "****"
# What an offline comparison puts in the place of a value only an account or a person can tell.
STAND_IN = re.compile(r"\{\{(resolve:ssm|parameter):[^}]+\}\}")

Fetch = Callable[[Sequence[str]], Mapping[str, str]]

# AWS-specific types whose values have a shape of their own; the real service also looks whether the thing exists.
_SHAPES = {
    "AWS::EC2::Image::Id": r"ami-[0-9a-f]{8,17}",
    "AWS::EC2::Instance::Id": r"i-[0-9a-f]{8,17}",
    "AWS::EC2::SecurityGroup::Id": r"sg-[0-9a-f]{8,17}",
    "AWS::EC2::Subnet::Id": r"subnet-[0-9a-f]{8,17}",
    "AWS::EC2::Volume::Id": r"vol-[0-9a-f]{8,17}",
    "AWS::EC2::VPC::Id": r"vpc-[0-9a-f]{8,17}",
}
_PLAIN_TYPES = {"String", "Number", "CommaDelimitedList", "List<Number>", "AWS::SSM::Parameter::Name"}


@dataclass(frozen=True)
class Parameter:
    """A parameter in force. `resolved` differs from `value` for SSM types only."""

    key: str
    value: str
    type: str = "String"
    no_echo: bool = False
    resolved: str | None = None

    @property
    def effective(self) -> str | list[str]:
        """What `Ref` gives: a list for list types."""
        text = self.value if self.resolved is None else self.resolved
        inner = value_type(self.type)
        if inner == "CommaDelimitedList" or _LIST.match(inner):
            if STAND_IN.fullmatch(text):
                return StandIn([text])
            return [part.strip() for part in text.split(",")] if text else []
        return text

    def as_api(self) -> dict[str, Any]:
        """The `Parameter` shape; a NoEcho value is masked."""
        shown = {"ParameterKey": self.key, "ParameterValue": MASK if self.no_echo else self.value}
        if self.resolved is not None:
            shown["ResolvedValue"] = MASK if self.no_echo else self.resolved
        return shown

    def as_dict(self) -> dict[str, Any]:
        """For the store."""
        return asdict(self)


Parameters = dict[str, Parameter]


def value_type(declared: str) -> str:
    """The type of the value itself: what stands inside `AWS::SSM::Parameter::Value<...>`."""
    match = SSM_VALUE.match(declared)
    return match["inner"] if match else declared


def effective_values(parameters: Parameters) -> dict[str, Any]:
    """What each parameter's `Ref` gives."""
    return {key: each.effective for key, each in parameters.items()}


def given_as_list(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Keys and values in the shape of the `Parameters` input."""
    return [{"ParameterKey": key, "ParameterValue": text_of(value)} for key, value in values.items()]


def in_force(
    template: Template,
    given: Sequence[Mapping[str, Any]],
    previous: Parameters | None,
    fetch: Fetch,
    *,
    change_set_type: str = "",
    unchecked: frozenset[str] = frozenset(),
) -> Parameters:
    """The parameters of a template for one operation.

    :param given: the `Parameters` input: ParameterKey with ParameterValue, or with UsePreviousValue
    :param previous: those of the stack as it stands, None for a new stack
    :param unchecked: keys whose stand-in values break any constraint they like
    :raises ValidationError: with the service's text, naming every missing or unknown key
    """
    declared = template.section("Parameters")
    by_key: dict[str, Mapping[str, Any]] = {}
    for each in given:
        if each["ParameterKey"] in by_key:
            raise ValidationError(f"Duplicate parameter key: {each['ParameterKey']}")
        by_key[each["ParameterKey"]] = each
    _refuse_misused_previous(by_key, previous, change_set_type)
    unknown = [key for key in by_key if key not in declared]
    if unknown:
        raise ValidationError(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    raw: dict[str, str] = {}
    for key, definition in declared.items():
        one = by_key.get(key, {})
        if one.get("UsePreviousValue") and previous:
            raw[key] = previous[key].value
        elif "ParameterValue" in one:
            raw[key] = text_of(one["ParameterValue"])
        elif "Default" in definition:
            raw[key] = _default(definition["Default"])
    missing = [key for key in declared if key not in raw]
    if missing:
        raise ValidationError(f"Parameters: [{', '.join(missing)}] must have values")
    return _checked(declared, raw, fetch, unchecked)


def _default(value: Any) -> str:
    return ",".join(map(text_of, value)) if isinstance(value, list) else text_of(value)


def _refuse_misused_previous(
    by_key: Mapping[str, Mapping[str, Any]], previous: Parameters | None, change_set_type: str
) -> None:
    for key, one in by_key.items():
        if not one.get("UsePreviousValue"):
            continue
        if previous is None:
            noun = "ChangeSetType is CREATE" if change_set_type else "creating a stack"
            raise ValidationError(f"Cannot specify UsePreviousValue on Parameters when {noun}")
        if "ParameterValue" in one:
            raise ValidationError(
                f"Invalid input for parameter key {key}. Cannot specify usePreviousValue as true and non empty value "
                "for a parameter"
            )
        if key not in previous:
            raise ValidationError(
                f"Invalid input for parameter key {key}. Cannot specify usePreviousValue as true for a parameter key "
                "not in the previous template"
            )


def _checked(
    declared: Mapping[str, Any], raw: Mapping[str, str], fetch: Fetch, unchecked: frozenset[str]
) -> Parameters:
    paths = [raw[key] for key, definition in declared.items() if SSM_VALUE.match(str(definition.get("Type")))]
    fetched = fetch(paths) if paths else {}
    absent = sorted({path for path in paths if path not in fetched})
    if absent:
        raise ValidationError(f"Unable to fetch parameters [{','.join(absent)}] from parameter store for this account.")
    parameters: Parameters = {}
    for key, definition in declared.items():
        declared_type = str(definition.get("Type"))
        no_echo = text_of(definition.get("NoEcho", False)).lower() == "true"
        resolved = fetched[raw[key]] if SSM_VALUE.match(declared_type) else None
        parameter = Parameter(key, raw[key], declared_type, no_echo, resolved)
        if key not in unchecked and not _stands_for_a_value(resolved):
            check(key, definition, parameter)
        parameters[key] = parameter
    return parameters


def _stands_for_a_value(resolved: str | None) -> bool:
    return resolved is not None and STAND_IN.fullmatch(resolved) is not None


def check(key: str, definition: Mapping[str, Any], parameter: Parameter) -> None:
    """Refuse a value that breaks its parameter's type or constraints."""
    inner = value_type(parameter.type)
    values = parameter.effective if isinstance(parameter.effective, list) else [parameter.effective]
    element = (match["inner"] if (match := _LIST.match(inner)) else inner).replace("CommaDelimitedList", "String")
    for value in values:
        if element == "Number":
            _check_number(key, definition, value)
        elif element in _SHAPES and not re.fullmatch(_SHAPES[element], value):
            raise ValidationError(
                f"Parameter validation failed: parameter value {value} for parameter name {key} does not exist"
            )
    if parameter.resolved is None:
        _check_constraints(key, definition, values if element == "String" and inner != "String" else [parameter.value])


def _check_number(key: str, definition: Mapping[str, Any], value: str) -> None:
    try:
        number = float(value)
    except ValueError:
        raise ValidationError(f"Parameter '{key}' must be a number.") from None
    if "MinValue" in definition and number < float(definition["MinValue"]):
        raise ValidationError(_words(key, definition, f"must be a number not less than {definition['MinValue']}"))
    if "MaxValue" in definition and number > float(definition["MaxValue"]):
        raise ValidationError(_words(key, definition, f"must be a number not greater than {definition['MaxValue']}"))


def _check_constraints(key: str, definition: Mapping[str, Any], values: Sequence[str]) -> None:
    allowed = definition.get("AllowedValues")
    for value in values:
        if allowed is not None and value not in map(text_of, allowed):
            raise ValidationError(_words(key, definition, "must be one of AllowedValues"))
        if "AllowedPattern" in definition and not re.fullmatch(definition["AllowedPattern"], value):
            raise ValidationError(_words(key, definition, f"must match pattern {definition['AllowedPattern']}"))
        if "MinLength" in definition and len(value) < int(definition["MinLength"]):
            least = definition["MinLength"]
            raise ValidationError(_words(key, definition, f"must contain at least {least} characters"))
        if "MaxLength" in definition and len(value) > int(definition["MaxLength"]):
            raise ValidationError(_words(key, definition, f"must contain at most {definition['MaxLength']} characters"))


def _words(key: str, definition: Mapping[str, Any], fault: str) -> str:
    said = definition.get("ConstraintDescription")
    return f"Parameter {key} failed to satisfy constraint: {said}" if said else f"Parameter '{key}' {fault}"


def known_type(declared: Any) -> bool:
    """Whether a parameter's `Type` is one CloudFormation has."""
    if not isinstance(declared, str):
        return False
    inner = value_type(declared)
    match = _LIST.match(inner)
    element = match["inner"] if match else inner
    return (
        inner in _PLAIN_TYPES or element in {"String", *_SHAPES} or element.startswith(("AWS::EC2::", "AWS::Route53::"))
    )
