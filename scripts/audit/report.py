"""What a person reads at the end: the open findings, the stale explanations, and the table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from audit import first
from audit.accepted import Explanation
from audit.finding import Finding
from audit.running import Answer

_HEAD = ("judge", "version", "looked at", "first", "now", "mended", "explained", "open")


def table(
    answers: Sequence[Answer],
    still: Sequence[Finding],
    explained: Sequence[tuple[Finding, Explanation]],
    before: first.Counts,
) -> list[str]:
    """One line a judge: findings of the first audit and now, how many were mended, are explained, are open."""
    now = first.count(finding for answer in answers for finding in answer.findings)
    rows = [
        (
            answer.judge,
            answer.version,
            str(answer.shown),
            str(sum(before.get(answer.judge, {}).values())),
            str(len(answer.findings)),
            str(first.mended(before, now, answer.judge)),
            str(sum(finding.judge == answer.judge for finding, _ in explained)),
            str(sum(finding.judge == answer.judge for finding in still)),
        )
        for answer in answers
    ]
    sums = tuple(str(sum(int(row[column]) for row in rows)) for column in range(3, len(_HEAD)))
    return list(_lines([_HEAD, *rows, ("all", "", "", *sums)]))


def _lines(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        words = [
            word.ljust(width) if column < 2 else word.rjust(width)
            for column, (word, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(words).rstrip()


def one(finding: Finding) -> str:
    """A finding as one line: where it is, who says so, what it is."""
    detail = f" ({finding.detail})" if finding.detail else ""
    return f"{finding.where}: {finding.judge} {finding.check}{detail}: {' '.join(finding.message.split())}"


def in_full(explained: Sequence[tuple[Finding, Explanation]]) -> Iterator[str]:
    """Every explanation with the findings it is about."""
    by_explanation: dict[Explanation, list[Finding]] = {}
    for finding, explanation in explained:
        by_explanation.setdefault(explanation, []).append(finding)
    for explanation, findings in by_explanation.items():
        yield f"{explanation.reason}\n  hurts: {explanation.hurts}"
        yield from (f"    {one(finding)}" for finding in findings)
