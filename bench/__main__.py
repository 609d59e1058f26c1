"""`make bench`: every measurement in one table, printed and written to `bench/RESULTS.md`.

`python -m bench generate` runs one of them and prints only. CPU seconds, medians, and ratios of pairs taken in one run; wall
seconds only where waiting is what is measured.
"""

import platform
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from bench import deploy, generate, move, release, review
from bench.peers import generation

Row = tuple[str, str]


MEASUREMENTS: dict[str, Callable[[], list[Row]]] = {
    "generate": generate.rows,
    "review": review.rows,
    "deploy": deploy.rows,
    "release": release.rows,
    "move": move.rows,
    "peers-generation": generation.rows,
}
# What stands below a section's table: with what a peer ran, and how far it did the same work.
NOTES: dict[str, Callable[[], list[str]]] = {"peers-generation": generation.notes}
PACKAGES = ("troposphere", "awacs", "cfn-lint", "boto3", "click", "rich")


def main(names: list[str]) -> int:
    """Run the named measurements, or all, and return the exit code."""
    if unknown := sorted(set(names) - set(MEASUREMENTS)):
        print(f"bench: no measurement {unknown[0]!r}; there are {', '.join(MEASUREMENTS)}", file=sys.stderr)
        return 2
    sections = {}
    for name in names or MEASUREMENTS:
        print(f"{name} ...", file=sys.stderr, flush=True)
        sections[name] = MEASUREMENTS[name]()
        for what, figures in sections[name]:
            print(f"  {what:70} {figures}", flush=True)
        for note in NOTES[name]() if name in NOTES else ():
            print(f"  - {note}", flush=True)
    if not names:
        (Path(__file__).parent / "RESULTS.md").write_text(_page(sections), encoding="utf-8")
    return 0


def _page(sections: dict[str, list[Row]]) -> str:
    used = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    lines = ["# Results of `make bench`", "", f"Python {platform.python_version()}, {platform.machine()}; {used}.", ""]
    for name, rows in sections.items():
        lines += [f"## {name.replace('peers-', 'peers: ')}", "", "| what | figures |", "|---|---|"]
        lines += [f"| {what} | {figures} |" for what, figures in rows]
        lines.append("")
        if notes := NOTES.get(name):
            lines += [*(f"- {note}" for note in notes()), ""]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
