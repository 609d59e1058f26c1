"""The lines of a layout: an arrow for each pair of boxes, ways out of the VPC, and a free place for each label.

In: placed boxes and frames. Out: corners and label rectangles. Short arrows are drawn first; the order never depends on a dict.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from generator.pictures._geometry import STEP, Line, Rect, segments, snap
from generator.pictures._route import Port, Router, corners, points
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
    sign: int  # room for the sign of a mark in each label
    taken: list[Rect] = field(default_factory=list)
    trunks: dict[tuple[str, str, bool, str], list[tuple[Arrow, Line]]] = field(default_factory=dict)

    def arrow(self, arrow: Arrow) -> None:
        """Draw one arrow. Those that mean the same at the same box join on their way."""
        loop = arrow.source if arrow.source == arrow.target else ""
        trunk = self.trunks.setdefault((arrow.target, arrow.label, arrow.aside, loop), [])
        line = self.router.joining(self._leaving(arrow.source), [line for _, line in trunk]) if trunk else None
        trunk.append((arrow, line or self.between(arrow.source, arrow.target)))

    def between(self, source: str, target: str) -> Line:
        """A line from one box to another."""
        (_, a), (other, b) = self.boxes[source], self.boxes[target]
        if source == target:
            out, back = Port((a.right, a.y + 2 * STEP), "right"), Port((a.right, a.bottom - 2 * STEP), "left")
            return self.router.line([out], [back]) or (out.at, back.at)
        arriving = [Port(p.at, _BACK[p.way], p.cost) for p in _ports(b, centred=True)]
        if other.place is Place.EDGE:
            arriving = [Port((x, b.y), "down") for x in range(b.right - 3 * STEP, b.x, -2 * STEP)]
        return self.router.line(self._leaving(source), arriving) or ((a.right, a.middle), (b.x, b.middle))

    def _leaving(self, source: str) -> list[Port]:
        """Where a line may leave a box."""
        box, rect = self.boxes[source]
        if box.place is Place.OUTSIDE:
            right = rect.right
            return [
                Port((x, rect.bottom), "down", (right - x) / 16) for x in range(right - 3 * STEP, rect.x, -2 * STEP)
            ]
        return list(_ports(rect, centred=box.place is not Place.EDGE))

    def pills(self) -> Iterator[tuple[Arrow, Line, Rect | None, bool]]:
        """Each arrow with the place of its label, and whether that place is free; arrows that join have one label together."""
        for trunk in self.trunks.values():
            (arrow, line), *joined = trunk
            if arrow.source == arrow.target:
                yield arrow, line, None, True  # the box itself says it
                continue
            common = _common([line for _, line in trunk])
            pill, free = (
                self._pill(arrow, common, trunk) if arrow.label and len(common) > 1 else (None, not arrow.label)
            )
            if joined and not free:
                for each in trunk:
                    yield *each, *self._keep(*self._pill(*each, [each]))
            else:
                yield arrow, line, *self._keep(pill, free)
                yield from ((*each, None, True) for each in joined)

    def _keep(self, pill: Rect | None, free: bool) -> tuple[Rect | None, bool]:
        self.taken += [pill] if pill else []
        return pill, free

    def _pill(self, arrow: Arrow, line: Line, own: list[tuple[Arrow, Line]]) -> tuple[Rect, bool]:
        """A place for a label on `line`, clear of everything but the lines in `own`."""
        mine = {id(each) for each, _ in own}
        lines = [each for trunk in self.trunks.values() for each in trunk]
        others = [piece for each, other in lines if id(each) not in mine for piece in segments(other)]
        solid = [rect for box, rect in self.boxes.values() if not box.open] + self.texts
        near = [*solid, *(pill.grown(4) for pill in self.taken), *others]
        places = list(_places(line, width(arrow.label, bold=True) + 14 + self.sign))
        for avoided in ([*near, *self.edges], near):
            for place in places:
                if not _meets(place, avoided):
                    return place, True
        return next((place for place in places if not _meets(place, solid + self.taken)), places[0]), False


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
        reach = max(0, (length - (w if ay == by else PILL)) // 2 - 4)
        ahead = (bx > ax) - (bx < ax) + (by > ay) - (by < ay)
        for shift in range(0, reach + 1, 2):
            for sign in (-ahead, ahead) if shift else (1,):
                if shift and sign == ahead and shift > reach - 8 and (bx, by) == line[-1]:
                    continue  # there is the head
                x, y = (cx + sign * shift, cy) if ay == by else (cx, cy + sign * shift)
                yield Rect(x - w // 2, y - PILL // 2, w, PILL)


def _room(a: tuple[int, int], b: tuple[int, int]) -> int:
    return abs(b[0] - a[0]) + abs(b[1] - a[1]) + (40 if a[1] == b[1] else 0)


def _meets(rect: Rect, others: Iterable[Rect]) -> bool:
    return any(rect.meets(other) for other in others)


def _common(lines: list[Line]) -> Line:
    """The end that all lines have in common."""
    tails = [list(reversed(list(points(line)))) for line in lines]
    shared = []
    for steps in zip(*tails, strict=False):
        if len(set(steps)) > 1:
            break
        shared.append(steps[0])
    return corners(shared[::-1]) if len(shared) > 1 else ()
