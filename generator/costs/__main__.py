"""`python -m generator.costs [--check]`: write docs/compute-decision.md and its chart, or say that they are not current.

Reads `templates/` and `parameters/` as they are on disk: run it after `python -m generator`. Exit codes: 0 done, or nothing to say;
1 something is stale or cannot be priced; 2 the command was not understood.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from generator.costs.options import CostsError, check_region, read
from generator.costs.page import files
from generator.costs.prices import own_table
from generator.files import replace

ROOT = Path(__file__).resolve().parents[2]


def main(arguments: list[str] | None = None) -> int:
    """Write the page, or with --check compare it; 1 when it is not current."""
    parser = argparse.ArgumentParser(
        prog="python -m generator.costs", description="Write docs/compute-decision.md from templates and prices."
    )
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 and name what is stale")
    parser.add_argument("--templates", type=Path, default=ROOT / "templates", metavar="DIR", help="default: templates/")
    parser.add_argument(
        "--parameters", type=Path, default=ROOT / "parameters", metavar="DIR", help="default: parameters/"
    )
    parser.add_argument("--out", type=Path, default=ROOT / "docs", metavar="DIR", help="default: docs/")
    options = parser.parse_args(arguments)
    try:
        environments = {name: read(name, options.templates, options.parameters) for name in ("staging", "production")}
        for each in environments.values():
            check_region(each, own_table())
        written = files(environments, own_table())
    except CostsError as error:
        print(f"generator.costs: {error}", file=sys.stderr)
        return 1
    stale = [
        (options.out / name, text)
        for name, text in written.items()
        if not (options.out / name).is_file() or (options.out / name).read_text(encoding="utf-8") != text
    ]
    for path, text in stale:
        if options.check:
            print(f"stale    {path}: run `make docs`", file=sys.stderr)
        else:
            replace(path, text)
            print(f"changed  {path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path}")
    return 1 if stale and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
