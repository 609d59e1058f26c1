"""Where everything stands: columns for the edge, what it calls and what that calls; zones below; regional services around.

In: a `Scene`. Out: rectangles, lines and labels that do not overlap, in pixels. Everything is computed from the texts and from who
calls whom, so a fourth service or a third zone makes the picture taller, never crowded. Knows nothing of SVG.
"""

from __future__ import annotations

from generator.pictures._connections import connect
from generator.pictures._geometry import STEP, Rect, snap
from generator.pictures._placed import HEAD, PAD, TALLEST, Frame, Layout, heading_height, natural_width
from generator.pictures._scene import Box, Place, Scene
from generator.pictures._text import LINE, width

MARGIN = 16
VPC_LEFT = 36
COLUMN = (160, 240)  # narrowest and widest
GAP = 16
SIGN = 16  # room for the sign of a mark in a label


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
        connect(layout, self.sign)
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
