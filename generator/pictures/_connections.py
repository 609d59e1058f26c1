"""What runs between placed boxes: an arrow for each call, and the ways out of the VPC.

In: a `Layout` whose boxes and frames have their places. Out: the same layout with its lines and labels, and in `crowded` how many
labels found no free place. Which way a line takes is the router's (`_route.py`) and `_lines.py`'s business.
"""

from __future__ import annotations

from generator.pictures._geometry import STEP, Rect
from generator.pictures._lines import Lines
from generator.pictures._placed import Drawn, Layout, Way, heading, heading_height
from generator.pictures._route import Router
from generator.pictures._scene import INTERNET, Arrow, Place

BUS = 20  # x of the way out to the internet, left of the VPC


def connect(layout: Layout, sign: int) -> None:
    """Draw everything that leads from box to box; each label has `sign` pixels of room for the sign of a mark."""
    lines = _free_ways(layout, sign)
    scene = layout.scene
    for arrow in sorted(scene.arrows, key=lambda arrow: _how_far(layout, arrow)):
        lines.arrow(arrow)
    for index, zone in enumerate(scene.zones):
        if zone.way_out is not None and zone.private and scene.zones[zone.way_out].public:
            line = lines.between(f"zone/{index}/private", f"zone/{zone.way_out}/public")
            words = f"{zone.name}: private subnet to the NAT gateway of {scene.zones[zone.way_out].name}"
            layout.ways.append(Way(line, words, zone.route | scene.ways_out))
    for arrow, line, pill, free in lines.pills():
        layout.arrows.append(Drawn(arrow, line, pill))
        layout.crowded += not free
    _bus(layout)


def _free_ways(layout: Layout, sign: int) -> Lines:
    """Where lines may run: not through boxes nor headings, and across the border of a frame only where they must."""
    vpc = layout.frames[0].rect
    texts = [heading(frame) for frame in layout.frames]
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
    return Lines(layout.boxes, texts, router, edges, sign)


def _how_far(layout: Layout, arrow: Arrow) -> tuple[bool, int, str, str]:
    """The order in which arrows are drawn: those from load balancers first, then short before long."""
    a, b = layout.rect(arrow.source), layout.rect(arrow.target)
    from_edge = layout.boxes[arrow.source][0].place is Place.EDGE
    return not from_edge, abs(a.x - b.x) + abs(a.middle - b.middle), arrow.source, arrow.target


def _bus(layout: Layout) -> None:
    """From each NAT gateway out of the VPC, along its left side, to the internet."""
    if INTERNET not in layout.boxes:
        return
    internet = layout.rect(INTERNET)
    for index, zone in enumerate(layout.scene.zones):
        if zone.public and zone.public.holds:
            rect = layout.rect(f"zone/{index}/public")
            line = ((rect.x, rect.middle), (BUS, rect.middle), (BUS, internet.middle), (internet.x, internet.middle))
            layout.ways.append(Way(line, f"{zone.name}: NAT gateway to the internet", zone.public.resources))
