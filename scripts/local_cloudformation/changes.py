"""The change engine: what stands and what is wanted come in, the changes CloudFormation would make go out.

This is the list `DescribeChangeSet` gives, computed from values alone. The rules follow recorded answers of the service:

* a property whose own text changed is a `Static` `DirectModification`;
* one that changed through a parameter is `Static` `ParameterReference` and, beside it, `Dynamic` `DirectModification`;
* a reference to a resource that will be replaced is `Static` with `{{changeSet:KNOWN_AFTER_APPLY}}` as its value;
* a reference to a resource that may be replaced, or to an attribute that an update may change, is `Dynamic`;
* without property values the service also lists every `Fn::GetAtt` on a resource updated in place, as `Dynamic`.

`Replacement` is True for a static change of a create-only property, Conditional when the schema says so or the change is
only dynamic, False otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from local_cloudformation import model
from local_cloudformation.change_shapes import DYNAMIC, STATIC, Detail, ResourceChange, secrets_of
from local_cloudformation.differences import Difference, differences, node_at
from local_cloudformation.intrinsics import Resolver
from local_cloudformation.physical import MUTABLE_ATTRIBUTES
from local_cloudformation.references import Reference, references
from local_cloudformation.schemas import ALWAYS, CONDITIONALLY, NEVER, schema_of
from local_cloudformation.template import POLICY_ATTRIBUTES
from local_cloudformation.values import UNKNOWN, has_unknown, same


@dataclass(frozen=True)
class Plan:
    """Every resource's change, and whether anything else (outputs, tags, description) changes."""

    changes: tuple[ResourceChange, ...]
    other_changes: bool

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all would change: not even what only the listing without values shows."""
        return not self.other_changes and not any(change.is_real for change in self.changes)


class _PlannedLookup:
    """References as a change set sees them: resources that stand, with those about to change hidden as UNKNOWN."""

    def __init__(self, deployed: model.Deployed, desired: model.Desired) -> None:
        self._deployed = deployed.resources
        self._desired = desired
        self.outcomes: dict[str, ResourceChange] = {}
        self.after: dict[str, model.Resolved] = {}

    def replacement(self, logical_id: str) -> str | None:
        """True (new or replaced), Conditional, False (updated in place), or None when it stays as it is."""
        if logical_id not in self._deployed:
            return "True"
        change = self.outcomes.get(logical_id)
        return change.replacement if change is not None and change.is_real else None

    def ref(self, logical_id: str) -> Any:
        return UNKNOWN if self.replacement(logical_id) in {"True", "Conditional"} else self._standing(logical_id).ref

    def attribute(self, logical_id: str, name: str) -> Any:
        replacement = self.replacement(logical_id)
        if replacement in {"True", "Conditional"}:
            return UNKNOWN
        physical = self._standing(logical_id)
        if replacement == "False":
            if (physical.type_name, name) in MUTABLE_ATTRIBUTES:
                return UNKNOWN
            first = name.split(".", 1)[0]
            after = self.after[logical_id].properties
            if first in after or first in physical.properties:
                return physical.attribute(name) if same(after.get(first), physical.properties.get(first)) else UNKNOWN
        return physical.attribute(name)

    def _standing(self, logical_id: str) -> Any:
        return self._deployed[logical_id].physical

    def export(self, name: str) -> Any:
        return self._desired.exports(name)


def plan(deployed: model.Deployed, desired: model.Desired) -> Plan:
    """The changes from what stands to what is wanted.

    :raises ValidationError: for a template that cannot be resolved
    """
    lookup = _PlannedLookup(deployed, desired)
    resolver = desired.resolver(lookup)
    graph = model.dependencies(desired.template, resolver)
    for name in model.in_order(graph):
        lookup.after[name] = model.resolve_resource(desired.template.resources[name], resolver)
        change = _Comparison(name, deployed, desired, lookup, resolver).change()
        if change is not None:
            lookup.outcomes[name] = change
    for name, resource in deployed.resources.items():
        if name not in graph:
            lookup.outcomes[name] = _removal(name, resource, deployed)
    outputs = model.resolve_outputs(desired.template, resolver)
    other = (
        not same(outputs, dict(deployed.outputs))
        or has_unknown(outputs)
        or deployed.tags != desired.tags
        or deployed.template.description != desired.template.description
    )
    order = [name for name in (*desired.template.resources, *deployed.resources) if name in lookup.outcomes]
    secrets = secrets_of(deployed.parameters, desired.parameters)
    found = (lookup.outcomes[name] for name in dict.fromkeys(order))
    return Plan(tuple(replace(each, secrets=secrets) for each in found), other)


def _removal(name: str, resource: model.Resource, deployed: model.Deployed) -> ResourceChange:
    policy = model.deletion_policy(deployed.template.resources.get(name, {"Type": resource.type_name}))
    return ResourceChange(
        "Remove",
        name,
        resource.type_name,
        physical_id=resource.physical_id,
        policy_action="Retain" if policy.startswith("Retain") else policy,
        before=_context(resource.properties, resource.metadata, resource.attributes),
    )


class _Comparison:
    """One resource of the new template against the one that stands."""

    def __init__(
        self, name: str, deployed: model.Deployed, desired: model.Desired, lookup: _PlannedLookup, resolver: Resolver
    ) -> None:
        self.name = name
        self.definition = desired.template.resources[name]
        self.old_definition = deployed.template.resources.get(name, {})
        self.standing = deployed.resources.get(name)
        self.resolved = lookup.after[name]
        self.deployed, self.desired, self.lookup, self.resolver = deployed, desired, lookup, resolver
        self.schema = schema_of(self.definition["Type"], desired.environment.region)

    def change(self) -> ResourceChange | None:
        after = _context(self.resolved.properties, self.resolved.metadata, self.resolved.attributes)
        if self.standing is None:
            return ResourceChange("Add", self.name, self.definition["Type"], after=after)
        details = tuple(self._details())
        if not details:
            return None
        replacement = _replacement(details)
        policy = model.deletion_policy(self.definition, "UpdateReplacePolicy").removesuffix("ExceptOnCreate")
        return ResourceChange(
            "Modify",
            self.name,
            self.definition["Type"],
            physical_id=self.standing.physical_id,
            replacement=replacement,
            details=details,
            policy_action=None if replacement == "False" else f"ReplaceAnd{policy}",
            before=_context(self.standing.properties, self.standing.metadata, self.standing.attributes),
            after=after,
        )

    def _details(self) -> Iterator[Detail]:
        assert self.standing is not None  # noqa: S101  (for the reader and the type checker: only called on a Modify)
        schema = self.schema
        is_document = (lambda path: False) if schema is None else schema.is_document
        changed: set[str] = set()
        for found in differences(self.standing.properties, self.resolved.properties, is_document):
            changed.add(str(found.path[0]))
            recreation = ALWAYS if schema is None else schema.recreation(found.path)
            yield from self._explained("Properties", "Properties", found, recreation)
        yield from self._unchanged_attribute_references(changed)
        for found in differences({"": self.standing.metadata}, {"": self.resolved.metadata}, lambda path: True):
            yield from self._explained("Metadata", "Metadata", found, NEVER)
        for name in POLICY_ATTRIBUTES:
            before, after = self.standing.attributes.get(name), self.resolved.attributes.get(name)
            if not same(before, after):
                found = Difference((), before, after)
                yield Detail(name, None, NEVER, f"/{name}", found, STATIC, "DirectModification")
        yield from self._stack_tags()

    def _explained(self, section: str, attribute: str, found: Difference, recreation: str) -> Iterator[Detail]:
        """Why a value differs: its own text, parameters, resources; one detail for each cause."""
        path = found.path if section == "Properties" else ()
        new = node_at(self.definition.get(section), path)
        old = node_at(self.old_definition.get(section), path)
        target = (
            attribute,
            str(path[0]) if path else None,
            recreation,
            "/".join(["", section, *map(str, path)]),
            found,
        )
        causes = list(self._causes(new))
        if new != old:
            evaluation = DYNAMIC if has_unknown(found.after) and not _certain(causes) else STATIC
            yield Detail(*target, evaluation, "DirectModification")
            yield from (Detail(*target, *cause) for cause in causes if cause[1] == "ParameterReference")
        elif causes:
            yield Detail(
                *target, DYNAMIC, "DirectModification", companion=True, resource_cause=not _by_parameter(causes)
            )
            yield from (Detail(*target, *cause) for cause in causes)
        else:
            # The same text, no parameter, no resource: a mapping, a condition or another stack's export changed.
            yield Detail(*target, STATIC, "DirectModification")

    def _causes(self, node: Any) -> Iterator[tuple[str, str, str]]:
        for reference in dict.fromkeys(references(node, self.resolver)):
            if reference.name in self.desired.parameters:
                if self._parameter_changed(reference.name):
                    yield STATIC, "ParameterReference", reference.name
                continue
            source = "ResourceReference" if reference.attribute is None else "ResourceAttribute"
            replacement = self._replacement_of(reference)
            if replacement == "True":
                yield STATIC, source, reference.causing_entity
            elif replacement is not None:
                yield DYNAMIC, source, reference.causing_entity

    def _parameter_changed(self, key: str) -> bool:
        before = self.deployed.parameters.get(key)
        return before is None or before.effective != self.desired.parameters[key].effective

    def _replacement_of(self, reference: Reference) -> str | None:
        """The replacement of what is referred to, None when the reference's value surely stays."""
        if reference.name not in self.desired.template.resources:
            return None
        replacement = self.lookup.replacement(reference.name)
        if replacement == "False" and (
            reference.attribute is None or self.lookup.attribute(reference.name, reference.attribute) is not UNKNOWN
        ):
            return None
        return replacement

    def _unchanged_attribute_references(self, changed: set[str]) -> Iterator[Detail]:
        """What the service lists when not asked for values: any attribute of a resource updated in place."""
        for name, node in (self.definition.get("Properties") or {}).items():
            if name in changed:
                continue
            for reference in dict.fromkeys(references(node, self.resolver)):
                if reference.attribute and self.lookup.replacement(reference.name) == "False":
                    recreation = ALWAYS if self.schema is None else self.schema.recreation((name,))
                    found = Difference((name,), None, None)
                    target = ("Properties", name, recreation, f"/Properties/{name}", found)
                    yield Detail(*target, DYNAMIC, "ResourceAttribute", reference.causing_entity, possible=True)

    def _stack_tags(self) -> Iterator[Detail]:
        before, after = self.deployed.tags, self.desired.tags
        if before == after or not model.takes_tags(self.definition["Type"], self.desired.environment.region):
            return
        for found in differences(before, after, lambda path: False):
            path = f"/Tags/{found.path[0]}"
            yield Detail("Tags", str(found.path[0]), NEVER, path, found, STATIC, "DirectModification")


def _certain(causes: list[tuple[str, str, str]]) -> bool:
    return any(cause[0] == STATIC for cause in causes)


def _by_parameter(causes: list[tuple[str, str, str]]) -> bool:
    return any(cause[1] == "ParameterReference" for cause in causes)


def _replacement(details: tuple[Detail, ...]) -> str:
    real = [each for each in details if not each.possible and not each.companion]
    if any(each.recreation == ALWAYS and each.evaluation == STATIC for each in real):
        return "True"
    return "Conditional" if any(each.recreation in {ALWAYS, CONDITIONALLY} for each in real) else "False"


def _context(properties: Mapping[str, Any], metadata: Any, attributes: Mapping[str, Any]) -> dict[str, Any]:
    context: dict[str, Any] = {"Properties": dict(properties)} if properties else {}
    if metadata is not None:
        context["Metadata"] = metadata
    return {**context, **attributes}
