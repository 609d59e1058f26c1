"""Lines between boxes: orthogonal, on the lattice, around every box and beside every other line.

In: what is in the way, and for each line the places where it may leave and arrive. Out: its corners. A* over the lattice; a bend, a
crossing and a way beside another line cost more than length, so the same boxes always give the same lines.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from generator.pictures._geometry import STEP, Line, Point, Rect

BEND = 5.0  # each in steps of the lattice
CROSSING = 12.0
ALONG = 60.0  # on another line: only where there is no other way
BESIDE = 0.4
WAYS: dict[str, Point] = {"right": (STEP, 0), "left": (-STEP, 0), "down": (0, STEP), "up": (0, -STEP)}
_END = "end"

State = tuple[int, int, str]  # a lattice point and the direction in which it was reached


@dataclass(frozen=True)
class Port:
    """A place on the border of a box, the direction of a line there, and what it costs to use it, in steps."""

    at: Point
    way: str
    cost: float = 0.0


@dataclass
class Router:
    """What is in the way, growing with each line."""

    area: Rect
    blocked: set[Point] = field(default_factory=set)
    along: set[tuple[int, int, bool]] = field(
        default_factory=set
    )  # points not to be passed horizontally, or vertically
    used: dict[Point, set[bool]] = field(default_factory=dict)  # points that horizontal, vertical lines pass
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

    def line(self, sources: Iterable[Port], targets: Iterable[Port]) -> Line | None:
        """The best line from one of `sources` to one of `targets`, or None where there is none."""
        free = [[port for port in ports if not self._taken(port)] for ports in (sources, targets)]
        points = _Search(self, *free).run() if all(free) else None
        if not points:
            return None
        self.ports |= {points[0], points[-1]}
        for a, b in pairwise(points):
            for point in (a, b):
                self.used.setdefault(point, set()).add(a[1] == b[1])
        return _corners(points)

    def price(self, x: int, y: int, way: str, turn: str) -> float | None:
        """What one step from (x, y) costs, or None where it is not possible."""
        (wx, wy), (dx, dy) = WAYS[way], WAYS[turn]
        there, horizontal = (x + dx, y + dy), dx != 0
        back = (wx, wy) == (-dx, -dy)
        if back or there in self.blocked or (*there, horizontal) in self.along or not self._inside(there):
            return None
        cost = 1.0
        if way != turn:
            cost += BEND + (ALONG if (x, y) in self.used else 0)
        if passing := self.used.get(there):
            cost += ALONG if horizontal in passing else CROSSING
        for side in ((there[0] + dy, there[1] + dx), (there[0] - dy, there[1] - dx)):
            cost += BESIDE if horizontal in self.used.get(side, ()) else 0
        return cost

    def _inside(self, point: Point) -> bool:
        return self.area.x <= point[0] <= self.area.right and self.area.y <= point[1] <= self.area.bottom

    def _taken(self, port: Port) -> bool:
        """Whether a line is so near that their labels would meet: above and below a box they stand side by side."""
        x, y = port.at
        wide, high = (7 * STEP, 1) if port.way in ("up", "down") else (1, 2 * STEP)
        return any(abs(x - px) < wide and abs(y - py) < high for px, py in self.ports)


class _Search:
    """A* for one line."""

    def __init__(self, router: Router, sources: list[Port], targets: list[Port]) -> None:
        self.router = router
        self.ends = {(*_step(port, -1), port.way): port for port in targets}
        self.goal = _around([port.at for port in targets])
        self.starts = {(*_step(port, 1), port.way): port for port in sources}
        self.heap: list[tuple[float, float, State]] = []
        self.best: dict[State, float] = {}
        self.came: dict[State, State] = {}
        for state, port in self.starts.items():
            self._offer(state, None, port.cost)

    def run(self) -> list[Point] | None:
        """Every lattice point of the line, ports included."""
        while self.heap:
            _, cost, state = heapq.heappop(self.heap)
            x, y, way = state
            if way == _END:
                return self._walk(state)
            if cost > self.best[state]:
                continue
            if state in self.ends:
                port = self.ends[state]
                self._offer((*port.at, _END), state, cost + 1 + port.cost)
            for turn, (dx, dy) in WAYS.items():
                price = self.router.price(x, y, way, turn)
                if price is not None:
                    self._offer((x + dx, y + dy, turn), state, cost + price)
        return None

    def _offer(self, state: State, before: State | None, cost: float) -> None:
        if cost < self.best.get(state, 1e9):
            self.best[state] = cost
            if before:
                self.came[state] = before
            heapq.heappush(self.heap, (cost + self._rest(state), cost, state))

    def _rest(self, state: State) -> float:
        """Steps that are left at least."""
        x, y, goal = state[0], state[1], self.goal
        return (max(goal.x - x, x - goal.right, 0) + max(goal.y - y, y - goal.bottom, 0)) / STEP

    def _walk(self, state: State) -> list[Point]:
        points = [state[:2]]
        while state in self.came:
            state = self.came[state]
            points.append(state[:2])
        return [self.starts[state].at, *reversed(points)]


def _step(port: Port, sign: int) -> Point:
    dx, dy = WAYS[port.way]
    return port.at[0] + sign * dx, port.at[1] + sign * dy


def _up(value: int) -> int:
    return -(-value // STEP) * STEP


def _around(points: list[Point]) -> Rect:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return Rect(min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))


def _corners(points: list[Point]) -> Line:
    """The ends, and the points where the direction changes."""
    kept = [points[0]]
    for (ax, ay), b, (cx, cy) in zip(points, points[1:], points[2:], strict=False):
        if (b[0] - ax, b[1] - ay) != (cx - b[0], cy - b[1]) and b != kept[-1]:
            kept.append(b)
    return (*kept, points[-1])
