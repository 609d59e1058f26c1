"""Rectangles and lines of a picture, in pixels; y grows downward. Boxes stand on a lattice, so that lines between them can too."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

STEP = 8
Point = tuple[int, int]
Line = tuple[Point, ...]


@dataclass(frozen=True)
class Rect:
    """Left, top, width, height."""

    x: int
    y: int
    w: int
    h: int

    @property
    def right(self) -> int:
        """The right edge."""
        return self.x + self.w

    @property
    def bottom(self) -> int:
        """The lower edge."""
        return self.y + self.h

    @property
    def middle(self) -> int:
        """Half of its height, on the lattice."""
        return self.y + snap(self.h // 2 - STEP // 2)

    def grown(self, by: int) -> Rect:
        """Larger by `by` on each side."""
        return Rect(self.x - by, self.y - by, self.w + 2 * by, self.h + 2 * by)

    def meets(self, other: Rect) -> bool:
        """Whether they have an area in common."""
        return self.x < other.right and other.x < self.right and self.y < other.bottom and other.y < self.bottom

    def holds(self, other: Rect) -> bool:
        """Whether `other` lies within."""
        return self.x <= other.x and other.right <= self.right and self.y <= other.y and other.bottom <= self.bottom


def snap(value: float) -> int:
    """`value` rounded up to the lattice."""
    return -int(-value // STEP) * STEP


def segments(line: Line) -> list[Rect]:
    """The straight pieces of a line, as rectangles one pixel thick."""
    return [
        Rect(min(ax, bx), min(ay, by), max(abs(bx - ax), 1), max(abs(by - ay), 1))
        for (ax, ay), (bx, by) in pairwise(line)
    ]
