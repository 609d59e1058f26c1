"""`python -m generator.rules [--check]`: write docs/rules.md, or say that it is not current."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "rules.md"


def main(arguments: list[str] | None = None) -> int:
    """Write the page, or with --check compare it; 1 when it is not current."""
    parser = argparse.ArgumentParser(
        prog="python -m generator.rules", description="Write docs/rules.md from the rules."
    )
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when the page is not current")
    parser.add_argument("--out", type=Path, default=PAGE, help="another file than docs/rules.md")
    options = parser.parse_args(arguments)
    from generator.rules._catalogue import page  # noqa: PLC0415  (--help needs no cfn-lint)

    text = page()
    if options.check:
        current = options.out.is_file() and options.out.read_text(encoding="utf-8") == text
        if not current:
            sys.stderr.write(f"{options.out} is not what the rules say; run python -m generator.rules\n")
        return 0 if current else 1
    temporary = options.out.with_suffix(".tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
