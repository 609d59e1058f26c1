"""The changes of a page: each once, in the group of what weighs most about it, its properties folded away.

In: `Review`s. Out: `Entry`s, and lists of them as `Markup`. Refuses to know: the rest of the page.
Properties are folded and far entries are not laid out before they are looked at: five thousand changes open as quickly as five.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from difflib import unified_diff

from deploy_stack.render.markup import Markup, join, tag
from deploy_stack.render.table import MANY
from deploy_stack.render.words import both_values, short_type, value
from deploy_stack.review.model import Finding, PropertyChange, ResourceChange, Review, Severity, ValueChange

LONG = 80  # characters of a value from which on only its lines that differ are shown
SHOWN = 2000  # characters of one value, and
LINES = 120  # lines of one difference; the plan file and the JSON form carry all of it
WORDS = {
    "add": "add",
    "import": "import",
    "change": "change",
    "undrift": "bring back",
    "replace": "replace",
    "replace?": "may replace",
    "remove": "delete",
    "unknown": "undecided",
}
_GROUP_OF = {"change": "changed", "undrift": "changed", "add": "added", "import": "added"}
_REPLACES = {"Always": "replaces", "Conditionally": "may replace"}


@dataclass(frozen=True)
class Entry:
    """One change with its findings; `change` is None for what stands beside the resources, as a setting of the stack does."""

    anchor: str
    stack: str
    logical_id: str
    change: ResourceChange | None
    findings: tuple[Finding, ...]
    allowed: frozenset[str]
    value: ValueChange | None = None

    @property
    def name(self) -> str:
        """`data/FileSystem`."""
        return f"{self.stack}/{self.logical_id}"

    @property
    def verb(self) -> str:
        """The review's word for it: add, change, replace ..."""
        return self.change.verb if self.change else "setting"

    @property
    def group(self) -> str:
        """Where it belongs: blocked, warned, gone, changed, added."""
        if any(each.severity is Severity.BLOCK and each.key not in self.allowed for each in self.findings):
            return "blocked"
        if any(each.severity is not Severity.NOTE for each in self.findings):
            return "warned"
        return _GROUP_OF.get(self.verb, "gone" if self.change else "changed")


def entries(reviews: Iterable[Review], allowed: frozenset[str]) -> Iterator[Entry]:
    """Yield every change of every review, and every finding that is about none of them."""
    for number, review in enumerate(reviews):
        about: dict[str, list[Finding]] = {}
        for finding in review.findings:
            about.setdefault(finding.logical_id, []).append(finding)
        for place, change in enumerate(review.changes):
            found = tuple(about.pop(change.logical_id, ()))
            yield Entry(f"c{number}-{place}", review.stack, change.logical_id, change, found, allowed)
        values = {each.name: each for each in review.values}
        for place, (name, rest) in enumerate(about.items()):
            yield Entry(f"s{number}-{place}", review.stack, name, None, tuple(rest), allowed, values.get(name))


def group(found: Sequence[Entry]) -> Markup:
    """Return the list of a group; many additions, as a new stack is, are folded by type."""
    if len(found) <= MANY or any(each.group != "added" for each in found):
        return tag("ul", *map(_item, found), class_="changes")
    by_type: dict[str, list[Entry]] = {}
    for each in found:
        by_type.setdefault(each.change.type if each.change else "", []).append(each)
    return join(
        *(
            tag(
                "details",
                tag("summary", tag("b", short_type(kind)), f" {len(same):,}"),
                tag("ul", *map(_item, same), class_="changes"),
                class_="kind",
            )
            for kind, same in sorted(by_type.items())
        )
    )


def _item(entry: Entry) -> Markup:
    change = entry.change
    word = tag("span", WORDS.get(entry.verb, entry.verb), class_=f"verb {entry.group}")
    name = tag("bdi", entry.name, class_="name")
    kind = tag("span", short_type(change.type), class_="type") if change else ""
    head = join(word, " ", name, " ", kind)
    inside = list(_inside(change)) if change else []
    if entry.value:
        inside = [tag("dt", entry.value.kind), *_both(entry.value.before, entry.value.after)]
    told = tag("details", tag("summary", head), tag("dl", *inside)) if inside else tag("p", head, class_="head")
    findings = [_finding(each, entry.allowed) for each in entry.findings]
    return tag("li", told, *findings, id=entry.anchor)


def _finding(finding: Finding, allowed: frozenset[str]) -> Markup:
    kind = finding.severity.value
    word = {"block": "Blocked", "warn": "Warning", "note": "Note"}[kind]
    if finding.severity is Severity.BLOCK and finding.key in allowed:
        word, kind = "Allowed", "warn"
    how = join(" ", tag("code", f"--allow {finding.key}")) if word == "Blocked" else ""
    return tag("p", tag("strong", word), " ", tag("span", finding.rule, class_="rule"), f" {finding.text}", how,
               class_=f"finding {kind}")  # fmt: skip


def _inside(change: ResourceChange) -> Iterator[Markup]:
    for each in change.properties:
        yield from _property(each)
    if change.policy_action:
        yield join(tag("dt", "Policy"), tag("dd", change.policy_action))
    if change.physical_id and (change.properties or change.verb == "remove"):
        yield join(tag("dt", "Resource"), tag("dd", tag("bdi", change.physical_id)))


def _property(change: PropertyChange) -> Iterator[Markup]:
    name = change.path if change.attribute in {"Properties", change.path} else f"{change.attribute}.{change.path}"
    replaces = _REPLACES.get(change.recreation, "")
    yield tag("dt", tag("bdi", name), *([" ", tag("span", replaces, class_="replaces")] if replaces else []))
    yield from _both(*both_values(change))
    if change.causes:
        yield tag("dd", f"because of {', '.join(change.causes)}", class_="quiet")


def _both(before: str | None, after: str | None) -> Iterator[Markup]:
    if before is not None and after is not None and max(len(before), len(after)) > LONG:
        yield tag("dd", tag("pre", *_lines(before, after)))
    elif (before, after) != (None, None):
        yield tag("dd", tag("span", "before", class_="side"), " ", tag("del", _one(before)))
        yield tag("dd", tag("span", "after", class_="side"), " ", tag("ins", _one(after)))


def _one(given: str | None) -> str:
    shown = value(given, SHOWN)
    return shown or '""'


def _lines(before: str, after: str) -> Iterator[Markup]:
    """Yield the lines that differ, with two lines around them; JSON is laid out first."""
    found = list(unified_diff(_laid_out(before), _laid_out(after), n=2, lineterm=""))[2:]
    for line in found[:LINES]:
        element = {"-": "del", "+": "ins"}.get(line[:1], "span")
        if not line.startswith("@@"):
            yield tag(element, f"{line[:1]} {line[1:]}\n")
    if len(found) > LINES:
        yield tag("span", f"... {len(found) - LINES} lines more; --json carries all of them\n")


def _laid_out(given: str) -> list[str]:
    with suppress(ValueError):
        given = json.dumps(json.loads(given), indent=2, ensure_ascii=False)
    return [line[:SHOWN] for line in given.splitlines()]
