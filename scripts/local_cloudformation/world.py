"""What the life-cycle needs from the engine around it, and nothing more: so that it can be tested without one."""

from __future__ import annotations

from typing import Protocol

from local_cloudformation.intrinsics import Resolver
from local_cloudformation.model import Resource
from local_cloudformation.records import Stack
from local_cloudformation.script import Script
from local_cloudformation.store import Store
from local_cloudformation.values import Environment


class World(Protocol):
    """The engine, as steps and phases see it."""

    store: Store
    script: Script

    def environment(self, stack: Stack) -> Environment:
        """Account, region and names of a stack."""

    def resolver(self, stack: Stack) -> Resolver:
        """A resolver over the stack's template and standing resources; it notes what the stack imports."""

    def seconds(self, stack: Stack, resource: Resource) -> float:
        """How long a step on a resource takes."""

    def failure(self, stack: Stack, resource: Resource, action: str) -> str | None:
        """The scripted reason for which a step fails; counts the rule as used and keeps its ECS tasks."""

    def unresolvable(self, resource: Resource) -> str | None:
        """The reason a dynamic reference among the properties leads nowhere."""

    def is_taken(self, stack: Stack, resource: Resource) -> bool:
        """Whether a named resource exists already, in another stack or left behind by one."""

    def initiate(self, stack: Stack, resource: Resource) -> tuple[Resource, str | None]:
        """The service takes a creation up: the resource with the id it gives, or the reason it refuses."""

    def provide(self, stack: Stack, action: str, resource: Resource, standing: Resource | None) -> str | None:
        """Carry a step through to the services behind (SSM, ECR ...); the reason when they refuse."""

    def leave_behind(self, stack: Stack, resource: Resource) -> None:
        """A resource stays though its stack lets go of it."""

    def alarm(self, stack: Stack) -> str | None:
        """The reason to roll back when a rollback trigger's alarm is in ALARM or missing."""

    def export_problem(self, stack: Stack) -> str | None:
        """Why the stack's exports cannot become what they are now."""

    def ended(self, stack: Stack) -> None:
        """An operation came to its end: change sets are brought up to date."""
