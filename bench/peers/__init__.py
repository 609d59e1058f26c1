"""Other tools at the same work: what they are, how they are run, and what must be known to judge their figures."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import distributions
from pathlib import Path

from bench.process import ROOT, surroundings

# Nothing calls home, asks for a newer version, or waits for a network that a laptop on a train does not have either.
QUIET = {
    "CI": "true",
    "CDK_DISABLE_CLI_TELEMETRY": "true",
    "SAM_CLI_TELEMETRY": "0",
    "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "true",
    "JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION": "true",
    "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "true",
    "NODE_NO_WARNINGS": "1",
}


@dataclass(frozen=True)
class Peer:
    """A tool and where `make bench-peers` puts its executable.

    :param name: as its users say
    :param executable: a path inside the checkout
    :param fairness: what its figures leave out or count in; Markdown
    :param settings: environment variables beside `QUIET`
    :param libraries: what else it needs, whose versions matter too: folders of npm packages, or names of Python packages after
        their environment
    """

    name: str
    executable: str
    fairness: str
    settings: Mapping[str, str] = field(default_factory=dict)
    libraries: tuple[str, ...] = ()

    @property
    def installed(self) -> bool:
        """Whether `make bench-peers` has put it there, whole."""
        return self.path.exists() and all(_library(ROOT / each) for each in self.libraries)

    @property
    def path(self) -> Path:
        """The executable, present or not."""
        return ROOT / self.executable

    @property
    def environ(self) -> dict[str, str]:
        """The environment its processes get."""
        return {**QUIET, **self.settings}

    def version(self) -> str:
        """What the tool says of its own version; empty when it is not installed."""
        if not self.path.exists():
            return ""
        done = subprocess.run(
            [self.path, "--version"], env={**surroundings(), **self.environ}, capture_output=True, text=True, check=True
        )
        return _number(done.stdout or done.stderr)

    def versions(self) -> str:
        """Its own version and those of its libraries."""
        libraries = [f"{Path(each).name} {_library(ROOT / each)}" for each in self.libraries]
        return f"{self.version()}{' with ' * bool(libraries)}{', '.join(libraries)}"


def _library(path: Path) -> str:
    """The version of an npm package in its folder, or of a Python package in the environment `path.parent`; empty if absent."""
    about = path / "package.json"
    if about.exists():
        return str(json.loads(about.read_text(encoding="utf-8"))["version"])
    folders = [str(each) for each in path.parent.glob("lib/python3*/site-packages")]
    return next((each.version for each in distributions(name=path.name, path=folders)), "")


def _number(said: str) -> str:
    """The version in what a tool prints: `aws-cli/1.46.3 Python/3.11.7 ...`, `2.1148.1 (build 1234567)`."""
    words = said.replace("/", " ").replace(",", " ").split()
    return next(word for word in words if word[:1].isdigit())
