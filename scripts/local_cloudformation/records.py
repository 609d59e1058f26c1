"""What the service remembers: stacks, change sets, events and the operation a stack is in. Plain data, stored as it is.

Times are seconds since the epoch, as floats.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from local_cloudformation.model import Deployed, Resource
from local_cloudformation.parameters import Parameters
from local_cloudformation.template import EMPTY, Template

Tags = dict[str, str]


@dataclass
class Event:
    """One row of `DescribeStackEvents`, in the order it happened."""

    event_id: str
    timestamp: float
    logical_id: str
    physical_id: str
    type_name: str
    status: str
    reason: str | None = None
    properties: str | None = None
    token: str | None = None
    operation_id: str | None = None
    detailed_status: str | None = None


@dataclass
class Row:
    """One row of `DescribeStackResources`."""

    logical_id: str
    type_name: str
    physical_id: str
    status: str
    timestamp: float
    reason: str | None = None
    drift_status: str = "NOT_CHECKED"


@dataclass
class Task:
    """One step of an operation on one resource.

    `stage` goes waiting, started, initiated, signalling, then done, failed, cancelled or skipped. `due` is when the present
    stage ends. `objection` is why the step fails before any service is called, `fault` why the service fails it in the end.
    """

    key: str
    logical_id: str
    action: str
    after: tuple[str, ...] = ()
    stage: str = "waiting"
    due: float = 0.0
    target: Resource | None = None
    objection: str | None = None
    fault: str | None = None
    signals: int = 0
    received: list[str] = field(default_factory=list)

    @property
    def is_settled(self) -> bool:
        """Whether nothing more happens to it."""
        return self.stage in {"done", "failed", "cancelled", "skipped"}


@dataclass
class Operation:
    """What a stack is in the middle of: a phase made of tasks. `time` is how far it has been played."""

    kind: str
    operation_id: str
    phase: str
    time: float
    token: str | None = None
    change_set_id: str | None = None
    ends: float = 0.0
    monitor_seconds: float = 0.0
    resource_seconds: float | None = None
    tasks: dict[str, Task] = field(default_factory=dict)
    on_failure: str = "ROLLBACK"
    retain_except_on_create: bool = False
    retain: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    # Logical ids that take over existing resources, with their physical ids.
    imports: dict[str, str] = field(default_factory=dict)
    failure: str | None = None
    cancelled: bool = False


@dataclass
class Stack:
    """A stack. `template`, `parameters`, `tags` are those of the operation under way; `previous` what a rollback returns to."""

    stack_id: str
    name: str
    created: float
    status: str
    account: str
    region: str
    reason: str | None = None
    template: Template = EMPTY
    parameters: Parameters = field(default_factory=dict)
    tags: Tags = field(default_factory=dict)
    outputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    resources: dict[str, Resource] = field(default_factory=dict)
    rows: dict[str, Row] = field(default_factory=dict)
    previous: Deployed | None = None
    # What an update replaced or removed and has not deleted yet.
    leftovers: list[Resource] = field(default_factory=list)
    # How many physical resources each logical id has had.
    generations: dict[str, int] = field(default_factory=dict)
    operation: Operation | None = None
    operations: list[dict[str, str]] = field(default_factory=list)
    updated: float | None = None
    deleted: float | None = None
    change_set_id: str | None = None
    description: str | None = None
    capabilities: list[str] = field(default_factory=list)
    notification_arns: list[str] = field(default_factory=list)
    role_arn: str | None = None
    rollback_configuration: dict[str, Any] = field(default_factory=dict)
    termination_protection: bool = False
    disable_rollback: bool = False
    timeout_minutes: int | None = None
    retain_except_on_create: bool = False
    deletion_mode: str | None = None
    policy: str | None = None
    drift_status: str = "NOT_CHECKED"
    drift_checked: float | None = None
    drifts: list[dict[str, Any]] = field(default_factory=list)
    imports: list[str] = field(default_factory=list)
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def deployed(self) -> Deployed:
        """What stands, for the change engine."""
        return Deployed(self.template, self.parameters, self.tags, dict(self.resources), self.outputs)

    @property
    def is_gone(self) -> bool:
        """Whether the name is free again."""
        return self.status == "DELETE_COMPLETE"

    @property
    def is_busy(self) -> bool:
        """Whether an operation is under way."""
        return self.operation is not None


@dataclass
class ChangeSet:
    """A change set. `changes` holds the listing with values and without, made when the set is complete."""

    change_set_id: str
    name: str
    stack_id: str
    type: str
    created: float
    due: float
    template: Template
    parameters: Parameters
    request: dict[str, Any]
    status: str = "CREATE_PENDING"
    execution_status: str = "UNAVAILABLE"
    reason: str | None = None
    tags: Tags = field(default_factory=dict)
    operation_id: str = ""
    changes: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    validations: list[dict[str, Any]] = field(default_factory=list)
    hooks: list[dict[str, Any]] = field(default_factory=list)
    fingerprint: str = ""


@dataclass
class DriftDetection:
    """A run of drift detection."""

    detection_id: str
    stack_id: str
    started: float
    due: float
    status: str = "DETECTION_IN_PROGRESS"
    logical_ids: list[str] = field(default_factory=list)
