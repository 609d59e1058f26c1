"""A stack as data: what stands (`Deployed`) and what is wanted (`Desired`), both free of time and of any server.

`lookup` classes connect expressions to them; `deploy_offline` makes a `Deployed` out of a template alone, as if it had been
created a moment ago.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from graphlib import CycleError, TopologicalSorter
from typing import Any

from local_cloudformation.errors import ValidationError
from local_cloudformation.intrinsics import Resolver
from local_cloudformation.parameters import Parameters, effective_values
from local_cloudformation.physical import Physical
from local_cloudformation.references import references
from local_cloudformation.schemas import schema_of
from local_cloudformation.template import EMPTY, POLICY_ATTRIBUTES, Template
from local_cloudformation.values import UNKNOWN, Environment

Exports = Callable[[str], Any]
Tags = dict[str, str]


def no_exports(name: str) -> Any:
    """For a template that stands alone."""
    raise ValidationError(f"No export named {name} found.")


@dataclass(frozen=True)
class Resource:
    """A deployed resource. `properties` and `metadata` are resolved; dynamic references stay as written."""

    logical_id: str
    physical: Physical
    metadata: Any = None
    attributes: Mapping[str, Any] = field(default_factory=dict)  # CreationPolicy, DeletionPolicy ... as in the template
    depends_on: tuple[str, ...] = ()

    @property
    def type_name(self) -> str:
        """The resource type."""
        return self.physical.type_name

    @property
    def properties(self) -> Mapping[str, Any]:
        """Resolved properties."""
        return self.physical.properties

    @property
    def physical_id(self) -> str:
        """The physical id."""
        return self.physical.physical_id


@dataclass(frozen=True)
class Deployed:
    """What stands now. An empty one (the default) is a stack that does not exist yet."""

    template: Template = EMPTY
    parameters: Parameters = field(default_factory=dict)
    tags: Tags = field(default_factory=dict)
    resources: Mapping[str, Resource] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Desired:
    """What is wanted."""

    template: Template
    parameters: Parameters
    environment: Environment
    tags: Tags = field(default_factory=dict)
    exports: Exports = no_exports

    def resolver(self, lookup: Any) -> Resolver:
        """A resolver over the template in this scope."""
        return Resolver(self.template, effective_values(self.parameters), self.environment, lookup)


class ResourceLookup:
    """References among resources that stand; a resource that does not is UNKNOWN."""

    def __init__(self, resources: Mapping[str, Resource], exports: Exports) -> None:
        self._resources = resources
        self._exports = exports

    def ref(self, logical_id: str) -> Any:
        """The physical id."""
        found = self._resources.get(logical_id)
        return UNKNOWN if found is None else found.physical.ref

    def attribute(self, logical_id: str, name: str) -> Any:
        """The attribute."""
        found = self._resources.get(logical_id)
        return UNKNOWN if found is None else found.physical.attribute(name)

    def export(self, name: str) -> Any:
        """Another stack's export."""
        return self._exports(name)


@dataclass(frozen=True)
class Resolved:
    """A resource's definition with everything resolved that can be."""

    properties: dict[str, Any]
    metadata: Any
    attributes: dict[str, Any]


def resolve_resource(definition: Mapping[str, Any], resolver: Resolver) -> Resolved:
    """Resolve a resource's properties, metadata and policies."""
    return Resolved(
        resolver.resolve(definition.get("Properties") or {}),
        resolver.resolve(definition.get("Metadata")),
        {name: resolver.resolve(definition[name]) for name in POLICY_ATTRIBUTES if name in definition},
    )


def active_resources(template: Template, resolver: Resolver) -> dict[str, dict[str, Any]]:
    """The resources whose condition holds, in the template's order."""
    return {name: each for name, each in template.resources.items() if resolver.is_active(each)}


def dependencies(template: Template, resolver: Resolver) -> dict[str, tuple[str, ...]]:
    """For each active resource the active resources it must wait for."""
    active = active_resources(template, resolver)
    found: dict[str, tuple[str, ...]] = {}
    for name, definition in active.items():
        named = definition.get("DependsOn") or []
        wanted = [named] if isinstance(named, str) else list(named)
        wanted += [each.name for each in references(definition.get("Properties"), resolver)]
        wanted += [each.name for each in references(definition.get("Metadata"), resolver)]
        found[name] = tuple(dict.fromkeys(each for each in wanted if each in active and each != name))
    return found


def in_order(graph: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Names with what they depend on first.

    :raises ValidationError: "Circular dependency between resources: [...]"
    """
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        names = sorted(set(error.args[1]))
        raise ValidationError(f"Circular dependency between resources: [{', '.join(names)}]") from None


def resolve_outputs(template: Template, resolver: Resolver) -> dict[str, dict[str, Any]]:
    """Outputs whose condition holds: Value, and Description and ExportName where given."""
    outputs: dict[str, dict[str, Any]] = {}
    for key, definition in template.section("Outputs").items():
        if not resolver.is_active(definition):
            continue
        shown = {"Value": resolver.resolve(definition.get("Value"))}
        if definition.get("Description"):
            shown["Description"] = definition["Description"]
        if "Export" in definition:
            shown["ExportName"] = resolver.resolve(definition["Export"]["Name"])
        outputs[key] = shown
    return outputs


def create(
    logical_id: str, definition: Mapping[str, Any], resolved: Resolved, environment: Environment, **counts: Any
) -> Resource:
    """A new resource of a definition."""
    physical = Physical(definition["Type"], logical_id, environment, copy.deepcopy(resolved.properties), **counts)
    return Resource(logical_id, physical, resolved.metadata, resolved.attributes)


def update(resource: Resource, resolved: Resolved) -> Resource:
    """The same resource with other properties: same id, next revision."""
    physical = replace(
        resource.physical,
        properties=copy.deepcopy(resolved.properties),
        revision=resource.physical.revision + 1,
        given_id=resource.physical_id,
    )
    return replace(resource, physical=physical, metadata=resolved.metadata, attributes=resolved.attributes)


def deploy_offline(desired: Desired) -> Deployed:
    """What would stand had `desired` just been created: ids made up, no account asked."""
    resources: dict[str, Resource] = {}
    resolver = desired.resolver(ResourceLookup(resources, desired.exports))
    graph = dependencies(desired.template, resolver)
    for name in in_order(graph):
        definition = desired.template.resources[name]
        made = create(name, definition, resolve_resource(definition, resolver), desired.environment)
        resources[name] = replace(made, depends_on=graph[name])
    outputs = resolve_outputs(desired.template, resolver)
    return Deployed(desired.template, desired.parameters, desired.tags, resources, outputs)


def deletion_policy(definition: Mapping[str, Any], attribute: str = "DeletionPolicy") -> str:
    """Delete, Retain, Snapshot or RetainExceptOnCreate: as written, or the type's default."""
    given = definition.get(attribute)
    if isinstance(given, str):
        return given
    type_name, properties = definition.get("Type"), definition.get("Properties") or {}
    snapshots = type_name == "AWS::RDS::DBCluster" or (
        type_name == "AWS::RDS::DBInstance" and "DBClusterIdentifier" not in properties
    )
    return "Snapshot" if snapshots else "Delete"


def takes_tags(type_name: str, region: str) -> bool:
    """Whether the stack's tags reach resources of a type."""
    schema = schema_of(type_name, region)
    return schema is not None and schema.tag_property is not None
