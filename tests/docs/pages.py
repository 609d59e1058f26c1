"""The pages of this repository as tests read them: text, headings, links, blocks of commands."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted({*ROOT.glob("*.md"), *ROOT.glob("*/README.md"), *(ROOT / "docs").rglob("*.md")})
FENCE = re.compile(r"^(?P<fence>```+)(?P<kind>[\w-]*)[^\n]*\n(?P<text>.*?)^(?P=fence)[ \t]*$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
_LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
_HTML_LINK = re.compile(r"<(?:img|a|source)\b[^>]*?\b(?:src|href|srcset)=\"([^\"]+)\"")


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, its text, the heading above it, its line."""

    kind: str
    text: str
    section: str
    line: int


def name(page: Path) -> str:
    """A page as one would type it."""
    return str(page.relative_to(ROOT))


def blocks(text: str) -> Iterator[Block]:
    """The fenced blocks of a page."""
    for found in FENCE.finditer(text):
        above = [each[2] for each in headings(text) if each[0] < found.start()]
        yield Block(found["kind"], found["text"], above[-1] if above else "", text.count("\n", 0, found.start()) + 1)


def headings(text: str) -> list[tuple[int, int, str]]:
    """(offset, level, title) of each heading that is not inside a fenced block."""
    blank = FENCE.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)
    return [
        (each.start(), len(each[1]), each[2].strip()) for each in re.finditer(r"^(#{1,6})\s+(.+)$", blank, re.MULTILINE)
    ]


def anchors(text: str) -> set[str]:
    """The anchors that the repository's host gives to the headings, and those written as HTML."""
    seen: Counter[str] = Counter()
    found = set(re.findall(r"<\w+[^>]*\b(?:id|name)=\"([^\"]+)\"", text))
    for _, _, title in headings(text):
        shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title.replace("`", ""))
        slug = re.sub(r"[^\w\- ]", "", shown.lower()).replace(" ", "-")
        found.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
        seen[slug] += 1
    return found


def links(text: str) -> list[str]:
    """Where a page leads to; what stands in code leads nowhere."""
    prose = _INLINE.sub("", FENCE.sub("", text))
    return [*_LINK.findall(prose), *_HTML_LINK.findall(prose)]


def code(text: str) -> Iterator[str]:
    """Everything that stands in code: lines of blocks, and words in the text."""
    for each in FENCE.finditer(text):
        if each["kind"] in {"", "sh", "bash", "console"}:
            yield from (re.sub(r"\s+# .*", "", line) for line in each["text"].replace("\\\n", " ").splitlines())
    for each in _INLINE.finditer(FENCE.sub("", text)):
        yield " ".join(each[2].split())
