"""Every price of the home region within one percent of its source, told a second time in `sources.csv`; samples of the others."""

import csv
from pathlib import Path

import pytest

from generator.costs.catalogue import ITEMS
from generator.costs.prices import own_table
from tests.generator.costs.test_deployments import value

with (Path(__file__).parent / "sources.csv").open(newline="") as _file:
    ROWS = list(csv.DictReader(_file))


@pytest.mark.parametrize("row", ROWS, ids=[f"{row['region']} {row['item']}" for row in ROWS])
def test_a_price_is_that_of_its_source(row):
    """Formulas where the source gives a month's sum, another unit, or another size."""
    found = own_table().find(row["region"], row["item"])
    assert found is not None
    assert found.dollars == pytest.approx(value(row["usd"]), rel=0.01)
    assert found.source


def test_no_price_of_the_home_region_is_left_out():
    """All of them are told twice."""
    assert {row["item"] for row in ROWS if row["region"] == "us-east-1"} == set(ITEMS)
