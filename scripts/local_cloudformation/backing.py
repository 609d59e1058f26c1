"""What the engine asks of the services behind CloudFormation, and the answer of a place that has none (for unit tests)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from local_cloudformation.model import Resource
from local_cloudformation.records import Stack
from local_cloudformation.values import text_of


class Backing(Protocol):
    """What the engine asks of the services behind."""

    def parameter(self, path: str, region: str) -> str | None:
        """An SSM parameter's value."""

    def dynamic(self, service: str, name: str, region: str) -> str | None:
        """The value a dynamic reference leads to."""

    def fetch(self, url: str, region: str) -> str | None:
        """The text of an S3 object."""

    def alarm_state(self, name: str, region: str) -> str | None:
        """OK, ALARM or INSUFFICIENT_DATA; None when there is no such alarm."""

    def exists(self, resource: Resource) -> bool:
        """Whether the service already has a resource of that name."""

    def initiate(self, resource: Resource) -> tuple[str | None, str | None]:
        """Begin a creation: the id the service gives (None: ours), and the reason it refuses (None: it does not)."""

    def holds_objects(self, resource: Resource) -> bool:
        """Whether a bucket is not empty."""

    def provide(self, stack: Stack, action: str, resource: Resource, standing: Resource | None) -> str | None:
        """Create, update or delete a resource in its service; the reason when the service refuses."""


class NoBacking:
    """No services: SSM parameters and alarms are what a test puts in."""

    def __init__(self, parameters: Mapping[str, str] | None = None) -> None:
        self.parameters = dict(parameters or {})
        self.alarms: dict[str, str] = {}

    def parameter(self, path: str, region: str) -> str | None:
        return self.parameters.get(path)

    def dynamic(self, service: str, name: str, region: str) -> str | None:
        return self.parameters.get(name)

    def fetch(self, url: str, region: str) -> str | None:
        return None

    def alarm_state(self, name: str, region: str) -> str | None:
        return self.alarms.get(name)

    def exists(self, resource: Resource) -> bool:
        return False

    def initiate(self, resource: Resource) -> tuple[str | None, str | None]:
        return None, None

    def holds_objects(self, resource: Resource) -> bool:
        return False

    def provide(self, stack: Stack, action: str, resource: Resource, standing: Resource | None) -> str | None:
        if resource.type_name == "AWS::SSM::Parameter":
            if action == "delete":
                self.parameters.pop(resource.physical_id, None)
            else:
                self.parameters[resource.physical_id] = text_of(resource.properties.get("Value", ""))
        return None
