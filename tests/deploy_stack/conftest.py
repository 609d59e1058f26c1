"""A project to deploy, an embedded CloudFormation to deploy it to, and deploy-stack itself, run in this process."""

import http.client
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from deploy_stack.__main__ import run
from local_cloudformation import LocalCloudFormation

ROOT = Path(__file__).resolve().parents[2]
_spec = importlib.util.spec_from_file_location("sample", Path(__file__).parent / "sample.py")
assert _spec is not None
assert _spec.loader is not None
sample = importlib.util.module_from_spec(_spec)
sys.modules.setdefault("sample", sample)
_spec.loader.exec_module(sample)
Sample = sample.Sample

SESSION = botocore.session.Session()  # reads each service's model once

MANIFEST = {
    "schemaVersion": 2,
    "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
    "config": {
        "mediaType": "application/vnd.docker.container.image.v1+json",
        "size": 1,
        "digest": "sha256:" + "a" * 64,
    },
    "layers": [],
}


@dataclass(frozen=True)
class Result:
    """What one command came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, as JSON."""
        return json.loads(self.out)


@pytest.fixture(scope="session")
def server() -> Iterator[LocalCloudFormation]:
    """One embedded CloudFormation for all tests of a process."""
    with LocalCloudFormation() as local:
        yield local


def wipe(server: LocalCloudFormation) -> None:
    """Forget every stack, and what moto holds."""
    server.reset(state=True)
    connection = http.client.HTTPConnection(server.endpoint.removeprefix("http://"))
    connection.request("POST", "/moto-api/reset")
    connection.getresponse().read()
    connection.close()
    server.script({})


@pytest.fixture
def local(server: LocalCloudFormation, monkeypatch: pytest.MonkeyPatch) -> LocalCloudFormation:
    """The embedded CloudFormation, empty, and this process's AWS settings lead to it."""
    wipe(server)
    for name, value in server.environ.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    return server


@pytest.fixture
def empty(local: LocalCloudFormation) -> Callable[[], None]:
    """What makes the embedded AWS empty again in the middle of a test."""
    return lambda: wipe(local)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The sample project in an empty folder, which is the current one."""
    monkeypatch.chdir(tmp_path)
    return Sample(tmp_path)


@pytest.fixture
def client(local: LocalCloudFormation) -> Callable[[str], Any]:
    """A botocore client of any service of the embedded AWS."""
    session = SESSION
    made: dict[str, Any] = {}

    def make(service: str) -> Any:
        if service not in made:
            made[service] = session.create_client(service, region_name="us-east-1", endpoint_url=local.endpoint)
        return made[service]

    return make


@pytest.fixture
def cfn(client: Callable[[str], Any]) -> Any:
    """A CloudFormation client."""
    return client("cloudformation")


@pytest.fixture
def images(client: Callable[[str], Any]) -> Callable[[str], None]:
    """A repository `aldeia/backend` with the image `v1`, and what pushes more of them."""

    def push(tag: str) -> None:
        manifest = MANIFEST | {
            "layers": [{"mediaType": "x", "size": len(tag), "digest": f"sha256:{tag.encode().hex():0>64}"}]
        }
        client("ecr").put_image(repositoryName="aldeia/backend", imageTag=tag, imageManifest=json.dumps(manifest))

    client("ecr").create_repository(repositoryName="aldeia/backend")
    push("v1")
    return push


@pytest.fixture
def deploy_stack(local: LocalCloudFormation, project: Any, capsys: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """deploy-stack in the project's folder, in this process."""

    def call(*arguments: str) -> Result:
        capsys.readouterr()
        code = run([str(each) for each in arguments])
        captured = capsys.readouterr()
        return Result(int(code), captured.out, captured.err)

    return call


@pytest.fixture
def deployed(
    deploy_stack: Callable[..., Result], images: Callable[[str], None], project: Any, cfn: Any
) -> Callable[..., Result]:
    """deploy-stack, with staging deployed as its files say, with the image `v1`."""
    for stack in ("network", "data", "app"):
        create_stack(cfn, project, stack)
    return deploy_stack


def create_stack(cfn: Any, project: Any, stack: str, environment: str = "staging") -> str:
    """Create one of the project's stacks by the plain API, which is quicker than a deployment, and return its ARN."""
    found: str = cfn.create_stack(
        StackName=f"aldeia-{environment}-{stack}",
        TemplateBody=(project.root / f"templates/{environment}/{stack}.json").read_text(),
        Parameters=[{"ParameterKey": "BackendImageTag", "ParameterValue": "v1"}] if stack == "app" else [],
        Tags=[
            {"Key": k, "Value": v} for k, v in {"Project": "aldeia", "Environment": environment, "Stack": stack}.items()
        ],
        Capabilities=["CAPABILITY_IAM"],
    )["StackId"]
    while cfn.describe_stacks(StackName=found)["Stacks"][0]["StackStatus"].endswith("_IN_PROGRESS"):
        pass
    return found


@pytest.fixture
def process(local: LocalCloudFormation, project: Any) -> Callable[..., subprocess.Popen[str]]:
    """deploy-stack as a process of its own."""

    def start(*arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, str(ROOT / "scripts" / "deploy-stack"), *arguments],
            cwd=project.root,
            env={**os.environ, **local.environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start
