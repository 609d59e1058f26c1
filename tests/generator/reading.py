"""Ways to read a rendered template that several tests share."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from generator.model import Environment
from generator.render import to_dict
from generator.services import SERVICES
from generator.stacks import ENVIRONMENT_STACKS

Json = dict[str, Any]
POLICY_KEYS = ("PolicyDocument", "AssumeRolePolicyDocument", "FileSystemPolicy", "KeyPolicy", "RepositoryPolicyText")


def walk(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Every value below `value`, itself included, with its path."""
    yield path, value
    if isinstance(value, dict):
        for key, item in value.items():
            yield from walk(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from walk(item, (*path, index))


def resources(templates: Mapping[str, Json], *types: str) -> Iterator[tuple[str, str, Json]]:
    """(file, logical id, resource) of every resource of `types`, or of all."""
    for file, template in templates.items():
        for name, resource in template["Resources"].items():
            if not types or resource["Type"] in types:
                yield file, name, resource


def documents(templates: Mapping[str, Json]) -> Iterator[tuple[str, str, Json]]:
    """(file, where, policy document) of every IAM document in the templates."""
    for file, template in templates.items():
        for path, value in walk(template["Resources"]):
            if path and path[-1] in POLICY_KEYS and isinstance(value, dict):
                yield file, ".".join(map(str, path)), value


def statements(templates: Mapping[str, Json]) -> Iterator[tuple[str, str, Json]]:
    """(file, where, statement) of every statement of every IAM document."""
    for file, where, document in documents(templates):
        for statement in document["Statement"]:
            yield file, f"{where}:{statement.get('Sid', '?')}", statement


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def of_type(template: Json, kind: str) -> dict[str, Json]:
    """Properties by logical id of a template's resources of one type."""
    return {name: r["Properties"] for name, r in template["Resources"].items() if r["Type"] == kind}


def stacks_of(environment: Environment) -> dict[str, Json]:
    """Every template of `environment` by stack, as plain JSON."""
    return {
        stack.name: json.loads(json.dumps(to_dict(stack.build(environment, SERVICES)))) for stack in ENVIRONMENT_STACKS
    }


def without_principal(statement: Json) -> Json:
    """What the evaluator reads: whom a statement speaks of, the test has decided."""
    return {key: value for key, value in statement.items() if key != "Principal"}
