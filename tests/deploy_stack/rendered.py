"""The real templates, rendered from any description into a folder, and an account in which some of their stacks can be deployed.

What the stacks before them publish is put into Parameter Store by hand: how those are deployed, other tests see.
"""

import json
import shutil
from pathlib import Path

from generator.build import build
from generator.services import SERVICES

ROOT = Path(__file__).resolve().parents[2]
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
TAGS = ("one", "two", "broken")
VALUES = {
    "List<AWS::EC2::Subnet::Id>": "subnet-0123456789abcdef0,subnet-0123456789abcdef1",
    "AWS::EC2::VPC::Id": "vpc-0123456789abcdef0",
    "AWS::EC2::SecurityGroup::Id": "sg-0123456789abcdef0",
}


class Rendered:
    """A folder with templates and parameters, and the account that they are deployed to."""

    def __init__(self, root, client, deploy):
        self.root, self.client, self.deploy = root, client, deploy
        shutil.copytree(ROOT / "parameters", root / "parameters")

    def render(self, environment, services=SERVICES):
        """Write the environment's templates, as `make templates` would."""
        for path, text in build((environment,), services).items():
            file = self.root / "templates" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)

    def prepare(self, name, *stacks):
        """Publish what these stacks take of others, and give each image some tags and each secret a value."""
        wanted = {f"/aldeia/shared/delivery/{name.title()}CloudFormationRoleArn": "String"}
        for stack in stacks:
            template = json.loads((self.root / f"templates/{name}/{stack}.json").read_text())
            for each in template["Parameters"].values():
                path = str(each.get("Default", ""))
                if path.startswith("/aldeia/") and path.split("/")[3] not in stacks:
                    wanted[path] = each["Type"].removeprefix("AWS::SSM::Parameter::Value<").removesuffix(">")
        for path, kind in wanted.items():
            value = VALUES.get(kind, "arn:aws:iam::111122223333:role/x" if path.endswith("RoleArn") else "value")
            self.client("ssm").put_parameter(Name=path, Value=value, Type="String", Overwrite=True)
        for repository in ("aldeia/backend", "aldeia/frontend"):
            self.client("ecr").create_repository(repositoryName=repository)
            for tag in TAGS:
                body = {"schemaVersion": 2, "mediaType": MANIFEST, "config": {"digest": f"sha256:{tag}"}, "layers": []}
                self.client("ecr").put_image(repositoryName=repository, imageManifest=json.dumps(body), imageTag=tag)
        for secret in ("database/credentials", "jwt/secrets", "env-file"):
            self.client("secretsmanager").create_secret(Name=f"{name}/{secret}", SecretString="{}")

    def resource(self, stack, name):
        """Return the properties of a resource in the template that is deployed."""
        body = self.client("cloudformation").get_template(StackName=f"aldeia-{stack}")["TemplateBody"]
        return body["Resources"][name]["Properties"]
