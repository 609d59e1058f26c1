"""`python -m generator.lint`: cfn-lint over every template with its own parameter file, in one process.

In: `templates/`, `parameters/`, and the rules and levels of `.cfnlintrc`. Out: findings, and exit code 1 if there are any.
`cfn-lint` alone pairs every template with every parameter file, or reads neither; here each template is judged with the
values it will be deployed with, and starting cfn-lint (half of a run) is paid once.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cfnlint.config import ConfigMixIn
from cfnlint.context.parameters import ParameterSet
from cfnlint.match import Match
from cfnlint.runner import run_template_by_file_path
from cfnlint.runner.cli import Runner

# Stands for the tag of a deployment, which no file holds.
SAMPLE_TAG = "0123456789abcdef0123456789abcdef01234567"


def main() -> int:
    """Lint everything and return the exit code."""
    templates = sorted(path for path in Path("templates").glob("*/*.json") if path.name != "manifest.json")
    base = ConfigMixIn([], templates=[str(path) for path in templates])
    rules = Runner(base).rules
    findings = [finding for path in templates for finding in _lint(path, base, rules)]
    for finding in findings:
        rule = finding.rule
        print(f"{finding.filename}:{finding.linenumber}: {rule.id} {finding.message}")
    print(f"{len(templates)} templates with their parameters, {len(findings)} findings")
    return 1 if findings else 0


def _lint(path: Path, base: ConfigMixIn, rules: Any) -> Iterator[Match]:
    values = ParameterSet(source=str(path), parameters=_parameters(path))
    config = base.evolve(parameters=[values], templates=[str(path)])
    yield from run_template_by_file_path(str(path), config, rules, False)


def _parameters(path: Path) -> dict[str, str]:
    """What the parameter file says, and a sample for each image tag that only a deployment knows."""
    manifest = json.loads((path.parent / "manifest.json").read_text(encoding="utf-8"))
    images = next(stack["Images"] for stack in manifest["Stacks"] if stack["Name"] == path.stem)
    values = {image["Parameter"]: SAMPLE_TAG for image in images}
    given = Path("parameters") / path.parent.name / path.name
    if given.exists():
        entries = json.loads(given.read_text(encoding="utf-8"))
        values |= {entry["ParameterKey"]: entry["ParameterValue"] for entry in entries}
    return values


if __name__ == "__main__":
    sys.exit(main())
