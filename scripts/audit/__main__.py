"""`python -m audit [--explained] [--count FILE] [JUDGE ...]`: ask the judges; exit 1 unless every finding is mended or explained.

Progress goes to standard error; open findings, stale explanations and the table to standard output.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from audit import accepted, first, report
from audit.finding import AuditError
from audit.inputs import collect
from audit.judges import JUDGES
from audit.running import CUT_OFF, ask, cut_off


def main(arguments: list[str]) -> int:
    """The exit code: 0 when nothing is open, 1 for open findings and stale explanations, 2 when the audit itself failed."""
    names = [judge.name for judge in JUDGES]
    parser = argparse.ArgumentParser(prog="python -m audit", description="Independent judges over what is rendered.")
    parser.add_argument("judges", nargs="*", metavar="JUDGE", help=f"only these: {', '.join(names)}")
    parser.add_argument("--root", type=Path, default=Path(), help="the repository (default: here)")
    parser.add_argument("--explained", action="store_true", help="show every explanation with its findings")
    parser.add_argument(
        "--count", type=Path, metavar="FILE", help="write the number of findings by check to FILE and stop"
    )
    given = parser.parse_args(arguments)
    if unknown := set(given.judges) - set(names):
        parser.error(f"no judge {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    try:
        return _audit(given)
    except AuditError as fault:
        print(f"audit: {fault}", file=sys.stderr)
        return 2


def _audit(given: argparse.Namespace) -> int:
    explanations = accepted.load(accepted.ACCEPTED, [judge.name for judge in JUDGES])
    judges = [judge for judge in JUDGES if judge.name in given.judges or not given.judges]
    _say("no network: the judges are cut off" if os.environ.get(CUT_OFF) else "network: this machine cannot cut it off")
    answers = ask(judges, collect(given.root.resolve()), _say)
    findings = [finding for answer in answers for finding in answer.findings]
    if given.count:
        given.count.write_text(json.dumps(first.count(findings), indent=2) + "\n", encoding="utf-8")
        return 0
    still, explained = accepted.split(findings, explanations)
    stale = accepted.stale(findings, explanations, [judge.name for judge in judges])
    if given.explained:
        print("\n".join(report.in_full(explained)), end="\n\n")
    for finding in still:
        print(f"open: {report.one(finding)}")
    for line in stale:
        print(f"stale: {accepted.ACCEPTED.name}: {line}")
    print("\n".join(report.table(answers, still, explained, first.load())))
    return 1 if still or stale else 0


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    cut_off([sys.executable, "-m", "audit", *sys.argv[1:]])
    sys.exit(main(sys.argv[1:]))
