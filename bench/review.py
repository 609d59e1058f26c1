"""What judging costs: cfn-lint over all templates, the offline difference, and the review of 10, 500 and 5,000 changes.

Out: rows (what, figures). A template holds 500 resources at most; 5,000 changes are a change set with nested ones.
"""

import statistics
import sys
import tempfile
from pathlib import Path

from bench.process import cpu_seconds, measure, peak_megabytes

RUNS = 7
COUNTS = (10, 500, 5_000)
FORMS = ("table", "markdown", "html", "json")

Row = tuple[str, str]


def rows() -> list[Row]:
    """Everything this module measures."""
    return [*linting(), *difference(), *reviews()]


def linting() -> list[Row]:
    """All templates with their parameters, cfn-lint's rules and our own, in one process."""
    runs = [cpu_seconds("-m", "generator.lint") for _ in range(RUNS)]
    with tempfile.TemporaryDirectory() as folder:
        peak = peak_megabytes("generator.lint", note=Path(folder) / "peak")
    return [("cfn-lint and our rules over all templates", f"{statistics.median(runs):.2f} s CPU, {peak:.0f} MB")]


def difference() -> list[Row]:
    """`deploy-stack diff production` of the working tree, which reads and compares every stack."""
    found = []
    for _ in range(RUNS):
        cost = measure([sys.executable, "-m", "deploy_stack", "diff", "production"])
        if cost.code not in {0, 10, 11}:
            raise RuntimeError(f"deploy-stack diff ended with {cost.code}")
        found.append(cost.cpu)
    return [("deploy-stack diff production, offline", f"{statistics.median(found):.2f} s CPU")]


def reviews() -> list[Row]:
    """A change set's description judged and written in each form."""
    made = []
    for form in FORMS:
        figures = []
        for count in COUNTS:
            runs = [cpu_seconds("-m", "bench.one_review", form, str(count)) for _ in range(RUNS)]
            figures.append(f"{count:,}: {statistics.median(runs):.2f} s")
        made.append((f"review as {form}, CPU of the whole process by number of changes", "; ".join(figures)))
    return made
