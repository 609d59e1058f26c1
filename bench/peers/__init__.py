"""The field's other tools on the same work, in the same run.

`system.json` describes the system once for both CDK apps; `composex/` and `sceptre/` are what those tools read. A `Peer` is one
tool as it was measured; `make bench-peers` installs them all, each into an environment of its own.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path

from bench.process import ROOT

HERE = Path(__file__).resolve().parent
MISSING = "not measured: make bench-peers installs it"
NODE = ROOT / ".venv-peers" / "node" / "node_modules"


@dataclass(frozen=True, kw_only=True)
class Peer:
    """One tool: its name, the packages whose versions are told, the flags it ran with, how far it did the same work.

    `wins` is why it is faster, where it is. `programs` are the executables it needs.
    """

    name: str
    packages: tuple[Path, ...]
    programs: tuple[Path, ...]
    flags: str
    fairness: str
    wins: str = ""

    @property
    def installed(self) -> bool:
        """Whether all its programs and packages are there."""
        return all(path.exists() for path in self.programs) and all(self.versions())

    def versions(self) -> tuple[str, ...]:
        """The version of each package, read from what is installed; empty where it is not."""
        return tuple(_version(package) for package in self.packages)

    def note(self) -> str:
        """One line of Markdown: versions, flags, fairness."""
        versions = ", ".join(
            f"{path.name} {version}" for path, version in zip(self.packages, self.versions(), strict=True)
        )
        return f"**{self.name}** ({versions if self.installed else MISSING}). {self.flags} {self.fairness}"


def in_python(environment: str, package: str) -> Path:
    """Where a Python package of an environment stands, as far as `Peer.packages` is concerned."""
    return ROOT / environment / package


def notes(peers: Iterable[Peer]) -> list[str]:
    """The notes of some peers, in their order."""
    return [peer.note() for peer in peers]


def _version(package: Path) -> str:
    about = package / "package.json"
    if about.exists():
        return str(json.loads(about.read_text(encoding="utf-8"))["version"])
    folders = [str(path) for path in package.parent.glob("lib/python3*/site-packages")]
    return next((each.version for each in distributions(name=package.name, path=folders)), "")
