"""What generating costs: CPU seconds of whole processes, beside the bare imports it cannot do without.

Out: rows (what, figures). CPU seconds are user and system time of a child process; medians of `RUNS`, taken in turns so that a
busy machine is busy for all.
"""

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.process import ROOT, cpu_seconds, peak_megabytes, surroundings
from generator.__main__ import KEPT

RUNS = 9

_USED = """
import sys, generator.__main__ as m; m._files()
print(",".join(sorted(n for n in sys.modules if n.split(".")[0] in ("troposphere", "awacs"))))
"""
_MANY = """
import dataclasses, gc, sys

gc.disable()  # as the command does
from generator.build import build
from generator.environments import STAGING
from generator.model import Compute
from generator.services import SERVICES
environment = dataclasses.replace(STAGING, compute=Compute.FARGATE, options=(Compute.FARGATE,))
copies = [
    dataclasses.replace(SERVICES[0], name=f"worker{n}", port=10000 + n, host=f"worker{n}") for n in range(int(sys.argv[1]))
]
files = build((environment,), (*SERVICES, *copies))
print(len(files))
"""


def imports() -> str:
    """`import` of every troposphere and awacs module that the generator uses."""
    names = subprocess.run(
        [sys.executable, "-c", _USED], cwd=ROOT, env=surroundings(), capture_output=True, text=True, check=True
    ).stdout.strip()
    return f"import {names}"


def generation() -> list[tuple[str, str]]:
    """All environments into an empty folder, built and recalled, each beside the bare imports."""
    floor_code = imports()
    with tempfile.TemporaryDirectory() as folder:

        def run(name: str) -> float:
            return cpu_seconds("-m", "generator", "--out", f"{folder}/{name}")

        run("compiled")
        runs = []
        for number in range(RUNS):
            KEPT.unlink()
            runs.append((cpu_seconds("-c", floor_code), run(f"built-{number}"), run(f"recalled-{number}")))
        peak = peak_megabytes("generator", "--no-cache", "--out", folder, note=Path(folder) / "peak")
    floor, built, recalled = (statistics.median(column) for column in zip(*runs, strict=True))
    return [
        ("import of the troposphere and awacs modules used", f"{floor:.3f} s CPU"),
        ("python -m generator, all environments, first run", f"{built:.3f} s CPU, {peak:.0f} MB"),
        ("  ratio to the bare imports, median of the pairs", f"{statistics.median(b / f for f, b, _ in runs):.2f}"),
        ("python -m generator, nothing changed since the last run", f"{recalled:.3f} s CPU"),
        ("  ratio to the bare imports, median of the pairs", f"{statistics.median(r / f for f, _, r in runs):.2f}"),
    ]


def growth(counts: tuple[int, ...] = (0, 100, 300)) -> list[tuple[str, str]]:
    """One environment with 3, 103 and 303 services: CPU seconds for each service beyond the first three."""
    runs = [[cpu_seconds("-c", _MANY, str(count)) for count in counts] for _ in range(RUNS)]
    medians = [statistics.median(run[index] for run in runs) for index in range(len(counts))]
    rows = []
    for count, median in zip(counts[1:], medians[1:], strict=True):
        each = (median - medians[0]) / count * 1000
        rows.append((f"{count} services more", f"{median:.3f} s CPU, {each:.2f} ms a service"))
    return rows


def rows() -> list[tuple[str, str]]:
    """Everything this module measures."""
    return [*generation(), *growth()]
