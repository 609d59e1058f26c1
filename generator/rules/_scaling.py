"""Application Auto Scaling: which scalable target belongs to which ECS service."""

from __future__ import annotations

from collections.abc import Iterator

from generator.rules._arn import TOKEN
from generator.rules._tasks import SERVICE, services
from generator.rules._template import Document, Node

TARGET = "AWS::ApplicationAutoScaling::ScalableTarget"
POLICY = "AWS::ApplicationAutoScaling::ScalingPolicy"


def scaled_services(document: Document) -> Iterator[tuple[Node, Node]]:
    """(scalable target, ECS service) where the target's ResourceId names a service of the template."""
    for target in document.resources(TARGET):
        for node in target.each("Properties", "ResourceId"):
            service = _service(document, node.text)
            if service is not None:
                yield target, service


def _service(document: Document, resource_id: str) -> Node | None:
    # service/<cluster>/<service>: by reference (${Backend.Name}), or by the name the service has.
    last = resource_id.rsplit("/", 1)[-1]
    token = TOKEN.fullmatch(last)
    name = token.group()[2:-1].split(".")[0] if token else ""
    if document.type_of(name) == SERVICE:
        return document.resource(name)
    if not resource_id.startswith("service/"):
        return None
    for service in services(document):
        own = service.first("Properties", "ServiceName")
        if own is not None and own.text == last:
            return service
    return None
