"""What the pipeline installs is enough to run deploy-stack, at the versions that everything else is tested with."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def pins(name: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / "requirements" / name).read_text(), re.M))


def test_the_versions_are_those_of_the_tests() -> None:
    ours, every = pins("deploy.txt"), pins("dev.txt")

    assert {"botocore", "click", "rich", "troposphere", "awacs"} <= set(ours)
    assert {name: every.get(name) for name in ours} == ours


@pytest.mark.slow
def test_nothing_is_missing(tmp_path: Path) -> None:
    """In an environment made as the workflow makes it, every module that its verbs import is there."""
    subprocess.run([sys.executable, "-m", "venv", tmp_path], check=True)
    pip = [tmp_path / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    subprocess.run([*pip, "--requirement", ROOT / "requirements" / "deploy.txt"], check=True)
    code = """
import importlib, pkgutil
import botocore.session, deploy_stack, generator.build, rich.live
for module in pkgutil.walk_packages(deploy_stack.__path__, "deploy_stack."):
    if module.name != "deploy_stack.__main__":
        importlib.import_module(module.name)
"""
    done = subprocess.run(
        [tmp_path / "bin" / "python", "-c", code],
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'scripts'}"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
