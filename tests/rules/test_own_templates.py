"""The rendered templates: the pack finds nothing in them, and finds every fault planted into one, at its place.

Templates and faults are grouped by template, because one process lints hundreds of variants of each.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.rules.mutations import faults
from tests.rules.support import changed, matches, places

ROOT = Path(__file__).resolve().parents[2] / "templates"
TEMPLATES = sorted(path for path in ROOT.glob("*/*.json") if path.name != "manifest.json")
NAMES = [f"{path.parent.name}/{path.stem}" for path in TEMPLATES]


@pytest.mark.parametrize("path", TEMPLATES, ids=NAMES)
def test_pack_finds_nothing_in_what_is_rendered(path):
    assert [f"{'/'.join(map(str, match.path))}: {match}" for match in matches(path.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=NAMES)
def test_every_planted_fault_is_found_at_its_place(path):
    template = json.loads(path.read_text(encoding="utf-8"))

    missed = [
        fault for fault in faults(template) if fault.path not in places(changed(template, *fault.changes), fault.id)
    ]

    assert [f"{fault.id} {fault.name}" for fault in missed] == []


def test_catalogue_is_large_enough():
    planted = [fault for path in TEMPLATES for fault in faults(json.loads(path.read_text(encoding="utf-8")))]

    assert len(planted) >= 120
    assert len({fault.id for fault in planted}) >= 40
