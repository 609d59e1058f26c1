"""What a picture shows, before anything has a place: boxes, arrows between them, zones and the services around the VPC.

Data only. `resources` are keys `<stack>/<LogicalId>` of what stands behind a thing; a mark on one of them marks the thing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

Option = Literal["fargate", "ec2"]
Mark = Literal["added", "changed", "replaced", "deleted"]
INTERNET = "internet"


class Place(Enum):
    """Where a box belongs; the layout gives it coordinates."""

    OUTSIDE = "outside"  # above the VPC: who calls
    EDGE = "edge"  # public subnets
    FRONT = "front"  # private subnets, called by the load balancer
    BACK = "back"  # private subnets, called by the front
    FRONT_FOOT = "front foot"  # below the front
    BACK_FOOT = "back foot"  # below the back
    ZONE = "zone"  # beside the zones


@dataclass(frozen=True, kw_only=True)
class Box:
    """One thing with a name. `inner` boxes stand inside of it; it is then a frame with a heading."""

    key: str
    icon: str
    name: str
    place: Place
    lines: tuple[str, ...] = ()
    port: str = ""
    resources: frozenset[str] = frozenset()
    inner: tuple[Box, ...] = ()
    aside: bool = False  # the option that this picture is not about, or a group that nothing here uses

    def each(self) -> Iterator[Box]:
        """This box and those in it."""
        yield self
        for box in self.inner:
            yield from box.each()


@dataclass(frozen=True, kw_only=True)
class Arrow:
    """Who may open a connection to whom: `source` and `target` are keys of boxes; a rule of a security group for each port."""

    source: str
    target: str
    ports: tuple[str, ...]
    rules: tuple[Rule, ...]
    host_names: tuple[str, ...] = ()
    aside: bool = False

    @property
    def label(self) -> str:
        """`443, 80`."""
        return ", ".join(self.ports)

    @property
    def resources(self) -> frozenset[str]:
        """Resources that hold the rules."""
        return frozenset(rule.resource for rule in self.rules)


@dataclass(frozen=True)
class Rule:
    """One rule of a security group: `group` is its key, `peer` a group's key or an address range."""

    resource: str
    group: str
    peer: str
    ingress: bool
    ports: str
    description: str


@dataclass(frozen=True)
class Subnet:
    """One subnet and what is drawn in it."""

    cidr: str
    holds: str  # "NAT gateway", or nothing
    resources: frozenset[str]


@dataclass(frozen=True)
class Zone:
    """One availability zone; `way_out` is the index of the zone whose NAT gateway its private subnet uses."""

    name: str
    public: Subnet | None
    private: Subnet | None
    way_out: int | None
    route: frozenset[str] = frozenset()
    mounts: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Tile:
    """One regional service around the VPC."""

    icon: str
    name: str
    lines: tuple[str, ...]
    resources: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Everything one picture shows."""

    environment: str
    option: Option
    title: str
    subtitle: str
    vpc: str
    vpc_resources: frozenset[str]
    cluster: str = ""
    cluster_resources: frozenset[str] = frozenset()
    boxes: tuple[Box, ...] = ()
    arrows: tuple[Arrow, ...] = ()
    rules: tuple[Rule, ...] = ()
    zones: tuple[Zone, ...] = ()
    tiles: tuple[Tile, ...] = ()
    ways_out: frozenset[str] = field(default_factory=frozenset)

    def each_box(self) -> Iterator[Box]:
        """Every box, inner ones too."""
        for box in self.boxes:
            yield from box.each()
