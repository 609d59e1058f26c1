"""Lines between boxes: orthogonal, on the lattice, around every box and beside every other line.

In: what is in the way, and for each line the places where it may leave and arrive. Out: its corners. A* over the lattice; a bend, a
crossing and a way beside another line cost more than length, so the same boxes always give the same lines.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field

from generator.pictures._geometry import STEP, Line, Point, Rect

_BEND = 5.0
_CROSSING = 12.0
_ALONG = 60.0  # on another line: only where there is no other way
_BESIDE = 0.4
_DIRECTIONS: dict[str, Point] = {"right": (STEP, 0), "left": (-STEP, 0), "down": (0, STEP), "up": (0, -STEP)}


@dataclass(frozen=True)
class Port:
    """A place on the border of a box, the way a line leaves there (or, of a target, arrives), and what it costs to use it."""

    at: Point
    way: str
    cost: float = 0.0


@dataclass
class Router:
    """What is in the way, growing with each line."""

    area: Rect
    blocked: set[Point] = field(default_factory=set)
    along: set[tuple[int, int, bool]] = field(default_factory=set)  # lattice point: not to be passed horizontally, or not vertically
    used: dict[Point, set[bool]] = field(default_factory=dict)  # lattice point: whether horizontal, vertical lines pass
    ports: set[Point] = field(default_factory=set)

    def block(self, rects: Iterable[Rect]) -> None:
        """Nothing passes through these, or closer than a step."""
        for rect in rects:
            for x in range(_up(rect.x - STEP + 1), rect.right + STEP, STEP):
                for y in range(_up(rect.y - STEP + 1), rect.bottom + STEP, STEP):
                    self.blocked.add((x, y))

    def border(self, rect: Rect) -> None:
        """Lines may cross the border of this frame, but not run along it."""
        for y in (rect.y, rect.bottom):
            for x in range(_up(rect.x), rect.right + 1, STEP):
                self.along |= {(x, near, True) for near in (_up(y - STEP + 1), y // STEP * STEP)}
        for x in (rect.x, rect.right):
            for y in range(_up(rect.y), rect.bottom + 1, STEP):
                self.along |= {(near, y, False) for near in (_up(x - STEP + 1), x // STEP * STEP)}

    def line(self, sources: list[Port], targets: list[Port]) -> Line | None:
        """The best line from one of `sources` to one of `targets`, or None where there is none."""
        found = self._search(sources, targets)
        if found:
            self._take(found)
        return _corners(found) if found else None

    def _search(self, sources: list[Port], targets: list[Port]) -> list[Point] | None:
        ends = {}
        for port in targets:
            if not self._taken(port):
                dx, dy = _DIRECTIONS[port.way]
                ends[port.at[0] - dx, port.at[1] - dy, port.way] = port
        goal = _around(port.at for port in targets)
        heap: list[tuple[float, float, int, int, str]] = []
        came: dict[tuple[int, int, str], tuple[int, int, str] | None] = {}
        best: dict[tuple[int, int, str], float] = {}
        starts = {}
        for port in sources:
            if not self._taken(port):
                dx, dy = _DIRECTIONS[port.way]
                state = (port.at[0] + dx, port.at[1] + dy, port.way)
                starts[state] = port
                best[state], came[state] = port.cost, None
                heapq.heappush(heap, (port.cost + _distance(goal, state), port.cost, *state))
        while heap:
            _, cost, x, y, way = heapq.heappop(heap)
            state = (x, y, way)
            if cost > best[state]:
                continue
            if way == "end":
                return self._walk(came, starts, state)
            if state in ends:
                self._push(heap, best, came, state, (*ends[state].at, "end"), cost + 1 + ends[state].cost, 0.0)
            for turn, (dx, dy) in _DIRECTIONS.items():
                price = self._price(x, y, way, turn)
                there = (x + dx, y + dy, turn)
                if price is not None:
                    self._push(heap, best, came, state, there, cost + price, _distance(goal, there))
        return None

    @staticmethod
    def _push(heap, best, came, state, there, cost, rest) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
        if cost < best.get(there, 1e9):
            best[there], came[there] = cost, state
            heapq.heappush(heap, (cost + rest, cost, *there))

    def _price(self, x: int, y: int, way: str, turn: str) -> float | None:
        """What one step from (x, y) costs, or None where it is not possible."""
        (wx, wy), (dx, dy) = _DIRECTIONS[way], _DIRECTIONS[turn]
        if (wx, wy) == (-dx, -dy):
            return None
        there = (x + dx, y + dy)
        if there in self.blocked or not self._inside(there) or (*there, dx != 0) in self.along:
            return None
        cost = 1.0
        if way != turn:
            cost += _BEND + (_ALONG if (x, y) in self.used else 0)
        passing = self.used.get(there)
        if passing:
            cost += _ALONG if (dx != 0) in passing else _CROSSING
        beside = ((there[0], there[1] - STEP), (there[0], there[1] + STEP)) if dx else ((there[0] - STEP, there[1]), (there[0] + STEP, there[1]))
        return cost + sum(_BESIDE for point in beside if (dx != 0) in self.used.get(point, ()))

    def _inside(self, point: Point) -> bool:
        return self.area.x <= point[0] <= self.area.right and self.area.y <= point[1] <= self.area.bottom

    def _taken(self, port: Port) -> bool:
        """Whether a line is so near that their labels would meet: above and below a box they stand side by side."""
        x, y = port.at
        apart = (7 * STEP, 1) if port.way in ("up", "down") else (1, 2 * STEP)
        return any(abs(x - px) < apart[0] and abs(y - py) < apart[1] for px, py in self.ports)

    def _walk(self, came, starts, state) -> list[Point]:  # type: ignore[no-untyped-def]  # noqa: ANN001
        points = []
        while state is not None:
            points.append(state[:2])
            first, state = state, came[state]
        return [starts[first].at, *reversed(points)]

    def _take(self, points: list[Point]) -> None:
        self.ports |= {points[0], points[-1]}
        for a, b in zip(points, points[1:], strict=False):
            horizontal = a[1] == b[1]
            self.used.setdefault(a, set()).add(horizontal)
            self.used.setdefault(b, set()).add(horizontal)


def _up(value: int) -> int:
    return -(-value // STEP) * STEP


def _around(points: Iterable[Point]) -> Rect:
    xs, ys = zip(*points, strict=True)
    return Rect(min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))


def _distance(goal: Rect, state: tuple[int, int, str]) -> float:
    x, y, _ = state
    return (max(goal.x - x, x - goal.right, 0) + max(goal.y - y, y - goal.bottom, 0)) / STEP


def _corners(points: list[Point]) -> Line:
    """The ends, and the points where the direction changes."""
    kept = [points[0]]
    for a, b, c in zip(points, points[1:], points[2:], strict=False):
        if (b[0] - a[0], b[1] - a[1]) != (c[0] - b[0], c[1] - b[1]) and b != kept[-1]:
            kept.append(b)
    return (*kept, points[-1])
