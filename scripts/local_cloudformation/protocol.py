"""AWS's query protocol: form fields in, XML out, both driven by botocore's model of the service (CloudFormation's, mostly).

An answer can hold only what the model has: a member it does not know, or a value outside an enumeration, is an error of
this server and raises, so no answer can drift from the real shape.
"""

from __future__ import annotations

import datetime
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel

from local_cloudformation.errors import ServiceError, ValidationError

# Statuses the real service sends in stack events though the model's enumeration lacks them.
_UNLISTED = {
    "ResourceStatus": {
        "REVIEW_IN_PROGRESS",
        "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
    }
}


# Shapes are passed as Any below: their attributes differ by type, and the stubs know only what is common to all.


@cache
def service_model(service: str = "cloudformation") -> ServiceModel:
    """botocore's model of a service."""
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


@cache
def operation_model(name: str, service: str = "cloudformation") -> OperationModel | None:
    """An operation of the model, None when the service has no such operation."""
    model = service_model(service)
    return model.operation_model(name) if name in model.operation_names else None


def form_fields(body: bytes, query: str) -> dict[str, str]:
    """Fields of a request, from its body or its query string."""
    return dict(parse_qsl(body.decode("utf-8") or query, keep_blank_values=True))


def parse_input(operation: OperationModel, fields: Mapping[str, str]) -> dict[str, Any]:
    """A request's parameters as the model's input shape.

    :raises ValidationError: for a missing required member, a value outside its enumeration or length
    """
    shape = operation.input_shape
    if shape is None:
        return {}
    found = _parse(shape, fields, "")
    params: dict[str, Any] = found if isinstance(found, dict) else {}
    for name in shape.required_members:
        if name not in params:
            raise _constraint("null", name, "Member must not be null")
    for name, value in params.items():
        _check(shape.members[name], value, name)
    return params


def _parse(shape: Any, fields: Mapping[str, str], prefix: str) -> Any:
    if shape.type_name == "structure":
        members = {
            name: value
            for name, member in shape.members.items()
            if (value := _parse(member, fields, f"{prefix}.{name}" if prefix else name)) is not None
        }
        return members or None
    if shape.type_name == "list":
        return _parse_list(shape, fields, prefix)
    if shape.type_name == "map":
        entries = _parse_entries(shape, fields, prefix)
        return entries or None
    text = fields.get(prefix)
    return None if text is None else _scalar(shape, text, prefix)


def _parse_list(shape: Any, fields: Mapping[str, str], prefix: str) -> Any:
    # An empty list is sent as the bare name: `[]` and "not given" mean different things (tags removed, tags kept).
    if fields.get(prefix) == "":
        return []
    items: list[Any] = []
    while (value := _parse(shape.member, fields, f"{prefix}.member.{len(items) + 1}")) is not None:
        items.append(value)
    return items or None


def _parse_entries(shape: Any, fields: Mapping[str, str], prefix: str) -> dict[str, Any]:
    entries: dict[str, Any] = {}
    number = 1
    while (key := fields.get(f"{prefix}.entry.{number}.key")) is not None:
        entries[key] = _parse(shape.value, fields, f"{prefix}.entry.{number}.value")
        number += 1
    return entries


def _scalar(shape: Any, text: str, name: str) -> Any:
    if shape.type_name == "boolean":
        return text.lower() == "true"
    if shape.type_name in {"integer", "long"}:
        try:
            return int(text)
        except ValueError:
            raise ServiceError("MalformedInput", f"{name} must be a number") from None
    return text


def _check(shape: Any, value: Any, name: str) -> None:
    if shape.type_name == "list":
        for each in value:
            _check(shape.member, each, name)
    elif isinstance(value, str):
        most, allowed = shape.metadata.get("max"), getattr(shape, "enum", None)
        if allowed and value not in allowed:
            raise _constraint(value, name, f"Member must satisfy enum value set: [{', '.join(allowed)}]")
        if most is not None and len(value) > most:
            raise _constraint(value, name, f"Member must have length less than or equal to {most}")
        if len(value) < shape.metadata.get("min", 0):
            raise _constraint(value, name, f"Member must have length greater than or equal to {shape.metadata['min']}")


def _constraint(value: str, name: str, words: str) -> ValidationError:
    shown = "null" if value == "null" else f"'{value if len(value) <= 200 else value[:200] + '...'}'"
    where = name[0].lower() + name[1:]
    return ValidationError(
        f"1 validation error detected: Value {shown} at '{where}' failed to satisfy constraint: {words}"
    )


def constraint_error(value: str, name: str, words: str) -> ValidationError:
    """The refusal of a value that breaks a constraint the model does not carry."""
    return _constraint(value, name, words)


def answer(operation: OperationModel, result: Mapping[str, Any]) -> bytes:
    """A result as XML."""
    namespace = operation.service_model.metadata["xmlNamespace"]
    root = ET.Element(f"{operation.name}Response", {"xmlns": namespace})
    if operation.output_shape is not None:
        wrapper = operation.output_shape.serialization.get("resultWrapper", f"{operation.name}Result")
        _serialize(operation.output_shape, dict(result), ET.SubElement(root, wrapper))
    elif result:
        raise TypeError(f"{operation.name} has no output")
    metadata = ET.SubElement(root, "ResponseMetadata")
    ET.SubElement(metadata, "RequestId").text = str(uuid.uuid4())
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text


def error_answer(error: ServiceError) -> bytes:
    """A refusal as XML."""
    root = ET.Element("ErrorResponse", {"xmlns": service_model().metadata["xmlNamespace"]})
    inner = ET.SubElement(root, "Error")
    ET.SubElement(inner, "Type").text = "Sender" if error.status < 500 else "Receiver"
    ET.SubElement(inner, "Code").text = error.code
    ET.SubElement(inner, "Message").text = error.message
    ET.SubElement(root, "RequestId").text = str(uuid.uuid4())
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text


def _serialize(shape: Any, value: Any, element: ET.Element) -> None:
    if shape.type_name == "structure":
        unknown = set(value) - set(shape.members)
        if unknown:
            raise TypeError(f"{shape.name} has no member {sorted(unknown)}")
        for name, member in shape.members.items():
            if value.get(name) is not None:
                _serialize(member, value[name], ET.SubElement(element, member.serialization.get("name", name)))
    elif shape.type_name == "list":
        for each in value:
            _serialize(shape.member, each, ET.SubElement(element, shape.member.serialization.get("name", "member")))
    elif shape.type_name == "map":
        for key, each in value.items():
            entry = ET.SubElement(element, "entry")
            ET.SubElement(entry, "key").text = key
            _serialize(shape.value, each, ET.SubElement(entry, "value"))
    else:
        element.text = _text(shape, value)


def _text(shape: Any, value: Any) -> str:
    if shape.type_name == "timestamp":
        moment = datetime.datetime.fromtimestamp(value, datetime.UTC)
        return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
    if shape.type_name == "boolean":
        if not isinstance(value, bool):
            raise TypeError(f"{shape.name}: {value!r} is no boolean")
        return "true" if value else "false"
    if shape.type_name in {"integer", "long"}:
        return str(int(value))
    if not isinstance(value, str):
        raise TypeError(f"{shape.name}: {value!r} is no string")
    allowed = getattr(shape, "enum", None)
    if allowed and value not in allowed and value not in _UNLISTED.get(shape.name, ()):
        raise TypeError(f"{shape.name}: {value!r} is not one of {allowed}")
    return value
