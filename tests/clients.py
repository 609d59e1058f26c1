"""Deploy tools that this project did not write, in an environment of their own: `.venv-clients`, from requirements/clients.txt."""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REQUIREMENTS = ROOT / "requirements" / "clients.txt"
ENVIRONMENT = ROOT / ".venv-clients"


def installed() -> Path:
    """The folder of their executables. The environment is made when it is absent or of other requirements."""
    mark = ENVIRONMENT / ".requirements"
    with REQUIREMENTS.open("rb") as file:
        # Test processes side by side make it once.
        fcntl.flock(file, fcntl.LOCK_EX)
        digest = hashlib.sha256(file.read()).hexdigest()
        if not mark.exists() or mark.read_text() != digest:
            subprocess.run([sys.executable, "-m", "venv", "--clear", ENVIRONMENT], check=True)
            pip = [ENVIRONMENT / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check"]
            subprocess.run([*pip, "--require-hashes", "-r", REQUIREMENTS], check=True)
            mark.write_text(digest)
    return ENVIRONMENT / "bin"
