"""The form of every workflow: pinned actions, least permissions, an end to everything, nothing from outside inside a script.

actionlint and zizmor say the same and more; this holds where neither is installed.
"""

import dataclasses
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from generator.environments import ENVIRONMENTS, PRODUCTION, STAGING
from generator.model import EcrImage, ModelError
from generator.services import SERVICES
from generator.stacks.delivery import build as build_delivery
from generator.stacks.delivery import deploying
from generator.workflow import files, text
from generator.workflow.steps import ACTIONS, role_variable

ROOT = Path(__file__).parents[2]
GENERATED = ROOT / "templates" / "shared" / "build-and-deploy.yml"
FILES = [GENERATED, *sorted((ROOT / ".github" / "workflows").glob("*.yml"))]
Json = dict[str, Any]


def read(path: Path) -> Json:
    found: Json = yaml.safe_load(path.read_text())
    return found


def jobs(path: Path) -> Iterator[tuple[str, Json]]:
    yield from read(path)["jobs"].items()


def steps(path: Path) -> Iterator[tuple[str, Json]]:
    for name, job in jobs(path):
        for step in job["steps"]:
            yield f"{name}: {step.get('name', step.get('uses'))}", step


@pytest.fixture(params=FILES, ids=lambda path: path.name)
def path(request: pytest.FixtureRequest) -> Path:
    found: Path = request.param
    return found


def test_there_are_both(path: Path) -> None:
    assert {each.name for each in FILES} >= {"build-and-deploy.yml", "check.yml"}
    assert read(path)["jobs"]


def test_it_is_a_workflow_by_its_schema(path: Path) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_actions_are_pinned_by_commit_with_their_version_beside(path: Path) -> None:
    lines = [line for line in path.read_text().splitlines() if "uses:" in line]
    known = {f"{action}@{commit} # {version}" for action, (commit, version) in ACTIONS.items()}

    assert lines
    for line in lines:
        assert re.search(r"uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), line
        assert line.split("uses: ")[1] in known, line


def test_no_job_has_more_than_it_needs(path: Path) -> None:
    """Nothing by default; then to read, to say who it is where it takes a role, and to comment where it does."""
    assert read(path)["permissions"] == {}
    for name, job in jobs(path):
        used = [step.get("uses", "").split("@")[0] for step in job["steps"]]
        needed = {"contents": "read"} if "actions/checkout" in used else {}
        if "aws-actions/configure-aws-credentials" in used:
            needed["id-token"] = "write"
        if any("gh pr comment" in step.get("run", "") for step in job["steps"]):
            needed["pull-requests"] = "write"
        assert job["permissions"] == needed, name


def test_everything_ends(path: Path) -> None:
    for name, job in jobs(path):
        assert 0 < job["timeout-minutes"] <= 120, name


def test_no_token_stays_in_a_checkout(path: Path) -> None:
    for name, step in steps(path):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False, name


def test_nothing_from_outside_stands_inside_a_script(path: Path) -> None:
    for name, step in steps(path):
        assert "${{" not in step.get("run", ""), name


def test_scripts_are_good_bash(path: Path, tmp_path: Path) -> None:
    shellcheck = shutil.which("shellcheck", path=str(Path(sys.executable).parent))
    assert shellcheck is not None
    files = []
    for number, (name, step) in enumerate(steps(path)):
        if "run" in step:
            files.append(tmp_path / f"{number}.sh")
            files[-1].write_text(f"#!/usr/bin/env bash\n# {name}\nset -eo pipefail\n{step['run']}\n")
    done = subprocess.run([shellcheck, *files], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


def test_no_secret_but_the_deploy_key(path: Path) -> None:
    """Roles are taken by identity; the key may only read this project's repository, and a public one needs none."""
    found = set(re.findall(r"secrets\.(\w+)", path.read_text()))

    assert found == ({"COMPUTE_DEPLOY_KEY"} if path == GENERATED else set())
    assert not re.search(r"AKIA[0-9A-Z]{16}|aws_secret|\b[0-9]{12}\b", path.read_text())


def test_nobody_outside_can_start_it_with_rights(path: Path) -> None:
    """`pull_request_target`, `issue_comment` and the like run a stranger's wish with this repository's rights."""
    assert set(read(path)["on"]) <= {"push", "pull_request", "workflow_dispatch"}


# --- the generated one ---


def test_one_commit_is_built_by_one_run_at_a_time() -> None:
    group = {"group": "${{ github.workflow }}-${{ github.event_name }}-${{ github.sha }}", "cancel-in-progress": False}

    assert read(GENERATED)["concurrency"] == group


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=lambda each: each.name)
def test_one_job_at_a_time_changes_an_environment(environment: Any) -> None:
    wanted = {"group": environment.name, "cancel-in-progress": False}
    changing = [environment.name, *([f"plan-{environment.name}"] if environment.protected else [])]

    assert [read(GENERATED)["jobs"][name]["concurrency"] for name in changing] == [wanted] * len(changing)


def test_only_the_approved_job_names_an_environment() -> None:
    """A job that names one sends another subject, which no role but the deploying one trusts."""
    named = {name: job["environment"]["name"] for name, job in jobs(GENERATED) if "environment" in job}

    assert named == {PRODUCTION.name: PRODUCTION.name}


def test_the_roles_are_outputs_of_the_delivery_stack() -> None:
    outputs = build_delivery(ENVIRONMENTS, SERVICES).outputs
    variables = set(re.findall(r"vars\.(\w+_ROLE_ARN)", GENERATED.read_text()))
    words = {"".join(word.title() for word in name.split("_")): name for name in variables}

    assert set(words) == {name for name in outputs if name.endswith("RoleArn") and "CloudFormation" not in name}
    assert variables == {"BUILD_ROLE_ARN"} | {
        role_variable(each, verb) for each in ENVIRONMENTS for verb, _, _ in deploying(each)
    }


def test_every_service_of_ours_is_built_and_every_mirrored_one_mirrored() -> None:
    document = read(GENERATED)["jobs"]
    rows = document["build"]["strategy"]["matrix"]["include"]
    built = [service for service in SERVICES if isinstance(service.image, EcrImage)]

    assert [(row["service"], row["repository"], row["folder"]) for row in rows] == [
        (service.name, service.repository, service.folder) for service in built
    ]
    assert document["mirror"]["strategy"]["matrix"]["include"] == [
        {"service": "chromadb", "source": "chromadb/chroma:1.5.9", "target": "aldeia/chromadb:1.5.9"}
    ]


def test_what_is_pushed_says_where_it_comes_from_and_what_is_in_it() -> None:
    pushed, tried = (
        next(
            step["with"] for step in read(GENERATED)["jobs"][job]["steps"] if "with" in step and "push" in step["with"]
        )
        for job in ("build", "try")
    )

    assert (pushed["push"], pushed["provenance"], pushed["sbom"]) == (True, "mode=max", True)
    assert pushed["cache-from"] == tried["cache-from"] == "type=gha,scope=${{ matrix.service }}"
    assert tried["push"] is False


def test_pull_requests_take_no_role() -> None:
    for name, job in jobs(GENERATED):
        if "pull_request" in job.get("if", ""):
            assert not any("configure-aws-credentials" in step.get("uses", "") for step in job["steps"]), name


def test_environments_follow_in_their_order() -> None:
    """Whichever they are: a second protected one waits for the first one's plan to be applied, or to be empty."""
    canary = dataclasses.replace(STAGING, name="canary", short="canary", domain="c.aldeia.com", protected=True)
    document = yaml.safe_load(text((STAGING, canary, PRODUCTION), SERVICES))["jobs"]

    assert document["staging"]["needs"] == ["scan"]
    assert document["plan-canary"]["needs"] == ["staging"]
    assert document["canary"]["needs"] == ["plan-canary"]
    assert document["plan-production"]["needs"] == ["plan-canary", "canary"]
    assert "needs.canary.outputs.applied == 'true'" in document["plan-production"]["if"]
    assert document["production"]["environment"]["name"] == "production"


@pytest.mark.parametrize("name", ["scan", "build", "plan-production"])
def test_an_environment_called_like_a_job_is_refused(name: str) -> None:
    other = dataclasses.replace(STAGING, name=name, short="other", domain="o.aldeia.com")

    with pytest.raises(ModelError, match=rf"Environment\.name: found '{name}'; the workflow has a job {name} already"):
        text((PRODUCTION, other), SERVICES)


def test_without_anything_to_build_or_anywhere_to_run_it_there_is_none() -> None:
    assert files((), SERVICES) == {}
    assert files(ENVIRONMENTS, tuple(each for each in SERVICES if not isinstance(each.image, EcrImage))) == {}


def test_without_protected_environments_nobody_is_asked() -> None:
    found: Mapping[str, Any] = yaml.safe_load(text((STAGING,), SERVICES))

    assert set(found["jobs"]) == {"try", "build", "mirror", "scan", "staging"}
    assert "workflow_dispatch" not in found["on"]


# --- the page ---


def test_the_page_tells_every_job_and_variable() -> None:
    page = (ROOT / "docs" / "pipeline.md").read_text()
    told = set(re.findall(r"^ *\| `([A-Za-z_-]+)` \|", page, re.M))

    assert told == set(read(GENERATED)["jobs"]) | set(re.findall(r"vars\.(\w+)", GENERATED.read_text()))


def test_what_one_reads_is_what_is_said() -> None:
    """Each quoted text of the page's last table stands where it is said."""
    page = (ROOT / "docs" / "pipeline.md").read_text().partition("## When it stops")[2]
    texts = [each for row in re.findall(r"^\| `?([^|]*)\|", page, re.M) for each in re.findall(r"`?([^`]+)`", row)]
    ours = [path.read_text() for path in (ROOT / "scripts" / "deploy_stack").rglob("*.py")] + [GENERATED.read_text()]
    others = ("Could not assume role", "Credentials could not be loaded", "Repository not found")  # of the actions
    quoted = [re.split(r"\.\.\.|:backend", each)[0] for each in texts if len(each) > 6 and not each.startswith(others)]

    assert len(quoted) >= 7
    assert [each for each in quoted if not any(each in text for text in ours)] == []
