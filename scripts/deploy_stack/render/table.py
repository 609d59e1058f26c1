"""A review as a table for people: what happens, to what, by which property and why.

In: `Review`s and a width. Out: text, with colours only where a terminal wants them. Refuses to know: AWS.
80 columns are enough; nothing is lost without colour, for every colour stands beside a word or a sign.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from deploy_stack.render.words import (
    MARKS,
    cost_headline,
    cost_lines,
    headline,
    mark,
    property_line,
    short_type,
    value_line,
)
from deploy_stack.review.model import ResourceChange, Review, Severity
from deploy_stack.review.verdicts.data import HOLDS

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

STYLES = {
    "add": "green",
    "import": "green",
    "remove": "red",
    "replace": "bold red",
    "replace?": "red",
    "change": "yellow",
}
MANY = 12  # more additions or removals are listed in one row a type: a new stack is all additions, one that goes all removals
SEVERITY_STYLES = {Severity.BLOCK: "bold red", Severity.WARN: "yellow", Severity.NOTE: "dim"}


def console(*, file: Any = None, terminal: bool = False, width: int | None = None) -> Console:
    """Return a console that writes plain text of at least 80 columns unless `terminal`."""
    from rich.console import Console

    columns = width or (None if terminal else max(80, int(os.environ.get("COLUMNS") or 100)))
    return Console(file=file, width=columns, force_terminal=terminal or None, highlight=False, soft_wrap=False)


def text(
    review: Review, allowed: frozenset[str] = frozenset(), *, terminal: bool = False, width: int | None = None
) -> str:
    """Return the review as it is printed."""
    out = io.StringIO()
    printer = console(file=out, terminal=terminal, width=width)
    _print(printer, review, allowed)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n\n"


def _print(printer: Console, review: Review, allowed: frozenset[str]) -> None:
    from rich.text import Text

    title = Text.assemble((f"{review.stack}", "bold"), f"  {review.operation} {review.stack_name}: {headline(review)}")
    printer.print(title)
    if review.changes:
        printer.print(_table(review))
    remarks = _remarks(review, allowed)
    if remarks.row_count:
        printer.print(remarks)
    # A link or a command that is broken over two lines cannot be followed.
    if review.link:
        printer.print(Text(f"   {review.link}", style="dim"), soft_wrap=True)
    for finding in review.blocked_by(allowed):
        printer.print(Text(f"   to allow exactly this: --allow {finding.key}", style="bold"), soft_wrap=True)


def _remarks(review: Review, allowed: frozenset[str]) -> Table:
    """Return what is to be said beside the resources: values, findings, notes."""
    table = _grid()
    table.add_column(ratio=1, overflow="fold")
    for value in review.values:
        table.add_row("", value.kind, value_line(value))
    if review.cost:
        table.add_row("", "cost", "\n".join([cost_headline(review.cost), *cost_lines(review.cost)]))
    for finding in review.findings:
        word = _word(finding.severity, allowed=finding.key in allowed)
        style = SEVERITY_STYLES[finding.severity]
        table.add_row(MARKS[finding.severity], word, f"{finding.key}: {finding.text}", style=style)
    for note in review.notes:
        table.add_row("", "note", note)
    if review.capabilities:
        table.add_row("", "needs", ", ".join(review.capabilities))
    return table


def _grid() -> Table:
    """Return a table whose first two columns are the sign and the word, the same in every part of a review."""
    from rich.table import Table

    table = Table(box=None, show_header=False, padding=(0, 1, 0, 0), pad_edge=False, expand=True)
    table.add_column(width=2, justify="right")
    table.add_column(width=9, no_wrap=True)
    return table


def _word(severity: Severity, *, allowed: bool) -> str:
    if severity is Severity.BLOCK:
        return "allowed" if allowed else "blocked"
    return str(severity.value)


def _table(review: Review) -> Table:
    from rich.text import Text

    table = _grid()
    table.add_column(ratio=2, overflow="fold")
    table.add_column(ratio=3, overflow="fold")
    grouped = [
        each
        for verb in ("add", "remove")
        if review.counts.get(verb, 0) > MANY
        for each in review.changes
        if each.verb == verb and not mark(review, each) and not (verb == "remove" and _properties(each))
    ]
    listed = {id(each) for each in grouped}
    for change in review.changes:
        if id(change) in listed:
            continue
        table.add_row(
            Text(mark(review, change), style="bold"),
            Text(change.verb, style=STYLES.get(change.verb, "")),
            Text.assemble(change.logical_id, "\n", (short_type(change.type), "dim")),
            Text(_properties(change)),
        )
    for verb in ("add", "remove"):
        for kind, names in _by_type(each for each in grouped if each.verb == verb):
            words = Text(f"{len(names)} {short_type(kind)}")
            table.add_row("", Text(verb, style=STYLES[verb]), words, Text(", ".join(names)))
    return table


def _properties(change: ResourceChange) -> str:
    lines = [property_line(each) for each in change.properties]
    if change.verb == "remove" and change.type in HOLDS and change.physical_id:
        lines.append(change.physical_id)  # what is kept is found again by it
    if change.policy_action and (change.type in HOLDS or "Delete" not in change.policy_action):
        lines.append(f"policy: {change.policy_action}")
    return "\n".join(lines)


def _by_type(changes: Iterable[ResourceChange]) -> list[tuple[str, list[str]]]:
    found: dict[str, list[str]] = {}
    for change in changes:
        found.setdefault(change.type, []).append(change.logical_id)
    return sorted(found.items())
