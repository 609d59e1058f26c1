"""What deploying costs over the service's own time: our deployer and four others, in turns, on the embedded CloudFormation.

Out: a table, one row a tool. All deploy the same stack of 20 resources in which one property changes, and then deploy it again with
nothing to change. A tool asks every so many seconds, so its figure depends on where the service's end falls between two questions:
the stack takes another time in each of the seven rounds, spread evenly over the 30 s of the longest such pause.
"""

import shlex
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bench.deploy import CHANGE_SET, Bench, bench
from bench.page import Table
from bench.peers import Peer
from bench.peers.deployers import (
    CALLS,
    CHANGE,
    COLUMNS,
    CPU,
    DEPLOYERS,
    NOTHING,
    NOTHING_CPU,
    REVIEW,
    WORST,
    Command,
    Deployer,
)
from bench.process import Cost, measure

# Seven times of a stack, in seconds: 30 s in seven equal steps, none of them whole seconds.
STACK_SECONDS = tuple(round(1.5 + step * 30 / 7, 1) for step in range(7))
FAIRNESS = (
    f"One stack of 20 resources, one property of one of them changes; a change set takes {CHANGE_SET} s, the stack "
    f"{', '.join(f'{each:g}' for each in STACK_SECONDS)} s in turn. `s over the service` is the time of the whole process "
    "less these.",
    "Each round runs every tool once, in the same order, on the same server. No figure holds a network's round trips, which a "
    "tool with many calls would feel most.",
)


@dataclass(frozen=True)
class Round:
    """One tool in one round: a change reviewed, another deployed, and then nothing to change."""

    review: float | None
    change: float
    change_cost: Cost
    calls: int
    nothing: Cost


def table() -> Table:
    """Measure every tool that is installed."""
    return shown(measured())


def shown(rounds: Mapping[Deployer, list[Round]]) -> Table:
    """One row a tool, then how to read it, where a tool beats ours and why, and what is to be known of each."""
    found = {each: _figures(each, its) for each, its in rounds.items() if its}
    absent = "not measured: `make bench-peers` installs it"
    rows = [
        (each.peer.name, *(_cell(found[each].get(column)) for column in COLUMNS[1:]))
        if each in found
        else (each.peer.name, absent, *[""] * len(COLUMNS[2:]))
        for each in rounds
    ]
    tools = [f"**{each.peer.name}** {each.peer.version()}: {each.peer.fairness}" for each in found]
    return Table(COLUMNS, tuple(rows), (*FAIRNESS, *_beaten(found), *tools))


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}" if isinstance(value, int) else f"{value:.2f}"


def _beaten(rows: Mapping[Deployer, Mapping[str, float]]) -> list[str]:
    """A sentence for each figure in which another tool needs less than ours."""
    ours, *others = rows.items()
    return [
        f"Less than deploy-stack: **{each.peer.name}**, {column} {_cell(row[column])} against {_cell(ours[1][column])}"
        f"{': ' + each.better[column] if column in each.better else ''}."
        for each, row in others
        for column in COLUMNS[1:]
        if column in row and row[column] < ours[1][column]
    ]


def measured() -> dict[Deployer, list[Round]]:
    """The rounds of each tool; none for one that is not installed."""
    rounds: dict[Deployer, list[Round]] = {each: [] for each in DEPLOYERS}
    with bench() as project:
        project.deploy()
        for seconds in STACK_SECONDS:
            for each in DEPLOYERS:
                if each.peer.path.exists():
                    rounds[each].append(_round(project, each, seconds))
    return rounds


def _round(project: Bench, deployer: Deployer, seconds: float) -> Round:
    project.times(CHANGE_SET, seconds)
    review = None
    if deployer.review is not None:
        _change(project, deployer)
        review = _run(project, deployer, deployer.review).wall - CHANGE_SET
    _change(project, deployer)
    before = len(project.local.calls())
    change = _run(project, deployer, deployer.deploy)
    calls = len(project.local.calls()) - before
    nothing = _run(project, deployer, deployer.deploy)
    return Round(review, change.wall - deployer.change_set - seconds, change, calls, nothing)


def _change(project: Bench, deployer: Deployer) -> None:
    project.write({"single": ()})
    deployer.prepare(project)


def _run(project: Bench, deployer: Deployer, command: Callable[[Peer], Command]) -> Cost:
    """The cost of a process that must end well: with 0, or with 10, which is how deploy-stack says that there are changes."""
    # The AWS CLI names its change sets by the second.
    time.sleep(1 - time.time() % 1)
    arguments = command(deployer.peer)
    with tempfile.TemporaryFile("w+") as said:
        cost = measure(arguments, project.root, {**project.local.environ, **deployer.peer.environ}, said)
        if cost.code not in {0, 10}:
            said.seek(0)
            raise RuntimeError(f"{shlex.join(arguments)} ended with {cost.code}:\n{said.read()}")
    return cost


def _figures(deployer: Deployer, rounds: list[Round]) -> dict[str, float]:
    """The row of a tool by column."""
    median = statistics.median
    review = {REVIEW: median(each.review for each in rounds if each.review is not None)} if deployer.review else {}
    return {
        **review,
        CHANGE: median(each.change for each in rounds),
        WORST: max(each.change for each in rounds),
        CPU: median(each.change_cost.cpu for each in rounds),
        CALLS: int(median(each.calls for each in rounds)),
        NOTHING: median(each.nothing.wall for each in rounds),
        NOTHING_CPU: median(each.nothing.cpu for each in rounds),
    }
