"""The intrinsic functions, one small function each, and the table FUNCTIONS that names them.

Each takes the resolver of the expression it stands in and its argument as written, and returns a value, or raises a
ValidationError with the service's text.
"""

from __future__ import annotations

import base64
import ipaddress
import itertools
import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from local_cloudformation.errors import ValidationError
from local_cloudformation.values import UNKNOWN, StandIn, has_unknown, text_of

if TYPE_CHECKING:
    from local_cloudformation.intrinsics import Resolver

SUB_VARIABLE = re.compile(r"\$\{([^!{}][^{}]*)\}")


def _ref(resolver: Resolver, argument: Any) -> Any:
    if not isinstance(argument, str):
        raise ValidationError("Template error: every Ref object must have a single String value.")
    return resolver.reference(argument)


def attribute_reference(argument: Any) -> tuple[str, Any]:
    """Logical id and attribute of a `Fn::GetAtt`, from either of its two spellings."""
    parts = argument.split(".", 1) if isinstance(argument, str) else argument
    if not isinstance(parts, list) or len(parts) < 2 or not all(parts) or not isinstance(parts[0], str):
        raise ValidationError(
            "Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the "
            "resource attribute"
        )
    return parts[0], parts[1] if len(parts) == 2 else ".".join(parts[1:])


def _get_att(resolver: Resolver, argument: Any) -> Any:
    logical_id, attribute = attribute_reference(argument)
    return resolver.attribute(logical_id, str(resolver.resolve(attribute)))


def _sub(resolver: Resolver, argument: Any) -> Any:
    if isinstance(argument, str):
        text, variables = argument, {}
    elif isinstance(argument, list) and len(argument) == 2 and isinstance(argument[1], dict):
        text, variables = argument[0], resolver.resolve(argument[1])
    else:
        raise ValidationError(
            "Template error: One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify a "
            "string as first argument, and an optional second argument to specify a mapping of values to replace in "
            "the string"
        )
    parts: list[Any] = []

    def value(match: re.Match[str]) -> str:
        name = match[1].strip()
        if name in variables:
            found = variables[name]
        elif "." in name:
            found = resolver.attribute(*name.split(".", 1))
        else:
            found = resolver.reference(name)
        parts.append(found)
        return "" if found is UNKNOWN else text_of(found)

    result = SUB_VARIABLE.sub(value, text).replace("${!", "${")
    return UNKNOWN if UNKNOWN in parts else result


def _join(resolver: Resolver, argument: Any) -> Any:
    if not isinstance(argument, list) or len(argument) != 2 or not isinstance(argument[0], str):
        raise ValidationError(
            "Template error: every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of "
            "strings to be joined or a function that returns a list of strings (such as Fn::GetAZs) to be joined."
        )
    items = resolver.resolve(argument[1])
    if items is UNKNOWN or (isinstance(items, list) and UNKNOWN in items):
        return UNKNOWN
    if not isinstance(items, list) or any(isinstance(item, dict | list) for item in items):
        raise ValidationError(
            "Template error: every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of "
            "strings to be joined or a function that returns a list of strings (such as Fn::GetAZs) to be joined."
        )
    return argument[0].join(map(text_of, items))


def _split(resolver: Resolver, argument: Any) -> Any:
    message = (
        "Template error: every Fn::Split object requires two parameters, (1) a string delimiter and (2) a string to be "
        "split or a function that returns a string to be split."
    )
    if not isinstance(argument, list) or len(argument) != 2:
        raise ValidationError(message)
    delimiter, source = argument[0], resolver.resolve(argument[1])
    if source is UNKNOWN:
        return UNKNOWN
    if not isinstance(delimiter, str) or not delimiter or not isinstance(source, str):
        raise ValidationError(message)
    return source.split(delimiter)


def _select(resolver: Resolver, argument: Any) -> Any:
    message = "Template error: Fn::Select requires a list argument with two elements: an integer index and a list"
    if not isinstance(argument, list) or len(argument) != 2:
        raise ValidationError(message)
    index, items = resolver.resolve(argument[0]), resolver.resolve(argument[1])
    if UNKNOWN in (index, items):
        return UNKNOWN
    if not str(index).isdigit() or not isinstance(items, list):
        raise ValidationError(message)
    if isinstance(items, StandIn):
        return items.item(int(index))
    if int(index) >= len(items):
        raise ValidationError(f"Template error: Fn::Select cannot select nonexistent value at index {index}")
    return items[int(index)]


def _find_in_map(resolver: Resolver, argument: Any) -> Any:
    if not isinstance(argument, list) or len(argument) not in {3, 4}:
        raise ValidationError(
            "Template error: every Fn::FindInMap object requires three parameters, the map name, map key and the "
            "attribute for return value"
        )
    map_name, key, attribute = (resolver.resolve(part) for part in argument[:3])
    if UNKNOWN in (map_name, key, attribute):
        return UNKNOWN
    try:
        return resolver.template.section("Mappings")[map_name][text_of(key)][text_of(attribute)]
    except (KeyError, TypeError):
        if len(argument) == 4 and "DefaultValue" in argument[3]:
            return resolver.resolve(argument[3]["DefaultValue"])
        raise ValidationError(f"Template error: Unable to get mapping for {map_name}::{key}::{attribute}") from None


def _if(resolver: Resolver, argument: Any) -> Any:
    if not isinstance(argument, list) or len(argument) != 3 or not isinstance(argument[0], str):
        raise ValidationError("Template error: Fn::If requires a list argument with three elements")
    return resolver.resolve(argument[1] if resolver.condition(argument[0]) else argument[2])


def _equals(resolver: Resolver, argument: Any) -> Any:
    if not isinstance(argument, list) or len(argument) != 2:
        raise ValidationError("Template error: every Fn::Equals object requires a list of 2 string parameters.")
    left, right = (resolver.resolve(part) for part in argument)
    if has_unknown([left, right]):
        return UNKNOWN
    if isinstance(left, list | dict) or isinstance(right, list | dict):
        return bool(left == right)
    return text_of(left) == text_of(right)


def _operands(name: str, argument: Any, least: int, most: int) -> list[Any]:
    if not isinstance(argument, list) or not least <= len(argument) <= most:
        raise ValidationError(
            f"Template error: every {name} object requires a list of at least {least} and at most {most} boolean "
            "parameters."
        )
    return argument


def _and(resolver: Resolver, argument: Any) -> bool:
    # Every operand is looked at, so that a broken one is refused whatever the others say.
    truths = [resolver.truth(part) for part in _operands("Fn::And", argument, 2, 10)]
    return all(truths)


def _or(resolver: Resolver, argument: Any) -> bool:
    truths = [resolver.truth(part) for part in _operands("Fn::Or", argument, 2, 10)]
    return any(truths)


def _not(resolver: Resolver, argument: Any) -> bool:
    return not resolver.truth(_operands("Fn::Not", argument, 1, 1)[0])


def _condition(resolver: Resolver, argument: Any) -> bool:
    return resolver.condition(argument)


def _import_value(resolver: Resolver, argument: Any) -> Any:
    name = resolver.resolve(argument)
    if name is UNKNOWN:
        return UNKNOWN
    if not isinstance(name, str):
        raise ValidationError("Template error: the attribute in Fn::ImportValue must be a string or a function")
    return resolver.lookup.export(name)


def _base64(resolver: Resolver, argument: Any) -> Any:
    value = resolver.resolve(argument)
    if value is UNKNOWN:
        return UNKNOWN
    if not isinstance(value, str):
        raise ValidationError("Template error: every Fn::Base64 object must have a String-typed value.")
    return base64.b64encode(value.encode()).decode()


def _cidr(resolver: Resolver, argument: Any) -> Any:
    parts = resolver.resolve(argument)
    if parts is UNKNOWN or (isinstance(parts, list) and UNKNOWN in parts):
        return UNKNOWN
    try:
        block, count = ipaddress.ip_network(parts[0], strict=False), int(parts[1])
        bits = int(parts[2]) if len(parts) > 2 else 8
        blocks = block.subnets(new_prefix=block.max_prefixlen - bits)
        found = [str(each) for each in itertools.islice(blocks, count)]
    except (ValueError, TypeError, IndexError, KeyError):
        found = []
    if not found or len(found) < count:
        raise ValidationError("Template error: Fn::Cidr requires an ip block, a count that fits it, and cidr bits")
    return found


def _get_azs(resolver: Resolver, argument: Any) -> Any:
    region = resolver.resolve(argument) or resolver.environment.region
    if region is UNKNOWN:
        return UNKNOWN
    if not isinstance(region, str):
        raise ValidationError("Template error: every Fn::GetAZs object must have a String value: the name of a region")
    return [f"{region}{letter}" for letter in "abc"]


def _length(resolver: Resolver, argument: Any) -> Any:
    _needs_language_extensions(resolver, "Fn::Length")
    value = resolver.resolve(argument)
    if value is UNKNOWN:
        return UNKNOWN
    if not isinstance(value, list):
        raise ValidationError("Template error: Fn::Length requires a list")
    return len(value)


def _to_json_string(resolver: Resolver, argument: Any) -> Any:
    _needs_language_extensions(resolver, "Fn::ToJsonString")
    value = resolver.resolve(argument)
    return UNKNOWN if has_unknown(value) else json.dumps(value, separators=(",", ":"))


def _needs_language_extensions(resolver: Resolver, name: str) -> None:
    if "AWS::LanguageExtensions" not in resolver.template.transforms:
        raise ValidationError(f"Template error: {name} requires the AWS::LanguageExtensions transform")


FUNCTIONS: dict[str, Callable[[Resolver, Any], Any]] = {
    "Condition": _condition,
    "Fn::And": _and,
    "Fn::Base64": _base64,
    "Fn::Cidr": _cidr,
    "Fn::Equals": _equals,
    "Fn::FindInMap": _find_in_map,
    "Fn::GetAZs": _get_azs,
    "Fn::GetAtt": _get_att,
    "Fn::If": _if,
    "Fn::ImportValue": _import_value,
    "Fn::Join": _join,
    "Fn::Length": _length,
    "Fn::Not": _not,
    "Fn::Or": _or,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::Sub": _sub,
    "Fn::ToJsonString": _to_json_string,
    "Ref": _ref,
}
