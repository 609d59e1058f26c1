"""The bill of templates: each resource's charges with their prices, as lines that can be added up and compared.

In: templates with their parameters, a traffic profile, a region, a price table. Out: `Bill`s, and the difference of two.
Refuses to know: environments and options; files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import fsum
from typing import Any

from generator.costs.catalogue import ITEMS, group_of
from generator.costs.charges import FREE, charges_of
from generator.costs.charges.charge import Stack
from generator.costs.prices import Price, PriceTable
from generator.costs.resolve import resources
from generator.costs.traffic import Range, Traffic


@dataclass(frozen=True)
class Line:
    """One charge with its price, in US dollars a month. `price` is None where the region has none: the line counts nothing."""

    stack: str
    logical_id: str
    type: str
    item: str
    what: str
    amount: Range
    price: Price | None
    basis: tuple[str, ...] = ()

    @property
    def low(self) -> float:
        """Dollars at the low end."""
        return self.amount.low * self.price.dollars if self.price else 0

    @property
    def high(self) -> float:
        """Dollars at the high end."""
        return self.amount.high * self.price.dollars if self.price else 0

    @property
    def unit(self) -> str:
        """What one of the amount is."""
        return ITEMS[self.item].unit if self.item in ITEMS else "unit"

    @property
    def group(self) -> str:
        """The group of the catalogue that the line is shown in."""
        return group_of(self.item)


@dataclass(frozen=True)
class Bill:
    """Lines, and what could not be priced: items without a price in the region, types that nobody has looked at."""

    region: str
    lines: tuple[Line, ...] = ()
    unknown_types: tuple[str, ...] = ()

    @property
    def total(self) -> Range:
        """Dollars a month."""
        return sum_of(self.lines)

    @property
    def unpriced(self) -> tuple[Line, ...]:
        """The lines that count nothing because their price is missing."""
        return tuple(each for each in self.lines if each.price is None and each.amount.high > 0)

    @property
    def prices(self) -> tuple[Price, ...]:
        """The prices that were used, each once."""
        return tuple({each.item: each.price for each in self.lines if each.price and each.amount.high > 0}.values())

    def of_group(self, group: str) -> Range:
        """Dollars of one group of the catalogue."""
        return sum_of(each for each in self.lines if each.group == group)

    def plus(self, other: Bill) -> Bill:
        """Both bills in one."""
        return Bill(self.region, self.lines + other.lines, tuple(sorted({*self.unknown_types, *other.unknown_types})))


@dataclass(frozen=True)
class Source:
    """One template to be priced: its stack's name, its parameters' values, and what it reads from Parameter Store."""

    name: str
    template: Mapping[str, Any]
    values: Mapping[str, str] = field(default_factory=dict)
    published: Mapping[str, Any] = field(default_factory=dict)


def sum_of(lines: Iterable[Line]) -> Range:
    """The dollars of some lines, added exactly: from Python 3.12 on `sum` rounds otherwise, and a page would be stale."""
    kept = list(lines)
    return Range(fsum(each.low for each in kept), fsum(each.high for each in kept))


def bill_of(source: Source, traffic: Traffic, region: str, table: PriceTable) -> Bill:
    """The bill of one template."""
    stack = Stack(source.name, resources(source.template, source.values, source.published))
    return bill_of_stack(stack, traffic, region, table)


def bill_of_stack(stack: Stack, traffic: Traffic, region: str, table: PriceTable) -> Bill:
    """The bill of resources that are worked out already."""
    lines: list[Line] = []
    unknown: set[str] = set()
    for resource in stack.resources.values():
        charges = charges_of(resource, stack, traffic)
        if charges is None:
            unknown.add(resource.type)
            continue
        lines.extend(
            Line(stack.name, resource.id, resource.type, each.item, each.what, each.amount, _price(table, region, each.item),
                 each.basis)
            for each in charges
        )  # fmt: skip
    return Bill(region, tuple(lines), tuple(sorted(unknown)))


def _price(table: PriceTable, region: str, item: str) -> Price | None:
    return table.find(region, item)


@dataclass(frozen=True)
class Difference:
    """What one resource adds to a bill, in US dollars a month; `before` and `after` are its parts in words."""

    logical_id: str
    type: str
    before: str
    after: str
    low: float
    high: float
    basis: tuple[str, ...]


def differences(before: Bill, after: Bill) -> tuple[Difference, ...]:
    """What differs between two bills of one stack, the heaviest first."""
    found = []
    ids = {(each.logical_id, each.type): None for bill in (before, after) for each in bill.lines}
    for name, kind in ids:
        old = [each for each in before.lines if (each.logical_id, each.type) == (name, kind)]
        new = [each for each in after.lines if (each.logical_id, each.type) == (name, kind)]
        was, will = sum_of(old), sum_of(new)
        low, high = will.low - was.low, will.high - was.high
        if abs(low) < 0.00005 and abs(high) < 0.00005:
            continue
        gone = [each.what for each in old if each.what not in {line.what for line in new} and each.amount.high]
        come = [each.what for each in new if each.what not in {line.what for line in old} and each.amount.high]
        basis = tuple(sorted({id_ for each in (*old, *new) for id_ in each.basis}))
        found.append(Difference(name, kind, ", ".join(gone), ", ".join(come), low, high, basis))
    return tuple(sorted(found, key=lambda each: -max(abs(each.low), abs(each.high))))


def unpriced_apart(one: Bill, other: Bill) -> tuple[str, ...]:
    """The items without a price that are billed in different amounts: what nobody can tell the bills' difference without."""
    amounts = [
        {(each.logical_id, each.item, each.amount.low, each.amount.high) for each in bill.unpriced}
        for bill in (one, other)
    ]
    return tuple(sorted({item for _, item, _, _ in amounts[0] ^ amounts[1]}))


def is_known(resource_type: str) -> bool:
    """Whether a type is priced or known to be free."""
    from generator.costs.charges import PRICED  # noqa: PLC0415  (only the tests of completeness ask)

    return resource_type in PRICED or resource_type in FREE
