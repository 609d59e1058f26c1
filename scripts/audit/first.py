"""What the judges found before anything was mended: `first.json`, counts by judge and check, of the first audit.

What is found no more is what was mended; so the table says what the audit has changed, not only what it says today.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from audit.finding import Finding

FIRST = Path(__file__).parent / "first.json"

Counts = dict[str, dict[str, int]]


def load(path: Path = FIRST) -> Counts:
    """Findings of the first audit: judge, then check, then how many."""
    counts: Counts = json.loads(path.read_text(encoding="utf-8"))
    return counts


def count(findings: Iterable[Finding]) -> Counts:
    """The same of `findings`."""
    counts: Counts = {}
    for (judge, check), number in sorted(Counter((each.judge, each.check) for each in findings).items()):
        counts.setdefault(judge, {})[check] = number
    return counts


def mended(first: Counts, now: Counts, judge: str) -> int:
    """How many findings of the first audit are gone: for each check, as many as there are fewer now."""
    current = now.get(judge, {})
    return sum(max(0, number - current.get(check, 0)) for check, number in first.get(judge, {}).items())
