"""This repository's own workflow: a pull request's summary says what it would change, from the two states of the templates."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pipeline.runner import Done, Event, Run, Step, read

ROOT = Path(__file__).parents[2]
WORKFLOW = ROOT / ".github" / "workflows" / "check.yml"
WHO = ("-c", "user.name=Ana", "-c", "user.email=ana@example.com", "-c", "commit.gpgsign=false")


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", folder, *WHO, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def reviewed(tmp_path: Path) -> Callable[[Callable[[Path], None]], Done]:
    """The job that reviews a pull request which makes a change."""

    def review(change: Callable[[Path], None]) -> Done:
        def check_out(step: Step) -> None:
            assert step.given["fetch-depth"] == 0  # the base must be there to be compared with
            folder = step.job.workspace
            for name in ("generator", "parameters", "scripts", "templates"):
                shutil.copytree(ROOT / name, folder / name)
            (folder / "Makefile").write_text("venv:\n\t@true\n")
            git(folder, "init", "-q")
            git(folder, "add", "-A")
            git(folder, "commit", "-qm", "base")
            change(folder)
            git(folder, "commit", "-qam", "change", "--allow-empty")
            event.payload["pull_request"] = {"base": {"sha": git(folder, "rev-parse", "HEAD~1")}}

        event = Event("pull_request", "0" * 40, ref="refs/pull/17/merge")
        workflow = read(WORKFLOW)
        run = Run(
            workflow=workflow | {"jobs": {"difference": workflow["jobs"]["difference"]}},
            event=event,
            folder=tmp_path / "jobs",
            actions={"actions/checkout": check_out, "actions/setup-python": lambda step: None},
            environment={"PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin", "HOME": str(tmp_path)},
        )
        return run.start()["difference"]

    return review


def edit(path: str, change: Callable[[dict], None]) -> Callable[[Path], None]:
    def made(folder: Path) -> None:
        file = folder / "templates" / path
        template = json.loads(file.read_text())
        change(template["Resources"])
        file.write_text(json.dumps(template))

    return made


@pytest.mark.slow
def test_a_change_is_in_the_summary(reviewed) -> None:
    def change(resources: dict) -> None:
        resources["BackendTaskDefinition"]["Properties"]["Memory"] = "3072"

    done = reviewed(edit("production/fargate.json", change))

    assert done.result == "success", done.said
    assert "## deploy-stack: production" in done.summary
    assert "Memory: 2048 -> 3072" in done.summary
    assert "Nothing to change: network" in done.summary


def test_a_loss_of_data_is_a_warning_for_whoever_reviews(reviewed) -> None:
    done = reviewed(edit("staging/data.json", lambda found: found["FileSystem"]["Properties"].update(Encrypted=False)))

    assert done.result == "success", done.said
    assert "::warning title=staging::This would lose data" in done.said
    assert "**Blocked** `data-replaced:data/FileSystem`" in done.summary


@pytest.mark.slow
def test_a_template_that_cannot_be_read_fails(reviewed) -> None:
    done = reviewed(lambda folder: (folder / "templates/staging/data.json").write_text("{"))

    assert done.result == "failure"
    assert "staging/data.json:1:2: not JSON" in done.said
