"""The price table: unit prices by region, each with its source and the day it was read.

In: `prices.json`. Out: `PriceTable`. Refuses to know: quantities, and prices that nobody found a source for. A price that is
missing in a region makes its lines unpriced; nothing is guessed from another region.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("prices.json")
EVERYWHERE = "any"  # the "region" of prices that AWS keeps the same in every commercial region
STALE_DAYS = 180


@dataclass(frozen=True)
class Price:
    """US dollars for one unit (`catalogue.ITEMS` says what that is), who says so, and when that was read (None: undated)."""

    key: str
    dollars: float
    source: str
    sku: str
    read: date | None


@dataclass(frozen=True)
class PriceTable:
    """All prices by region and key. `compiled` is the day on which the table was put together."""

    compiled: date
    regions: Mapping[str, Mapping[str, Price]]

    def find(self, region: str, key: str) -> Price | None:
        """A price, or None where the table has none."""
        return self.regions.get(region, {}).get(key) or self.regions.get(EVERYWHERE, {}).get(key)

    def knows(self, region: str) -> bool:
        """Whether the table has this region at all."""
        return region in self.regions

    @property
    def known_regions(self) -> tuple[str, ...]:
        """The regions that the table has, sorted."""
        return tuple(sorted(set(self.regions) - {EVERYWHERE}))


@cache
def own_table() -> PriceTable:
    """The table of the repository; read once a process."""
    return from_json(json.loads(FILE.read_text(encoding="utf-8")))


def from_json(found: Mapping[str, Any]) -> PriceTable:
    """The table of parsed `prices.json`. Raises KeyError or ValueError for what is no price table."""
    if found["Currency"] != "USD":
        raise ValueError(f"Currency: found {found['Currency']!r}, expected USD")
    sources = found["Sources"]
    return PriceTable(
        compiled=date.fromisoformat(found["Compiled"]),
        regions={
            region: {key: _price(key, row, sources) for key, row in rows.items()}
            for region, rows in found["Regions"].items()
        },
    )


def _price(key: str, row: Mapping[str, Any], sources: Mapping[str, Any]) -> Price:
    source = sources[row["Source"]]
    read = source["Read"]
    return Price(
        key=key,
        dollars=float(row["USD"]),
        source=source["What"],
        sku=row.get("Sku", ""),
        read=date.fromisoformat(read) if read else None,
    )


def staleness(prices: Iterable[Price], today: date) -> str:
    """What is to be said of prices that are older than STALE_DAYS or undated, "" when there are none."""
    used = list(prices)
    old = sorted({each.key for each in used if each.read is None or (today - each.read).days > STALE_DAYS})
    if not old:
        return ""
    shown = ", ".join(old[:4]) + (f" and {len(old) - 4} more" if len(old) > 4 else "")
    return f"{len(old)} of {len(used)} prices are over {STALE_DAYS} days old or undated ({shown}): make prices"


def dated(prices: Iterable[Price]) -> str:
    """The days between which prices were read: `2026-06-13 to 2026-10-03`; "undated" when nobody says."""
    days = sorted({each.read for each in prices if each.read})
    if not days:
        return "undated"
    return str(days[0]) if len(days) == 1 else f"{days[0]} to {days[-1]}"
