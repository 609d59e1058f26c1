"""The chart of the decision: the month's bill over requests a second, both options, one panel for each environment.

In: curves. Out: one SVG, one panel above the other so that its words can be read on a narrow screen too; readable in light and
dark and without colour: one line is dashed, and so is the axis where that option is the cheaper one.
Refuses to know: where the numbers come from.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from math import floor, log10

from generator.costs.demand import Curve, Stretch
from generator.costs.options import OPTION_WORDS

WIDTH, HEIGHT = 480, 700
LEFT, PANEL, TALL = 64, 386, 210  # where a panel begins, its width, its height
TOPS = (120, 424)
ROUND = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)

_STYLE = """
.costs{--ground:#ffffff;--ink:#1f2328;--quiet:#57606a;--line:#d0d7de;--ec2:#9a3412;--fargate:#0969da}
@media (prefers-color-scheme:dark){
.costs{--ground:#0d1117;--ink:#e6edf3;--quiet:#a3adb8;--line:#3d444d;--ec2:#ffa657;--fargate:#6cb6ff}}
.costs text{font:400 13px "Helvetica Neue",Helvetica,Arial,"Liberation Sans",sans-serif;fill:var(--quiet)}
.costs .title{font-size:18px;font-weight:600;fill:var(--ink)}
.costs .panel{font-size:14px;font-weight:600;fill:var(--ink)}
.costs .ground{fill:var(--ground)}
.costs .grid{stroke:var(--line);stroke-width:1}
.costs .curve{fill:none;stroke-width:2.5;stroke-linejoin:round}
.costs .band{stroke-width:6}
.costs .ec2{stroke:var(--ec2);stroke-dasharray:7 4}
.costs .fargate{stroke:var(--fargate)}
.costs circle.ec2{fill:var(--ec2);stroke:none}
.costs circle.fargate{fill:var(--fargate);stroke:none}
.costs text.ec2{fill:var(--ec2);stroke:none;font-weight:600}
.costs text.fargate{fill:var(--fargate);stroke:none;font-weight:600}
"""


@dataclass(frozen=True)
class Panel:
    """One environment: its name, the curve of each option, and where which of them is the cheaper one."""

    environment: str
    curves: tuple[Curve, ...]
    cheaper: tuple[Stretch, ...] = ()


def svg(panels: Sequence[Panel]) -> str:
    """The chart of two environments."""
    described = "; ".join(_in_words(each) for each in panels)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        'class="costs" role="img" aria-labelledby="t d">',
        '<title id="t">The bill of a month over requests a second</title>',
        f'<desc id="d">{escape(described)}</desc>',
        f"<style>{_STYLE}</style>",
        f'<rect class="ground" width="{WIDTH}" height="{HEIGHT}"/>',
        '<text class="title" x="20" y="32">US dollars a month over requests a second</text>',
        *_legend(),
    ]
    for top, panel in zip(TOPS, panels, strict=True):
        parts.extend(_panel(top, panel))
    return "\n".join([*parts, "</svg>", ""])


def _in_words(panel: Panel) -> str:
    ends = [
        f"{OPTION_WORDS[each.option]} from ${each.points[0][1]:,.0f} at no traffic to ${each.points[-1][1]:,.0f} at "
        f"{each.points[-1][0]:,.0f} requests a second"
        for each in panel.curves
    ]
    return f"{panel.environment}: {', '.join(ends)}"


def _legend() -> Iterator[str]:
    x = 20
    for option, words in OPTION_WORDS.items():
        yield f'<path class="curve {option}" d="M{x} 52h34"/>'
        yield f'<text class="{option}" x="{x + 42}" y="56">{words}</text>'
        x += 250
    yield '<text x="20" y="78">dot: all that scaling allows is busy; on the axis: the cheaper option</text>'


def _panel(top: float, panel: Panel) -> Iterator[str]:
    most_x = _round_up(max(rate for each in panel.curves for rate, _ in each.points))
    most_y = _round_up(max(cost for each in panel.curves for _, cost in each.points))

    def x(rate: float) -> float:
        return round(LEFT + PANEL * rate / most_x, 1)

    def y(cost: float) -> float:
        return round(top + TALL - TALL * cost / most_y, 1)

    yield f'<text class="panel" x="{LEFT}" y="{top - 14}">{panel.environment}</text>'
    for step in range(5):
        cost, rate = most_y * step / 4, most_x * step / 4
        yield f'<path class="grid" d="M{LEFT} {y(cost)}h{PANEL}"/>'
        yield f'<text x="{LEFT - 8}" y="{y(cost) + 4}" text-anchor="end">${cost:,.0f}</text>'
        yield f'<text x="{x(rate)}" y="{top + TALL + 20}" text-anchor="middle">{rate:,.4g}</text>'
    yield f'<text x="{LEFT + PANEL / 2}" y="{top + TALL + 40}" text-anchor="middle">requests a second, average of the month</text>'
    for stretch in panel.cheaper:
        yield f'<path class="band {stretch.option}" d="M{x(stretch.start)} {y(0)}H{x(stretch.end)}"/>'
    drawn = [[(x(rate), y(cost)) for rate, cost in each.points] for each in panel.curves]
    for each, points in zip(panel.curves, drawn, strict=True):
        joined = " ".join(f"{across},{down}" for across, down in points)
        yield f'<polyline class="curve {each.option}" points="{joined}"/>'
        rate, cost = each.points[-1]
        yield f'<circle class="{each.option}" cx="{points[-1][0]}" cy="{points[-1][1]}" r="5"/>'
        yield _label(each.option, f"${cost:,.0f} at {rate:,.0f}/s", points[-1], drawn)


def _label(option: str, text: str, dot: tuple[float, float], drawn: Sequence[Sequence[tuple[float, float]]]) -> str:
    """A label at a dot, on the first of its sides where no line runs through it."""
    wide = 7.5 * len(text)
    sides = ((6, -11, "end"), (8, 20, "start"), (-8, 20, "end"), (8, -11, "start"))

    def crossed(side: tuple[int, int, str]) -> bool:
        left = dot[0] + side[0] - (wide if side[2] == "end" else 0)
        bottom = dot[1] + side[1] + 3
        return any(left <= x <= left + wide and bottom - 15 <= y <= bottom for x, y in _along(drawn))

    across, down, anchor = next((each for each in sides if not crossed(each)), sides[0])
    x, y = round(dot[0] + across, 1), round(dot[1] + down, 1)
    return f'<text class="{option}" x="{x}" y="{y}" text-anchor="{anchor}">{text}</text>'


def _along(drawn: Sequence[Sequence[tuple[float, float]]]) -> Iterator[tuple[float, float]]:
    """Points on the lines, close to each other."""
    for points in drawn:
        for (x1, y1), (x2, y2) in pairwise(points):
            steps = max(1, int(abs(x2 - x1) / 2))
            for step in range(steps + 1):
                yield x1 + (x2 - x1) * step / steps, y1 + (y2 - y1) * step / steps


def _round_up(value: float) -> float:
    """Four round steps that leave a little room above the value."""
    step = value * 1.05 / 4
    size = float(10 ** floor(log10(step)))
    return 4 * size * next(each for each in ROUND if each * size >= step)
