"""docs/tutorial.md: its commands, executed from the page in an empty folder, in far less than the ten minutes it promises."""

from __future__ import annotations

import shutil
import subprocess
import time

import pytest

from tests.docs.pages import ROOT
from tests.docs.session import Step, environment, execute, steps

PAGE = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
ADDRESS = "https://github.com/example-org/aldeia-compute"
NOT_COMMITTED = (".git", ".venv*", "__pycache__", ".*_cache", ".hypothesis", ".aldeia", "build", "*.egg-info")


@pytest.fixture
def origin(tmp_path):
    """The repository that the page's address stands for: this tree, committed."""
    folder = tmp_path / "origin"
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*NOT_COMMITTED))
    for arguments in (("init", "-q", "-b", "main"), ("add", "--all"), ("commit", "-qm", "everything")):
        subprocess.run(["git", *arguments], cwd=folder, env=environment(tmp_path, tmp_path), check=True)
    return folder


@pytest.fixture
def environ(tmp_path, origin):
    """The shell of somebody who begins: git finds the address in that folder."""
    return environment(tmp_path, tmp_path) | {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{origin.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": ADDRESS,
    }


@pytest.mark.slow
def test_the_tutorial_does_what_it_says(tmp_path, environ):
    """With this checkout's `.venv` lent to the clone, so that `make venv` has nothing to do."""
    lent = (
        Step(f"ln -s {ROOT / '.venv'} .venv"),
        Step("touch -d 2020-01-01 requirements/dev.txt setup.cfg pyproject.toml"),
    )
    found = list(steps(PAGE))
    begin = next(number for number, step in enumerate(found) if step.command == "make venv")
    work = tmp_path / "work"
    work.mkdir()
    begun = time.monotonic()
    execute([*found[:begin], *lent, *found[begin:]], work, environ)
    assert time.monotonic() - begun < 300
    assert "NatGateway2" in (work / "aldeia-compute" / "review.md").read_text()
