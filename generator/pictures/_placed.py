"""What a layout is: frames, boxes, lines and labels with their places, in pixels; and how much room the texts of a box need.

In: nothing but values of a `Scene`. Out: values that `_layout.py` fills, `_connections.py` completes and `_svg.py` draws.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from generator.pictures._geometry import STEP, Line, Rect, snap
from generator.pictures._scene import Arrow, Box, Scene, Tile
from generator.pictures._text import LINE, clean, width

PAD = 12
ICON = 24
HEAD = 28  # the heading of a frame
TALLEST = 4  # lines of a box


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


def heading_height(box: Box) -> int:
    """Height of a box's own text."""
    return snap(2 * STEP + LINE * (1 + len(box.lines[:TALLEST])))


def natural_width(box: Box) -> int:
    """What the texts of a box need."""
    name = ICON + width(box.name, bold=True) + (8 + width(f":{box.port}", bold=True) if box.port else 0)
    own = max([name, *(width(line) for line in box.lines)])
    return max([own, *(natural_width(inner) + PAD for inner in box.inner)]) + 2 * PAD


def heading(frame: Frame) -> Rect:
    """The area of a frame's title."""
    return Rect(frame.rect.x + 8, frame.rect.y + 4, 8 + min(width(clean(frame.title), bold=True), frame.room), HEAD - 8)
