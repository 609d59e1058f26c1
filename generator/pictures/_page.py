"""`docs/architecture.md` and its pictures: for each environment the stacks, and for each option a picture and what its arrows mean.

In: templates by environment and stack. Out: texts by path below `docs/`. Everything is read from the templates.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from generator.pictures import draw
from generator.pictures._layout import lay_out
from generator.pictures._read import options, read
from generator.pictures._scene import Place, Scene
from generator.pictures._svg import Drawing

PAGE = "architecture.md"
FOLDER = "pictures"
Templates = Mapping[str, Mapping[str, Any]]

_HEAD = """\
# Architecture

One picture for each environment and each way to run it, drawn from the rendered templates by `python -m generator.pictures`
(`make docs`; `make check` finds a stale one). A picture shows what would be deployed, not what somebody meant.

- A solid arrow is a connection that a security group lets pass: from whom, to whom, and the TCP port. What has
  no arrow cannot connect.
- A dashed box is the other option, which stands ready behind the same load balancer; dashed arrows are its connections.
- A blue arrow is a route: from a private subnet to the NAT gateway that it uses, and from there to the internet.
"""


def files(environments: Mapping[str, Templates]) -> dict[str, str]:
    """The page and every picture, by path below `docs/`."""
    made = {PAGE: "\n".join(_page(environments)) + "\n"}
    for name, templates in environments.items():
        for option in options(templates):
            made[f"{FOLDER}/{name}-{option}.svg"] = draw(templates, option)
    made[f"{FOLDER}/overview.svg"] = _overview(environments)
    return made


def _overview(environments: Mapping[str, Templates]) -> str:
    """The first look: production, or the first environment there is, on the option that gets its requests."""
    templates = environments.get("production", next(iter(environments.values())))
    scenes = [read(templates, option) for option in options(templates)]
    return Drawing(lay_out(max(scenes, key=lambda scene: scene.share or 0).overview())).draw()


def _page(environments: Mapping[str, Templates]) -> Iterator[str]:
    yield _HEAD.rstrip()
    for name, templates in environments.items():
        yield from ("", f"## {_capital(name)}", "", "| stack | what is in it | resources |", "|---|---|---|")
        for stack, template in templates.items():
            words = str(template.get("Description", "")).split(f"{stack}: ")[-1]
            yield _row((_code(stack), words, str(len(template.get("Resources", {})))))
        for option in options(templates):
            yield from _picture(read(templates, option), f"{FOLDER}/{name}-{option}.svg")


def _picture(scene: Scene, path: str) -> Iterator[str]:
    yield from ("", f"### {scene.title}", "", f"![{scene.title}: {scene.subtitle}]({path})", "", scene.subtitle)
    names = {box.key: box.name for box in scene.each_box()}
    yield from ("", "| from | to | port | what for | rule |", "|---|---|---|---|---|")
    order = {box.key: list(Place).index(outer.place) for outer in scene.boxes for box in outer.each()}
    for arrow in sorted(scene.arrows, key=lambda arrow: (arrow.aside, order[arrow.source], order[arrow.target])):
        ingress = [rule for rule in arrow.rules if rule.ingress]
        yield _row(
            (
                names[arrow.source],
                names[arrow.target],
                ", ".join(arrow.ports),
                "; ".join(dict.fromkeys([rule.description for rule in ingress] + list(arrow.host_names))),
                _codes(rule.resource for rule in ingress),
            )
        )
    yield from ("", "| zone | public subnet | private subnet | way out |", "|---|---|---|---|")
    for zone in scene.zones:
        out = "" if zone.way_out is None else f"NAT gateway of {scene.zones[zone.way_out].name.lower()}"
        yield _row((zone.name, zone.public.cidr if zone.public else "", zone.private.cidr if zone.private else "", out))
    if scene.ways_out:
        yield from ("", f"Let out by that way: {_codes(sorted(scene.ways_out))}.")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|").replace("<", "\\<") for cell in cells) + " |"


def _codes(texts: Iterable[str]) -> str:
    return ", ".join(map(_code, dict.fromkeys(texts)))


def _code(text: str) -> str:
    return f"`{text}`"
