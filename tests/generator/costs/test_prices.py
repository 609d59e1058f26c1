"""Every price of every region within one percent of a source, told a second time in `sources.csv`; the weighty ones of a second."""

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


def test_no_price_is_left_out():
    """All of them are told twice, and the home region has one for everything that is billed."""
    told = {(row["region"], row["item"]) for row in ROWS}
    table = own_table()
    assert {item for region, item in told if region == "us-east-1"} == set(ITEMS)
    for region in table.known_regions:
        assert set(table.regions[region]) - {item for other, item in told if other == region} == set(), region


# What AWS sells as a discount, and what a volume has beyond its baseline: no source names them for these regions.
UNSOURCED = {
    "eu-central-1": {"spot", "committed", "ebs-gp3-iops-month", "ebs-gp3-mibps-month"},
    "eu-west-1": {"committed"},
    "sa-east-1": {"committed", "ebs-gp3-mibps-month"},
    "us-east-1": set(),
    "us-west-2": {"spot", "committed", "ebs-gp3-iops-month", "ebs-gp3-mibps-month"},
}


def test_a_region_has_everything_that_a_template_is_billed_for():
    """Only discounts and extras may be missing, and no region says that it has a price and has none."""
    table = own_table()
    assert set(table.known_regions) == set(UNSOURCED)
    for region, words in UNSOURCED.items():
        missing = {key for key in ITEMS if table.find(region, key) is None}
        assert {key for key in missing if not any(word in key for word in words)} == set(), region
        assert all(any(word in key for key in missing) for word in words), region
