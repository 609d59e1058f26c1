"""The four deployments against a spreadsheet made by hand: `deployments.csv`, one formula a cell, prices spelled out.

Nothing in it comes from the code: quantities were counted in the templates and taken from `parameters/*/traffic.json`.
"""

import ast
import csv
import operator
from pathlib import Path

import pytest

from generator.costs.catalogue import GROUPS
from generator.costs.options import bill, read
from generator.costs.prices import own_table

ROOT = Path(__file__).resolve().parents[3]
SIGNS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}


def value(formula):
    """A cell's arithmetic."""

    def of(node):
        if isinstance(node, ast.BinOp):
            return SIGNS[type(node.op)](of(node.left), of(node.right))
        assert isinstance(node, ast.Constant)
        return node.value

    return of(ast.parse(formula, mode="eval").body)


def sheet():
    """{(environment, option, group): [low, high]}."""
    found = {}
    with (ROOT / "tests/generator/costs/deployments.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            environment, _, option = row["deployment"].partition(" ")
            for each in (option,) if option else ("ec2", "fargate"):
                cell = found.setdefault((environment, each, row["group"]), [0, 0])
                cell[0] += value(row["low"])
                cell[1] += value(row["high"])
    return found


@pytest.mark.parametrize("environment", ["staging", "production"])
@pytest.mark.parametrize("option", ["ec2", "fargate"])
def test_each_group_and_the_total_are_those_of_the_spreadsheet(environment, option):
    """To the cent."""
    found = bill(read(environment, ROOT / "templates", ROOT / "parameters"), option, own_table())
    mine = {group: cells for (name, other, group), cells in sheet().items() if (name, other) == (environment, option)}

    groups = {
        group: [found.of_group(group).low, found.of_group(group).high] for group in GROUPS if found.of_group(group).high
    }
    assert groups == {group: pytest.approx(cells, abs=0.005) for group, cells in mine.items()}
    total = [sum(cells[end] for cells in mine.values()) for end in (0, 1)]
    assert [found.total.low, found.total.high] == pytest.approx(total, abs=0.01)
    assert found.unpriced == ()
    assert found.unknown_types == ()
