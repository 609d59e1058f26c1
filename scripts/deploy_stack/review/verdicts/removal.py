"""A whole stack is deleted: what stops with it, besides the data that `data` speaks of.

A deletion is no change set, so no rule of a single resource sees that the stack serves requests, that it runs the one copy of a
service with data, or that others are built on it. All of these block.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from deploy_stack.review.verdicts.opinion import Opinion, block


@dataclass(frozen=True)
class Leaving:
    """A stack that is to be deleted, as it stands among the others.

    `share` is its part of the requests in percent, by the parameter `weight` of edge; `homes` are the services with data whose one
    home it is, each with the parameter that says so; `last` tells that no other compute stack would be left behind an edge that
    stays; `needed_by` are the stacks that depend on it and stay.
    """

    weight: str = ""
    share: int = 0
    homes: Mapping[str, str] = field(default_factory=dict)
    last: bool = False
    needed_by: tuple[str, ...] = ()


Said = Iterator[tuple[str, Opinion]]  # what the id names after the stack, and the opinion


def requests_dropped(leaving: Leaving) -> Said:
    """`requests-dropped`"""
    if leaving.share:
        yield leaving.weight, block(f"{leaving.share} % of the requests go to it: they would be answered by an error")


def home_deleted(leaving: Leaving) -> Said:
    """`home-deleted`"""
    for service, key in leaving.homes.items():
        yield key, block(f"the one copy of {service} runs in it: {service} would answer nobody")


def last_compute(leaving: Leaving) -> Said:
    """`last-compute`"""
    if leaving.last:
        yield (
            "Compute",
            block("it is the last compute stack behind the load balancer: nothing would be left that answers"),
        )


def still_needed(leaving: Leaving) -> Said:
    """`still-needed`"""
    for name in leaving.needed_by:
        yield name, block(f"{name} is built on it and stays: what it uses would be gone")
