"""The rules of the review, one function each, and the list that is asked.

A rule is a function from one `ResourceChange` and the operation (CREATE or UPDATE) to what it has to say. Its id is
public: people type it after `--allow`, and jobs match on it. A new rule is a function and a line in RULES; a rule about
a stack that is deleted as a whole is one in REMOVALS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from deploy_stack.review.model import ResourceChange
from deploy_stack.review.verdicts import (
    certainty,
    cost,
    data,
    interruption,
    machines,
    protection,
    removal,
    security,
    statements,
    traffic,
)
from deploy_stack.review.verdicts.opinion import Opinion


@dataclass(frozen=True)
class Rule:
    """A stable id, one sentence for the documentation, and the function that judges."""

    id: str
    about: str
    judge: Callable[[ResourceChange, str], Iterable[Opinion]]


RULES: tuple[Rule, ...] = (
    Rule("data-replaced", "a resource that holds data is, or may be, replaced by an empty one", data.replaced),
    Rule("data-deleted", "a resource that holds data is deleted", data.deleted),
    Rule(
        "weights-reset",
        "requests go where ECS no longer sends them: weights that it set are written over",
        traffic.weights_reset,
    ),
    Rule("service-interrupted", "users notice: something that serves them is replaced or removed", interruption.judge),
    Rule("machine-image", "hosts get another machine image", machines.image),
    Rule("hosts-replaced", "hosts are replaced: how many at a time, and what is waited for", machines.replaced),
    Rule("traffic-moves", "the weights between target groups change, so requests go elsewhere", traffic.judge),
    Rule("security-widened", "more is reachable, permitted or readable than before", security.widened),
    Rule("permissions-widened", "IAM statements grant more than before", statements.widened),
    Rule("encryption-removed", "data at rest or in transit is no longer encrypted", security.encryption_removed),
    Rule("protection-removed", "a guard against deletion or loss is taken away", protection.judge),
    Rule("cost", "the bill changes", cost.judge),
    Rule("conditional", "whether the resource is replaced is decided while the change runs", certainty.conditional),
    Rule("unknown-until-applied", "a value is only known while the change runs", certainty.unknown),
)


@dataclass(frozen=True)
class Removal:
    """A rule about a stack that is to be deleted: a stable id, what would happen in a few words, and the function that judges."""

    id: str
    about: str
    judge: Callable[[removal.Leaving], Iterable[tuple[str, Opinion]]]


REMOVALS: tuple[Removal, ...] = (
    Removal("requests-dropped", "requests would be dropped", removal.requests_dropped),
    Removal("home-deleted", "a service with data would stop", removal.home_deleted),
    Removal("last-compute", "nothing would answer requests", removal.last_compute),
    Removal("still-needed", "other stacks are built on it", removal.still_needed),
)
