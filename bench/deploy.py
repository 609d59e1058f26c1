"""What deploying costs over the service's own time, on the embedded CloudFormation.

Out: rows (what, figures). The embedded CloudFormation takes exactly 3.3 s for a change set and 9.7 s for a stack: odd times,
so that no client's polling falls on them. What a client takes more is its own: start, requests, polling, closing work.
`RUNS` runs each, medians; wall seconds of whole processes, so a busy machine shows.
"""

import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.process import ROOT, Cost, measure

sys.path[:0] = [str(ROOT / "scripts")]

from local_cloudformation import LocalCloudFormation  # noqa: E402  found by the line above

CHANGE_SET, STACK = 3.3, 9.7
RUNS = 7
RESOURCES = 20
# Six stacks, as an environment has them; the longest way through them has four.
SIX: dict[str, tuple[str, ...]] = {
    "network": (),
    "data": ("network",),
    "edge": ("network",),
    "fargate": ("data", "edge"),
    "ec2": ("data", "edge"),
    "monitoring": ("fargate", "ec2"),
}
LONGEST = 4
SIX_STACK = 2.7

Row = tuple[str, str]


class Bench:
    """A project in a temporary folder and an embedded CloudFormation to deploy it to."""

    def __init__(self, root: Path, local: LocalCloudFormation) -> None:
        self.root, self.local = root, local
        self._count = 0
        self.write({"single": ()})

    def write(self, stacks: dict[str, tuple[str, ...]]) -> None:
        """Write an environment of these stacks; every call changes one property of each."""
        self._count += 1
        for name, depends_on in stacks.items():
            self._file(f"templates/bench/{name}.json", self._template(name, depends_on))
        rows = [
            {"Name": name, "StackName": f"bench-{name}", "DependsOn": list(depends_on), "Tags": {"Project": "bench"}}
            for name, depends_on in stacks.items()
        ]
        self._file("templates/bench/manifest.json", {"Environment": "bench", "Version": "1", "Stacks": rows})
        self._file("parameters/bench/target.json", {"Account": self.local.account, "Region": self.local.region})

    def _template(self, name: str, depends_on: tuple[str, ...]) -> dict[str, Any]:
        topics = {
            f"Topic{number}": {
                "Type": "AWS::SNS::Topic",
                "Properties": {"DisplayName": str(self._count * (number == 0))},
            }
            for number in range(RESOURCES - 1)
        }
        fact = {"Name": f"/aldeia/bench/{name}/Id", "Type": "String", "Value": name}
        return {
            "Metadata": {"Aldeia": {"Environment": "bench", "Stack": name, "Version": "1"}},
            "Parameters": {
                f"{each.title()}Id": {
                    "Type": "AWS::SSM::Parameter::Value<String>",
                    "Default": f"/aldeia/bench/{each}/Id",
                }
                for each in depends_on
            },
            "Resources": {**topics, "Fact": {"Type": "AWS::SSM::Parameter", "Properties": fact}},
            "Outputs": {each: {"Value": {"Ref": f"{each.title()}Id"}} for each in depends_on},
        }

    def _file(self, path: str, value: object) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(value, indent=2))

    def times(self, change_set: float = 0.0, stack: float | None = None) -> None:
        """Set how long the service takes, in seconds."""
        self.local.script(seconds={"change_set": change_set, "stack": stack})

    def run(self, *arguments: str) -> Cost:
        """Run deploy-stack as a process."""
        return measure(
            [sys.executable, str(ROOT / "scripts" / "deploy-stack"), *arguments], self.root, self.local.environ
        )

    def deploy(self) -> None:
        """Bring everything up to date in no time."""
        self.times()
        assert self.run("deploy", "bench", "--yes").code == 0


@contextmanager
def bench() -> Iterator[Bench]:
    """A fresh project and a fresh CloudFormation."""
    with tempfile.TemporaryDirectory() as folder, LocalCloudFormation() as local:
        # moto keeps what it holds for the whole process: the parameters of the project before would be in the way.
        connection = http.client.HTTPConnection(local.endpoint.removeprefix("http://"))
        connection.request("POST", "/moto-api/reset")
        connection.getresponse().read()
        connection.close()
        yield Bench(Path(folder), local)


def _row(name: str, costs: list[Cost], service: float, budget: float) -> Row:
    over = [each.wall - service for each in costs]
    cpu = statistics.median(each.cpu for each in costs)
    allowed = f", budget {budget}" if budget else ""
    return name, (
        f"{statistics.median(over):.2f} s over the service's {service:.1f} s (best {min(over):.2f}{allowed}); "
        f"CPU {cpu:.2f} s"
    )


def rows() -> list[Row]:
    """Everything this module measures."""
    parts = (help_text, single_stack, six_stacks, busy_account)
    return [row for part in parts for row in part()]


def help_text() -> list[Row]:
    """`--help`, beside `import click`, in CPU seconds."""
    plain, shown = [], []
    launcher = str(ROOT / "scripts" / "deploy-stack")
    for _ in range(9):
        plain.append(measure([sys.executable, "-c", "import click"], ROOT).cpu)
        shown.append(measure([sys.executable, launcher, "--help"], ROOT).cpu)
    one, other = statistics.median(plain), statistics.median(shown)
    return [("deploy-stack --help", f"{other:.3f} s CPU, {other / one:.2f} x `import click` ({one:.3f} s), budget 1.5")]


def single_stack() -> list[Row]:
    """plan, apply and nothing to change, of one stack."""
    plans, applies = [], []
    with bench() as project:
        project.deploy()
        nothing = [project.run("plan", "bench") for _ in range(RUNS)]
        for _ in range(RUNS):
            project.times(CHANGE_SET, STACK)
            project.write({"single": ()})
            plans.append(project.run("plan", "bench"))
            applies.append(project.run("apply", "bench"))
        assert {each.code for each in plans} == {10}
        assert {each.code for each in [*applies, *nothing]} == {0}
    return [
        _row("plan of one stack", plans, CHANGE_SET, 1.0),
        _row("apply of one stack", applies, STACK, 1.2),
        _row("nothing to change", nothing, 0.0, 0.6),
    ]


def six_stacks() -> list[Row]:
    """An environment of six stacks, deployed in one go."""
    with bench() as project:
        project.write(SIX)
        project.deploy()
        project.times(CHANGE_SET, SIX_STACK)
        costs = []
        for _ in range(RUNS):
            project.write(SIX)
            costs.append(project.run("deploy", "bench", "--yes"))
        assert {each.code for each in costs} == {0}
    return [_row("deploy of six stacks", costs, LONGEST * (CHANGE_SET + SIX_STACK), 2.0)]


def busy_account(processes: int = 20, calls_per_second: float = 10.0) -> list[Row]:
    """Twenty processes plan at once against ten calls a second."""
    with bench() as project:
        project.deploy()
        project.write({"single": ()})
        project.local.script(
            seconds={"change_set": CHANGE_SET}, rate={"calls_per_second": calls_per_second, "burst": 10}
        )
        then = time.perf_counter()
        command = [sys.executable, str(ROOT / "scripts" / "deploy-stack"), "plan", "bench"]
        running = [
            subprocess.Popen(
                [*command, "--out", f"{number}.json"],
                cwd=project.root,
                env={**os.environ, **project.local.environ},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            for number in range(processes)
        ]
        codes = [each.wait() for each in running]
        seconds = time.perf_counter() - then
        calls = project.local.calls()
        refused = sum(each["fault"] == "throttle" or each["status"] == 400 for each in calls)
    well = sum(code == 10 for code in codes)
    return [
        (
            f"{processes} plans at once, {calls_per_second:g} calls a second",
            f"{well} of {processes} end well in {seconds:.0f} s; {len(calls)} calls, {refused} refused",
        )
    ]
