"""Generating the whole system, by us and by other tools: each once a round, in turns, and ratios of what one round gave.

Out: a `Table`. CPU and wall seconds of a command with all its descendants, the peak of the largest of them; medians of `RUNS`.
Two pairs are compared: generating alone, and generating with a check of what was generated.
"""

import statistics
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from local_cloudformation import LocalCloudFormation

from bench.page import Table
from bench.peers.generators import GENERATORS, Generator, Sizes
from bench.process import Cost, measure_tree

RUNS = 7
COLUMNS = ("tool", "CPU s", "wall s", "MB", "templates", "resources", "CPU to ours", "CPU to ours with its check")
ABSENT = "not measured: `make bench-peers` installs it"
READING = (
    "Memory is the peak of the largest process of a command.",
    "Ours checks with cfn-lint and rules of its own, each template with its parameters; the CDK with its own compiled checker. A "
    "row that checks is compared with both of ours, one that does not with generating alone.",
)
# Why another tool needs less than ours where both check.
_FASTER_CHECK = (
    "its checker is one compiled engine (Rust in WebAssembly) with fewer rules; cfn-lint is Python, and finds more"
)

Measured = tuple[Sizes, list[Cost]]


def table() -> Table:
    """Measure every tool that is installed."""
    return shown(measured(GENERATORS))


def measured(generators: Sequence[Generator], runs: int = RUNS) -> dict[Generator, Measured | None]:
    """What each wrote and took; None for what is not installed. Raises RuntimeError if one fails."""
    present = [each for each in generators if each.peer is None or each.peer.installed]
    with tempfile.TemporaryDirectory() as name, _aws(present) as aws:
        folder = Path(name)
        # The run that fills caches is not measured; what it wrote is counted.
        sizes = {each: _first(each, folder / f"first-{number}", aws) for number, each in enumerate(present)}
        costs: dict[Generator, list[Cost]] = {each: [] for each in present}
        for run in range(runs):
            for number, each in enumerate(present):
                costs[each].append(_run(each, folder / f"{run}-{number}", aws))
    return {each: (sizes[each], costs[each]) if each in costs else None for each in generators}


def shown(found: Mapping[Generator, Measured | None]) -> Table:
    """One row a command, then how to read it, where another tool beats ours and why, and what is to be known of each."""
    alone, checked = (its[1] for its in list(found.values())[:2] if its)
    rows, notes = [], []
    for each, its in found.items():
        if its is None:
            rows.append((each.name, ABSENT, *[""] * (len(COLUMNS) - 2)))
            continue
        (templates, resources), costs = its
        middle = [statistics.median(getattr(cost, figure) for cost in costs) for figure in ("cpu", "wall", "peak")]
        to_ours = _ratio(costs, alone, "cpu") if each.peer else ""
        to_checked = _ratio(costs, checked, "cpu") if each.peer and each.checks else ""
        cells = (f"{middle[0]:.2f}", f"{middle[1]:.2f}", f"{middle[2]:.0f}", f"{templates}", f"{resources}")
        rows.append((each.name, *cells, to_ours, to_checked))
        if each.peer:
            notes += _beaten(each, costs, checked if each.checks else alone)
    peers = {each.peer.name: each.peer for each, its in found.items() if each.peer and its}
    tools = [f"**{name}** {peer.versions()}: {peer.fairness}" for name, peer in peers.items()]
    return Table(COLUMNS, tuple(rows), (*READING, *notes, *tools))


def _ratio(theirs: list[Cost], ours: list[Cost], figure: str) -> str:
    return f"{_median_ratio(theirs, ours, figure):.2f}"


def _median_ratio(theirs: list[Cost], ours: list[Cost], figure: str) -> float:
    return float(statistics.median(getattr(a, figure) / getattr(b, figure) for a, b in zip(theirs, ours, strict=True)))


def _beaten(generator: Generator, theirs: list[Cost], ours: list[Cost]) -> list[str]:
    """A sentence for each figure in which another tool needs less than ours at the same work."""
    work = "generating and checking" if generator.checks else "generating"
    why = f": {_FASTER_CHECK}" if generator.checks else ""
    return [
        f"Less than ours, {work}: **{generator.name}**, {_ratio(theirs, ours, figure)} of our {told}{why}."
        for figure, told in (("cpu", "CPU"), ("wall", "time"), ("peak", "memory"))
        if _median_ratio(theirs, ours, figure) < 1
    ]


@contextmanager
def _aws(generators: Sequence[Generator]) -> Iterator[Mapping[str, str]]:
    """Where AWS is, for those who ask it."""
    if any(each.asks for each in generators):
        with LocalCloudFormation() as local:
            yield local.environ
    else:
        yield {}


def _first(generator: Generator, out: Path, aws: Mapping[str, str]) -> Sizes:
    _run(generator, out, aws)
    return generator.sizes(out)


def _run(generator: Generator, out: Path, aws: Mapping[str, str]) -> Cost:
    out.mkdir()
    surroundings = {**(generator.peer.environ if generator.peer else {}), **(aws if generator.asks else {})}
    settings = {**surroundings, **generator.settings}
    cost = measure_tree(
        [each.replace("{out}", str(out)) for each in generator.command],
        out / ".cost",
        generator.folder,
        {name: value.replace("{out}", str(out)) for name, value in settings.items()},
    )
    if cost.code:
        raise RuntimeError(f"{generator.name} ended with {cost.code}")
    return cost
