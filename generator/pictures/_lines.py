"""The lines of a layout: an arrow for each pair of boxes, ways out of the VPC, and a free place for each label.

In: placed boxes and frames. Out: corners and label rectangles. Short arrows are drawn first; the order never depends on a dict.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from generator.pictures._geometry import STEP, Line, Rect, segments, snap
from generator.pictures._route import Port, Router
from generator.pictures._scene import Arrow, Box, Place
from generator.pictures._text import width

PILL = 18
_BACK = {"right": "left", "left": "right", "down": "up", "up": "down"}


@dataclass
class Lines:
    """Draws lines between placed boxes, keeping each clear of the others."""

    boxes: dict[str, tuple[Box, Rect]]
    texts: list[Rect]  # headings that no line may cross
    router: Router
    edges: list[Rect]  # of frames, where a label stands only if there is no better place
    drawn: list[tuple[Arrow, Line]] = field(default_factory=list)

    def arrow(self, arrow: Arrow) -> Line:
        """The corners of one arrow."""
        line = self.between(arrow.source, arrow.target)
        self.drawn.append((arrow, line))
        return line

    def between(self, source: str, target: str) -> Line:
        """A line from one box to another."""
        (box, a), (other, b) = self.boxes[source], self.boxes[target]
        if source == target:
            out, back = Port((a.right, a.y + 2 * STEP), "right"), Port((a.right, a.bottom - 2 * STEP), "left")
            return self.router.line([out], [back]) or (out.at, back.at)
        if box.place is Place.OUTSIDE:
            leaving = [
                Port((x, a.bottom), "down", (a.right - x) / 16) for x in range(a.right - 3 * STEP, a.x, -2 * STEP)
            ]
        else:
            leaving = list(_ports(a, centred=box.place is not Place.EDGE))
        arriving = [Port(p.at, _BACK[p.way], p.cost) for p in _ports(b, centred=True)]
        if other.place is Place.EDGE:
            arriving = [Port((x, b.y), "down") for x in range(b.right - 3 * STEP, b.x, -2 * STEP)]
        line = self.router.line(leaving, arriving)
        return line or ((a.right, a.middle), (b.x, b.middle))

    def pills(self) -> Iterator[tuple[Arrow, Line, Rect | None, bool]]:
        """Each arrow with the place of its label, and whether that place is free."""
        taken: list[Rect] = []
        solid = [rect for box, rect in self.boxes.values() if not box.inner] + self.texts
        for arrow, line in self.drawn:
            if not arrow.label:
                yield arrow, line, None, True
                continue
            others = [piece for a, other in self.drawn if a is not arrow for piece in segments(other)]
            w = width(arrow.label, bold=True) + 14
            places = list(_places(line, w))
            near = [*solid, *(pill.grown(4) for pill in taken), *others]
            free = next((p for p in places if not _meets(p, [*near, *self.edges])), None)
            free = free or next((p for p in places if not _meets(p, near)), None)
            pill = free or next((p for p in places if not _meets(p, solid + taken)), places[0])
            taken.append(pill)
            yield arrow, line, pill, free is not None


def _ports(rect: Rect, *, centred: bool) -> Iterator[Port]:
    """Every place on the border of a box where a line may leave; away from its middle costs more, above and below more still."""
    for y in range(rect.y + 2 * STEP, rect.bottom - STEP, STEP):
        off = abs(y - rect.middle) / STEP * 0.3 if centred else 0.0
        yield Port((rect.right, y), "right", off)
        yield Port((rect.x, y), "left", off)
    middle = rect.x + snap(rect.w / 2)
    for x in range(rect.x + 3 * STEP, rect.right - 2 * STEP, STEP):
        off = 1.0 + abs(x - middle) / STEP * 0.3
        yield Port((x, rect.bottom), "down", off)
        yield Port((x, rect.y), "up", off)


def _places(line: Line, w: int) -> Iterator[Rect]:
    """Where a label may stand on a line: the middle of its longest piece first."""
    pieces = sorted(pairwise(line), key=lambda piece: -_room(*piece))
    for (ax, ay), (bx, by) in pieces:
        cx, cy = (ax + bx) // 2, (ay + by) // 2
        length = abs(bx - ax) + abs(by - ay)
        reach = max(0, (length - (w if ay == by else PILL)) // 2 - 10)
        for shift in range(0, reach + 1, 4):
            for sign in (1, -1) if shift else (1,):
                x, y = (cx + sign * shift, cy) if ay == by else (cx, cy + sign * shift)
                yield Rect(x - w // 2, y - PILL // 2, w, PILL)


def _room(a: tuple[int, int], b: tuple[int, int]) -> int:
    return abs(b[0] - a[0]) + abs(b[1] - a[1]) + (40 if a[1] == b[1] else 0)


def _meets(rect: Rect, others: Iterable[Rect]) -> bool:
    return any(rect.meets(other) for other in others)
