"""Whether a template's parts fit together: what CloudFormation checks before it looks at any value.

Every refusal carries the service's text. Properties are not checked here (see `properties`), since the service does that
later, when it knows their values.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from local_cloudformation.errors import NotImplementedHereError, ValidationError
from local_cloudformation.functions import attribute_reference
from local_cloudformation.intrinsics import function_name
from local_cloudformation.model import in_order
from local_cloudformation.parameters import known_type
from local_cloudformation.references import Reference, condition_names, references
from local_cloudformation.schemas import schema_of
from local_cloudformation.template import Template
from local_cloudformation.values import PSEUDO_PARAMETERS

# Limits of the service, from "CloudFormation quotas" in its user guide.
MAX_RESOURCES, MAX_PARAMETERS, MAX_OUTPUTS, MAX_MAPPINGS = 500, 200, 200, 200

_SECTIONS = {
    "AWSTemplateFormatVersion",
    "Conditions",
    "Description",
    "Hooks",
    "Mappings",
    "Metadata",
    "Outputs",
    "Parameters",
    "Resources",
    "Rules",
    "Transform",
}
_RESOURCE_ATTRIBUTES = {
    "Condition",
    "CreationPolicy",
    "DeletionPolicy",
    "DependsOn",
    "Metadata",
    "Properties",
    "Type",
    "UpdatePolicy",
    "UpdateReplacePolicy",
}
_TRANSFORMS = {"AWS::LanguageExtensions"}
_ALPHANUMERIC = re.compile(r"[a-zA-Z0-9]+")
_POLICIES = {
    "DeletionPolicy": {"Delete", "Retain", "Snapshot", "RetainExceptOnCreate"},
    "UpdateReplacePolicy": {"Delete", "Retain", "Snapshot"},
}


def validate(template: Template, region: str, *, deploys: bool = True) -> None:
    """Refuse a template that does not hold together.

    :param deploys: whether a stack is to be made of it; nested stacks can be validated, not deployed
    :raises ValidationError: with the service's text
    :raises NotImplementedHereError: for macros, nested stacks, modules, rules and hooks, which this engine does not run
    """
    _sections(template)
    _counts(template)
    for key, definition in template.section("Parameters").items():
        _parameter(key, definition)
    for name, definition in template.resources.items():
        _resource(name, definition)
    _types(template, region, deploys)
    _mappings(template)
    _conditions(template)
    _references(template, region)
    _outputs(template)
    in_order(static_dependencies(template))


def _sections(template: Template) -> None:
    unknown = [name for name in template.body if name not in _SECTIONS]
    if unknown:
        raise ValidationError(f"Invalid template property or properties [{', '.join(unknown)}]")
    for name in template.transforms:
        if name not in _TRANSFORMS:
            raise NotImplementedHereError(f"The transform {name}")
    for name in ("Rules", "Hooks"):
        if name in template.body:
            raise NotImplementedHereError(f"The template section {name}")
    if not template.resources:
        raise ValidationError("Template format error: At least one Resources member must be defined.")
    version = template.body.get("AWSTemplateFormatVersion", "2010-09-09")
    if str(version) != "2010-09-09":
        raise ValidationError("Template format error: unsupported value for AWSTemplateFormatVersion.")


def _counts(template: Template) -> None:
    limits = {
        "Resources": MAX_RESOURCES,
        "Parameters": MAX_PARAMETERS,
        "Outputs": MAX_OUTPUTS,
        "Mappings": MAX_MAPPINGS,
    }
    for section, most in limits.items():
        count = len(template.section(section))
        if count > most:
            noun = section.lower()
            raise ValidationError(
                f"Template format error: Number of {noun}, {count}, is greater than maximum allowed, {most}"
            )


def _parameter(key: str, definition: Any) -> None:
    if not _ALPHANUMERIC.fullmatch(key):
        raise ValidationError(f"Template format error: Parameter name {key} is non alphanumeric.")
    if not isinstance(definition, dict) or "Type" not in definition:
        raise ValidationError(f"Template format error: Every Parameters object must contain a Type member ({key}).")
    if not known_type(definition["Type"]):
        raise ValidationError(f"Template format error: Unrecognized parameter type: {definition['Type']}")


def _resource(name: str, definition: Any) -> None:
    if not _ALPHANUMERIC.fullmatch(name):
        raise ValidationError(f"Template format error: Resource name {name} is non alphanumeric.")
    if not isinstance(definition, dict):
        raise ValidationError("Template format error: Any Resources member must be an object.")
    if not isinstance(definition.get("Type"), str):
        raise ValidationError(
            f"Template format error: [/Resources/{name}] Every Resources object must contain a Type member."
        )
    for attribute in definition:
        if attribute not in _RESOURCE_ATTRIBUTES:
            raise ValidationError(f"Invalid template resource property '{attribute}'")
    for attribute, allowed in _POLICIES.items():
        given = definition.get(attribute)
        if isinstance(given, str) and given not in allowed:
            raise ValidationError(f"Template error: Unrecognized {attribute} {given} for resource {name}")


def _types(template: Template, region: str, deploys: bool) -> None:
    types = {each["Type"] for each in template.resources.values()}
    unknown = sorted(each for each in types if not each.endswith("::MODULE") and schema_of(each, region) is None)
    if unknown:
        raise ValidationError(f"Template format error: Unrecognized resource types: [{', '.join(unknown)}]")
    for each in sorted(types):
        if each == "AWS::CloudFormation::Stack" and not deploys:
            continue
        if each in {"AWS::CloudFormation::Stack", "AWS::CloudFormation::Macro"} or each.endswith("::MODULE"):
            raise NotImplementedHereError(f"The resource type {each}")


def _mappings(template: Template) -> None:
    for name, mapping in template.section("Mappings").items():
        if not isinstance(mapping, dict) or not all(isinstance(each, dict) for each in mapping.values()):
            raise ValidationError(f"Template format error: Every Mappings member {name} must be a map")
        for attributes in mapping.values():
            if not all(isinstance(each, str | list | int | float | bool) for each in attributes.values()):
                raise ValidationError("Template format error: Every Mappings attribute must be a String or a List.")


def _conditions(template: Template) -> None:
    declared = template.section("Conditions")
    for name in {*condition_names(declared), *condition_names(template.resources), *_guards(template)}:
        if name not in declared:
            raise ValidationError(f"Template error: unresolved condition dependency {name} in Fn::If")
    for each in references(declared):
        if each.attribute is not None or each.name in template.resources:
            raise ValidationError(
                f"Template error: Unresolved dependencies [{each.name}]. Cannot reference resources in the Conditions "
                "block of the template"
            )


def _guards(template: Template) -> Iterator[str]:
    for section in (template.resources, template.section("Outputs")):
        for definition in section.values():
            if isinstance(definition, dict) and isinstance(definition.get("Condition"), str):
                yield definition["Condition"]


def _references(template: Template, region: str) -> None:
    known = {*template.resources, *template.section("Parameters"), *PSEUDO_PARAMETERS}
    found = list(references(template.resources))
    named = [each for definition in template.resources.values() for each in _depends_on(definition)]
    unresolved = sorted({each.name for each in found if each.name not in known} | set(named) - set(template.resources))
    if unresolved:
        raise ValidationError(
            f"Template format error: Unresolved resource dependencies [{', '.join(unresolved)}] in the Resources block "
            "of the template"
        )
    missing = sorted({each.name for each in references(template.section("Outputs")) if each.name not in known})
    if missing:
        raise ValidationError(
            f"Unresolved resource dependencies [{', '.join(missing)}] in the Outputs block of the template"
        )
    for each in (*found, *references(template.section("Outputs"))):
        _attribute(template, each, region)
    _get_att_targets(template.body)


def _attribute(template: Template, reference: Reference, region: str) -> None:
    if reference.attribute is None or reference.name not in template.resources:
        return
    type_name = template.resources[reference.name]["Type"]
    schema = schema_of(type_name, region)
    if schema is not None and not schema.has_attribute(reference.attribute):
        raise ValidationError(
            f"Template error: resource {reference.name} does not support attribute type {reference.attribute} in "
            "Fn::GetAtt"
        )


def _get_att_targets(node: Any) -> None:
    """`Fn::GetAtt` names resources only; a parameter in its place is refused by its shape."""
    if isinstance(node, list):
        for item in node:
            _get_att_targets(item)
    elif isinstance(node, dict):
        if function_name(node) == "Fn::GetAtt":
            attribute_reference(node["Fn::GetAtt"])
        for value in node.values():
            _get_att_targets(value)


def _outputs(template: Template) -> None:
    for name, definition in template.section("Outputs").items():
        if not _ALPHANUMERIC.fullmatch(name):
            raise ValidationError(f"Template format error: Output name {name} is non alphanumeric.")
        if not isinstance(definition, dict) or "Value" not in definition:
            raise ValidationError("Template format error: Every Outputs member must contain a Value object")
        if definition["Value"] is None:
            raise ValidationError(f"[/Outputs/{name}/Value] 'null' values are not allowed in templates")


def _depends_on(definition: Mapping[str, Any]) -> list[str]:
    named = definition.get("DependsOn") or []
    return [named] if isinstance(named, str) else list(named)


def static_dependencies(template: Template) -> dict[str, tuple[str, ...]]:
    """Dependencies with every branch of every `Fn::If`: a circle is refused whichever way conditions fall."""
    graph = {}
    for name, definition in template.resources.items():
        wanted = [*_depends_on(definition), *(each.name for each in references(definition.get("Properties")))]
        graph[name] = tuple(dict.fromkeys(each for each in wanted if each in template.resources))
    return graph
