"""What stands behind the workflow in its tests: an account with everything deployed, and who called what under which role.

The account is the embedded CloudFormation with moto behind it. Every call is kept with the credentials it was signed with; the
stand-in for taking a role hands out credentials that are named after it.
"""

import hashlib
import http.client
import io
import json
import os
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import botocore.session
from deploy_stack.__main__ import run as deploy_stack
from local_cloudformation import LocalCloudFormation
from local_cloudformation.server import LocalServer

ROOT = Path(__file__).parents[2]
SESSION = botocore.session.Session()
INDEX, IMAGE = (f"application/vnd.oci.image.{kind}.v1+json" for kind in ("index", "manifest"))
SECRETS = {
    "database/credentials": json.dumps({"DATABASE_URL": "postgres://db.example.com/aldeia"}),
    "jwt/secrets": json.dumps({"JWT_SECRET": "made-up"}),
    "env-file": "LOG_LEVEL=info\n",
}

Json = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """One call of an AWS API: who signed it, and what it asked for."""

    key: str
    service: str
    operation: str
    asked: Json


class RecordingServer(LocalServer):
    """The server, with the calls kept whole."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.kept: list[Call] = []

    def __call__(self, environ: Json, start_response: Any) -> Iterable[bytes]:
        """Keep the call, and answer it."""
        found = re.search(r"Credential=([^/]*)/", environ.get("HTTP_AUTHORIZATION", ""))
        if found:
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            environ["wsgi.input"] = io.BytesIO(body)
            service, _, operation = self._addressee(environ)
            environ["wsgi.input"] = io.BytesIO(body)
            asked = _asked(environ, body)
            # IAM judges what is done to a change set by its stack.
            change_set = self.engine.store.change_sets.get(asked.get("ChangeSetName", ""))
            if change_set:
                asked["stack"] = change_set.stack_id
            self.kept.append(Call(found[1], service, operation, asked))
        return super().__call__(environ, start_response)


def _asked(environ: Json, body: bytes) -> Json:
    kind = environ.get("CONTENT_TYPE", "")
    if kind.startswith("application/x-amz-json"):
        found: Json = json.loads(body or b"{}")
        return found
    if kind.startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(body.decode()))
    return {"path": environ["PATH_INFO"]}


class Cloud:
    """The account. `checkout` is this project as the workflow checks it out."""

    def __init__(self, folder: Path) -> None:
        self.checkout = folder / "aldeia-compute"
        for name in ("parameters", "requirements", "scripts", "templates"):
            shutil.copytree(ROOT / name, self.checkout / name)
        self.local = LocalCloudFormation()
        self.local.server = self.server = RecordingServer()
        self._clients: dict[tuple[str, str], Any] = {}

    def client(self, service: str, key: str = "person") -> Any:
        """A client of an AWS service, signing with a key."""
        if (service, key) not in self._clients:
            self._clients[service, key] = SESSION.create_client(
                service,
                region_name=self.local.region,
                endpoint_url=self.local.endpoint,
                aws_access_key_id=key,
                aws_secret_access_key="secret",
            )
        return self._clients[service, key]

    # --- what a person does once ---

    def deploy_everything(self, commit: str) -> None:
        """`shared`, `staging`, `production`, with images of a commit."""
        self.deploy("shared")
        for name in ("backend", "frontend"):
            self.push(f"aldeia/{name}", commit, "person")
        images = [part for name in ("backend", "frontend") for part in ("--image", f"{name}={commit}")]
        for environment in ("staging", "production"):
            self.deploy(environment, "network", "data")
            for secret, value in SECRETS.items():
                self.client("secretsmanager").put_secret_value(SecretId=f"{environment}/{secret}", SecretString=value)
            rest = ("edge", "ec2" if environment == "staging" else "fargate", "monitoring")
            self.deploy(environment, *rest, *images)
        # Only now: each deployment would ask it whether the templates are stale.
        shutil.copytree(ROOT / "generator", self.checkout / "generator")

    def deploy(self, environment: str, *arguments: str) -> None:
        """`deploy-stack deploy`, in this process, by a person."""
        settings, here = {**self.local.environ, "AWS_ACCESS_KEY_ID": "person"}, Path.cwd()
        before = {name: os.environ.get(name) for name in settings}
        os.environ.update(settings)
        os.chdir(self.checkout)
        try:
            assert deploy_stack(["deploy", environment, *arguments, "--yes"]) == 0
        finally:
            os.chdir(here)
            for name, value in before.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})

    # --- the registry ---

    def push(self, repository: str, tag: str, key: str) -> str:
        """Push an image as buildx does, and scan it as ECR does; the digest that is scanned."""
        digests = [self._put(repository, key, _manifest(f"{tag} {name}")) for name in ("image", "attestation")]
        listed: list[Json] = [{"mediaType": IMAGE, "digest": each, "size": 1} for each in digests]
        listed[1]["annotations"] = {"vnd.docker.reference.type": "attestation-manifest"}
        self._put(repository, key, {"schemaVersion": 2, "mediaType": INDEX, "manifests": listed}, imageTag=tag)
        self.client("ecr", "ECR").start_image_scan(repositoryName=repository, imageId={"imageDigest": digests[0]})
        return digests[0]

    def _put(self, repository: str, key: str, manifest: Json, **tag: str) -> str:
        text = json.dumps(manifest)
        digest = "sha256:" + hashlib.sha256(text.encode()).hexdigest()
        self.client("ecr", key).put_image(
            repositoryName=repository,
            imageManifest=text,
            imageManifestMediaType=manifest["mediaType"],
            imageDigest=digest,
            **tag,
        )
        return digest

    def finds(self, repository: str, tag: str, name: str, severity: str) -> None:
        """Let the scan of the next push of a tag find something."""
        text = json.dumps(_manifest(f"{tag} image"))
        result = {
            "repositoryName": repository,
            "imageId": {"imageDigest": "sha256:" + hashlib.sha256(text.encode()).hexdigest()},
            "imageScanStatus": {"status": "COMPLETE"},
            "imageScanFindings": {"findings": [{"name": name, "severity": severity, "attributes": []}]},
        }
        body = json.dumps({"results": [result], "account_id": self.local.account, "region": self.local.region})
        connection = http.client.HTTPConnection(self.local.endpoint.removeprefix("http://"))
        kind = {"Content-Type": "application/json"}
        connection.request("POST", "/moto-api/static/ecr/scan-finding-results", body, kind)
        assert connection.getresponse().status == 201
        connection.close()

    def tags(self, repository: str) -> set[str]:
        """Every tag in a repository."""
        rows = self.client("ecr").list_images(repositoryName=repository)["imageIds"]
        return {row["imageTag"] for row in rows if "imageTag" in row}

    # --- what stands, and who asked for it ---

    def callers(self, operation: str) -> set[str]:
        """Who called an operation since the calls were last forgotten."""
        return {call.key for call in self.server.kept if call.operation == operation}

    def stack(self, name: str) -> Json:
        """A stack as CloudFormation describes it."""
        found: Json = self.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
        return found

    def image_tags(self, stack: str) -> dict[str, str]:
        """The image tags that a stack runs, by parameter."""
        rows = self.stack(stack)["Parameters"]
        return {row["ParameterKey"]: row["ParameterValue"] for row in rows if row["ParameterKey"].endswith("ImageTag")}


def _manifest(content: str) -> Json:
    layer = {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "size": 1}
    layer["digest"] = "sha256:" + hashlib.sha256(content.encode()).hexdigest()
    config = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": "sha256:" + "a" * 64, "size": 1}
    return {"schemaVersion": 2, "mediaType": IMAGE, "config": config, "layers": [layer]}
