"""`python -m generator costs`: what the rendered templates cost, by environment and option.

In: the command line, `templates/`, `parameters/`. Out: a report on stdout. Exit codes: 0 done, 1 files that cannot be priced,
2 the command was not understood.
"""

from __future__ import annotations

import json
import os
import sys
from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path

from generator.costs.options import CostsError, check_region, read
from generator.costs.prices import own_table
from generator.costs.report import as_json, lines

ROOT = Path(__file__).resolve().parents[2]


def main(arguments: list[str]) -> int:
    """Run the command and return its exit code."""
    options = _parser().parse_args(arguments)
    names = [options.environment] if options.environment else _environments(options.templates)
    table, today = own_table(), datetime.now(UTC).date()
    try:
        found = [read(name, options.templates, options.parameters) for name in names]
        for each in found:
            check_region(each, table)
        if options.json:
            print(json.dumps([as_json(each, table, today) for each in found], indent=2))
        else:
            print("\n\n".join(["\n".join(lines(each, table, today, every=options.lines)) for each in found]))
    except BrokenPipeError:
        os.dup2(
            os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
        )  # the reader has seen enough; nothing more to say at exit
    except CostsError as error:
        print(f"generator: {error}", file=sys.stderr)
        return 1
    return 0


def _environments(templates: Path) -> list[str]:
    return sorted(each.parent.name for each in templates.glob("*/manifest.json")) or ["staging"]


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="python -m generator costs",
        description="Price the rendered templates: both compute options side by side, the design document's own method, "
        "where one becomes cheaper than the other, and what each saving would bring.",
    )
    parser.add_argument("environment", nargs="?", help="staging, production or shared; all of them without it")
    parser.add_argument("--json", action="store_true", help="everything as JSON, with the source of each price")
    parser.add_argument("--lines", action="store_true", help="every line of the bill")
    parser.add_argument("--templates", type=Path, default=ROOT / "templates", metavar="DIR", help="default: templates/")
    parser.add_argument(
        "--parameters", type=Path, default=ROOT / "parameters", metavar="DIR", help="default: parameters/"
    )
    return parser
