"""Ask the judges: two at a time, each in a process of its own, and cut off from every network where the kernel allows it.

A judge that crashes is an error, never silence.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass

from audit.finding import AuditError, Finding, Judge
from audit.inputs import Inputs

AT_ONCE = 2
# Set in the process that stands in an empty network namespace.
CUT_OFF = "AUDIT_CUT_OFF"
_ALONE = ("unshare", "--map-root-user", "--net")


@dataclass(frozen=True)
class Answer:
    """What one judge said: its version, how many things it was shown, its findings sorted and each once, seconds."""

    judge: str
    version: str
    shown: int
    findings: tuple[Finding, ...]
    seconds: float


def cut_off(arguments: Sequence[str]) -> None:
    """Start this program again in a network namespace that has no network, if the machine lets us; else just return."""
    if os.environ.get(CUT_OFF) or not shutil.which("unshare"):
        return
    if subprocess.run([*_ALONE, "true"], capture_output=True, check=False).returncode == 0:
        os.environ[CUT_OFF] = "1"
        os.execvp(_ALONE[0], [*_ALONE, *arguments])  # noqa: S606


def ask(judges: Sequence[Judge], inputs: Inputs, tell: Callable[[str], None]) -> list[Answer]:
    """Every judge's answer, in the order of `judges`. Raises AuditError, after all have been asked, where one failed."""
    answers: dict[str, Answer] = {}
    failed: list[str] = []
    with ProcessPoolExecutor(AT_ONCE) as pool:
        waiting = {pool.submit(_one, judge, inputs): judge for judge in judges}
        for done in as_completed(waiting):
            judge = waiting[done]
            fault = done.exception()
            if fault is None:
                answers[judge.name] = answer = done.result()
                tell(f"{judge.name} {answer.version}: {len(answer.findings)} findings, {answer.seconds:.1f} s")
            else:
                kind = "" if isinstance(fault, AuditError) else f"{type(fault).__name__}: "
                failed.append(f"{judge.name}: {kind}{fault}")
                tell(f"{judge.name}: failed")
    if failed:
        raise AuditError("\n".join(failed))
    return [answers[judge.name] for judge in judges]


def _one(judge: Judge, inputs: Inputs) -> Answer:
    start = time.monotonic()
    version = judge.version()
    findings = tuple(sorted(set(judge.judge(inputs))))
    shown = len(getattr(inputs, judge.subject))
    return Answer(judge.name, version, shown, findings, time.monotonic() - start)
