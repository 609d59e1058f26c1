"""A fault planted into a template without any is found, by its rule and at its place."""

from __future__ import annotations

import pytest

from tests.rules.faults import FAULTS
from tests.rules.platform import PLATFORM
from tests.rules.support import changed, found, matches


def test_platform_is_without_fault():
    assert [str(match) for match in matches(PLATFORM)] == []


@pytest.mark.parametrize("fault", FAULTS, ids=[f"{fault.id} {fault.name}" for fault in FAULTS])
def test_planted_fault_is_found_at_its_place(fault):
    assert (fault.id, fault.path) in found(changed(PLATFORM, *fault.changes))
