"""The words that every form shares, so that the table, the Markdown and a log say the same thing.

In: parts of a `Review`. Out: short texts. Refuses to know: colours and columns.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from os.path import commonprefix

from deploy_stack.review.model import (
    KNOWN_AFTER_APPLY,
    Cost,
    CostLine,
    PropertyChange,
    ResourceChange,
    Review,
    Severity,
    ValueChange,
    dollars,
)

MARKS = {Severity.BLOCK: "!!", Severity.WARN: "!", Severity.NOTE: ""}
VALUE_WIDTH = 60  # characters of a value in a table; JSON carries all of it
COST_LINES = 8  # parts of a difference of the bill in a table; JSON carries all of them
KEPT_OF_SHARED = 16  # characters before the place where two long values begin to differ


def headline(review: Review) -> str:
    """Return what happens in one line: `2 to change, 1 to replace`."""
    words = {
        "add": "to add",
        "import": "to import",
        "change": "to change",
        "undrift": "to bring back",
        "replace": "to replace",
        "replace?": "perhaps to replace",
        "remove": "to remove",
        "unknown": "undecided",
    }
    parts = [f"{number} {words[word]}" for word, number in review.counts.items()]
    if not review.changes:
        kinds = sorted({each.kind for each in review.values})
        parts = [f"no resource changes; {', '.join(f'{kind}s' for kind in kinds) or 'description'} only"]
    return ", ".join(parts)


def mark(review: Review, change: ResourceChange) -> str:
    """Return the sign of the heaviest finding about a change."""
    weights = [each.severity for each in review.findings if each.logical_id == change.logical_id]
    return MARKS[min(weights, key=lambda each: each.rank)] if weights else ""


def value(text: str | None, width: int = VALUE_WIDTH) -> str:
    """Return a value short enough to be read in a table."""
    if text is None:
        return "(unset)"
    if text == KNOWN_AFTER_APPLY:
        return "(known after apply)"
    flat = " ".join(text.split()).replace(KNOWN_AFTER_APPLY, "(known after apply)")
    return flat if len(flat) <= width else f"{flat[: width - 4]} ..."


def values(before: str | None, after: str | None) -> str:
    """Return `before -> after`; of long texts that share their beginning, the part where they differ."""
    shared = len(commonprefix([before or "", after or ""])) - KEPT_OF_SHARED  # noqa: RUF071  (characters are meant)
    if shared > 0 and max(len(before or ""), len(after or "")) > VALUE_WIDTH:
        before, after = (f"... {text[shared:]}" if text else text for text in (before, after))
    return f"{value(before)} -> {value(after)}"


def both_values(change: PropertyChange) -> tuple[str | None, str | None]:
    """Return before and after as a person reads them: a host's user data is sent as base64, and is a script."""
    if change.path.rpartition(".")[2] != "UserData":
        return change.before, change.after
    return _script(change.before), _script(change.after)


def _script(text: str | None) -> str | None:
    try:
        return b64decode(text or "", validate=True).decode() or text
    except (binascii.Error, ValueError):
        return text  # not known yet, or not base64


def property_line(change: PropertyChange) -> str:
    """Return one changed property: path, before, after, why."""
    name = change.path if change.attribute in {"Properties", change.path} else f"{change.attribute}.{change.path}"
    found = both_values(change)
    both = f": {values(*found)}" if found != (None, None) else ""
    why = f" [{', '.join(change.causes)}]" if change.causes else ""
    return f"{name}{both}{why}"


def value_line(change: ValueChange) -> str:
    """Return one change beside the resources."""
    return f"{change.name}: {values(change.before, change.after)}"


def cost_headline(cost: Cost) -> str:
    """Return what the whole change does to the bill in one line."""
    return f"{dollars(cost.low, cost.high)} a month ({cost.region}, prices of {cost.dated})"


def cost_line(line: CostLine) -> str:
    """Return one resource's part of it: `NatGateway2 +$32.85: NAT gateway, 730 h`."""
    what = f"{line.before} -> {line.after}" if line.before and line.after else line.after or f"no {line.before}"
    return f"{line.logical_id} {dollars(line.low, line.high)}: {what}"


def cost_lines(cost: Cost) -> list[str]:
    """Return the heaviest parts of a difference, what the others come to, and what is not in it."""
    shown, rest = cost.lines[:COST_LINES], cost.lines[COST_LINES:]
    lines = [cost_line(each) for each in shown]
    if rest:
        amount = dollars(sum(each.low for each in rest), sum(each.high for each in rest))
        lines.append(f"{len(rest)} more {amount}")
    return [*lines, *cost.notes]


def short_type(name: str) -> str:
    """Return a type without the prefix that all of them share."""
    return name.removeprefix("AWS::")
