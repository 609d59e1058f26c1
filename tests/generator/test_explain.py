"""A slip in the description is one line: the file, the place, what was found and what would be right. Never a traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from generator.explain import explained

ROOT = Path(__file__).parents[2]
IMPORTS = "from generator.model import *\nfrom generator.together import *\n"
TASK = "Task(cpu=512, memory=1024, scaling=Scaling.fixed(1))"

SLIPS = {
    "a field that is not there": (
        "Task(cpu=512, memry=1024, scaling=Scaling.fixed(1))",
        ":3: Task has no field memry; did you mean memory? It has cpu, memory, scaling",
    ),
    "a field like no other": ("Scaling.fixed(1)\nData(xyz=1)", ":4: Data has no field xyz; it has path, lock"),
    "a field left out": ("Network(cidr='10.1.0.0/16')", ":3: Network: nat: found nothing; give each a value"),
    "a member that is not there": ("Nat.SINGEL", ":3: Nat has no SINGEL; it has SINGLE, PER_ZONE"),
    "a name that is not there": ("\nNatt.SINGLE", ":4: name 'Natt' is not defined"),
    "an import that is not there": (
        "from generator.model import Natt",
        ":3: cannot import name 'Natt' from 'generator.model'",
    ),
    "a forgotten comma": ("Task(cpu=512\n     memory=1024)", ":3: invalid syntax. Perhaps you forgot a comma?"),
    "a number in quotes": (
        "Host(instance_type='t3.large', volume_gib='50', minimum=1, desired=1, maximum=1)",
        ":3: Host.volume_gib: found '50'; use a whole number",
    ),
    "a member where several belong": (
        "from generator.environments import STAGING\nimport dataclasses\ndataclasses.replace(STAGING, options=Compute.EC2)",
        ":5: Environment(staging).options: found <Compute.EC2: 'ec2'>; use a tuple, (value, ...), of Compute.EC2 or",
    ),
    "a size that Fargate has not": (
        "Task(cpu=512, memory=-1, scaling=Scaling.fixed(1))",
        ":3: Task.memory: found -1; with 512 CPU units Fargate takes one of 1024, 2048, 3072, 4096 MiB",
    ),
    "something that only all of them can show": (
        "check_services(())",
        ": services: found (); describe at least one service",
    ),
}


def slip(text: str) -> Exception:
    """What Python raises for a description of this text."""
    try:
        exec(compile(IMPORTS + text, ROOT / "generator" / "environments.py", "exec"), {})  # noqa: S102
    except Exception as error:
        return error
    raise AssertionError(text)


@pytest.mark.parametrize(("text", "said"), SLIPS.values(), ids=SLIPS.keys())
def test_a_slip_is_told_with_its_place(text: str, said: str) -> None:
    found = explained(slip(text))

    assert found is not None
    assert found.startswith(f"generator/environments.py{said}")
    assert str(ROOT) not in found


def test_a_fault_of_ours_keeps_its_traceback() -> None:
    """Only what a description caused is put into other words."""
    assert explained(slip("from generator.build import build\nbuild((1,), (2,))")) is None
    assert explained(TypeError("ours")) is None


def test_a_value_that_cloudformation_has_not_is_told_where_the_stack_says_it() -> None:
    """troposphere refuses it; its own frames tell nobody anything."""
    text = "from troposphere.efs import FileSystem\nFileSystem('Files', ThroughputMode='bursty')"

    found = explained(slip(text))

    assert found == 'generator/environments.py:4: ThroughputMode must be one of: "bursting, elastic, provisioned"'


def test_without_what_it_needs_it_says_how_to_get_it(tmp_path: Path) -> None:
    """The first thing somebody types who has not run `make venv`: here with a Python that has no packages at all."""
    done = subprocess.run(
        [sys.executable, "-S", "-m", "generator", "--no-cache", "--out", str(tmp_path)],
        cwd=ROOT,
        env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr.startswith("generator: troposphere is not installed: `make venv` installs it into .venv")
    assert len(done.stderr.splitlines()) == 1
    assert not list(tmp_path.iterdir())
