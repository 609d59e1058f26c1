"""One process, measured: wall and CPU seconds, peak memory, exit code.

In: a command. Out: a `Cost`. CPU seconds are user and system time of the process and of the children it waited for; the peak is
the largest resident size of the process's own memory, asked of Linux at its end. `measure_tree` is for programs that are several
processes: it counts every descendant, and its peak is that of the largest.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent

# A child's ru_maxrss begins with the size of the parent that started it; VmHWM is the child's own.
_WATCHED = """
import atexit, runpy, sys
note = sys.argv.pop()
def peak():
    line = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
    open(note, "w").write(line.split()[1])
atexit.register(peak)
sys.argv = sys.argv[1:]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""

# Small, for a child's ru_maxrss begins with the size of what started it; and it takes in what a parent leaves behind.
_SMALL_PARENT = """
import ctypes, json, os, sys, time
ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER
then = time.perf_counter()
first = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
cpu = peak = 0
while True:
    try:
        child, status, used = os.wait4(-1, 0)
    except ChildProcessError:
        break
    cpu, peak = cpu + used.ru_utime + used.ru_stime, max(peak, used.ru_maxrss)
    if child == first:
        wall, code = time.perf_counter() - then, os.waitstatus_to_exitcode(status)
with open(sys.argv[1], "w") as note:
    json.dump({"wall": wall, "cpu": cpu, "code": code, "peak": peak / 1024}, note)
"""


@dataclass(frozen=True)
class Cost:
    """One process: wall and CPU seconds, exit code; for a tree of them the largest one's peak in MiB."""

    wall: float
    cpu: float
    code: int
    peak: float = 0.0


def measure(
    command: list[str],
    folder: Path = ROOT,
    settings: Mapping[str, str] | None = None,
    said: IO[str] | int = subprocess.DEVNULL,
) -> Cost:
    """Run a process and return what it cost; `said` is where its output goes."""
    then = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**surroundings(), **(settings or {})},
        stdin=subprocess.DEVNULL,
        stdout=said,
        stderr=subprocess.STDOUT,
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Cost(time.perf_counter() - then, used.ru_utime + used.ru_stime, process.returncode)


def measure_tree(
    command: list[str], note: Path, folder: Path = ROOT, settings: Mapping[str, str] | None = None
) -> Cost:
    """Run a process and return what it and all its descendants cost; `note` is a file it may write."""
    subprocess.run(
        [sys.executable, "-S", "-E", "-c", _SMALL_PARENT, str(note), *command],
        cwd=folder,
        env={**surroundings(), **(settings or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    return Cost(**json.loads(note.read_text(encoding="utf-8")))


def cpu_seconds(*arguments: str) -> float:
    """CPU seconds of one Python process in the checkout, which must end well."""
    cost = measure([sys.executable, *arguments])
    if cost.code:
        raise RuntimeError(f"python {' '.join(arguments)} ended with {cost.code}")
    return cost.cpu


def peak_megabytes(module: str, *arguments: str, note: Path) -> float:
    """The largest resident size of `python -m module`, in MiB; `note` is a file it may write."""
    cost = measure([sys.executable, "-c", _WATCHED, module, *arguments, str(note)])
    if cost.code:
        raise RuntimeError(f"python -m {module} ended with {cost.code}")
    return int(note.read_text()) / 1024


def surroundings() -> dict[str, str]:
    """The environment of a measured process: compiled modules are kept, as on a user's machine; nothing calls home."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    paths = os.pathsep.join((str(ROOT), str(ROOT / "scripts")))
    return {**kept, "PYTHONPATH": paths, "AWS_EC2_METADATA_DISABLED": "true"}
