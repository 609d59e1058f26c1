"""`python -m reference [--check]`: write `docs/reference/`, or name the pages that are not what the code says.

Exit codes: 0 done, or nothing to say; 1 a page is stale; 2 the command was not understood.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from generator.files import differences, write
from reference import commands, description, parameters

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "reference"
PAGES = {
    "commands.md": commands.page,
    "description.md": description.page,
    "parameters.md": parameters.page,
}


def main(arguments: list[str] | None = None, makers: Mapping[str, Callable[[], str]] = PAGES) -> int:
    """Write the pages, or with --check compare them; 1 when one is stale."""
    parser = argparse.ArgumentParser(prog="python -m reference", description="Write docs/reference/ from the code.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 and name what is stale")
    parser.add_argument("--out", type=Path, default=FOLDER, metavar="DIR", help="default: docs/reference/")
    options = parser.parse_args(arguments)
    pages = {name: page() for name, page in makers.items()}
    if options.check:
        stale = differences(pages, options.out)
        for kind, name in stale:
            print(f"{kind:8} {_shown(options.out / name)}: run `make docs`", file=sys.stderr)
        return 1 if stale else 0
    for kind, name in write(pages, options.out):
        print(f"{kind:8} {_shown(options.out / name)}")
    return 0


def _shown(path: Path) -> Path:
    """`path` as a person in the working folder would type it."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


if __name__ == "__main__":
    sys.exit(main())
