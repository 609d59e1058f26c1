"""The whole workflow, from a push to an applied production plan, and everything that stops it on the way.

Each `run:` is executed under bash in the workflow's order and environment; AWS is the embedded CloudFormation, docker and gh are
stubs, actions are stand-ins. Roles are taken by asking their trust policies.
"""

import hashlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.actions import Actions, process_environment
from tests.pipeline.cloud import Cloud
from tests.pipeline.runner import Event, Run, read

ROOT = Path(__file__).parents[2]
WORKFLOW = ROOT / "templates" / "shared" / "build-and-deploy.yml"
FIRST = "0" * 40
BUILD, STAGING = "BuildRole", "StagingDeployRole"
PLAN, DEPLOY = "ProductionPlanRole", "ProductionDeployRole"


def commit(name: str) -> str:
    """A commit that no other test has."""
    return hashlib.sha1(name.encode()).hexdigest()  # noqa: S324  (a name, not a secret)


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """An account with everything deployed, once for all runs: each has a commit of its own."""
    made = Cloud(tmp_path_factory.mktemp("cloud"))
    with made.local:
        made.local.script(seconds={"change_set": 0.0, "resource": 0.0})
        made.deploy_everything(FIRST)
        yield made


@pytest.fixture
def start(cloud: Cloud, tmp_path: Path) -> Callable[..., Run]:
    """A run of the workflow for an event, not begun."""

    def made(event: Event, *, immutable: bool = False, **settings: Any) -> Run:
        stubs = shutil.copytree(Path(__file__).parent / "stubs", tmp_path / "stubs")
        outputs = cloud.stack("aldeia-shared-delivery")["Outputs"]
        arns = {row["OutputKey"]: row["OutputValue"] for row in outputs}
        variables = {
            "AWS_REGION": cloud.local.region,
            "BUILD_ROLE_ARN": arns["BuildRoleArn"],
            "STAGING_DEPLOY_ROLE_ARN": arns["StagingDeployRoleArn"],
            "PRODUCTION_PLAN_ROLE_ARN": arns["ProductionPlanRoleArn"],
            "PRODUCTION_DEPLOY_ROLE_ARN": arns["ProductionDeployRoleArn"],
        }
        actions = Actions(cloud, immutable=immutable)
        found = Run(
            workflow=read(WORKFLOW),
            event=event,
            folder=tmp_path / "jobs",
            actions=actions.table(),
            environment=process_environment(cloud, stubs, tmp_path),
            variables=variables | settings.pop("variables", {}),
            **settings,
        )
        found.taken = actions.roles  # type: ignore[attr-defined]
        found.built = actions.built  # type: ignore[attr-defined]
        found.stubs = stubs  # type: ignore[attr-defined]
        return found

    return made


def results(run: Run) -> dict[str, str]:
    return {name: job.result for name, job in run.jobs.items()}


def test_a_push_becomes_a_deployment_that_somebody_approved(cloud: Cloud, start: Callable[..., Run]) -> None:
    sha = commit("a push")
    run = start(Event("push", sha))
    at_the_approval = {}
    run.approves = lambda name: bool(at_the_approval.update(cloud.image_tags(f"aldeia-{name}-fargate"))) or True

    run.start()

    said = "\n".join(f"{name}: {job.result}\n{job.said}" for name, job in run.jobs.items() if job.result == "failure")
    assert results(run) == {
        "try": "skipped",
        "build": "success",
        "mirror": "success",
        "scan": "success",
        "staging": "success",
        "plan-production": "success",
        "production": "success",
        "keep-production": "success",
        "unapproved-production": "skipped",
    }, said
    new, old = (dict.fromkeys(("BackendImageTag", "FrontendImageTag"), tag) for tag in (sha, FIRST))
    assert cloud.image_tags("aldeia-staging-ec2") == new
    assert at_the_approval == old
    assert cloud.image_tags("aldeia-production-fargate") == new
    # What production runs has a release's tag, and ChromaDB's image is ours.
    assert {sha, "v42"} <= cloud.tags("aldeia/backend") & cloud.tags("aldeia/frontend")
    assert "1.5.9" in cloud.tags("aldeia/chromadb")
    # The plan was shown, in the summary and where people discuss it.
    assert f"BackendImageTag: {FIRST} -> {sha}" in run.jobs["plan-production"].summary
    assert "## deploy-stack: production" in (run.stubs / "comment-17.md").read_text()  # type: ignore[attr-defined]
    assert "| backend |" in run.jobs["scan"].summary
    assert run.taken == [  # type: ignore[attr-defined]
        *[(job, BUILD) for job in ("build", "build", "mirror", "scan")],
        ("staging", STAGING),
        ("plan-production", PLAN),
        ("production", DEPLOY),
        ("keep-production", BUILD),
    ]
