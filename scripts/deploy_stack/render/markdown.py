"""A review as Markdown, for a pull request's comment or a job summary.

In: `Review`s. Out: text. Refuses to know: where it is posted. Values are in code spans, so that nothing in them is markup.
"""

from __future__ import annotations

from collections.abc import Iterable

from deploy_stack.render.words import cost_headline, cost_lines, headline, mark, property_line, value_line
from deploy_stack.review.model import Review, Severity


def markdown(
    environment: str, reviews: Iterable[Review], unchanged: Iterable[str] = (), waiting: Iterable[str] = ()
) -> str:
    """Return the whole plan as one Markdown text."""
    parts = [f"## deploy-stack: {environment}", ""]
    for review in reviews:
        parts.extend(_review(review))
    unchanged, waiting = list(unchanged), list(waiting)
    if unchanged:
        parts.extend([f"Nothing to change: {', '.join(unchanged)}", ""])
    parts.extend(f"Waiting: {text}  " for text in waiting)
    return "\n".join(parts).rstrip() + "\n"


def _review(review: Review) -> Iterable[str]:
    yield f"### {review.stack}: {headline(review)}"
    yield ""
    for finding in review.findings:
        if finding.severity is not Severity.NOTE:
            word = "**Blocked**" if finding.severity is Severity.BLOCK else "Warning"
            yield f"- {word} {_code(finding.key)}: {_plain(finding.text)}"
    if any(each.severity is not Severity.NOTE for each in review.findings):
        yield ""
    if review.changes:
        yield "| | what | resource | type | properties |"
        yield "|---|---|---|---|---|"
        for change in review.changes:
            lines = "<br>".join(_code(property_line(each)) for each in change.properties)
            yield f"| {mark(review, change)} | {change.verb} | {change.logical_id} | {change.type} | {lines} |"
        yield ""
    yield from _remarks(review)
    if review.capabilities:
        yield f"- capabilities: {', '.join(review.capabilities)}"
    yield ""
    if review.link:
        yield f"[Change set in the console]({review.link})"
        yield ""


def _remarks(review: Review) -> Iterable[str]:
    """Yield what is to be said beside the resources: values, the bill, findings, notes."""
    for value in review.values:
        yield f"- {value.kind} {_code(value_line(value))}"
    if review.cost:
        yield f"- cost {_code(cost_headline(review.cost))}"
        for line in cost_lines(review.cost):
            yield f"  - {_code(line)}"
    for finding in review.findings:
        if finding.severity is Severity.NOTE:
            yield f"- {_code(finding.key)}: {_plain(finding.text)}"
    for note in review.notes:
        yield f"- {_plain(note)}"


def _code(text: str) -> str:
    """Return a code span that holds the text as it is, in a table cell too."""
    fence = "``" if "`" in text else "`"
    return f"{fence}{text.replace('|', chr(92) + '|')}{fence}"


def _plain(text: str) -> str:
    for sign in "\\`*_<>|[]":
        text = text.replace(sign, f"\\{sign}")
    return text
