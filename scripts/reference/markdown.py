"""Markdown that every host reads: tables, and text that stays itself inside them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a table. A pipe or a line break in a cell would end it, so both are written otherwise."""
    return [_row(head), "|" + "---|" * len(head), *map(_row, rows)]


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"


def code(text: str) -> str:
    """`text` as code; nothing for nothing. A backtick inside needs a longer fence."""
    fence = "``" if "`" in text else "`"
    return f"{fence}{text}{fence}" if text else ""


def plain(text: str) -> str:
    """Prose in which no character is taken for markup: what stands in <angle brackets> would vanish as HTML."""
    return text.replace("<", "\\<")
