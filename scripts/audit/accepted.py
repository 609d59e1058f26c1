"""The one file of explanations: which findings stay, why, and who would be hurt by mending them.

In: `accepted.toml`. Out: explanations, and for given findings which are explained and which explanations are stale. Every fault in
the file is one AuditError with entry, key, what was found and what would be right.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from audit.finding import AuditError, Finding

ACCEPTED = Path(__file__).parent / "accepted.toml"
_REQUIRED = ("checks", "where", "reason", "hurts")
_LISTS = {"checks", "where", "details"}
# Shorter than this, it names nobody and nothing.
_FEWEST_WORDS = 4


@dataclass(frozen=True)
class Explanation:
    """Findings of `checks` (`judge check`) at `where` (`file place`), and with one of `details` where there are any.

    Each pattern may hold `*`; each must match at least one finding, or the explanation is stale.
    """

    checks: tuple[str, ...]
    where: tuple[str, ...]
    details: tuple[str, ...]
    reason: str
    hurts: str

    def explains(self, finding: Finding) -> bool:
        """Whether this is about `finding`."""
        return all(
            not patterns or any(_matches(pattern, text) for pattern in patterns)
            for patterns, text in _sides(self, finding)
        )


def load(path: Path, judges: Sequence[str]) -> tuple[Explanation, ...]:
    """The explanations in `path`, checked; `judges` are the names that a check may begin with."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as fault:
        raise AuditError(f"{path.name}: cannot be read: {fault}") from None
    entries = content.pop("accepted", [])
    if content or not isinstance(entries, list):
        found = ", ".join(content) or "accepted that is no list"
        raise AuditError(f"{path.name}: found {found}; the file is a list of [[accepted]] tables and nothing else")
    return tuple(_explanation(path.name, number, entry, judges) for number, entry in enumerate(entries, start=1))


def _explanation(name: str, number: int, entry: Any, judges: Sequence[str]) -> Explanation:
    where = f"{name}: entry {number}"
    if not isinstance(entry, dict):
        raise AuditError(f"{where}: found {entry!r}; an entry is a table under [[accepted]]")
    known = (*_REQUIRED, "details")
    for key in entry:
        if key not in known:
            raise AuditError(f"{where}: unknown key {key}; there are {', '.join(known)}")
    for key in known:
        value = entry.get(key, [] if key == "details" else None)
        if key in _LISTS:
            good = isinstance(value, list) and all(isinstance(each, str) and each for each in value)
            if not good or (key in _REQUIRED and not value):
                raise AuditError(f"{where}: {key} is {value!r}; it must be a list of texts")
        elif not isinstance(value, str) or len(value.split()) < _FEWEST_WORDS:
            raise AuditError(f"{where}: {key} is {value!r}; it must be a sentence that a reviewer can judge")
    for check in entry["checks"]:
        judge, _, rest = check.partition(" ")
        if judge not in judges or not rest:
            raise AuditError(f"{where}: checks has {check!r}; write `judge check`, with a judge of {', '.join(judges)}")
    for place in entry["where"]:
        if " " not in place:
            raise AuditError(
                f"{where}: where has {place!r}; write `file place`, such as templates/*/edge.json LoadBalancer"
            )
    return Explanation(
        tuple(entry["checks"]),
        tuple(entry["where"]),
        tuple(entry.get("details", ())),
        entry["reason"].strip(),
        entry["hurts"].strip(),
    )


def split(
    findings: Iterable[Finding], explanations: Sequence[Explanation]
) -> tuple[list[Finding], list[tuple[Finding, Explanation]]]:
    """(open findings, explained ones each with the first explanation that is about it)."""
    still, explained = [], []
    for finding in findings:
        about = next((each for each in explanations if each.explains(finding)), None)
        if about is None:
            still.append(finding)
        else:
            explained.append((finding, about))
    return still, explained


def stale(findings: Sequence[Finding], explanations: Sequence[Explanation], judges: Iterable[str]) -> list[str]:
    """One line for each pattern that matches no finding of the `judges` that were asked."""
    asked = set(judges)
    lines = []
    for number, explanation in enumerate(explanations, start=1):
        checks = [check for check in explanation.checks if check.partition(" ")[0] in asked]
        if len(checks) < len(explanation.checks) and not checks:
            continue
        about = [finding for finding in findings if explanation.explains(finding)]
        unused = [
            (key, pattern)
            for key, patterns, texts in (
                ("checks", checks, [f"{finding.judge} {finding.check}" for finding in about]),
                # With only some judges asked, a place may be another judge's.
                *(
                    (
                        ("where", explanation.where, [finding.where for finding in about]),
                        ("details", explanation.details, [finding.detail for finding in about]),
                    )
                    if len(checks) == len(explanation.checks)
                    else ()
                ),
            )
            for pattern in patterns
            if not any(_matches(pattern, text) for text in texts)
        ]
        lines += [f"entry {number}, {key}: {pattern!r} matches no finding any more" for key, pattern in unused]
    return lines


def _sides(explanation: Explanation, finding: Finding) -> tuple[tuple[tuple[str, ...], str], ...]:
    return (
        (explanation.checks, f"{finding.judge} {finding.check}"),
        (explanation.where, finding.where),
        (explanation.details, finding.detail),
    )


def _matches(pattern: str, text: str) -> bool:
    """Like a shell's, with `*` alone special: checks and ARNs are full of brackets."""
    return fnmatchcase(text, re.sub(r"([\[?])", r"[\1]", pattern))
