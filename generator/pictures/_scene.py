"""What a picture shows, before anything has a place: boxes, arrows between them, zones and the services around the VPC.

Data only. `resources` are keys `<stack>/<LogicalId>` of what stands behind a thing; a mark on one of them marks the thing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Literal

from generator.pictures._text import fit

Option = Literal["fargate", "ec2"]
Mark = Literal["added", "changed", "replaced", "deleted"]
INTERNET = "internet"
CLUSTER = "cluster"  # key of the frame around all services


class Place(Enum):
    """Where a box belongs; the layout gives it coordinates."""

    OUTSIDE = "outside"  # above the VPC: who calls
    GATE = "gate"  # what requests pass on their way into the VPC
    EDGE = "edge"  # public subnets
    FRONT = "front"  # private subnets, called by the load balancer
    BACK = "back"  # private subnets, called by the front
    FRONT_FOOT = "front foot"  # below the front
    BACK_FOOT = "back foot"  # below the back
    ZONE = "zone"  # beside the zones
    FRAME = "frame"  # around the front and the back


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

    @property
    def open(self) -> bool:
        """Whether other boxes stand inside of it, so that lines may cross its border."""
        return bool(self.inner) or self.place is Place.FRAME

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
        """`443, 80`; of many ports their number."""
        return fit(", ".join(self.ports), 140, bold=True) if len(self.ports) <= 3 else f"{len(self.ports)} ports"

    def joins(self, other: Arrow) -> bool:
        """Whether both mean the same at the same box, so that one label may stand for them."""
        return (self.target, self.ports, self.aside) == (other.target, other.ports, other.aside)

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
    share: int | None  # percent of the requests that the option gets; None where no weights say it
    title: str
    subtitle: str
    vpc: str
    vpc_resources: frozenset[str]
    boxes: tuple[Box, ...] = ()
    arrows: tuple[Arrow, ...] = ()
    rules: tuple[Rule, ...] = ()
    zones: tuple[Zone, ...] = ()
    tiles: tuple[Tile, ...] = ()
    ways_out: frozenset[str] = field(default_factory=frozenset)

    def overview(self) -> Scene:
        """The same with what a first look needs: no other option, no zones, nothing around the VPC."""
        boxes = tuple(box for box in self.boxes if not box.aside and box.place is not Place.ZONE)
        there = {each.key for box in boxes for each in box.each()}
        arrows = tuple(arrow for arrow in self.arrows if {arrow.source, arrow.target} <= there)
        return replace(self, boxes=boxes, arrows=arrows, zones=(), tiles=())

    @property
    def drawn(self) -> frozenset[str]:
        """Resources that a mark can show on a thing of their own."""
        parts = [self.vpc_resources]
        parts += [box.resources for box in self.each_box()]
        parts += [arrow.resources for arrow in self.arrows]
        parts += [tile.resources for tile in self.tiles]
        for zone in self.zones:
            parts += [subnet.resources for subnet in (zone.public, zone.private) if subnet]
            parts += [zone.route, zone.mounts]
        return frozenset[str]().union(*parts)

    def each_box(self) -> Iterator[Box]:
        """Every box, inner ones too."""
        for box in self.boxes:
            yield from box.each()
