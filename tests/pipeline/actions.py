"""Stand-ins for the actions that the workflows use: what each does to the job, without GitHub, a registry or a download.

Taking a role asks the trust policy of the `delivery` stack with the very claims that GitHub would send for the job.
"""

import os
import shutil
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from generator import VERSION
from generator.environments import ENVIRONMENTS
from generator.render import to_dict
from generator.services import SERVICES
from generator.stacks.delivery import build
from tests.generator.policy_evaluator import holds, resolve
from tests.pipeline.cloud import Cloud
from tests.pipeline.runner import Action, ActionError, Step

Json = dict[str, Any]

ISSUER = "token.actions.githubusercontent.com"
# parameters/shared/delivery.json
OWNER, OWNER_ID, REPOSITORY, REPOSITORY_ID = "example-org", "123456", "aldeia-chatbot", "456789"
HOUR = 3600


class Actions:
    """The actions of one run, over one account. `forms` is how GitHub writes the subject: classic, or immutable."""

    def __init__(self, cloud: Cloud, *, immutable: bool = False) -> None:
        self.cloud = cloud
        self.immutable = immutable
        self.artifacts: dict[str, Path] = {}
        self.built: list[str] = []
        self.roles: list[tuple[str, str]] = []  # (job, role)
        self.template: Json = to_dict(build(ENVIRONMENTS, SERVICES))

    def table(self) -> Mapping[str, Action]:
        """The stand-in of each action."""
        return {
            "actions/checkout": self.checkout,
            "actions/setup-python": lambda step: None,
            "actions/upload-artifact": self.upload,
            "actions/download-artifact": self.download,
            "aws-actions/configure-aws-credentials": self.take_role,
            "aws-actions/amazon-ecr-login": self.log_in,
            "docker/setup-buildx-action": lambda step: None,
            "docker/build-push-action": self.build,
        }

    def checkout(self, step: Step) -> None:
        """The application's code, or this project at the release that the workflow names."""
        where = step.given.get("repository", f"{OWNER}/{REPOSITORY}")
        if where == f"{OWNER}/{REPOSITORY}":
            for service in SERVICES:
                if service.folder:
                    (step.job.workspace / service.folder).mkdir(parents=True)
                    (step.job.workspace / service.folder / "Dockerfile").touch()
            return
        if (where, step.given["ref"]) != (f"{OWNER}/aldeia-compute", f"v{VERSION}"):
            raise ActionError(f"there is no {where} at {step.given['ref']}")
        # Hard links keep the times by which Python knows its compiled modules.
        shutil.copytree(self.cloud.checkout, step.job.workspace, copy_function=os.link, dirs_exist_ok=True)

    def upload(self, step: Step) -> None:
        """Keep a file of the job."""
        kept = step.job.workspace.parent / f"artifact-{step.given['name']}"
        kept.mkdir()
        source = step.job.workspace / step.given["path"]
        if not source.is_file():
            raise ActionError(f"No files were found with the provided path: {source.name}")
        shutil.copy2(source, kept)
        self.artifacts[step.given["name"]] = kept

    def download(self, step: Step) -> None:
        """Bring a file of another job of this run."""
        if step.given["name"] not in self.artifacts:
            raise ActionError(f"Unable to find artifact {step.given['name']}")
        shutil.copytree(self.artifacts[step.given["name"]], step.job.workspace, dirs_exist_ok=True)

    def take_role(self, step: Step) -> None:
        """Hand out credentials that are called like the role, if its trust policy agrees."""
        job = step.job
        if job.permissions.get("id-token") != "write":
            raise ActionError(
                "It looks like you might be trying to authenticate with OIDC. Did you mean to set id-token?"
            )
        outputs = self.cloud.stack("aldeia-shared-delivery")["Outputs"]
        names = {row["OutputValue"]: row["OutputKey"].removesuffix("Arn") for row in outputs}
        role = names.get(step.given["role-to-assume"])
        if role is None:
            raise ActionError("Credentials could not be loaded, please check your action inputs")
        properties = self.template["Resources"][role]["Properties"]
        condition = properties["AssumeRolePolicyDocument"]["Statement"][0]["Condition"]
        seconds = int(step.given.get("role-duration-seconds", HOUR))
        if not holds(resolve(condition, self._names()), self.claims(step)) or seconds > properties.get(
            "MaxSessionDuration", HOUR
        ):
            raise ActionError(
                "Could not assume role with OIDC: Not authorized to perform sts:AssumeRoleWithWebIdentity"
            )
        self.roles.append((job.name.rpartition("-")[0], role))
        region = step.given["aws-region"]
        job.environment |= {
            "AWS_ACCESS_KEY_ID": role,
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_SESSION_TOKEN": "session",
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
        }

    def claims(self, step: Step) -> dict[str, str]:
        """The claims of the job's token (GitHub docs, "OpenID Connect reference": subject claims)."""
        job = step.job
        name = f"{OWNER}@{OWNER_ID}/{REPOSITORY}@{REPOSITORY_ID}" if self.immutable else f"{OWNER}/{REPOSITORY}"
        if job.github_environment:
            subject = f"environment:{job.github_environment}"
        elif job.event.name == "pull_request":
            subject = "pull_request"
        else:
            subject = f"ref:{job.event.ref}"
        return {
            f"{ISSUER}:aud": "sts.amazonaws.com",
            f"{ISSUER}:sub": f"repo:{name}:{subject}",
            f"{ISSUER}:repository_id": REPOSITORY_ID,
        }

    def _names(self) -> dict[str, str]:
        return {
            "GitHubOwner": OWNER,
            "GitHubOwnerId": OWNER_ID,
            "GitHubRepository": REPOSITORY,
            "GitHubRepositoryId": REPOSITORY_ID,
            "GitHubBranch": "main",
        }

    def log_in(self, step: Step) -> Mapping[str, str]:
        """A password for docker, asked for with the job's credentials."""
        self._ecr(step).get_authorization_token()
        local = self.cloud.local
        return {"registry": f"{local.account}.dkr.ecr.{local.region}.amazonaws.com"}

    def build(self, step: Step) -> None:
        """Build what has a Dockerfile, and push it with its attestations if that was asked for."""
        given = step.given
        if not (step.job.workspace / given["context"] / "Dockerfile").is_file():
            raise ActionError(f"{given['context']}: no Dockerfile")
        self.built.append(given["context"])
        if given["push"]:
            assert (given["provenance"], given["sbom"]) == ("mode=max", True)
            repository, _, tag = given["tags"].partition("/")[2].rpartition(":")
            self.cloud.push(repository, tag, step.job.environment["AWS_ACCESS_KEY_ID"])

    def _ecr(self, step: Step) -> Any:
        return self.cloud.client("ecr", step.job.environment["AWS_ACCESS_KEY_ID"])


def process_environment(cloud: Cloud, stubs: Path, home: Path) -> dict[str, str]:
    """What every process of a job finds before any action: programs, a home, and the way to the account without a key."""
    settings = {key: value for key, value in cloud.local.environ.items() if "KEY" not in key and "REGION" not in key}
    return {
        **settings,
        "PATH": f"{stubs}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "TESTS_PYTHON": sys.executable,
        "TESTS_PACKAGES": sysconfig.get_path("purelib"),
    }
