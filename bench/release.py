"""How long a release to production takes from plan to done, over the service's own time, with the project's own templates.

Out: rows (what, figures). The embedded CloudFormation takes 3.3 s for a change set and 9.7 s for a stack, as in `deploy.py`, and
then deletes what was replaced; its own time of an update is from the call that executes to the stack's last event. A release is
what the pipeline's two jobs do: `plan production` over every stack with new image tags, and `apply` of that file.
"""

import json
import shutil
import statistics
import tempfile
from pathlib import Path
from typing import Any

import boto3

from bench.deploy import CHANGE_SET, RUNS, STACK, Row  # puts scripts/ on the path
from bench.process import ROOT, Cost, measure

from local_cloudformation import LocalCloudFormation  # isort: skip  (found by the line above)

IMAGES = ("backend", "frontend")
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


class Release:
    """A checkout of the project, and an account with production deployed from it."""

    def __init__(self, folder: Path, local: LocalCloudFormation) -> None:
        self.folder, self.local = folder, local
        for name in ("generator", "parameters", "templates"):
            shutil.copytree(ROOT / name, folder / name)

    def run(self, *arguments: str) -> Cost:
        """deploy-stack as a process."""
        command = [str(ROOT / ".venv" / "bin" / "python"), str(ROOT / "scripts" / "deploy-stack"), *arguments]
        return measure(command, self.folder, self.local.environ)

    def client(self, service: str) -> Any:
        """A client of the account."""
        return boto3.client(service, **self.local.client_options)  # type: ignore[call-overload]

    def push(self, tag: str) -> list[str]:
        """Push an image of each service, and return the options that name them."""
        for name in IMAGES:
            manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": {"digest": f"sha256:{tag}"}, "layers": []}
            text = json.dumps(manifest)
            self.client("ecr").put_image(repositoryName=f"aldeia/{name}", imageManifest=text, imageTag=tag)
        return [part for name in IMAGES for part in ("--image", f"{name}={tag}")]

    def deploy_everything(self) -> None:
        """What a person does once: the account's stacks, production, values for its secrets."""
        self.local.script(seconds={"change_set": 0.0, "resource": 0.0})
        assert self.run("deploy", "shared", "--yes").code == 0
        assert self.run("deploy", "production", "network", "data", "--yes").code == 0
        secrets = self.client("secretsmanager")
        for each in secrets.list_secrets()["SecretList"]:
            secrets.put_secret_value(SecretId=each["Name"], SecretString="{}")
        assert self.run("deploy", "production", *self.push("v0"), "--yes").code == 0

    def executing(self) -> float:
        """Seconds that CloudFormation took for the last update of `fargate`."""
        begun: float = max(each["time"] for each in self.local.calls("ExecuteChangeSet"))
        events = self.client("cloudformation").describe_stack_events(StackName="aldeia-production-fargate")
        ended: float = events["StackEvents"][0]["Timestamp"].timestamp()
        return ended - begun


def rows() -> list[Row]:
    """Plan and apply of a release, each and together."""
    plans, applies, took = [], [], []
    with tempfile.TemporaryDirectory() as folder, LocalCloudFormation() as local:
        release = Release(Path(folder), local)
        release.deploy_everything()
        local.script(seconds={"change_set": CHANGE_SET, "stack": STACK})
        for number in range(1, RUNS + 1):
            plans.append(release.run("plan", "production", *release.push(f"v{number}"), "--out", "plan.json"))
            applies.append(release.run("apply", "plan.json"))
            took.append(release.executing())
    assert {each.code for each in plans} == {10}
    assert {each.code for each in applies} == {0}
    planning = [plan.wall - CHANGE_SET for plan in plans]
    applying = [apply.wall - seconds for apply, seconds in zip(applies, took, strict=True)]
    both = [sum(pair) for pair in zip(planning, applying, strict=True)]
    service = statistics.median(took)
    return [
        _row("plan of a release: five stacks, of which one changes", planning, CHANGE_SET),
        _row("apply of that plan", applying, service),
        _row("a release from plan to done", both, CHANGE_SET + service),
    ]


def _row(what: str, over: list[float], service: float) -> Row:
    return what, f"{statistics.median(over):.2f} s over the service's {service:.1f} s (best {min(over):.2f})"
