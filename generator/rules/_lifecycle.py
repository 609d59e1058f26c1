"""Lifecycle policies of ECR: the document inside of the text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from generator.rules._template import Document, Node

_COUNTED = {"countType": {"const": "imageCountMoreThan"}}
_AGED = {"countType": {"enum": ["sinceImagePushed", "sinceImagePulled", "sinceImageTransitioned"]}}

# https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["rules"],
    "additionalProperties": False,
    "properties": {"rules": {"type": "array", "minItems": 1, "maxItems": 50, "items": {"$ref": "#/definitions/rule"}}},
    "definitions": {
        "rule": {
            "type": "object",
            "required": ["rulePriority", "selection", "action"],
            "additionalProperties": False,
            "properties": {
                "rulePriority": {"type": "integer", "minimum": 1},
                "description": {"type": "string", "maxLength": 256},
                "selection": {"$ref": "#/definitions/selection"},
                "action": {
                    "type": "object",
                    "required": ["type"],
                    "additionalProperties": False,
                    "properties": {
                        "type": {"enum": ["expire", "transition"]},
                        "targetStorageClass": {"enum": ["archive"]},
                    },
                },
            },
        },
        "selection": {
            "type": "object",
            "required": ["tagStatus", "countType", "countNumber"],
            "additionalProperties": False,
            "properties": {
                "tagStatus": {"enum": ["tagged", "untagged", "any"]},
                "tagPrefixList": {"type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1}},
                "tagPatternList": {
                    "type": "array",
                    "minItems": 1,
                    "items": {"type": "string", "pattern": r"^[^*]*(\*[^*]*){0,4}$", "minLength": 1},
                },
                "storageClass": {"enum": ["standard", "archive"]},
                "countType": {
                    "enum": ["imageCountMoreThan", "sinceImagePushed", "sinceImagePulled", "sinceImageTransitioned"]
                },
                "countUnit": {"enum": ["days"]},
                "countNumber": {"type": "integer", "minimum": 1},
            },
            "allOf": [
                {"if": {"properties": _AGED, "required": ["countType"]}, "then": {"required": ["countUnit"]}},
                {
                    "if": {"properties": _COUNTED, "required": ["countType"]},
                    "then": {"properties": {"countUnit": False}},
                },
            ],
        },
    },
}


@dataclass(frozen=True, slots=True)
class Policy:
    """A lifecycle text, and the document in it; `broken` says why there is none."""

    node: Node
    document: Any
    broken: str = ""

    @property
    def rules(self) -> list[dict[str, Any]]:
        """The rules that are objects with a selection."""
        found = self.document.get("rules") if isinstance(self.document, dict) else None
        return (
            [r for r in found if isinstance(r, dict) and isinstance(r.get("selection"), dict)]
            if isinstance(found, list)
            else []
        )


def policies(document: Document) -> Iterator[Policy]:
    """Every lifecycle policy whose text is known."""
    for kind, keys in (
        ("AWS::ECR::Repository", ("LifecyclePolicy", "LifecyclePolicyText")),
        ("AWS::ECR::RepositoryCreationTemplate", ("LifecyclePolicy",)),
    ):
        for repository in document.resources(kind):
            for node in repository.each("Properties", *keys):
                if isinstance(node.value, str):
                    try:
                        yield Policy(node, json.loads(node.value))
                    except ValueError as error:
                        yield Policy(node, None, str(error))
