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
import yaml

from generator.environments import STAGING
from generator.services import SERVICES
from generator.workflow import text
from tests.pipeline.actions import Actions, process_environment
from tests.pipeline.cloud import Cloud
from tests.pipeline.permissions import Judge
from tests.pipeline.runner import Event, Run, read

ROOT = Path(__file__).parents[2]
WORKFLOW = ROOT / "templates" / "shared" / "build-and-deploy.yml"
FIRST = "0" * 40
BUILD, STAGE = "BuildRole", "StagingDeployRole"
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


class Release(Run):
    """A run of the generated workflow over the account."""

    def __init__(self, cloud: Cloud, folder: Path, event: Event, *, immutable: bool = False, **settings: Any) -> None:
        self.cloud, self.actions_taken = cloud, Actions(cloud, immutable=immutable)
        self.stubs = shutil.copytree(Path(__file__).parent / "stubs", folder / "stubs")
        rows = cloud.stack("aldeia-shared-delivery")["Outputs"]
        self.arns = {row["OutputKey"]: row["OutputValue"] for row in rows}
        variables = {
            "AWS_REGION": cloud.local.region,
            "BUILD_ROLE_ARN": self.arns["BuildRoleArn"],
            "STAGING_DEPLOY_ROLE_ARN": self.arns["StagingDeployRoleArn"],
            "PRODUCTION_PLAN_ROLE_ARN": self.arns["ProductionPlanRoleArn"],
            "PRODUCTION_DEPLOY_ROLE_ARN": self.arns["ProductionDeployRoleArn"],
        }
        super().__init__(
            workflow=read(WORKFLOW),
            event=event,
            folder=folder / "jobs",
            actions=self.actions_taken.table(),
            environment=process_environment(cloud, self.stubs, folder),
            variables=variables | settings.pop("variables", {}),
            **settings,
        )

    def begin(self) -> dict[str, str]:
        """Run it, hold every call against the caller's policies, and return the jobs' results."""
        self.cloud.server.kept.clear()
        self.start()
        for name in ("StagingCloudFormationRoleArn", "ProductionCloudFormationRoleArn"):
            parameter = self.cloud.client("ssm").get_parameter(Name=f"/aldeia/shared/delivery/{name}")
            self.arns[name] = parameter["Parameter"]["Value"]
        assert Judge(self.arns).refused(self.cloud.server.kept) == []
        return {name: job.result for name, job in self.jobs.items()}

    def said(self) -> str:
        """Everything that jobs which failed have written."""
        return "\n".join(f"{name}:\n{job.said}" for name, job in self.jobs.items() if job.result == "failure")


@pytest.fixture
def release(cloud: Cloud, tmp_path: Path) -> Callable[..., Release]:
    """A run of the workflow for an event, not begun."""
    return lambda event, **settings: Release(cloud, tmp_path, event, **settings)


def tags(name: str) -> dict[str, str]:
    """Both images of a commit, as a stack's parameters."""
    return dict.fromkeys(("BackendImageTag", "FrontendImageTag"), name)


GOOD = {
    "try": "skipped",
    "build": "success",
    "mirror": "success",
    "scan": "success",
    "staging": "success",
    "plan-production": "success",
    "production": "success",
    "keep-production": "success",
    "unapproved-production": "skipped",
}


@pytest.mark.slow
def test_a_push_becomes_a_deployment_that_somebody_approved(cloud: Cloud, release: Callable[..., Release]) -> None:
    sha = commit("a push")
    run = release(Event("push", sha))
    at_the_approval = {}
    before = cloud.image_tags("aldeia-production-fargate")

    def approve(name: str) -> bool:
        at_the_approval.update(cloud.image_tags(f"aldeia-{name}-fargate"))
        return True

    run.approves = approve

    assert run.begin() == GOOD, run.said()
    assert cloud.image_tags("aldeia-staging-ec2") == tags(sha)
    assert at_the_approval == before != tags(sha)
    assert cloud.image_tags("aldeia-production-fargate") == tags(sha)
    # What production runs has a release's tag, and ChromaDB's image is ours.
    assert {sha, "v42"} <= cloud.tags("aldeia/backend") & cloud.tags("aldeia/frontend")
    assert "1.5.9" in cloud.tags("aldeia/chromadb")
    # The plan was shown, in the summary and where people discuss it.
    assert f"BackendImageTag: {before['BackendImageTag']} -> {sha}" in run.jobs["plan-production"].summary
    assert "## deploy-stack: production" in (run.stubs / "comment-17.md").read_text()
    assert "| backend |" in run.jobs["scan"].summary
    assert run.actions_taken.roles == [
        *[(job, BUILD) for job in ("build", "build", "mirror", "scan")],
        ("staging", STAGE),
        ("plan-production", PLAN),
        ("production", DEPLOY),
        ("keep-production", BUILD),
    ]
    # Who plans production does not execute, who executes it does not plan, and who builds does neither.
    assert cloud.callers("CreateChangeSet") == {STAGE, PLAN}
    assert cloud.callers("ExecuteChangeSet") == {STAGE, DEPLOY}
    assert cloud.callers("PutImage") == {BUILD}


def test_a_pull_request_is_built_and_touches_nothing(cloud: Cloud, release: Callable[..., Release]) -> None:
    run = release(Event("pull_request", commit("a pull request"), ref="refs/pull/17/merge"))

    assert run.begin() == dict.fromkeys(GOOD, "skipped") | {"try": "success"}
    assert run.actions_taken.built == ["apps/backend", "apps/chatbot-frontend"]
    assert {call.key for call in cloud.server.kept} == {"person"}


# --- what stops it ---


@pytest.mark.slow
def test_a_denied_approval(cloud: Cloud, release: Callable[..., Release]) -> None:
    sha, before = commit("denied"), cloud.image_tags("aldeia-production-fargate")
    run = release(Event("push", sha, number=43), immutable=True)
    run.approves = lambda name: False

    assert run.begin() == GOOD | {
        "production": "failure",
        "keep-production": "skipped",
        "unapproved-production": "failure",
    }
    assert run.jobs["unapproved-production"].errors == [
        "production stays as it is: The plan was not approved, or a newer one took its place. "
        "Nothing was executed in production."
    ]
    assert cloud.image_tags("aldeia-staging-ec2") == tags(sha)
    assert cloud.image_tags("aldeia-production-fargate") == before
    assert "v43" not in cloud.tags("aldeia/backend")


@pytest.mark.slow
def test_a_stale_plan(cloud: Cloud, release: Callable[..., Release]) -> None:
    """Somebody changes the stack while the plan waits for its approval."""
    cloudformation = cloud.client("cloudformation")
    name, before = "aldeia-production-fargate", cloud.image_tags("aldeia-production-fargate")

    def meddle(environment: str) -> bool:
        stack = cloud.stack(name)
        cloudformation.update_stack(
            StackName=name,
            UsePreviousTemplate=True,
            Parameters=[{"ParameterKey": row["ParameterKey"], "UsePreviousValue": True} for row in stack["Parameters"]],
            Tags=[*stack["Tags"], {"Key": "Note", "Value": "by hand"}],
            Capabilities=["CAPABILITY_IAM"],
        )
        cloudformation.get_waiter("stack_update_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
        return True

    run = release(Event("push", commit("stale"), number=44), approves=meddle)

    assert run.begin() == GOOD | {"production": "failure", "keep-production": "skipped"}
    assert run.jobs["production"].steps["Apply"] == "failure"
    assert any("the plan does not hold any more" in each for each in run.jobs["production"].errors)
    assert any("nothing was executed; plan again" in each for each in run.jobs["production"].errors)
    assert cloud.image_tags(name) == before


@pytest.mark.slow
def test_a_failed_image_scan(cloud: Cloud, release: Callable[..., Release], tmp_path: Path) -> None:
    sha, before = commit("scan"), cloud.image_tags("aldeia-staging-ec2")
    cloud.finds("aldeia/frontend", sha, "CVE-2026-0001", "CRITICAL")
    run = release(Event("push", sha, number=45))

    stopped = dict.fromkeys(list(GOOD)[4:], "skipped")
    assert run.begin() == GOOD | {"scan": "failure"} | stopped
    assert run.jobs["scan"].errors == [
        "The image scan stops this release: frontend: the scan does not let it pass: "
        "vulnerability:frontend/CVE-2026-0001"
    ]
    assert "CRITICAL CVE-2026-0001" in run.jobs["scan"].summary
    assert cloud.image_tags("aldeia-staging-ec2") == before

    # A person who has read it lets exactly this pass.
    allowed = {"ALLOWED_FINDINGS": "vulnerability:backend/CVE-2020-0000 vulnerability:frontend/CVE-2026-0001"}
    again = Release(cloud, tmp_path / "again", Event("push", sha, number=45), variables=allowed)
    assert again.begin()["scan"] == "success"
    assert again.actions_taken.built == []  # the first attempt has pushed them, and a tag never moves


@pytest.mark.slow
def test_a_failed_health_check(cloud: Cloud, release: Callable[..., Release]) -> None:
    """The new backend does not become healthy in production: ECS gives up, CloudFormation rolls back."""
    sha, before = commit("health"), cloud.image_tags("aldeia-production-fargate")
    failure = {
        "type": "AWS::ECS::Service",
        "on": "update",
        "image": f"*:{sha}",
        "reason": "ECS Deployment Circuit Breaker was triggered.",
        "stopped_reason": "Task failed container health checks",
    }
    cloud.local.script(failures=[failure])
    run = release(Event("push", sha, number=46))

    assert run.begin() == GOOD | {"production": "failure", "keep-production": "skipped"}
    cloud.local.script(failures=[])
    errors = "\n".join(run.jobs["production"].errors)
    assert "fargate: FAILED, and rolled back (UPDATE_ROLLBACK_COMPLETE)" in errors
    assert "ECS Deployment Circuit Breaker was triggered." in errors
    assert "Task failed container health checks" in run.jobs["production"].said
    assert cloud.image_tags("aldeia-production-fargate") == before
    assert "v46" not in cloud.tags("aldeia/backend")


@pytest.mark.slow
def test_another_branch_gets_no_role(cloud: Cloud, release: Callable[..., Release]) -> None:
    run = release(Event("push", commit("branch"), ref="refs/heads/other", number=47))

    found = run.begin()
    assert (found["build"], found["scan"], found["staging"]) == ("failure", "skipped", "skipped")
    assert "Not authorized to perform sts:AssumeRoleWithWebIdentity" in run.jobs["build"].said


# --- again, and back ---


@pytest.mark.slow
def test_a_release_that_is_run_again_and_taken_back(
    cloud: Cloud, release: Callable[..., Release], tmp_path: Path
) -> None:
    """All jobs again: nothing to build, nothing to change, nobody is asked. Then a person takes production back."""
    before, sha = cloud.image_tags("aldeia-production-fargate"), commit("again")
    first = release(Event("push", sha, number=48))
    assert first.begin() == GOOD, first.said()

    again = Release(cloud, tmp_path / "again", Event("push", sha, number=48))
    assert again.begin() == GOOD | {"production": "skipped"}
    assert again.actions_taken.built == []

    asked = {"environment": "production", "release": ""}
    back = Release(cloud, tmp_path / "back", Event("workflow_dispatch", sha, inputs=asked, number=49))
    nothing = dict.fromkeys(GOOD, "skipped")
    assert back.begin() == nothing | {"plan-production": "success", "production": "success"}, back.said()
    assert cloud.image_tags("aldeia-production-fargate") == before
    assert cloud.image_tags("aldeia-staging-ec2") == tags(sha)


@pytest.mark.slow
def test_stacks_that_wait_for_a_new_value_follow_in_staging(cloud: Cloud, release: Callable[..., Release]) -> None:
    """The load balancer's stack is gone: what takes values from it is planned when it is there again."""
    cloudformation = cloud.client("cloudformation")
    cloudformation.delete_stack(StackName="aldeia-staging-edge")
    cloudformation.get_waiter("stack_delete_complete").wait(StackName="aldeia-staging-edge", WaiterConfig={"Delay": 1})
    sha = commit("waiting")
    run = release(Event("push", sha, number=51))
    run.workflow = yaml.safe_load(text((STAGING,), SERVICES))

    assert run.begin()["staging"] == "success", run.said()
    assert "Waiting: ec2 waits for edge, and can be planned once that is deployed" in run.jobs["staging"].summary
    assert run.jobs["staging"].steps["Deploy what waited for new values"] == "success"
    assert cloud.stack("aldeia-staging-edge")["StackStatus"] == "CREATE_COMPLETE"
    assert cloud.image_tags("aldeia-staging-ec2") == tags(sha)
