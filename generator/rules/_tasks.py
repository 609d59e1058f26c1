"""ECS: from a service to its task definition, containers, volumes and images, following references and conditions."""

from __future__ import annotations

from collections.abc import Iterator

from generator.rules._arn import TOKEN
from generator.rules._images import Image, parse_image
from generator.rules._template import Document, Node

SERVICE = "AWS::ECS::Service"
TASK = "AWS::ECS::TaskDefinition"


def services(document: Document) -> Iterator[Node]:
    """Every ECS service."""
    return document.resources(SERVICE)


def tasks_of(service: Node) -> Iterator[Node]:
    """The task definitions of this template that a service may run, each under the conditions of that choice."""
    for reference in service.each("Properties", "TaskDefinition"):
        task = reference.follow(TASK)
        if task is not None:
            yield task


def pairs(document: Document, *keys: str | int) -> Iterator[tuple[Node, Node, Node]]:
    """(service, its task definition, each value under `keys` of the service's properties), in one combination of conditions."""
    for service in services(document):
        for task in tasks_of(service):
            for node in service.under(task).each("Properties", *keys):
                yield service, task.under(node), node


def containers(task: Node) -> Iterator[Node]:
    """The container definitions of a task definition."""
    return task.each("Properties", "ContainerDefinitions", "*")


def images(container: Node) -> Iterator[tuple[Node, Image]]:
    """The images a container may run: the property and the name taken apart."""
    for node in container.each("Image"):
        # A lone parameter that the resolver left open has another value than its default here.
        alone = TOKEN.fullmatch(node.text)
        yield node, parse_image(node.text if alone else container.document.defaults(node.text))


def container_named(task: Node, name: Node) -> list[Node] | None:
    """The containers of that name; an empty list when there surely is none, None when nobody can tell."""
    found = []
    unknown = False
    any_container = False
    for container in containers(task):
        any_container = True
        for own in container.each("Name"):
            verdict = same(own, name)
            unknown = unknown or verdict is None
            if verdict:
                found.append(container)
    return found or (None if unknown or not any_container else [])


def names_of(nodes: Iterator[Node]) -> str:
    """The values as a list for a message: 'api', 'web'."""
    return ", ".join(dict.fromkeys(f"'{node.text}'" for node in nodes)) or "none"


def same(one: Node, other: Node) -> bool | None:
    """Whether two values are equal; None when deployment decides."""
    if one.text == other.text:
        return True
    return False if one.known and other.known and "{{resolve:" not in one.text + other.text else None


def variable(container: Node, name: str) -> Node | None:
    """The value of an environment variable, when the container sets it."""
    for entry in container.each("Environment", "*"):
        key = entry.first("Name")
        if key is not None and key.string == name:
            return entry.first("Value")
    return None
