"""Where everything stands: columns for the edge, what it calls and what that calls; zones below; regional services around.

In: a `Scene`. Out: rectangles, lines and labels that do not overlap, in pixels. Everything is computed from the texts and from who
calls whom, so a fourth service or a third zone makes the picture taller, never crowded. Knows nothing of SVG.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from generator.pictures._geometry import STEP, Line, Rect, snap
from generator.pictures._lines import Lines
from generator.pictures._route import Router
from generator.pictures._scene import INTERNET, Arrow, Box, Place, Scene, Tile
from generator.pictures._text import LINE, clean, width

MARGIN = 16
BUS = 20  # x of the way out to the internet, left of the VPC
VPC_LEFT = 36
COLUMN = (160, 240)  # narrowest and widest
PAD = 12
ICON = 24
HEAD = 28  # the heading of a frame
GAP = 16
TALLEST = 4  # lines of a box
SIGN = 16  # room for the sign of a mark in a label


@dataclass(frozen=True)
class Frame:
    """A region with a heading."""

    kind: str  # vpc, public, private, cluster
    rect: Rect
    title: str
    room: int  # pixels for the title
    resources: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Drawn:
    """An arrow with its corners and the place of its label."""

    arrow: Arrow
    line: Line
    pill: Rect | None


@dataclass(frozen=True)
class Way:
    """A way out of the VPC."""

    line: Line
    words: str
    resources: frozenset[str]


@dataclass
class Layout:
    """A picture's geometry."""

    scene: Scene
    width: int = 0
    height: int = 0
    frames: list[Frame] = field(default_factory=list)
    boxes: dict[str, tuple[Box, Rect]] = field(default_factory=dict)
    arrows: list[Drawn] = field(default_factory=list)
    ways: list[Way] = field(default_factory=list)
    tiles: list[tuple[Tile, Rect]] = field(default_factory=list)
    crowded: int = 0  # labels for which there was no free place

    def rect(self, key: str) -> Rect:
        """Where a box stands."""
        return self.boxes[key][1]


def lay_out(scene: Scene, *, signs: bool = False) -> Layout:
    """The geometry of a picture: with more room between things as long as a label finds no place.

    With `signs` each label has room for the sign of a mark.
    """
    tried = []
    for more in (0, 2 * STEP, 5 * STEP, 9 * STEP):
        layout = _Columns(scene, more, SIGN if signs else 0).place()
        if not layout.crowded:
            return layout
        tried.append(layout)
    return min(tried, key=lambda layout: layout.crowded)


def heading_height(box: Box) -> int:
    """Height of a box's own text."""
    return snap(2 * STEP + LINE * (1 + len(box.lines[:TALLEST])))


def natural_width(box: Box) -> int:
    """What the texts of a box need."""
    name = ICON + width(box.name, bold=True) + (8 + width(f":{box.port}", bold=True) if box.port else 0)
    own = max([name, *(width(line) for line in box.lines)])
    return max([own, *(natural_width(inner) + PAD for inner in box.inner)]) + 2 * PAD


class _Columns:
    """One attempt with `more` pixels between columns and rows."""

    def __init__(self, scene: Scene, more: int, sign: int) -> None:
        self.scene = scene
        self.sign = sign
        self.more = more
        self.layout = Layout(scene)
        self.by_place = {place: [box for box in scene.boxes if box.place is place] for place in Place}
        self.parent = {inner.key: box for box in scene.boxes for inner in box.each()}
        self.calls = [(self._outer(a.source), self._outer(a.target), a) for a in scene.arrows]
        self._measure()

    def _outer(self, key: str) -> str:
        return self.parent[key].key if key in self.parent else key

    def _measure(self) -> None:
        """Widths and left edges of the three columns."""
        hosts = [width(name) + 2 * PAD for arrow in self.scene.arrows for name in [", ".join(arrow.host_names)]]
        zones = [width(zone.public.cidr) + 2 * PAD for zone in self.scene.zones if zone.public]
        self.edge_w = self._width(self.by_place[Place.EDGE], [*hosts, *zones, *[1 for _ in self.scene.zones]])
        front = [*self.by_place[Place.FRONT], *self.by_place[Place.FRONT_FOOT]]
        self.front_w = self._width(front, [1 for _ in self.scene.zones])
        back = [*self.by_place[Place.BACK], *self.by_place[Place.BACK_FOOT]]
        self.back_w = self._width([*back, *self.by_place[Place.ZONE]] if back else [], [])
        self.edge_x = VPC_LEFT + 20
        labels = [self.sign + width(arrow.label, bold=True) for arrow in self.scene.arrows]
        self.front_x = self.edge_x + self.edge_w + snap(max([52, *labels]) + 60)
        self.divider = snap((self.edge_x + self.edge_w + self.front_x) / 2) - 4
        inside = [
            self.sign + width(a.label, bold=True) for s, _, a in self.calls if self.parent[s].place is not Place.EDGE
        ]
        channel = max([48, *inside]) + 48 + self.more
        self.back_x = self.front_x + self.front_w + (snap(channel) if self.back_w else 0)
        self.vpc_right = self.back_x + self.back_w + 44

    @staticmethod
    def _width(boxes: list[Box], more: list[int]) -> int:
        wanted = [*(natural_width(box) for box in boxes), *more]
        return min(max(COLUMN[0], snap(max(wanted))), COLUMN[1]) if wanted else 0

    def place(self) -> Layout:
        """Everything, from the top down."""
        top = self._outside()
        vpc_top = top + 5 * STEP + 4 + self.more
        content = vpc_top + 4 + 8 * STEP
        bottom = self._inside(content)
        if self.scene.zones or self.by_place[Place.ZONE]:
            bottom = self._zones(snap(bottom + 3 * STEP))
        layout = self.layout
        vpc = Rect(VPC_LEFT, vpc_top, self.vpc_right - VPC_LEFT, snap(bottom + 2 * GAP) - 4 - vpc_top)
        region = vpc_top + HEAD
        height = vpc.bottom - region - STEP
        public = Rect(vpc.x + STEP, region, self.divider - vpc.x - 12, height)
        private = Rect(self.divider + 4, region, vpc.right - self.divider - 12, height)
        passage = self.edge_w - 4 * STEP  # to the right of it requests come in
        layout.frames[:0] = [
            Frame("vpc", vpc, self.scene.vpc, passage, self.scene.vpc_resources),
            Frame("public", public, "Public subnets", passage),
            Frame("private", private, "Private subnets", private.w - 2 * PAD),
        ]
        layout.width = max([vpc.right, *(rect.right for _, rect in layout.boxes.values())]) + MARGIN
        self._lines()
        layout.height = self._tiles(vpc.bottom + GAP)
        return layout

    def _outside(self) -> int:
        """Who calls, in a row above the VPC; returns its lower edge."""
        y = 9 * STEP
        x, bottom = self.edge_x, y + 5 * STEP
        for box in sorted(self.by_place[Place.OUTSIDE], key=lambda box: box.key != "internet"):
            w = self.edge_w if x == self.edge_x else max(COLUMN[0], min(snap(natural_width(box)), COLUMN[1]))
            rect = self._put(box, x, y, w)
            x = max(rect.right + GAP, self.front_x) if x == self.edge_x else rect.right + GAP
            bottom = max(bottom, rect.bottom)
        for box in self.by_place[Place.GATE]:
            bottom = self._put(box, self.edge_x, max(bottom, y + 9 * STEP), self.edge_w).bottom
        return bottom

    def _put(self, box: Box, x: int, y: int, w: int, height: int = 0) -> Rect:
        """A box and those in it, below each other."""
        bottom = y + heading_height(box)
        for inner in box.inner:
            bottom = self._put(inner, x + GAP, bottom, w - 2 * GAP).bottom + (GAP if inner != box.inner[-1] else 0)
        rect = Rect(x, y, w, max(height, snap(bottom - y + (GAP if box.inner else 0))))
        self.layout.boxes[box.key] = (box, rect)
        return rect

    def _inside(self, top: int) -> int:
        """Load balancers and what they reach; returns the lower edge."""
        edge = self.by_place[Place.EDGE]
        cluster = bool(self.by_place[Place.FRAME])
        head = max(5 * STEP, max(map(heading_height, edge), default=0) - 3 * STEP) if cluster else 0
        front = self._column(self._front_order(), self.front_x, top + head, self.front_w, align=False)
        back = self._column(self.by_place[Place.BACK], self.back_x, top + head, self.back_w, align=True)
        if cluster:
            front = back = self._cluster(top, max(front, back) + GAP)
        gap = (4 if cluster else 7) * STEP + self.more
        feet = self._column(
            self.by_place[Place.FRONT_FOOT], self.front_x, (front or top - gap) + gap, self.front_w, align=False
        )
        back_feet = self._column(
            self.by_place[Place.BACK_FOOT], self.back_x, (back or top - gap) + gap, self.back_w, align=not cluster
        )
        return max(front, back, feet, back_feet, self._edge(edge, top))

    def _cluster(self, top: int, bottom: int) -> int:
        """The frame around all services; returns its lower edge on the lattice."""
        right = self.back_x + self.back_w if self.by_place[Place.BACK] else self.front_x + self.front_w
        rect = Rect(self.front_x - GAP, top, right + 2 * GAP - self.front_x, snap(bottom) - top)
        for box in self.by_place[Place.FRAME]:
            self.layout.boxes[box.key] = (box, rect)
            self.layout.frames.append(Frame("cluster", rect, box.name, rect.w - 9 * PAD, box.resources))
        return snap(bottom)

    def _front_order(self) -> list[Box]:
        """Those that call nothing further first, so that callers stand beside what they call."""
        callers = {source for source, target, _ in self.calls if self.parent[target].place is Place.BACK}
        return sorted(self.by_place[Place.FRONT], key=lambda box: box.key in callers)

    def _column(self, boxes: list[Box], x: int, top: int, w: int, *, align: bool) -> int:
        """Boxes below each other; with `align` each beside its callers where there is room. Returns the lower edge."""
        y = top
        for index, box in enumerate(boxes):
            if index:
                linked = any({s, t} == {box.key, boxes[index - 1].key} for s, t, _ in self.calls)
                y += 7 * STEP if linked else 2 * STEP
            rect = self._put(box, x, max(y, self._beside_callers(box)) if align else y, w)
            y = rect.bottom
        return y if boxes else 0

    def _beside_callers(self, box: Box) -> int:
        """The top that puts a box at the height of what calls it."""
        for source, target, arrow in self.calls:
            if target == box.key and source in self.layout.boxes and not arrow.aside:
                caller = self.layout.rect(source)
                if box.inner or self.parent[source].inner:
                    return caller.y
                return caller.y + snap((caller.h - heading_height(box)) / 2)
        return 0

    def _edge(self, edge: list[Box], top: int) -> int:
        """Load balancers as tall as what they call, below each other."""
        y = top
        for box in edge:
            called = [
                self.layout.rect(a.target)
                for a in self.scene.arrows
                if a.source == box.key and a.target in self.layout.boxes
            ]
            height = max([heading_height(box), *(rect.middle + 3 * STEP - y for rect in called)])
            y = self._put(box, self.edge_x, y, self.edge_w, snap(height)).bottom + GAP
        return y

    def _zones(self, top: int) -> int:
        """A row for each zone: its public subnet, its private one; endpoints of the VPC beside them."""
        y = top
        for index, zone in enumerate(self.scene.zones):
            row = [
                (f"zone/{index}/public", zone.public, self.edge_x, self.edge_w, ()),
                (
                    f"zone/{index}/private",
                    zone.private,
                    self.front_x,
                    self.front_w,
                    ("mount target",) if zone.mounts else (),
                ),
            ]
            bottom = y
            for key, subnet, x, w, more in row:
                if subnet:
                    lines = tuple(filter(None, (subnet.cidr, subnet.holds, *more)))
                    box = Box(
                        key=key,
                        icon="subnet",
                        name=zone.name,
                        place=Place.ZONE,
                        lines=lines,
                        resources=subnet.resources | (zone.mounts if more else frozenset()),
                    )
                    bottom = max(bottom, self._put(box, x, y, w).bottom)
            y = bottom + GAP
        bottom = y - GAP if self.scene.zones else y
        side, start = (self.back_x, top) if self.back_w else (self.front_x, bottom + GAP)
        return max(
            bottom, self._column(self.by_place[Place.ZONE], side, start, self.back_w or self.front_w, align=False)
        )

    def _lines(self) -> None:
        layout = self.layout
        vpc = layout.frames[0].rect
        texts = [_heading(frame) for frame in layout.frames]
        router = Router(Rect(vpc.x, 8 * STEP, vpc.w, vpc.bottom - 8 * STEP))
        for frame in layout.frames:
            router.border(frame.rect)
        for box, rect in layout.boxes.values():
            if box.place is Place.GATE:
                continue  # what it stands for is passed by the arrow behind it
            if box.place is Place.FRAME:
                continue  # a frame, with the others above
            if box.inner:
                router.border(rect)
                texts.append(Rect(rect.x + 2, rect.y + 2, rect.w - 4, heading_height(box) - 6))
            else:
                router.block([rect])
        router.block(texts)
        edges = [Rect(vpc.x, vpc.y - 2, vpc.w, 4), Rect(vpc.right - 2, vpc.y, 4, vpc.h)]
        lines = Lines(layout.boxes, texts, router, edges, self.sign)
        for arrow in sorted(self.scene.arrows, key=self._how_far):
            lines.arrow(arrow)
        for index, zone in enumerate(self.scene.zones):
            if zone.way_out is not None and zone.private and self.scene.zones[zone.way_out].public:
                line = lines.between(f"zone/{index}/private", f"zone/{zone.way_out}/public")
                words = f"{zone.name}: private subnet to the NAT gateway of {self.scene.zones[zone.way_out].name}"
                layout.ways.append(Way(line, words, zone.route | self.scene.ways_out))
        for arrow, line, pill, free in lines.pills():
            layout.arrows.append(Drawn(arrow, line, pill))
            layout.crowded += not free
        self._bus()

    def _how_far(self, arrow: Arrow) -> tuple[bool, int, str, str]:
        a, b = self.layout.rect(arrow.source), self.layout.rect(arrow.target)
        from_edge = self.layout.boxes[arrow.source][0].place is Place.EDGE
        return not from_edge, abs(a.x - b.x) + abs(a.middle - b.middle), arrow.source, arrow.target

    def _bus(self) -> None:
        """From each NAT gateway out of the VPC, along its left side, to the internet."""
        if INTERNET not in self.layout.boxes:
            return
        internet = self.layout.rect(INTERNET)
        for index, zone in enumerate(self.scene.zones):
            if zone.public and zone.public.holds:
                rect = self.layout.rect(f"zone/{index}/public")
                line = (
                    (rect.x, rect.middle),
                    (BUS, rect.middle),
                    (BUS, internet.middle),
                    (internet.x, internet.middle),
                )
                self.layout.ways.append(Way(line, f"{zone.name}: NAT gateway to the internet", zone.public.resources))

    def _tiles(self, top: int) -> int:
        """Regional services in rows below the VPC; returns the height of the picture."""
        layout = self.layout
        room = layout.width - VPC_LEFT - MARGIN
        count = len(self.scene.tiles)
        rows = -(-count // max(1, room // 192))
        y = top
        for index in range(rows):
            row = self.scene.tiles[index * -(-count // rows) : (index + 1) * -(-count // rows)]
            w = (room - GAP * (len(row) - 1)) // len(row)
            h = max(2 * STEP + LINE * (1 + len(tile.lines[:TALLEST])) for tile in row)
            for place, tile in enumerate(row):
                layout.tiles.append((tile, Rect(VPC_LEFT + place * (w + GAP), y, w, h)))
            y += h + GAP
        return y


def _heading(frame: Frame) -> Rect:
    """The area of a frame's title."""
    return Rect(frame.rect.x + 8, frame.rect.y + 4, 8 + min(width(clean(frame.title), bold=True), frame.room), HEAD - 8)
