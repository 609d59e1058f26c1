"""Running a judge's own program: where it is, and what it printed. Every failure is an AuditError that names the program."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from audit.finding import AuditError

# Beside the environment that runs this; `make audit` makes all three.
MODULES = Path(sys.prefix) / "node" / "node_modules"
CHECKOV = Path(f"{sys.prefix}-checkov") / "bin"
HERE = Path(__file__).parent

# Judges look at files and speak to nobody. Where the kernel does not cut them off (`running.py`), a proxy that nobody runs does.
QUIET = {
    **dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9"),
    "AWS_EC2_METADATA_DISABLED": "true",
    "CDK_DISABLE_CLI_TELEMETRY": "true",
    "NO_COLOR": "1",
}


def program(name: str) -> str:
    """The program `name` of the environment that runs this."""
    return str(Path(sys.prefix) / "bin" / name)


def output(command: Sequence[str], root: Path, *, good: Sequence[int] = (0, 1), given: str | None = None) -> str:
    """What `command` printed, run in `root`. Raises AuditError for an exit code that is not in `good`."""
    try:
        done = subprocess.run(
            command,
            cwd=root,
            env={**os.environ, **QUIET, "NODE_PATH": str(MODULES)},
            capture_output=True,
            text=True,
            check=False,
            input=given,
        )
    except OSError as fault:
        raise AuditError(f"{command[0]}: {fault.strerror}; make audit installs it") from None
    if done.returncode not in good:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise AuditError(f"{Path(command[0]).name} ended with {done.returncode}: {' / '.join(said[-3:])}")
    return done.stdout


def answer(command: Sequence[str], root: Path, **options: Any) -> Any:
    """What `command` printed, read as JSON."""
    text = output(command, root, **options)
    try:
        return json.loads(text)
    except ValueError:
        raise AuditError(f"{Path(command[0]).name} printed no JSON: {text.strip()[:200]!r}") from None


def node(script: str, arguments: Sequence[str], root: Path) -> Any:
    """What a script of `judges/` printed, read as JSON; it finds its packages in the audit's own folder."""
    return answer(["node", str(HERE / "judges" / script), *arguments], root, good=(0,))


def node_version(package: str) -> str:
    """The version of an installed npm package."""
    try:
        return str(json.loads((MODULES / package / "package.json").read_text(encoding="utf-8"))["version"])
    except OSError:
        raise AuditError(f"{package} is not installed; make audit installs it") from None


def python_version(package: str) -> str:
    """The version of a package of the environment that runs this."""
    try:
        return version(package)
    except PackageNotFoundError:
        raise AuditError(f"{package} is not installed; make audit installs it") from None
