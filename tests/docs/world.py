"""An account to operate: an embedded CloudFormation in this process, a checkout, and the shell of somebody on call."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import botocore.session
from local_cloudformation import LocalCloudFormation

from tests.docs.pages import ROOT
from tests.docs.session import environment

OLD, NEW = "4f2c1ab", "9c1d2e3"
SESSION = botocore.session.Session()  # reads each service's model once
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
SECRETS = {
    "database/credentials": json.dumps({"DATABASE_URL": "postgres://db.example.com/aldeia"}),
    "jwt/secrets": json.dumps({"JWT_SECRET": "made-up"}),
    "env-file": "LOG_LEVEL=info\n",
}


class World:
    """One account, empty at first, and a checkout of this project."""

    def __init__(self, local: LocalCloudFormation, folder: Path) -> None:
        self.local = local
        self.checkout = folder / "aldeia-compute"
        self.tools = folder / "tools"
        self.tools.mkdir()
        for name in ("generator", "parameters", "scripts", "templates"):
            shutil.copytree(ROOT / name, self.checkout / name)  # with what Python has compiled, which stays valid
        (self.checkout / ".venv").symlink_to(ROOT / ".venv")
        shutil.copy(ROOT / "Makefile", self.checkout)
        for arguments in (
            ("init", "-q", "-b", "main"),
            ("add", "parameters", "templates"),
            ("commit", "-qm", "v0.1.0"),
        ):
            subprocess.run(["git", *arguments], cwd=self.checkout, env=environment(self.tools, folder), check=True)
        self.environ = {**environment(self.tools, folder), **local.environ}
        self._clients: dict[str, Any] = {}

    # -- what is there ---------------------------------------------------------------------------------------------------

    def client(self, service: str) -> Any:
        """A client of the embedded services."""
        if service not in self._clients:
            options = {"region_name": "us-east-1", "endpoint_url": self.local.endpoint}
            keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
            self._clients[service] = SESSION.create_client(service, **options, **keys)
        return self._clients[service]

    def status(self, environment: str, stack: str) -> str | None:
        """A stack's status; None when there is no such stack."""
        try:
            found = self.client("cloudformation").describe_stacks(StackName=f"aldeia-{environment}-{stack}")
        except self.client("cloudformation").exceptions.ClientError:
            return None
        return str(found["Stacks"][0]["StackStatus"])

    def parameter(self, environment: str, stack: str, key: str) -> str:
        """The value a stack's parameter has."""
        found = self.client("cloudformation").describe_stacks(StackName=f"aldeia-{environment}-{stack}")["Stacks"][0]
        return str({each["ParameterKey"]: each["ParameterValue"] for each in found["Parameters"]}[key])

    # -- how it came to be -----------------------------------------------------------------------------------------------

    def create(self, environment: str, *stacks: str) -> None:
        """Stacks of an environment as a deployment leaves them, by the plain API, which is quicker; else the default ones.

        Of `shared` all, with the images `OLD` and `NEW`; after `data`, each secret has a value.
        """
        for entry in self.manifest(environment):
            if entry["Name"] in stacks or (not stacks and entry["Default"]):
                self._create(environment, entry)
        if environment == "shared":
            for image in (f"{name}:{tag}" for name in ("backend", "frontend") for tag in (OLD, NEW)):
                self.push(f"aldeia/{image}")
            self.push("aldeia/chromadb:1.5.9")
        elif "data" in stacks or not stacks:
            for name, value in SECRETS.items():
                self.client("secretsmanager").put_secret_value(SecretId=f"{environment}/{name}", SecretString=value)

    def manifest(self, environment: str) -> list[dict[str, Any]]:
        """The stacks of an environment."""
        return list(json.loads((self.checkout / f"templates/{environment}/manifest.json").read_text())["Stacks"])

    def arguments(self, environment: str, entry: Mapping[str, Any], tag: str = OLD) -> dict[str, Any]:
        """What CreateStack takes for a stack as a deployment makes it."""
        file = self.checkout / f"parameters/{environment}/{entry['Name']}.json"
        given = json.loads(file.read_text()) if file.exists() else []
        given += [{"ParameterKey": each["Parameter"], "ParameterValue": tag} for each in entry["Images"]]
        given += [{"ParameterKey": key, "ParameterValue": value} for key, value in entry["CreateParameters"].items()]
        template = json.loads((self.checkout / f"templates/{environment}/{entry['Name']}.json").read_text())
        return {
            "StackName": entry["StackName"],
            "TemplateBody": json.dumps(template, separators=(",", ":")),
            "Parameters": given,
            "Tags": [{"Key": key, "Value": value} for key, value in entry["Tags"].items()],
            "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
        }

    def _create(self, environment: str, entry: Mapping[str, Any]) -> None:
        client = self.client("cloudformation")
        client.create_stack(
            **self.arguments(environment, entry), EnableTerminationProtection=entry["TerminationProtection"]
        )
        assert self.settled(environment, entry["Name"]) == "CREATE_COMPLETE", entry["StackName"]
        if entry["StackPolicy"]:
            client.set_stack_policy(StackName=entry["StackName"], StackPolicyBody=json.dumps(entry["StackPolicy"]))

    def settled(self, environment: str, stack: str) -> str | None:
        """A stack's status as soon as nothing happens to it any more."""
        while (
            (found := self.status(environment, stack))
            and found.endswith("_IN_PROGRESS")
            and found != "REVIEW_IN_PROGRESS"
        ):
            time.sleep(0.01)  # the server runs in this process, too
        return found

    def push(self, image: str) -> None:
        """Push an image, as the application's pipeline does."""
        repository, tag = image.split(":")
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": {"digest": f"sha256:{tag}"}, "layers": []}
        self.client("ecr").put_image(repositoryName=repository, imageTag=tag, imageManifest=json.dumps(manifest))

    def deploy_stack(self, *arguments: str, code: int = 0) -> str:
        """deploy-stack as a process; what it said. It must end with `code`."""
        done = subprocess.run(
            [sys.executable, str(self.checkout / "scripts" / "deploy-stack"), *arguments],
            cwd=self.checkout,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr
