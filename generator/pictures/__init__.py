"""Pictures of an environment, drawn from its rendered templates.

In: templates by stack name. Out: one SVG. It is read from what CloudFormation is given, so a picture shows what would be deployed,
not what was meant. `python -m generator.pictures` and whoever shows a review import it; `python -m generator` never does.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from generator.pictures._layout import lay_out
from generator.pictures._owners import owners
from generator.pictures._read import read
from generator.pictures._scene import Mark, Option
from generator.pictures._svg import Drawing
from generator.pictures._templates import Templates

__all__ = ["Mark", "Option", "draw"]


def draw(
    templates: Mapping[str, Mapping[str, Any]], option: Option, marks: Mapping[str, Mark] = MappingProxyType({})
) -> str:
    """One self-contained SVG of an environment that runs on `option`.

    `templates` are those of one environment by stack name: `network`, `data`, `edge`, `fargate` ...; missing ones leave their part
    out. `marks` are keyed `<stack>/<LogicalId>`: the box or arrow behind which a marked resource stands shows the mark in colour
    and in words; what stands behind none is counted below the picture. Text of templates is escaped and never a reference.
    """
    scene = read(templates, option)
    behind = owners(Templates(templates), scene.drawn) if marks else {}
    return Drawing(lay_out(scene, signs=bool(marks)), marks, behind).draw()
