"""`python -m generator`: write `templates/`, or with `--check` say what is stale there and wrong in `parameters/`.

Exit codes: 0 done, or nothing to say; 1 something is stale or wrong; 2 the command was not understood.
"""

import gc
import sys
from argparse import ArgumentParser
from pathlib import Path

from generator import VERSION

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / ".aldeia" / "generated.json"
DONE = {"changed": "changed", "missing": "new", "orphaned": "removed"}


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    try:
        return _run(given)
    except OSError as error:
        print(f"generator: {error.filename}: {error.strerror}", file=sys.stderr)
    except Exception as error:
        from generator.explain import explained  # noqa: PLC0415

        if (said := explained(error)) is None:
            raise
        told = "" if isinstance(error, ImportError) else "the description cannot work: "
        print(f"generator: {told}{said}", file=sys.stderr)
    return 1


def _run(given: list[str]) -> int:
    if given[:1] == ["costs"]:
        from generator.costs.command import main as costs  # noqa: PLC0415  (nothing else needs prices)

        return costs(given[1:])
    gc.disable()  # a process of a fifth of a second leaves nothing worth collecting; looking for it costs a quarter of that
    options = _parser().parse_args(given)
    from generator.recall import built_or_recalled  # noqa: PLC0415  (--help needs none of this)

    files = _files() if options.no_cache else built_or_recalled(_files, KEPT)
    return _check(files, options.out, options.parameters) if options.check else _write(files, options.out)


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="python -m generator",
        description="Write every CloudFormation template, compose file and bootstrap script from the description "
        "in generator/services.py and generator/environments.py. `python -m generator costs --help`: what they cost.",
    )
    parser.add_argument("--version", action="version", version=f"aldeia-compute {VERSION}")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 and name what is stale or wrong")
    parser.add_argument("--out", type=Path, default=ROOT / "templates", metavar="DIR", help="default: templates/")
    parser.add_argument(
        "--parameters", type=Path, default=ROOT / "parameters", metavar="DIR", help="for --check; default: parameters/"
    )
    parser.add_argument(
        "--no-cache", action="store_true", help="build every file, also when nothing has changed since the last run"
    )
    return parser


def _files() -> dict[str, str]:
    from generator.build import build  # noqa: PLC0415
    from generator.environments import ENVIRONMENTS  # noqa: PLC0415
    from generator.services import SERVICES  # noqa: PLC0415

    return build(ENVIRONMENTS, SERVICES)


def _write(files: dict[str, str], out: Path) -> int:
    from generator.files import write  # noqa: PLC0415

    changes = write(files, out)
    for kind, path in changes:
        print(f"{DONE[kind]:8} {_shown(out / path)}")
    if not changes:
        print(f"{len(files)} files in {_shown(out)} are up to date")
    return 0


def _check(files: dict[str, str], out: Path, parameters: Path) -> int:
    from generator.facts import mistakes  # noqa: PLC0415
    from generator.files import differences  # noqa: PLC0415

    stale = differences(files, out)
    for kind, path in stale:
        print(f"{kind:8} {_shown(out / path)}: run `make templates`", file=sys.stderr)
    wrong = mistakes(files, parameters, _shown(parameters))
    for text in wrong:
        print(text, file=sys.stderr)
    if not stale and not wrong:
        print(f"{len(files)} files in {_shown(out)} are up to date, and the parameters fit them")
    return 1 if stale or wrong else 0


def _shown(path: Path) -> str:
    """`path` as a person in the working folder would type it."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


if __name__ == "__main__":
    sys.exit(main())
