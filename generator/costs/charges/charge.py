"""The values that pricers give and take.

In: nothing. Out: `Charge`, `Stack`. Refuses to know: prices.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from generator.costs.resolve import Resource
from generator.costs.traffic import Range


@dataclass(frozen=True)
class Charge:
    """A quantity of one catalogue item a month, in that item's unit: at the low end and at the high end."""

    item: str
    amount: Range
    what: str  # "2 to 4 x 1 vCPU": the part of the bill in words, without the price
    basis: tuple[str, ...] = ()  # the other resources this was read from


@dataclass(frozen=True)
class Stack:
    """The resources of one template, by logical id."""

    name: str
    resources: Mapping[str, Resource]

    def of(self, *types: str) -> Iterator[Resource]:
        """The resources of these types."""
        return (each for each in self.resources.values() if each.type in types)


def fixed(amount: float) -> Range:
    """The same quantity at both ends."""
    return Range(amount, amount)


def number(value: object, otherwise: float = 0) -> float:
    """A property as a number; CloudFormation takes numerals in strings as well."""
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return otherwise


def plain(value: float) -> str:
    """A number without a needless fraction: 2, 0.5."""
    return f"{value:g}"


def times(copies: Range, what: str) -> str:
    """`2 to 4 x t3.large`, `t3.medium`."""
    return what if copies.low == copies.high == 1 else f"{copies} x {what}"
