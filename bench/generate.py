"""What generating costs: CPU seconds and memory of whole processes, beside the bare imports it cannot do without.

Out: a table. CPU seconds are user and system time of a child process; medians of `RUNS`, taken in turns so that a busy machine is
busy for all.
"""

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.page import Table
from bench.process import ROOT, cpu_seconds, peak_megabytes, surroundings
from generator.__main__ import KEPT

RUNS = 9
SERVICES = (3, 10, 30, 100, 300)

_USED = """
import sys, generator.__main__ as m; m._files()
print(",".join(sorted(n for n in sys.modules if n.split(".")[0] in ("troposphere", "awacs"))))
"""

Row = tuple[str, ...]


def table() -> Table:
    """Everything this module measures."""
    notes = (
        "The bare imports are `import` of every troposphere and awacs module that the generator uses: what no generator on "
        "troposphere can do without.",
        "A first run is one after a change to the generator; the next runs take what it built from `.aldeia/generated.json`.",
    )
    return Table(("what", "CPU s", "peak MB", "ratio to the bare imports", "ms a service beyond three"), rows(), notes)


def rows() -> tuple[Row, ...]:
    """The bare imports; all environments, built and recalled; one environment with 3 to 300 services."""
    commands = {
        "`python -m generator`, all environments, first run": ("generator", "--out"),
        "`python -m generator`, nothing changed since": ("generator", "--out"),
        **{f"one environment of {count} services": ("bench.one_platform", str(count)) for count in SERVICES},
    }
    floor = imports()
    with tempfile.TemporaryDirectory() as folder:
        given = [(*command, folder) if command[-1] == "--out" else command for command in commands.values()]
        floors, runs = [], []
        for _ in range(RUNS):
            floors.append(cpu_seconds("-c", floor))
            KEPT.unlink(missing_ok=True)
            runs.append([cpu_seconds("-m", *command) for command in given])
        KEPT.unlink()
        peaks = [peak_megabytes(*command, note=Path(folder) / "peak") for command in given]
    columns = list(zip(*runs, strict=True))
    least = statistics.median(columns[-len(SERVICES)])
    made: list[Row] = [("the bare imports", f"{statistics.median(floors):.3f}", "", "1", "")]
    for name, column, peak, count in zip(commands, columns, peaks, (0, 0, *SERVICES), strict=True):
        median = statistics.median(column)
        ratio = statistics.median(one / other for one, other in zip(column, floors, strict=True))
        each = f"{(median - least) / (count - SERVICES[0]) * 1000:.2f}" if count > SERVICES[0] else ""
        made.append((name, f"{median:.3f}", f"{peak:.0f}", f"{ratio:.2f}", each))
    return tuple(made)


def imports() -> str:
    """`import` of every troposphere and awacs module that the generator uses."""
    names = subprocess.run(
        [sys.executable, "-c", _USED], cwd=ROOT, env=surroundings(), capture_output=True, text=True, check=True
    ).stdout.strip()
    return f"import {names}"
