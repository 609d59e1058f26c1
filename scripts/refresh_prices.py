"""`make prices`: read every unit price again from the AWS Price List, and write generator/costs/prices.json.

In: the Price List Query API with the usual AWS settings (any account may ask; `pricing:GetProducts` is all it needs). Out: the
table, written whole or not at all, and a line for each price that changed. A price that the list does not have, or has twice with
different amounts, stays as it is and is named: nothing is guessed. Exit codes: 0 done, 1 the list could not be read, 2 usage.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from generator.costs.catalogue import ITEMS, Item
from generator.costs.prices import EVERYWHERE, FILE
from generator.files import replace

API_REGION = "us-east-1"  # one of the few that answer for the list of all regions
AT_ONCE = 8
# A usage type begins with its region (USE1-, EU-, us-east-1-), or with nothing in us-east-1.
REGION_PREFIX = r"(?:[A-Z]{2,4}\d?-|[a-z]{2}(?:-[a-z]+)+-\d-)?"

Json = dict[str, Any]


@dataclass(frozen=True)
class Found:
    """What the list says of one item in one region: dollars for our unit, or why there are none."""

    region: str
    item: Item
    dollars: float | None
    sku: str = ""
    why: str = ""


def main(arguments: list[str] | None = None) -> int:
    """Refresh the table and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="make prices", description="Refresh generator/costs/prices.json from the AWS Price List."
    )
    parser.add_argument("--region", action="append", metavar="REGION", help="another region to add; may be repeated")
    parser.add_argument("--table", type=Path, default=FILE, metavar="FILE", help="default: generator/costs/prices.json")
    options = parser.parse_args(arguments)
    old = json.loads(options.table.read_text(encoding="utf-8"))
    regions = sorted({*old["Regions"], *(options.region or ())} - {EVERYWHERE})
    client = boto3.client("pricing", region_name=API_REGION)
    wanted = [
        (region, item) for item in ITEMS.values() if item.service
        for region in ([EVERYWHERE] if item.everywhere else regions)
    ]  # fmt: skip
    try:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            found = list(pool.map(lambda each: look_up(client, *each), wanted))
    except (BotoCoreError, ClientError) as error:
        print(f"make prices: the price list could not be read, nothing is changed: {error}", file=sys.stderr)
        return 1
    today = datetime.now(UTC).date().isoformat()
    new = merged(old, found, today)
    for line in report(old, new, found):
        print(line)
    replace(options.table, text_of(new))
    return 0


def look_up(client: Any, region: str, item: Item) -> Found:
    """Return one price. Raises what botocore raises."""
    filters = dict(item.query)
    if region != EVERYWHERE:
        filters[item.place] = region
    pages = client.get_paginator("get_products").paginate(
        ServiceCode=item.service,
        FormatVersion="aws_v1",
        Filters=[{"Type": "TERM_MATCH", "Field": key, "Value": value} for key, value in sorted(filters.items())],
    )
    usage = re.compile(f"{REGION_PREFIX}{re.escape(item.usage)}")
    products = [json.loads(text) for page in pages for text in page["PriceList"]]
    prices = {
        (dollars, product["product"]["sku"])
        for product in products
        if usage.fullmatch(product["product"]["attributes"].get("usagetype", ""))
        for dollars in first_paid_tier(product)
    }
    amounts = {dollars for dollars, _ in prices}
    if len(amounts) != 1:
        why = (
            "is not in the list"
            if not amounts
            else f"is in the list with {', '.join(f'{each:g}' for each in sorted(amounts))}"
        )
        return Found(region, item, None, why=why)
    return Found(region, item, amounts.pop() * item.factor, sku=min(sku for _, sku in prices))


def first_paid_tier(product: Mapping[str, Any]) -> Iterator[float]:
    """Yield the on-demand price of a product's first tier that is not free."""
    for term in product.get("terms", {}).get("OnDemand", {}).values():
        tiers = sorted(term["priceDimensions"].values(), key=lambda each: float(each["beginRange"]))
        paid = [float(each["pricePerUnit"]["USD"]) for each in tiers if float(each["pricePerUnit"].get("USD", 0)) > 0]
        yield from paid[:1]


def merged(old: Json, found: list[Found], today: str) -> Json:
    """Return the table with what was found in the place of what was."""
    sources = dict(old["Sources"])
    regions = {region: dict(rows) for region, rows in old["Regions"].items()}
    for each in found:
        if each.dollars is None:
            continue
        source = f"list-{each.item.service}"
        sources[source] = {"What": f"AWS Price List Query API, {each.item.service}", "Read": today}
        row = {"USD": float(f"{each.dollars:.10g}"), "Source": source, "Sku": each.sku}
        regions.setdefault(each.region, {})[each.item.key] = row
    used = {row["Source"] for rows in regions.values() for row in rows.values()}
    return {
        "Compiled": today,
        "Currency": old["Currency"],
        "Sources": {name: sources[name] for name in sorted(used)},
        "Regions": {region: dict(sorted(regions[region].items())) for region in sorted(regions)},
    }


def report(old: Json, new: Json, found: list[Found]) -> Iterator[str]:
    """Yield a line for each price that is new, changed, or could not be read, and the sums."""
    changed = 0
    for region, rows in new["Regions"].items():
        before = old["Regions"].get(region, {})
        for key, row in rows.items():
            was = before.get(key, {}).get("USD")
            if was != row["USD"]:
                changed += 1
                word, before_it = ("new", "") if was is None else ("changed", f"{was:g} -> ")
                yield f"{word:8} {region} {key}: {before_it}{row['USD']:g}"
    missing = [each for each in found if each.dollars is None]
    for each in missing:
        kept = "the old price stays" if each.item.key in old["Regions"].get(each.region, {}) else "no price"
        yield f"kept     {each.region} {each.item.key}: {each.why}; {kept}"
    unlisted = sorted(key for key, item in ITEMS.items() if not item.service)
    yield f"{len(found) - len(missing)} prices read, {changed} changed, {len(missing)} not found"
    yield f"by hand, the list does not have them: {', '.join(unlisted)}"


def text_of(table: Json) -> str:
    """Return the table as text, one price a line, so that a difference is readable."""
    lines = ["{", f'  "Compiled": "{table["Compiled"]}",', f'  "Currency": "{table["Currency"]}",', '  "Sources": {']
    lines += _rows(table["Sources"], 4)
    lines += ["  },", '  "Regions": {']
    regions = table["Regions"]
    for index, (region, rows) in enumerate(regions.items()):
        end = "}," if index < len(regions) - 1 else "}"
        lines += [f'    "{region}": {{', *_rows(rows, 6), f"    {end}"]
    return "\n".join([*lines, "  }", "}", ""])


def _rows(rows: Mapping[str, Any], indent: int) -> list[str]:
    texts = [f"{' ' * indent}{json.dumps(key)}: {json.dumps(value)}" for key, value in rows.items()]
    return [f"{each}," for each in texts[:-1]] + texts[-1:]


if __name__ == "__main__":
    sys.exit(main())
