"""An environment's costs as values and as text: options side by side, the document's method, break-even, savings, assumptions.

In: `Files` and prices, today. Out: a dict for machines, lines for people. Refuses to know: terminals and files.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from generator.costs import demand
from generator.costs.bill import Bill, unpriced_apart
from generator.costs.catalogue import GROUPS
from generator.costs.document import vcpu_only
from generator.costs.options import OPTION_WORDS, Files, bill
from generator.costs.prices import PriceTable, dated, staleness
from generator.costs.savings import Saving, savings
from generator.costs.traffic import HOURS, Range

Json = dict[str, Any]
WIDTH = 27

# What no profile and no template says, and what is left out on purpose.
ALWAYS = (
    f"a month has {HOURS} hours; taxes, support, credits and free tiers of the account are left out",
    "low is the fewest copies that scaling keeps and the low traffic, high the most copies and the high traffic",
    "prices are those of the first paid tier, on demand unless a template says Spot; volume discounts are left out",
    "requests spread over the public services as their vCPU do; copies and capacity units follow the month's average rate",
    "logs are kept uncompressed; recovery points and images at the size the profile says",
    "log events of Container Insights, requests to S3, reads from infrequent access, queries of logs, builds, restores, and copies "
    "to other regions are not counted",
)


def options_of(files: Files) -> tuple[str, ...]:
    """The options to show; an environment without compute has one without a name."""
    return files.options or ("",)


def as_json(files: Files, table: PriceTable, today: date) -> Json:
    """Everything as plain values; dollars a month."""
    bills = {option: bill(files, option, table) for option in options_of(files)}
    return {
        "Environment": files.environment,
        "Region": files.region,
        "Currency": "USD",
        "Per": "month",
        "PricesOf": dated(_prices(bills)),
        "Default": files.default_option or None,
        "Options": [_option(files, option, found, table) for option, found in bills.items()],
        "Cheaper": [
            {
                "Option": each.option,
                "FromRequestsPerSecond": each.start,
                "ToRequestsPerSecond": each.end,
                "ByAtMost": round(each.most, 4),
            }
            for each in ([] if incomparable(bills) else demand.cheaper(files, table))
        ],
        "Assumptions": [*files.traffic.assumptions(), *ALWAYS],
        "Notes": notes(bills, today),
    }


def _option(files: Files, option: str, found: Bill, table: PriceTable) -> Json:
    return {
        "Option": option or None,
        "Total": _range(found.total),
        "Groups": {group: _range(found.of_group(group)) for group in GROUPS},
        "DocumentMethod": _range(vcpu_only(files, option, table)) if option else None,
        "RequestsPerSecond": round(demand.capacity(files, option), 4) if option else None,
        "Savings": [
            {"Name": each.name, **_range(each.amount), "Asks": each.asks, "Unpriced": list(each.missing)}
            for each in (savings(files, option, table) if option else [])
        ],
        "Lines": [
            {
                "Stack": each.stack, "LogicalResourceId": each.logical_id, "ResourceType": each.type, "What": each.what,
                "Item": each.item, "Quantity": _range(each.amount), "Unit": each.unit, **_range(Range(each.low, each.high)),
                "Price": each.price.dollars if each.price else None,
                "Source": " ".join(filter(None, (each.price.source, each.price.sku))) if each.price else None,
                "Read": str(each.price.read) if each.price and each.price.read else None,
            }
            for each in found.lines if each.amount.high > 0
        ],
    }  # fmt: skip


def _range(amount: Range) -> Json:
    return {"Low": round(amount.low, 4), "High": round(amount.high, 4)}


def _prices(bills: dict[str, Bill]) -> list[Any]:
    return list({each.key: each for found in bills.values() for each in found.prices}.values())


def incomparable(bills: dict[str, Bill]) -> tuple[str, ...]:
    """The items without a price that two options are billed for in different amounts: which is cheaper, nobody can tell."""
    one, *others = bills.values()
    return tuple(sorted({item for other in others for item in unpriced_apart(one, other)}))


def notes(bills: dict[str, Bill], today: date) -> list[str]:
    """What the figures do not hold: missing prices, unknown types, old prices."""
    found = []
    missing = sorted({line.item for each in bills.values() for line in each.unpriced})
    region = next(iter(bills.values())).region
    if missing:
        found.append(f"not in the figures, no price in {region}: {', '.join(missing)}")
    unknown = sorted({kind for each in bills.values() for kind in each.unknown_types})
    if unknown:
        found.append(f"not priced: {', '.join(unknown)}")
    old = staleness(_prices(bills), today)
    return [*found, old] if old else found


def dollars(amount: Range) -> str:
    """`$107.60 to $116.70`."""
    low, high = (f"${each:,.2f}" for each in (amount.low, amount.high))
    return low if low == high else f"{low} to {high}"


def amount(found: Bill, group: str = "") -> str:
    """The dollars of a bill or of one of its groups, and that there is more where a price is missing."""
    missing = [each for each in found.unpriced if group in ("", each.group)]
    total = found.of_group(group) if group else found.total
    if missing:
        return f"{dollars(total)} and more" if total.high else "no price"
    return dollars(total)


def lines(files: Files, table: PriceTable, today: date, *, every: bool = False) -> Iterator[str]:
    """The report for people; `every` adds each line of the bill."""
    bills = {option: bill(files, option, table) for option in options_of(files)}
    yield f"{files.environment}: {files.region}, US dollars a month, prices of {dated(_prices(bills))}"
    if files.options:
        words = [f"{OPTION_WORDS[each]}{' (default)' if each == files.default_option else ''}" for each in bills]
        yield _row("", words)
    for group in GROUPS:
        if any(line.group == group and line.amount.high for found in bills.values() for line in found.lines):
            yield _row(group, [amount(found, group) for found in bills.values()])
    yield _row("total", [amount(found) for found in bills.values()])
    if files.options:
        yield _row("vCPU only", [_method(files, each, table) for each in bills])
        yield _row("serves at most", [f"{demand.capacity(files, each):.0f} requests/s" for each in bills])
        yield from _choices(files, table)
    if every:
        yield from _every_line(bills)
    yield from _list("assumed", [*files.traffic.assumptions(), *ALWAYS])
    yield from _list("note", notes(bills, today))


def _row(name: str, cells: list[str]) -> str:
    return f"  {name:{WIDTH}}  {'  '.join(f'{each:40}' for each in cells)}".rstrip()


def _method(files: Files, option: str, table: PriceTable) -> str:
    found = vcpu_only(files, option, table)
    return f"{dollars(found)} (the document's method)" if found.high else "no price"


def _choices(files: Files, table: PriceTable) -> Iterator[str]:
    yield ""
    for text in break_even(files, table):
        yield f"  {text}"
    for option in files.options:
        for each in savings(files, option, table):
            yield f"  {option:8} {each.name:16} {_saves(each, files.region)}"


def _saves(saving: Saving, region: str) -> str:
    if saving.missing:
        return f"not known: no price in {region} of {', '.join(saving.missing)}"
    return f"saves {dollars(saving.amount):24} {saving.asks}"


def break_even(files: Files, table: PriceTable) -> Iterator[str]:
    """Which option is cheaper between which rates, and by how much at most; or why nobody can tell."""
    missing = incomparable({option: bill(files, option, table) for option in files.options})
    if missing:
        yield f"which option is cheaper is not known: no price in {files.region} of {', '.join(missing)}"
        return
    stretches = demand.cheaper(files, table)
    if not stretches:
        yield "no break-even: only one of the options serves requests"
    elif len(stretches) == 1:
        only = stretches[0]
        words = f"{OPTION_WORDS[only.option]} is cheaper, by up to ${only.most:,.0f},"
        yield f"no break-even: {words} at every rate that both can serve (up to {only.end:.0f} requests/s)"
    else:
        for each in stretches:
            words = f"{OPTION_WORDS[each.option]} is cheaper, by up to ${each.most:,.0f}"
            yield f"{each.start:.0f} to {each.end:.0f} requests/s: {words}"


def _every_line(bills: dict[str, Bill]) -> Iterator[str]:
    for option, found in bills.items():
        yield ""
        yield f"  every line{f' with {OPTION_WORDS[option]}' if option else ''}"
        for each in found.lines:
            if each.amount.high > 0:
                cost = dollars(Range(each.low, each.high)) if each.price else "no price"
                price = f"${each.price.dollars:g}" if each.price else "?"
                counted = f"{each.amount} x {price} per {each.unit}"
                yield f"    {f'{each.stack}/{each.logical_id}':44} {cost:24} {each.what:44} {counted}"


def _list(word: str, texts: list[str]) -> Iterator[str]:
    if texts:
        yield ""
    for text in texts:
        yield f"  {word}: {text}"
