"""docs/operations.md: each runbook's commands, executed from the page in the state that the runbook is for.

`RUNBOOKS` says for each heading with commands what the account is like when somebody opens the page there, and what must be true
when he closes it. A heading that is not in the table fails.
"""

from __future__ import annotations

import fcntl
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from cfnlint import ManualArgs, lint
from deploy_stack.states import STUCK, TABLE

from generator.services import SERVICES
from tests.clients import installed
from tests.docs import states
from tests.docs.front import Answers, Front
from tests.docs.pages import ROOT, headings
from tests.docs.session import execute, steps
from tests.docs.world import NEW, OLD, World

PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


def sections() -> dict[str, str]:
    """The text below each heading, to the next heading of any level."""
    found = headings(PAGE)
    ends = [each[0] for each in found[1:]] + [len(PAGE)]
    return {title: PAGE[start:end] for (start, _, title), end in zip(found, ends, strict=True)}


# -- what the services say that the embedded CloudFormation has not --------------------------------------------------------------

ZONE = {
    ("elasticloadbalancing", "DescribeTargetHealth"): (
        '<DescribeTargetHealthResponse xmlns="http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"><DescribeTargetHealthResult>'
        "<TargetHealthDescriptions><member><Target><Id>10.20.16.4</Id><AvailabilityZone>us-east-1a</AvailabilityZone></Target>"
        "<TargetHealth><State>unhealthy</State></TargetHealth></member><member><Target><Id>10.20.32.4</Id>"
        "<AvailabilityZone>us-east-1b</AvailabilityZone></Target><TargetHealth><State>healthy</State></TargetHealth></member>"
        "</TargetHealthDescriptions></DescribeTargetHealthResult></DescribeTargetHealthResponse>"
    ),
    ("arc-zonal-shift", "POST /zonalshifts"): {"zonalShiftId": "shift-1", "status": "ACTIVE"},
    ("arc-zonal-shift", "GET /zonalshifts"): {"items": [{"zonalShiftId": "shift-1", "status": "ACTIVE"}]},
    ("arc-zonal-shift", "DELETE /zonalshifts/shift-1"): {"zonalShiftId": "shift-1", "status": "CANCELED"},
}
ROTATION = {
    ("ecs", "UpdateService"): {"service": {"status": "ACTIVE"}},
    ("ecs", "DescribeServices"): {
        "services": [
            {"serviceName": "backend", "status": "ACTIVE", "deployments": [{}], "runningCount": 2, "desiredCount": 2}
        ]
    },
    ("autoscaling", "StartInstanceRefresh"): (
        '<StartInstanceRefreshResponse xmlns="http://autoscaling.amazonaws.com/doc/2011-01-01/"><StartInstanceRefreshResult>'
        "<InstanceRefreshId>refresh-1</InstanceRefreshId></StartInstanceRefreshResult></StartInstanceRefreshResponse>"
    ),
}
POINT = "arn:aws:backup:us-east-1:111122223333:recovery-point:"
RESTORE = {
    ("backup", "GET /resources/.*/recovery-points/?"): {
        "RecoveryPoints": [
            {"RecoveryPointArn": f"{POINT}{day}", "CreationDate": day, "Status": "COMPLETED"}
            for day in (1795305600, 1795392000)
        ]
    },
    ("backup", "PUT /restore-jobs"): {"RestoreJobId": "job-1"},
    ("backup", "GET /restore-jobs/job-1"): {"RestoreJobId": "job-1", "Status": "COMPLETED"},
    ("ecs", "RunTask"): {"tasks": [{"taskArn": "arn:aws:ecs:us-east-1:111122223333:task/restore/1"}]},
    ("ecs", "DescribeTasks"): {
        "tasks": [{"lastStatus": "STOPPED", "containers": [{"name": "restore", "exitCode": 0}]}]
    },
}
REMOVAL = {("elasticfilesystem", r"DELETE /2015-02-01/file-systems/fs-\w+"): {}}

# -- what must be true afterwards --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Runbook:
    """`begins` brings the account into the state, `ends` are stacks and their states, `tag` the backend's image in production.

    One with `answers` uses the AWS CLI: they are what services say that the embedded CloudFormation has in name only, and `asked`
    is what must have been asked of them, in this order.
    """

    begins: Callable[[World], None]
    ends: dict[str, str | None]
    tag: str | None = None
    slow: bool = True
    answers: Answers | None = None
    asked: tuple[str, ...] = ()
    environment: str = "production"


FARGATE, EC2 = "fargate", "ec2"
DEFAULT = ("network", "data", "edge", "monitoring")
RUNBOOKS = {
    "First deployment": Runbook(states.nothing, dict.fromkeys((*DEFAULT, FARGATE), "CREATE_COMPLETE"), OLD, answers={}),
    "A zone is lost": Runbook(
        states.production,
        {FARGATE: "UPDATE_COMPLETE"},
        OLD,
        answers=ZONE,
        asked=("DescribeTargetHealth", "POST /zonalshifts", "GET /zonalshifts", "DELETE /zonalshifts/shift-1"),
    ),
    "Restoring ChromaDB's data": Runbook(
        states.production,
        {FARGATE: "UPDATE_COMPLETE", "restore": None},
        OLD,
        answers=RESTORE,
        asked=(
            *["GET /resources/.*/recovery-points/?"] * 2,
            "PUT /restore-jobs",
            *["GET /restore-jobs/job-1"] * 2,
            "RunTask",
            *["DescribeTasks"] * 2,
        ),
    ),
    "Rotating a secret": Runbook(
        states.both, {}, answers=ROTATION, asked=("UpdateService", "DescribeServices", "StartInstanceRefresh")
    ),
    "Removing an environment": Runbook(
        states.both,
        dict.fromkeys((*DEFAULT, EC2)),
        answers=REMOVAL,
        asked=(r"DELETE /2015-02-01/file-systems/fs-\w+",),
        environment="staging",
    ),
    "A move": Runbook(states.both, {FARGATE: "UPDATE_COMPLETE", EC2: None}, environment="staging"),
    "A release": Runbook(states.production, {FARGATE: "UPDATE_COMPLETE"}, NEW, slow=False),
    "A rollback": Runbook(states.released, {FARGATE: "UPDATE_COMPLETE"}, OLD),
    "An update failed and was rolled back": Runbook(states.update_rolled_back, {FARGATE: "UPDATE_COMPLETE"}, NEW),
    "A rollback failed": Runbook(states.rollback_failed, {FARGATE: "UPDATE_ROLLBACK_COMPLETE"}, OLD),
    "A rollback fails again": Runbook(states.rollback_fails_again, {FARGATE: "UPDATE_ROLLBACK_COMPLETE"}),
    "An update failed and stands": Runbook(states.update_failed, {FARGATE: "UPDATE_ROLLBACK_COMPLETE"}, OLD),
    "A creation failed": Runbook(states.creation_failed, {EC2: "CREATE_COMPLETE"}),
    "A creation failed and stands": Runbook(states.creation_stands, {EC2: "CREATE_COMPLETE"}),
    "A clean-up failed": Runbook(states.clean_up_failed, {EC2: None}),
    "A deletion failed": Runbook(states.deletion_failed, {EC2: None}),
    "A review that nobody ended": Runbook(states.review_left, {EC2: None}),
    "An import failed": Runbook(states.import_failed, {"monitoring": "IMPORT_ROLLBACK_COMPLETE"}),
    "An operation that does not end": Runbook(states.busy, {FARGATE: "UPDATE_ROLLBACK_COMPLETE"}, OLD),
}
BOOKS = [pytest.param(name, id=name, marks=[pytest.mark.slow] if book.slow else []) for name, book in RUNBOOKS.items()]


@pytest.mark.parametrize("name", BOOKS)
def test_the_runbook_does_what_it_says(name, world):
    book = RUNBOOKS[name]
    book.begins(world)
    found = [*steps(sections()["Operations"]), *steps(sections()[name])]
    if book.answers is None:
        execute(found, world.checkout, world.environ)
    else:
        with Front(world.local.endpoint, book.answers) as front:
            path = f"{world.environ['PATH']}:{installed()}"
            execute(found, world.checkout, world.environ | {"PATH": path, "AWS_ENDPOINT_URL": front.endpoint})
        asked = [operation for _, operation, _ in front.asked]
        assert len(asked) == len(book.asked)
        assert all(map(re.fullmatch, book.asked, asked)), asked
    assert {stack: world.status(book.environment, stack) for stack in book.ends} == book.ends
    if book.tag:
        assert world.parameter("production", FARGATE, "BackendImageTag") == book.tag


def test_every_heading_with_commands_is_executed():
    with_commands = {title for title, text in sections().items() if list(steps(text))}
    assert with_commands - set(RUNBOOKS) == {"Operations"}, "the first block is what every session begins with"


def test_every_failed_state_has_its_runbook():
    table = sections()["A failed stack"]
    needing = STUCK | {
        "ROLLBACK_COMPLETE",
        "UPDATE_ROLLBACK_COMPLETE",
        "IMPORT_ROLLBACK_COMPLETE",
        "REVIEW_IN_PROGRESS",
    }
    assert needing == set(re.findall(r"^\| `([A-Z_]+)`", table, re.MULTILINE))
    assert needing <= set(TABLE)


@pytest.mark.parametrize("title", [title for _, level, title in headings(PAGE) if level == 2])
def test_every_runbook_says_how_long_and_when_to_stop(title):
    text = sections()[title]
    assert "**How long**" in text
    assert "**Stop and call**" in text


# -- the task of the restore -----------------------------------------------------------------------------------------------------


@pytest.fixture
def files(tmp_path):
    """The root of a file system with live data and two restores, and what runs the task's own command there."""
    template = json.loads((ROOT / "scripts" / "restore-data.json").read_text())
    (container,) = template["Resources"]["Task"]["Properties"]["ContainerDefinitions"]
    for folder in (
        "chromadb",
        "aws-backup-restore_2026-11-01T00/chromadb",
        "aws-backup-restore_2026-11-24T00/chromadb",
    ):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "index").write_text(folder)

    def run() -> int:
        return subprocess.run([*container["EntryPoint"], *container["Command"]], cwd=tmp_path, check=False).returncode

    return tmp_path, run


def test_the_newest_restore_takes_the_place_and_the_old_files_stay(files):
    folder, run = files
    assert run() == 0
    assert (folder / "chromadb" / "index").read_text() == "aws-backup-restore_2026-11-24T00/chromadb"
    assert (folder / "chromadb.before-aws-backup-restore_2026-11-24T00" / "index").read_text() == "chromadb"


def test_nothing_is_moved_under_a_server_that_holds_the_lock(files):
    folder, run = files
    with (folder / "chromadb" / ".chroma.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert run() == 75
    assert (folder / "chromadb" / "index").read_text() == "chromadb"


def test_nothing_restored_is_said(files):
    folder, run = files
    for each in folder.glob("aws-*"):
        shutil.rmtree(each)
    assert run() == 2
    assert (folder / "chromadb" / "index").read_text() == "chromadb"


def test_the_task_moves_what_the_services_mount():
    """Directory and lock are those of the description, and the template is one that cfn-lint takes."""
    (service,) = (each for each in SERVICES if each.data)
    template = (ROOT / "scripts" / "restore-data.json").read_text()
    assert f"{service.name}/{service.data.lock}" in template
    assert lint(template, config=ManualArgs(regions=["us-east-1"])) == []
