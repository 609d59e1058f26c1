"""A page's commands, executed as a reader executes them: in order, in one shell, in a checkout of his own.

Two kinds of blocks are executed:

- `sh`: one command a line (a backslash joins lines). Each must succeed.
- `console`: what stands after `$ ` is a command, what follows is what it prints. `...` alone stands for any lines, `...` inside a
  line for any text; ids and times that differ from run to run are thus left out. A command that fails is followed by `$ echo $?`
  and its exit code. Where the page answers a question (`[y/N]: y`), the command runs in a terminal and the answer is typed.

A `json` block after a line that ends with the name of a file (`` `secret.json`: ``) is written to that file.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.docs.pages import FENCE, ROOT

TERMINAL = Path(__file__).with_name("terminal.py")
ASKED = re.compile(r"\[y/N\]: y\s*$", re.MULTILINE)
_FILE = re.compile(r"`([\w./-]+)`:\s*$")


@dataclass(frozen=True)
class Step:
    """One command; what it should print (None: whatever), and its exit code."""

    command: str
    prints: str | None = None
    code: int = 0


def steps(text: str) -> Iterator[Step]:
    """The commands of a page or a part of one, in order."""
    for found in FENCE.finditer(text):
        kind, body = found["kind"], found["text"]
        if kind == "sh":
            yield from (Step(line) for line in _joined(body))
        elif kind == "console":
            yield from _told(body)
        elif kind == "json" and (named := _FILE.search(text[: found.start()].rstrip() + "\n")):
            json.loads(body)
            yield Step(f"cat > {shlex.quote(named[1])} <<'END'\n{body}END")


def _joined(body: str) -> list[str]:
    return [line for line in body.replace("\\\n", " ").splitlines() if line.strip() and not line.startswith("#")]


def _told(body: str) -> list[Step]:
    parts = re.split(r"^\$ ", body.replace("\\\n", " "), flags=re.MULTILINE)
    assert not parts[0].strip(), f"a console block begins with a command: {body}"
    found: list[Step] = []
    for part in parts[1:]:
        command, _, prints = part.partition("\n")
        if command == "echo $?":
            found[-1] = Step(found[-1].command, found[-1].prints, int(prints))
        found.append(Step(command, prints))
    return found


def matches(prints: str, said: str) -> bool:
    """Whether `said` is what the page shows, line by line; blanks at the ends of lines and empty lines do not count."""
    wanted = [line.rstrip() for line in prints.splitlines() if line.strip()]
    parts = [".*" if line.strip() == "..." else _line(line) + r"[ \t]*\n" for line in wanted]
    told = "".join(f"{line.rstrip()}\n" for line in said.splitlines() if line.strip())
    return re.fullmatch("".join(parts), told, re.DOTALL) is not None


def _line(line: str) -> str:
    """A line of output: `...` inside it is any text of that line, and runs of blanks are as wide as the values need."""
    words = ["[^\n]*?".join(map(re.escape, word.split("..."))) for word in re.split(r"[ \t]+", line.rstrip())]
    return r"[ \t]+".join(words).replace(r"[ \t]+[^\n]*?", "[^\n]*?")


class PageError(AssertionError):
    """A command did not end, or did not print, as the page says."""


def execute(found: Sequence[Step], checkout: Path, environ: Mapping[str, str]) -> dict[int, str]:
    """Run the steps in one bash and return what each printed. Raises `PageError` at the first that differs from its page."""
    log = checkout.parent / f"{checkout.name}.log"
    log.mkdir(exist_ok=True)
    lines = []
    for number, step in enumerate(found):
        command = step.command
        if step.prints is not None and ASKED.search(step.prints):
            command = f"{shlex.quote(sys.executable)} {TERMINAL} {command}"
        lines += [
            f"{{ {command}\n}} >{log}/{number} 2>&1 </dev/null",
            f"__code=$?; echo $__code >{log}/{number}.code; [ $__code -eq {step.code} ] || exit 99; (exit $__code)",
        ]
    for each in log.iterdir():
        each.unlink()
    shell = subprocess.Popen(["bash", "-c", "\n".join(lines)], cwd=checkout, env=dict(environ), start_new_session=True)
    try:
        shell.wait(timeout=240)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(shell.pid, signal.SIGKILL)  # with what the page left running
    said = {}
    for number, step in enumerate(found):
        file = log / f"{number}.code"
        said[number] = (log / str(number)).read_text(encoding="utf-8") if (log / str(number)).exists() else ""
        code = int(file.read_text()) if file.exists() else None
        if code != step.code:
            raise PageError(f"$ {step.command}\n{said[number]}\nended with {code}, and the page says {step.code}")
        if step.prints is not None and not matches(step.prints, said[number]):
            raise PageError(f"$ {step.command}\nprinted\n{said[number]}\nand the page says\n{step.prints}")
    return said


def environment(tools: Path, home: Path) -> dict[str, str]:
    """The variables of an ordinary shell, with nothing of the machine's AWS in them. `tools` come first on PATH."""
    return {
        "PATH": f"{tools}:{ROOT / '.venv' / 'bin'}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "COLUMNS": "100",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_AUTHOR_NAME": "A",
        "GIT_AUTHOR_EMAIL": "a@example.com",
        "GIT_COMMITTER_NAME": "A",
        "GIT_COMMITTER_EMAIL": "a@example.com",
    }
