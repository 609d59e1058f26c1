"""What a rule says: how heavy, and in which words."""

from __future__ import annotations

from dataclasses import dataclass

from deploy_stack.review.model import Severity


@dataclass(frozen=True)
class Opinion:
    """One opinion of one rule about one change."""

    severity: Severity
    text: str


def block(text: str) -> Opinion:
    """Nobody may execute this without naming it."""
    return Opinion(Severity.BLOCK, text)


def warn(text: str) -> Opinion:
    """A person should have read this."""
    return Opinion(Severity.WARN, text)


def note(text: str) -> Opinion:
    """Good to know."""
    return Opinion(Severity.NOTE, text)
