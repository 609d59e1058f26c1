"""The page of figures: sections of one table each, with what a reader must know to judge them.

In: tables by name. Out: Markdown, the same on a terminal and in `bench/RESULTS.md`.
"""

import os
import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("troposphere", "awacs", "cfn-lint", "boto3", "click", "rich")


@dataclass(frozen=True)
class Table:
    """Columns, rows of as many cells, and notes: one sentence or more each, Markdown."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()

    def markdown(self) -> str:
        """The table and below it its notes."""
        lines = [self.columns, tuple("---" for _ in self.columns), *self.rows]
        table = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
        return "\n\n".join([table, *("\n".join(f"- {note}" for note in self.notes),) * bool(self.notes)])


def figures(rows: Iterable[tuple[str, str]]) -> Table:
    """A table of what was measured and its figures."""
    return Table(("what", "figures"), tuple(rows))


def page(sections: Mapping[str, Table]) -> str:
    """All sections, after the versions and the machine they were measured with."""
    used = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    parts = [
        "# Results of `make bench`",
        f"Python {platform.python_version()}; {used}.\n{machine()}",
        "CPU seconds are user and system time of a process and its children. Figures are medians; a ratio is the median of pairs "
        "taken in one run.",
    ]
    for name, table in sections.items():
        parts += [f"## {name}", table.markdown()]
    return "\n\n".join(parts) + "\n"


def machine() -> str:
    """The kind of machine, without its name."""
    model = _field("/proc/cpuinfo", "model name") or platform.processor() or platform.machine()
    memory = int((_field("/proc/meminfo", "MemTotal") or "0 kB").split()[0]) / 1024**2
    return (
        f"{os.cpu_count()} cores of {model}, {memory:.0f} GiB, {platform.system()} {platform.release().split('-')[0]}."
    )


def _field(file: str, name: str) -> str:
    """The first value of a field in a file of `name: value` lines; empty where there is none, or no such file."""
    try:
        lines = Path(file).read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")
