"""`make bench`: every measurement in one page, printed and written to `bench/RESULTS.md`.

`python -m bench generate` runs one of them and prints only. CPU seconds, medians, and ratios of pairs taken in one run; wall
seconds only where waiting is what is measured. What compares with other tools needs them installed: `make bench-peers`.
"""

import sys
from collections.abc import Callable
from pathlib import Path

from bench import deploy, generate, move, release, review
from bench.page import Table, figures, page
from bench.peers import deployment, generation

MEASUREMENTS: dict[str, Callable[[], Table]] = {
    "generate": generate.table,
    "review": lambda: figures(review.rows()),
    "deploy": lambda: figures(deploy.rows()),
    "release": lambda: figures(release.rows()),
    "move": lambda: figures(move.rows()),
    "deployment-peers": deployment.table,
    "generation-peers": generation.table,
}


def main(names: list[str]) -> int:
    """Run the named measurements, or all, and return the exit code."""
    if unknown := sorted(set(names) - set(MEASUREMENTS)):
        print(f"bench: no measurement {unknown[0]!r}; there are {', '.join(MEASUREMENTS)}", file=sys.stderr)
        return 2
    sections = {}
    for name in names or MEASUREMENTS:
        print(f"{name} ...", file=sys.stderr, flush=True)
        sections[name] = MEASUREMENTS[name]()
        print(f"## {name}\n\n{sections[name].markdown()}\n", flush=True)
    if not names:
        (Path(__file__).parent / "RESULTS.md").write_text(page(sections), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
