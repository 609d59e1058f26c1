"""A layout as one self-contained SVG: no script, no reference to anything outside, every text escaped by the XML writer.

In: a `Layout` and marks by resource. Out: text. A mark is a colour, a thick border and a word with a sign.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from xml.etree import ElementTree as ET

from generator.pictures._geometry import Line, Point, Rect
from generator.pictures._placed import ICON, PAD, TALLEST, Drawn, Frame, Layout, Way
from generator.pictures._scene import Box, Mark, Place, Tile
from generator.pictures._style import ICONS, css
from generator.pictures._text import LINE, clean, fit, width

SIGNS: dict[Mark, str] = {"deleted": "- deleted", "replaced": "! replaced", "changed": "~ changed", "added": "+ added"}
_WORST = list(SIGNS)
_KIND = {"shield": "edge", "balancer": "edge", "container": "compute", "host": "compute", "disk": "data", "key": "data"}


class Drawing:
    """One picture being written."""

    def __init__(
        self,
        layout: Layout,
        marks: Mapping[str, Mark] = MappingProxyType({}),
        owners: Mapping[str, frozenset[str]] = MappingProxyType({}),
    ) -> None:
        self.layout = layout
        self.marks = marks
        self.marked: dict[str, list[str]] = {}  # what is marked behind each drawn resource
        for key in sorted(marks):
            for owner in owners.get(key, ()):
                self.marked.setdefault(owner, []).append(key)
        self.shown: set[str] = set()
        self.said: list[str] = []
        scene = layout.scene
        name = "picture-" + re.sub(r"[^a-z0-9]+", "-", f"{scene.environment}-{scene.option}".lower()).strip("-")
        self.root = ET.Element(
            "svg",
            {
                "xmlns": "http://www.w3.org/2000/svg",
                "class": "aldeia-picture",
                "role": "img",
                "aria-labelledby": f"{name}-title",
                "aria-describedby": f"{name}-desc",
            },
        )
        self.title = _child(self.root, "title", {"id": f"{name}-title"}, scene.title)
        self.desc = _child(self.root, "desc", {"id": f"{name}-desc"})
        _child(self.root, "style", {}).text = css()

    def draw(self) -> str:
        """The whole picture."""
        layout, scene = self.layout, self.layout.scene
        ground = _child(self.root, "rect", {"class": "ground", "rx": "8"})
        _text(self.root, (VPC_X, 32), scene.title, "title")
        _text(self.root, (VPC_X, 54), fit(scene.subtitle, layout.width - 2 * VPC_X), "subtitle")
        for frame in layout.frames:
            self._frame(frame)
        for way in layout.ways:
            self._way(way)
        for box, rect in layout.boxes.values():
            if box.inner:
                self._box(box, rect)
        for drawn in layout.arrows:
            self._arrow(drawn)
        for box, rect in layout.boxes.values():
            if not box.open:
                self._box(box, rect)
        for drawn in layout.arrows:
            self._host_names(drawn)
        for drawn in layout.arrows:
            self._pill(drawn)
        for tile, rect in layout.tiles:
            self._tile(tile, rect)
        height = self._legend(layout.height)
        ground.attrib |= {"width": str(layout.width), "height": str(height)}
        self.root.attrib |= {
            "viewBox": f"0 0 {layout.width} {height}",
            "width": str(layout.width),
            "height": str(height),
        }
        self.desc.text = clean(" ".join([scene.subtitle, *self.said]))
        ET.indent(self.root, " ")
        return ET.tostring(self.root, encoding="unicode") + "\n"

    def _group(self, kind: str, resources: Iterable[str], title: str) -> tuple[ET.Element, Mark | None]:
        """A group for one thing, with its mark."""
        known = sorted(resources)
        marked = sorted({key for resource in known for key in self.marked.get(resource, ())})
        self.shown |= set(marked)
        mark = self._worst(marked)
        group = _child(self.root, "g", {"class": f"{kind} {mark}" if mark else kind})
        if known:
            group.set("data-resources", clean(" ".join(known)))
        words = [title, *(f"{self.marks[key]}: {key}" for key in marked[:NAMED])]
        words += [f"and {len(marked) - NAMED} more"] if len(marked) > NAMED else []
        _child(group, "title", {}, ". ".join(words))
        if mark:
            self.said.append(f"{title}: {mark} ({', '.join(marked[:NAMED])}).")
        return group, mark

    def _worst(self, marked: Iterable[str]) -> Mark | None:
        return min((self.marks[key] for key in marked), key=_WORST.index, default=None)

    def _frame(self, frame: Frame) -> None:
        group, mark = self._group(f"region {frame.kind}-region", frame.resources, frame.title)
        rect = frame.rect
        _rect(group, rect, f"frame {frame.kind}", "8")
        _text(group, (rect.x + PAD, rect.y + 19), fit(frame.title, frame.room, bold=True), "heading")
        if mark:
            _badge(group, rect.right - 8, rect.y + 5, mark)

    def _box(self, box: Box, rect: Rect) -> None:
        if box.place is Place.ZONE and box.icon == "subnet":
            kind = "subnet"
        else:
            kind = "aside" if box.aside else _KIND.get(box.icon, "plain")
        group, mark = self._group(f"thing {kind}", box.resources, " ".join([box.name, box.port]).strip())
        _rect(group, rect, "box", "6")
        self._words(group, rect, box, box.port)
        if mark:
            _badge(group, rect.right - 6, rect.bottom - 9, mark)

    def _words(self, group: ET.Element, rect: Rect, thing: Box | Tile, port: str = "") -> None:
        x, y = rect.x + PAD, rect.y + 20
        _child(group, "path", {"class": "icon", "d": ICONS[thing.icon], "transform": f"translate({x - 2} {y - 12})"})
        right = width(f":{port}", bold=True) + 6 if port else 0
        _text(group, (x + ICON - 4, y), fit(thing.name, rect.w - 2 * PAD - ICON + 4 - right, bold=True), "name")
        if port:
            _text(group, (rect.right - PAD, y), f":{port}", "name port", "end")
        for index, line in enumerate(_few(thing.lines)):
            _text(group, (x, y + 2 + LINE * (index + 1)), fit(line, rect.w - 2 * PAD), "line")

    def _arrow(self, drawn: Drawn) -> None:
        arrow = drawn.arrow
        names = [self.layout.boxes[key][0].name for key in (arrow.source, arrow.target)]
        words = f"{names[0]} to {names[1]}: {', '.join(arrow.ports)}"
        self.said.append(words + ".")
        group, _ = self._group("connection aside" if arrow.aside else "connection", arrow.resources, words)
        _line(group, drawn.line)

    def _pill(self, drawn: Drawn) -> None:
        if drawn.pill:
            rect = drawn.pill
            arrow = drawn.arrow
            joined = [
                each.arrow
                for each in self.layout.arrows
                if each is drawn or (not each.pill and each.arrow.joins(arrow))
            ]
            mark = self._worst(k for each in joined for r in each.resources for k in self.marked.get(r, ()))
            kind = "connection aside" if arrow.aside else "connection"
            group = _child(self.root, "g", {"class": f"{kind} {mark}" if mark else kind})
            _rect(group, rect, "pill", "9")
            text = f"{SIGNS[mark][0]} {arrow.label}" if mark else arrow.label
            _text(group, (rect.x + rect.w // 2, rect.y + 13), text, "label", "middle")

    def _host_names(self, drawn: Drawn) -> None:
        if drawn.arrow.host_names:
            x, y = drawn.line[0]
            rect = self.layout.rect(drawn.arrow.source)
            text = fit(", ".join(drawn.arrow.host_names), rect.w - 2 * PAD)
            _text(self.root, (x - PAD + 4, y + 4), text, "host", "end")

    def _way(self, way: Way) -> None:
        group, _ = self._group("way", way.resources, way.words)
        _line(group, way.line)

    def _tile(self, tile: Tile, rect: Rect) -> None:
        group, mark = self._group(f"tile {_KIND.get(tile.icon, 'plain')}", tile.resources, tile.name)
        _rect(group, rect, "box", "6")
        self._words(group, rect, tile)
        if mark:
            _badge(group, rect.right - 6, rect.bottom - 9, mark)

    def _legend(self, top: int) -> int:
        """What the signs mean; returns the height of the picture."""
        x, y = VPC_X, top + 4
        for kind, words in self._signs():
            if x + 44 + width(words) > self.layout.width - MARGIN_RIGHT:
                x, y = VPC_X, y + 20
            group = _child(self.root, "g", {"class": f"key {kind}"})
            if kind != "text":
                _line(group, ((x, y), (x + 30, y)))
            _text(group, (x + (38 if kind != "text" else 0), y + 4), words, "legend")
            x += (38 if kind != "text" else 0) + width(words) + 20
        return y + 20

    def _signs(self) -> list[tuple[str, str]]:
        signs = [("connection", "a security group lets this port pass")]
        if any(drawn.arrow.aside for drawn in self.layout.arrows):
            signs.append(("connection aside", "the same, for the other option"))
        if self.layout.ways:
            signs.append(("way", "route out through NAT"))
        missing = sorted(set(self.marks) - self.shown)
        if missing:
            signs.append(("text", fit(f"not drawn: {_counted(missing, self.marks)}", self.layout.width - 2 * VPC_X)))
            names = ", ".join(f"{self.marks[key]} {key}" for key in missing[:NAMED])
            rest = f"; and {_counted(missing[NAMED:], self.marks)}" if len(missing) > NAMED else ""
            self.said.append(f"Not drawn: {names}{rest}.")
        return signs


VPC_X = 36
MARGIN_RIGHT = 16
NAMED = 12  # marked resources that a text names; the others are counted


def _few(lines: tuple[str, ...]) -> tuple[str, ...]:
    """The lines that a box has room for; the last one says how many are left out."""
    return lines if len(lines) <= TALLEST else (*lines[: TALLEST - 1], f"and {len(lines) - TALLEST + 1} more")


def _counted(keys: list[str], marks: Mapping[str, Mark]) -> str:
    counts = {mark: [marks[key] for key in keys].count(mark) for mark in _WORST}
    return ", ".join(f"{count} {mark}" for mark, count in counts.items() if count)


def _child(parent: ET.Element, tag: str, attributes: dict[str, str], text: str = "") -> ET.Element:
    element = ET.SubElement(parent, tag, {key: clean(value) for key, value in attributes.items()})
    if text:
        element.text = clean(text)
    return element


def _rect(parent: ET.Element, rect: Rect, kind: str, radius: str) -> None:
    size = {"x": rect.x, "y": rect.y, "width": rect.w, "height": rect.h}
    _child(parent, "rect", {"class": kind, **{key: str(value) for key, value in size.items()}, "rx": radius})


def _text(parent: ET.Element, at: Point, text: str, kind: str, anchor: str = "") -> None:
    place = {"class": kind, "x": str(at[0]), "y": str(at[1])}
    _child(parent, "text", place | ({"text-anchor": anchor} if anchor else {}), text)


def _line(parent: ET.Element, line: Line) -> None:
    """A line with its head; it ends where the head begins."""
    (ax, ay), (bx, by) = line[-2:]
    dx, dy = (bx > ax) - (bx < ax), (by > ay) - (by < ay)
    end = (bx - 7 * dx, by - 7 * dy)
    path = "M" + "L".join(f"{x} {y}" for x, y in (*line[:-1], end))
    _child(parent, "path", {"class": "arrow", "d": path})
    side = [(bx, by), (bx - 8 * dx - 4 * dy, by - 8 * dy - 4 * dx), (bx - 8 * dx + 4 * dy, by - 8 * dy + 4 * dx)]
    _child(parent, "path", {"class": "head", "d": "M" + "L".join(f"{x} {y}" for x, y in side) + "z"})


def _badge_width(mark: Mark) -> int:
    return width(SIGNS[mark], bold=True, size=11) + 12


def _badge(parent: ET.Element, right: int, top: int, mark: Mark) -> None:
    w = _badge_width(mark)
    group = _child(parent, "g", {"class": f"mark mark-{mark}"})
    _rect(group, Rect(right - w, top, w, 18), "badge", "9")
    _text(group, (right - w // 2, top + 13), SIGNS[mark], "sign", "middle")
