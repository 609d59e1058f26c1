"""The values a review is made of.

In: nothing. Out: frozen dataclasses that every form (table, Markdown, JSON, plan file) reads.
Refuses to know: where the changes come from; a change set and `diff` without an account give the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

KNOWN_AFTER_APPLY = "{{changeSet:KNOWN_AFTER_APPLY}}"


class Severity(Enum):
    """How much a finding weighs. BLOCK needs `--allow`, WARN is worth a look, NOTE is for completeness."""

    BLOCK = "block"
    WARN = "warn"
    NOTE = "note"

    @property
    def rank(self) -> int:
        """Heaviest first."""
        return (Severity.BLOCK, Severity.WARN, Severity.NOTE).index(self)


@dataclass(frozen=True)
class PropertyChange:
    """One changed property, tag or attribute of a resource. Values are as CloudFormation shows them, secrets masked."""

    path: str
    attribute: str  # Properties, Tags, Metadata, DeletionPolicy, UpdateReplacePolicy ...
    before: str | None
    after: str | None
    recreation: str  # Never, Conditionally, Always
    causes: tuple[str, ...] = ()
    dynamic: bool = False

    @property
    def unknown(self) -> bool:
        """Whether the value is only known while the change runs."""
        return self.after is not None and KNOWN_AFTER_APPLY in self.after


@dataclass(frozen=True)
class ResourceChange:
    """What happens to one resource. `replacement` is "True", "False", "Conditional" or "" (added, removed)."""

    logical_id: str
    type: str
    action: str  # Add, Modify, Remove, Import, Dynamic, SyncWithActual
    replacement: str = ""
    physical_id: str = ""
    policy_action: str = ""
    properties: tuple[PropertyChange, ...] = ()
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    drift: str = ""
    owner: str = ""  # who else sets what this resource says: a listener rule's weights

    @property
    def verb(self) -> str:
        """One word for the table: add, change, replace, replace?, remove, import."""
        if self.action == "Modify":
            return {"True": "replace", "Conditional": "replace?"}.get(self.replacement, "change")
        words = {
            "Add": "add",
            "Remove": "remove",
            "Import": "import",
            "Dynamic": "unknown",
            "SyncWithActual": "undrift",
        }
        return words.get(self.action, self.action.lower())

    @property
    def replaced(self) -> bool:
        """Whether CloudFormation says that the resource is replaced, without a condition."""
        return self.action == "Modify" and self.replacement == "True"

    @property
    def perhaps_replaced(self) -> bool:
        """Whether it is replaced or not is only known while the change runs."""
        return self.action == "Modify" and self.replacement == "Conditional"

    @property
    def only_unknown(self) -> bool:
        """Whether every property that asks for the replacement has a value that is not known yet.

        CloudFormation then says "True" for what may turn out to be no change at all.
        """
        asking = [each for each in self.properties if each.recreation != "Never"]
        return bool(asking) and all(each.unknown for each in asking)

    def property_before(self, name: str) -> Any:
        """Return a property of the resource as it was, or None."""
        return (self.before.get("Properties") or {}).get(name)

    def property_after(self, name: str) -> Any:
        """Return a property of the resource as it will be, or None."""
        return (self.after.get("Properties") or {}).get(name)

    def touches(self, *names: str) -> bool:
        """Tell whether one of these top-level properties changes."""
        return any(each.path.split(".")[0].split("[")[0] in names for each in self.properties)


@dataclass(frozen=True)
class ValueChange:
    """A change beside the resources: a parameter, a tag of the stack, an output, or a setting such as protection."""

    kind: str  # parameter, tag, output, setting
    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Finding:
    """What one rule has to say of one change. `key` names exactly this, for `--allow`."""

    rule: str
    severity: Severity
    stack: str
    logical_id: str
    text: str

    @property
    def key(self) -> str:
        """A stable name: `data-replaced:data/FileSystem`."""
        return f"{self.rule}:{self.stack}/{self.logical_id}"


@dataclass(frozen=True)
class CostLine:
    """One resource's part in a difference of the bill, in US dollars a month; what is billed before and after in words."""

    logical_id: str
    type: str
    before: str  # "" when it is added
    after: str  # "" when it is removed
    low: float
    high: float
    read_from: tuple[
        str, ...
    ] = ()  # logical ids of what decides it besides: task definition, launch template, scaling target


@dataclass(frozen=True)
class Cost:
    """What a change does to the bill, in US dollars a month.

    `low` is the difference with the smallest number of copies and the low traffic, `high` with the largest number and the
    high traffic; either may be negative. `lines` make it up, the heaviest first. `notes` say what is not in the figures.
    """

    low: float
    high: float
    region: str
    dated: str  # the day of the price table: 2026-11-24
    lines: tuple[CostLine, ...] = ()
    notes: tuple[str, ...] = ()


def dollars(low: float, high: float) -> str:
    """Return a difference of the bill: `+$32.85`, `-$60.74 to -$121.47`; both ends only where they differ."""
    ends = [f"{'-' if round(amount, 2) < 0 else '+'}${abs(amount):,.2f}" for amount in (low, high)]
    return ends[0] if ends[0] == ends[1] else " to ".join(ends)


@dataclass(frozen=True)
class Review:
    """Everything a person sees of one stack's change set before it is executed."""

    stack: str
    stack_name: str
    operation: str  # CREATE or UPDATE
    changes: tuple[ResourceChange, ...]
    values: tuple[ValueChange, ...] = ()
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()
    link: str = ""
    cost: Cost | None = None  # None: nothing that is billed changes, or nobody asked

    @property
    def counts(self) -> dict[str, int]:
        """How many resources are added, changed, replaced, perhaps replaced and removed; only what occurs."""
        found: dict[str, int] = {}
        for word in ("add", "import", "change", "undrift", "replace", "replace?", "remove", "unknown"):
            number = sum(each.verb == word for each in self.changes)
            if number:
                found[word] = number
        return found

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """The findings that need `--allow`."""
        return tuple(each for each in self.findings if each.severity is Severity.BLOCK)

    def blocked_by(self, allowed: frozenset[str]) -> tuple[Finding, ...]:
        """Return the blocking findings that nobody has allowed by name."""
        return tuple(each for each in self.blocking if each.key not in allowed)
