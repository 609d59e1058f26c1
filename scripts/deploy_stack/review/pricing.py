"""What a change does to the bill: the deployed template and the new one priced with their parameters, and compared.

In: an environment's files, two states of one stack. Out: a `Cost`, or None where nothing billed changes; and notes.
Refuses to know: AWS calls. A template that cannot be priced never stops a plan: it is said, and the plan goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from deploy_stack.project import Environment
from deploy_stack.review.model import Cost, CostLine
from generator.costs.bill import Bill, Source, bill_of, differences, is_known, unpriced_apart
from generator.costs.prices import PriceTable, dated, own_table, staleness
from generator.costs.resolve import published_values
from generator.costs.traffic import Traffic, TrafficError, parse


@dataclass(frozen=True)
class State:
    """One state of a stack: its template and parameter values; empty where the stack is not there."""

    template: Mapping[str, Any] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)


def traffic_of(environment: Environment) -> Traffic:
    """Return the environment's traffic profile; without a file no usage is counted. Raises TrafficError for a wrong one."""
    return Traffic() if environment.traffic is None else parse(environment.traffic, environment.traffic_file)


def cost_between(
    environment: Environment, name: str, before: State, after: State, today: date
) -> tuple[Cost | None, list[str]]:
    """Return what going from one state to the other costs, and what is to be said where that is not known."""
    region, table = environment.target.region, own_table()
    if not table.knows(region):
        return None, [f"the bill is not known: no prices for {region}; there are {', '.join(table.known_regions)}"]
    try:
        traffic = traffic_of(environment)
        published = published_values(each.template for each in environment.stacks)
        old, new = (
            bill_of(Source(name, each.template, each.values, published), traffic, region, table)
            for each in (before, after)
        )
        return _cost(environment, old, new, table, today), _unknown(before, after)
    except TrafficError as error:
        return None, [f"the bill is not known: {error}"]
    except (AttributeError, KeyError, IndexError, TypeError, ValueError) as error:
        return None, [f"the bill is not known: the template cannot be priced ({type(error).__name__}: {error})"]


def _cost(environment: Environment, old: Bill, new: Bill, table: PriceTable, today: date) -> Cost | None:
    found = differences(old, new)
    changed = {each.logical_id for each in found}
    lines = [each for each in (*old.lines, *new.lines) if each.logical_id in changed]
    missing = unpriced_apart(old, new)
    if not found and not missing:
        return None
    prices = tuple({each.item: each.price for each in lines if each.price and each.amount.high > 0}.values())
    notes = [f"not in the figures, no price in {new.region}: {', '.join(missing)}"] if missing else []
    if environment.traffic is None:
        notes.append("usage is not counted: there is no traffic.json beside target.json")
    if old_prices := staleness(prices, today):
        notes.append(old_prices)
    return Cost(
        low=sum(each.low for each in found),
        high=sum(each.high for each in found),
        region=new.region,
        dated=dated(prices),
        lines=tuple(
            CostLine(each.logical_id, each.type, each.before, each.after, each.low, each.high, each.basis)
            for each in found
        ),
        notes=tuple(notes),
    )


def _unknown(before: State, after: State) -> list[str]:
    """What is to be said of changed resources whose type nobody has priced yet."""
    old, new = (each.template.get("Resources") or {} for each in (before, after))
    changed = {
        (new.get(name) or old[name])["Type"] for name in {*old, *new} if old.get(name) != new.get(name)
    }  # fmt: skip
    types = sorted(each for each in changed if not is_known(each))
    return [f"not priced: {', '.join(types)}"] if types else []
