"""Templates: read back, summarise, validate, estimate."""

from __future__ import annotations

import json
from typing import Any

from local_cloudformation import capabilities
from local_cloudformation.api.change_sets import find_change_set
from local_cloudformation.engine import Engine
from local_cloudformation.errors import ValidationError
from local_cloudformation.requests import Request, read_parameters, read_template, template_text
from local_cloudformation.schemas import schema_of
from local_cloudformation.template import Template
from local_cloudformation.validation import validate
from local_cloudformation.values import text_of


def get_template(engine: Engine, request: Request) -> dict[str, Any]:
    """GetTemplate: of a stack or a change set. Original and Processed are the same: nothing here processes templates."""
    if request.get("ChangeSetName"):
        template = find_change_set(engine, request).template
    elif request.get("StackName"):
        words = "Stack with id {} does not exist"
        template = engine.stack(request["StackName"], request.region, gone=True, words=words).template
    else:
        raise ValidationError("StackName is required if ChangeSetName is not specified.")
    return {"TemplateBody": template.original, "StagesAvailable": ["Original", "Processed"]}


def get_template_summary(engine: Engine, request: Request) -> dict[str, Any]:
    """GetTemplateSummary."""
    template = _template(engine, request)
    needed, types = capabilities.needed(template)
    metadata = template.body.get("Metadata")
    parameters = []
    for key, each in template.section("Parameters").items():
        allowed = each.get("AllowedValues")
        parameters.append(
            {
                **_declaration(key, each),
                "ParameterType": each["Type"],
                "ParameterConstraints": {"AllowedValues": [text_of(value) for value in allowed]} if allowed else {},
            }
        )
    return {
        "Parameters": parameters,
        "Description": template.description,
        "Capabilities": needed or None,
        "CapabilitiesReason": capabilities.reason(types) if types else None,
        "ResourceTypes": [each["Type"] for each in template.resources.values()],
        "Version": str(template.body.get("AWSTemplateFormatVersion", "")) or None,
        "Metadata": None if metadata is None else json.dumps(metadata),
        "DeclaredTransforms": template.transforms or None,
        "ResourceIdentifierSummaries": _identifiers(template, request.region),
    }


def _template(engine: Engine, request: Request) -> Template:
    if request.get("StackSetName"):
        raise ValidationError("StackSets are not implemented by local-cloudformation")
    name = request.get("StackName")
    if name:
        stack = engine.stack(name, request.region, words="Stack with id {} does not exist")
        if stack.status == "REVIEW_IN_PROGRESS":
            raise ValidationError("GetTemplateSummary cannot be called on REVIEW_IN_PROGRESS stacks.")
        return stack.template
    return read_template(engine, request)


def _identifiers(template: Template, region: str) -> list[dict[str, Any]]:
    by_type: dict[str, list[str]] = {}
    for name, each in template.resources.items():
        by_type.setdefault(each["Type"], []).append(name)
    summaries = []
    for type_name, names in by_type.items():
        schema = schema_of(type_name, region)
        if schema is not None and schema.identifier:
            identifiers = [each[-1] for each in schema.identifier]
            summaries.append(
                {"ResourceType": type_name, "LogicalResourceIds": names, "ResourceIdentifiers": identifiers}
            )
    return summaries


def _declaration(key: str, each: dict[str, Any]) -> dict[str, Any]:
    default = each.get("Default")
    return {
        "ParameterKey": key,
        "DefaultValue": None if default is None else text_of(default),
        "NoEcho": text_of(each.get("NoEcho", False)).lower() == "true",
        "Description": each.get("Description"),
    }


def validate_template(engine: Engine, request: Request) -> dict[str, Any]:
    """ValidateTemplate: syntax and structure, not values."""
    text = template_text(engine, request)
    template = Template.of(text)
    validate(template, request.region, deploys=False)
    needed, types = capabilities.needed(template)
    return {
        "Parameters": [_declaration(key, each) for key, each in template.section("Parameters").items()],
        "Description": template.description,
        "Capabilities": needed or None,
        "CapabilitiesReason": capabilities.reason(types) if types else None,
        "DeclaredTransforms": template.transforms or None,
    }


def estimate_template_cost(engine: Engine, request: Request) -> dict[str, Any]:
    """EstimateTemplateCost: like the real one, an address of the calculator and no figure."""
    template = read_template(engine, request)
    read_parameters(engine, request, template, None)
    return {"Url": "https://calculator.aws/#/estimate"}


OPERATIONS = {
    "EstimateTemplateCost": estimate_template_cost,
    "GetTemplate": get_template,
    "GetTemplateSummary": get_template_summary,
    "ValidateTemplate": validate_template,
}
