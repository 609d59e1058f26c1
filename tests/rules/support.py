"""Linting a template with this pack alone, and changing one place of a template."""

from __future__ import annotations

import json
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import cfnlint.api
from cfnlint.rules import Match, RulesCollection
from cfnlint.template import Template

DIRECTORY = Path(__file__).resolve().parents[2] / "generator" / "rules"
GONE = object()
"""Stands for taking a key away."""


@cache
def pack() -> RulesCollection:
    """The rules of this pack and no others, loaded once."""
    found = RulesCollection(include_rules=["I"])
    found.create_from_directory(str(DIRECTORY))
    return found


def matches(template: dict[str, Any] | str) -> list[Match]:
    """What the pack says, in cfn-lint's own words."""
    text = template if isinstance(template, str) else json.dumps(template)
    return cfnlint.api.lint(text, rules=pack(), regions=["us-east-1"])


def found(template: dict[str, Any] | str) -> set[tuple[str, str]]:
    """(id, path below Resources) of each finding."""
    return {(match.rule.id, "/".join(map(str, match.path)).removeprefix("Resources/")) for match in matches(template)}


def places(template: dict[str, Any], rule_id: str) -> set[str]:
    """Paths below Resources where one rule finds a fault: for hundreds of templates, where reading each as text takes too long."""
    document = Template("template.json", template, ["us-east-1"])
    return {
        "/".join(map(str, match.path)).removeprefix("Resources/") for match in pack().rules[rule_id].match(document)
    }


def changed(template: dict[str, Any], *changes: tuple[str, Any]) -> dict[str, Any]:
    """A copy with other values at some paths (`Service/Properties/DesiredCount`, below Resources); GONE takes the key away."""
    copy = deepcopy(template)
    for path, value in changes:
        *way, last = path.split("/")
        place: Any = copy["Resources"]
        for key in way:
            place = place[int(key)] if isinstance(place, list) else place.setdefault(key, {})
        if value is GONE:
            place.pop(int(last) if isinstance(place, list) else last)
        elif isinstance(place, list):
            place.insert(int(last), value) if int(last) == len(place) else place.__setitem__(int(last), value)
        else:
            place[last] = value
    return copy
