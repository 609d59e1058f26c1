"""`python -m generator.pictures [--check]`: write docs/architecture.md and its pictures, or name what is stale.

Reads `templates/` as it is on disk: run it after `python -m generator`. Exit codes: 0 done, or nothing to say; 1 something is
stale or a template cannot be read; 2 the command was not understood.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from generator.files import differences, replace, write
from generator.pictures._page import FOLDER, PAGE, files

ROOT = Path(__file__).resolve().parents[2]


def main(arguments: list[str] | None = None) -> int:
    """Write the page and the pictures, or with --check compare them; 1 when one is stale."""
    parser = argparse.ArgumentParser(
        prog="python -m generator.pictures", description="Draw docs/architecture.md from the rendered templates."
    )
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 and name what is stale")
    parser.add_argument("--templates", type=Path, default=ROOT / "templates", metavar="DIR", help="default: templates/")
    parser.add_argument("--out", type=Path, default=ROOT / "docs", metavar="DIR", help="default: docs/")
    options = parser.parse_args(arguments)
    try:
        made = files(_environments(options.templates))
        return (_check if options.check else _write)(made, options.out)
    except OSError as error:
        print(f"generator.pictures: {error.filename}: {error.strerror}", file=sys.stderr)
    except ValueError as error:
        print(f"generator.pictures: {error}", file=sys.stderr)
    return 1


def _environments(folder: Path) -> dict[str, dict[str, Any]]:
    """Templates by environment and stack, in deploy order. Raises ValueError where one is no JSON."""
    found = {}
    for path in sorted(folder.glob("*/manifest.json")):
        stacks = [stack["Name"] for stack in _read(path)["Stacks"]]
        templates = {name: _read(path.with_name(f"{name}.json")) for name in stacks}
        if any(
            each["Type"] == "AWS::EC2::VPC"
            for template in templates.values()
            for each in template["Resources"].values()
        ):
            found[path.parent.name] = templates
    if not found:
        raise ValueError(f"{folder}: found no environment with a network; run `python -m generator` first")
    return found


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path}: {error}") from None


def _write(made: dict[str, str], out: Path) -> int:
    pictures = _pictures(made)
    for kind, name in write(pictures, out / FOLDER):
        print(f"{kind:8} {_shown(out / FOLDER / name)}")
    if _stale_page(made, out):
        replace(out / PAGE, made[PAGE])
        print(f"changed  {_shown(out / PAGE)}")
    return 0


def _check(made: dict[str, str], out: Path) -> int:
    stale = [out / FOLDER / name for _, name in differences(_pictures(made), out / FOLDER)]
    stale += [out / PAGE] if _stale_page(made, out) else []
    for path in stale:
        print(f"stale    {_shown(path)}: run `make docs`", file=sys.stderr)
    return 1 if stale else 0


def _pictures(made: dict[str, str]) -> dict[str, str]:
    return {path.removeprefix(f"{FOLDER}/"): text for path, text in made.items() if path != PAGE}


def _stale_page(made: dict[str, str], out: Path) -> bool:
    page = out / PAGE
    return not page.is_file() or page.read_text(encoding="utf-8") != made[PAGE]


def _shown(path: Path) -> Path:
    """`path` as a person in the working folder would type it."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


if __name__ == "__main__":
    sys.exit(main())
