"""A review as one page for people who approve in a browser: verdict first, then what weighs most.

In: a `Sheet`. Out: a whole HTML document without script, font, picture or link that it would have to fetch; its content security
policy forbids them. Refuses to know: files, AWS. Everything that comes from a template is escaped by `markup`.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from deploy_stack.render.html_changes import Entry, entries, group
from deploy_stack.render.markup import Markup, join, tag
from deploy_stack.render.words import cost_headline, cost_line, headline, values
from deploy_stack.review.model import Review, Severity, dollars

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
EXPOSING = frozenset({"security-widened", "permissions-widened", "encryption-removed"})
NAMED = 12  # names in a line of the summary; the group below it has all of them
GROUPS = {
    "blocked": ("Blocked", "Data or requests would be lost. Each needs consent by its name."),
    "warned": ("Warnings", "Worth a look before saying yes."),
    "gone": ("Replaced or deleted", "The resource of today goes away, or CloudFormation may decide so."),
    "changed": ("Changed", "The resource stays, and gets other values."),
    "added": ("Added", "New resources."),
}


@dataclass(frozen=True)
class Sheet:
    """Everything that stands on the page. `pictures` are SVG texts of `generator.pictures`; `command` carries the plan out."""

    environment: str
    reviews: tuple[Review, ...]
    facts: tuple[tuple[str, str], ...] = ()  # account, region, revision ...: a name and its value
    allowed: frozenset[str] = frozenset()
    unchanged: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    pictures: tuple[str, ...] = ()
    no_picture: str = ""  # why there is none
    entries: tuple[Entry, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "entries", tuple(entries(self.reviews, self.allowed)))

    def of(self, name: str) -> list[Entry]:
        """Return what belongs to one group of `GROUPS`."""
        return [each for each in self.entries if each.group == name]


def html(sheet: Sheet) -> str:
    """Return the page."""
    word, verdict = _verdict(sheet)
    head = join(
        Markup('<meta charset="utf-8">'),
        Markup(f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'),
        Markup('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        Markup('<meta name="color-scheme" content="light dark">'),
        tag("title", f"{sheet.environment}: {verdict}"),
        tag("style", _style()),
    )
    banner = tag(
        "header",
        tag("p", "deploy-stack", class_="brand"),
        tag("h1", "Review of ", tag("bdi", sheet.environment)),
        tag("p", verdict, class_=f"verdict {word}"),
        tag("ul", *(tag("li", f"{name} ", tag("b", value)) for name, value in sheet.facts), class_="facts"),
    )
    parts = [*_summary(sheet), *_next(sheet), *_groups(sheet), *_pictures(sheet), *_cost(sheet), *_stacks(sheet)]
    body = join(
        tag("a", "Skip to the changes", href="#main", class_="skip"),
        banner,
        tag("main", *parts, id="main", tabindex="-1"),
        tag(
            "footer",
            tag("p", "Nothing on this page is executed, and nothing is fetched. Values that are secret are masked."),
        ),
    )
    return f'<!doctype html>\n<html lang="en">\n<head>{head}</head>\n<body>{body}</body>\n</html>\n'


@cache
def _style() -> Markup:
    return Markup((files("deploy_stack.render") / "review.css").read_text(encoding="utf-8"))


def _verdict(sheet: Sheet) -> tuple[str, str]:
    """A class of the style sheet, and the plan in one sentence."""
    blocked = sum(len(each.blocked_by(sheet.allowed)) for each in sheet.reviews)
    warned = sum(each.severity is Severity.WARN for review in sheet.reviews for each in review.findings)
    if sheet.errors:
        return "bad", f"Not complete: {_many(len(sheet.errors), 'stack')} cannot be planned"
    if blocked:
        return "bad", f"Blocked: {_many(blocked, 'finding')} to be allowed by name"
    if sheet.reviews:
        changes = sum(len(each.changes) for each in sheet.reviews)
        what = _many(changes, "resource") if changes else "settings only"
        return ("mind" if warned else "good"), f"Changes: {what} in {_many(len(sheet.reviews), 'stack')}" + (
            f", {_many(warned, 'warning')}" if warned else ""
        )
    if sheet.waiting:
        return "mind", "Nothing can be planned yet"
    return "good", "Nothing to change"


def _many(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _summary(sheet: Sheet) -> Iterator[Markup]:
    rows = [
        ("Replaced", [each for each in sheet.entries if each.verb in {"replace", "replace?"}]),
        ("Deleted", [each for each in sheet.entries if each.verb == "remove"]),
        ("Exposed", [each for each in sheet.entries if EXPOSING & {finding.rule for finding in each.findings}]),
    ]
    shown = [tag("div", tag("dt", name), tag("dd", _named(found))) for name, found in rows]
    costs = [each.cost for each in sheet.reviews if each.cost]
    amount = dollars(sum(each.low for each in costs), sum(each.high for each in costs))
    bill = f"{amount} a month" if costs else "no priced difference"
    shown.append(tag("div", tag("dt", "Cost"), tag("dd", bill)))
    counts = {name: sum(each.verb in verbs for each in sheet.entries) for name, verbs in COUNTED.items()}
    others = ", ".join(f"{number:,} {name}" for name, number in counts.items() if number) or "none"
    shown.append(tag("div", tag("dt", "Others"), tag("dd", others)))
    yield _section("summary", "Summary", tag("dl", *shown, class_="summary"), *_unplanned(sheet))


COUNTED = {"changed": {"change", "undrift"}, "added": {"add", "import"}, "undecided": {"unknown"}}


def _named(found: list[Entry]) -> Markup:
    if not found:
        return tag("span", "none", class_="quiet")
    names = [tag("a", tag("bdi", each.name), href=f"#{each.anchor}") for each in found[:NAMED]]
    rest = f" and {len(found) - NAMED:,} more" if len(found) > NAMED else ""
    return join(tag("b", f"{len(found):,}"), ": ", join(*names, by=", "), rest)


def _unplanned(sheet: Sheet) -> Iterator[Markup]:
    for each in sheet.errors:
        yield tag("p", tag("strong", "Error"), f" {each}", class_="finding block")
    for each in sheet.waiting:
        yield tag("p", tag("strong", "Waiting"), f" {each}", class_="finding note")
    if sheet.unchanged:
        yield tag("p", f"Nothing to change: {', '.join(sheet.unchanged)}", class_="quiet")


def _next(sheet: Sheet) -> Iterator[Markup]:
    if not sheet.command:
        return
    keys = [finding.key for review in sheet.reviews for finding in review.blocked_by(sheet.allowed)]
    words = "It does what stands here."
    if len(keys) > NAMED:
        words, keys = "It does nothing while something is blocked; each blocked change says below what allows it.", []
    elif keys:
        words = "It allows exactly what is blocked here; leave out what is not meant."
    allow = [word for key in keys for word in ("--allow", key)]
    line = tag(
        "pre", tag("code", shlex.join([*sheet.command, *allow])), tabindex="0", role="region", aria_label="Command"
    )
    yield _section("next", "To go on", tag("p", words), line)


def _groups(sheet: Sheet) -> Iterator[Markup]:
    for name, (title, words) in GROUPS.items():
        found = sheet.of(name)
        if found:
            count = tag("span", f"{len(found):,}", class_="count")
            yield _section(
                name, join(title, " ", count), tag("p", words, class_="quiet"), group(found), kind=f"group {name}"
            )


def _pictures(sheet: Sheet) -> Iterator[Markup]:
    if sheet.no_picture:
        yield _section("picture", "Picture", tag("p", sheet.no_picture, class_="quiet"))
    if sheet.pictures:
        shown = [
            tag("div", Markup(each), class_="picture", tabindex="0", role="region", aria_label=f"Picture {number}")
            for number, each in enumerate(sheet.pictures, 1)
        ]
        words = "As it would be, drawn from the templates; what changes is marked by a word and a colour."
        yield _section("picture", "Picture", tag("p", words, class_="quiet"), *shown)


def _cost(sheet: Sheet) -> Iterator[Markup]:
    priced = [(each.stack, each.cost) for each in sheet.reviews if each.cost]
    parts: list[Markup] = []
    for stack, cost in priced:
        lines = [tag("li", cost_line(each)) for each in cost.lines]
        parts.append(tag("h3", stack, ": ", cost_headline(cost)))
        shown = tag("ul", *lines)
        parts.append(_fold(_many(len(lines), "part"), shown) if len(lines) > NAMED else shown)
        parts.extend(tag("p", each, class_="quiet") for each in cost.notes)
    if parts:
        yield _section("cost", "Cost difference", *parts)


def _stacks(sheet: Sheet) -> Iterator[Markup]:
    if sheet.reviews:
        yield _section("stacks", "Stacks", *(tag("article", *_stack(each)) for each in sheet.reviews))


def _stack(review: Review) -> Iterator[Markup]:
    yield tag("h3", tag("bdi", review.stack))
    yield tag("p", f"{review.operation} {review.stack_name}: {headline(review)}")
    if review.values:
        rows = [
            tag("li", f"{each.kind} ", tag("b", each.name), ": ", values(each.before, each.after))
            for each in review.values
        ]
        yield _fold(_many(len(rows), "value") + " beside the resources", tag("ul", *rows))
    yield from (tag("p", each, class_="quiet") for each in review.notes)
    if review.capabilities:
        yield tag("p", f"Needs {', '.join(review.capabilities)}")
    if review.link.startswith("https://"):
        label = f"Change set of {review.stack} in the console"
        yield tag("p", tag("a", label, href=review.link, rel="noreferrer"))


def _fold(words: str, *inside: Markup) -> Markup:
    return tag("details", tag("summary", words), *inside)


def _section(name: str, title: str, *inside: Markup, kind: str = "part") -> Markup:
    return tag("section", tag("h2", title, id=name), *inside, class_=kind, aria_labelledby=name)
