"""A small project to deploy: three stacks in a row and a spare one, in two environments, written from `fixtures/`."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

ACCOUNT = "111122223333"
REGION = "us-east-1"
FIXTURES = Path(__file__).parent / "fixtures"
STACKS = ("network", "data", "app", "spare")
TOPIC = "AWS::SNS::Topic"
DEPENDS_ON: dict[str, list[str]] = {"data": ["network"], "app": ["network", "data"]}

Json = dict[str, Any]


class Sample:
    """The files of a project under `root`, and how to change them."""

    def __init__(self, root: Path, *, account: str = ACCOUNT) -> None:
        self.root = root
        for environment in ("staging", "production"):
            self._write(f"parameters/{environment}/target.json", {"Account": account, "Region": REGION})
            for stack in STACKS:
                text = (FIXTURES / f"{stack}.json").read_text().replace("ENVIRONMENT", environment)
                self._write(f"templates/{environment}/{stack}.json", json.loads(text))
            self._write(f"parameters/{environment}/app.json", [])
            self._write(f"templates/{environment}/manifest.json", self._manifest(environment))

    def _manifest(self, environment: str) -> Json:
        return {
            "Environment": environment,
            "Version": "0.1.0",
            "Stacks": [
                {
                    "Name": stack,
                    "StackName": f"aldeia-{environment}-{stack}",
                    "Default": stack != "spare",
                    "DependsOn": DEPENDS_ON.get(stack, []),
                    "TerminationProtection": environment == "production" and stack == "data",
                    "StackPolicy": None,
                    "RollbackAlarms": [],
                    "Tags": {"Project": "aldeia", "Environment": environment, "Stack": stack},
                    "Images": [{"Parameter": "BackendImageTag", "Repository": "aldeia/backend"}]
                    if stack == "app"
                    else [],
                    "Secrets": [],
                }
                for stack in STACKS
            ],
        }

    def _write(self, path: str, value: object) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(value, indent=2) + "\n")

    def edit(self, path: str, change: Callable[[Any], None]) -> None:
        """Change one of the JSON files in place."""
        value = json.loads((self.root / path).read_text())
        change(value)
        self._write(path, value)

    def template(self, stack: str, change: Callable[[Json], None], environment: str = "staging") -> None:
        """Change a template in place."""
        self.edit(f"templates/{environment}/{stack}.json", change)

    def manifest(self, stack: str, environment: str = "staging", **values: Any) -> None:
        """Change what the manifest says about a stack."""

        def change(found: Json) -> None:
            next(each for each in found["Stacks"] if each["Name"] == stack).update(values)

        self.edit(f"templates/{environment}/manifest.json", change)

    def two_options(self, environment: str = "staging") -> None:
        """Put the sample's two compute options beside its stacks: `edge` with the weight, `ec2` and `fargate` with a home each."""

        def described(parameter: str, kind: str, default: str) -> Json:
            return {
                "Parameters": {parameter: {"Type": kind, "Default": default}},
                "Resources": {"Topic": {"Type": TOPIC, "Properties": {"DisplayName": {"Ref": parameter}}}},
            }

        compute = {
            "Alarms": [],
            "Default": "ec2",
            "Homes": {"chromadb": "RunChromadb"},
            "Options": {each: {"Stacks": [each], "Targets": {}} for each in ("ec2", "fargate")},
            "Weight": "FargateWeight",
        }
        edge = described("FargateWeight", "Number", "0")
        option = described("RunChromadb", "String", "false")
        option["Resources"]["Lines"] = {"Type": "AWS::Logs::LogGroup", "DeletionPolicy": "Retain"}

        def add(found: Json) -> None:
            found["Compute"] = compute
            for name in ("edge", "ec2", "fargate"):
                row = {**found["Stacks"][0], "Name": name, "StackName": f"aldeia-{environment}-{name}"}
                found["Stacks"].append({**row, "DependsOn": [] if name == "edge" else ["edge"], "Default": True})

        for name, template in (("edge", edge), ("ec2", option), ("fargate", option)):
            about = {"Aldeia": {"Environment": environment, "Stack": name, "Version": "0.1.0"}}
            self._write(f"templates/{environment}/{name}.json", {"Metadata": about, **template})
        self.edit(f"templates/{environment}/manifest.json", add)

    def version(self, version: str, environment: str = "staging") -> None:
        """Give manifest and templates another version, as a release does."""
        self.edit(f"templates/{environment}/manifest.json", lambda found: found.update(Version=version))
        for stack in STACKS:
            self.template(stack, lambda found: found["Metadata"]["Aldeia"].update(Version=version), environment)

    def parameters(self, stack: str, environment: str = "staging", **values: str) -> None:
        """Write a parameters file."""
        rows = [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()]
        self._write(f"parameters/{environment}/{stack}.json", rows)

    def commit(self, tag: str) -> None:
        """Commit everything as it is and tag it, in a repository of its own."""
        git = shutil.which("git")
        assert git is not None
        who = ["-c", "user.name=Ana", "-c", "user.email=ana@example.com", "-c", "commit.gpgsign=false"]
        for arguments in (
            ["init", "-q"],
            ["add", "-A", "templates", "parameters"],
            [*who, "commit", "-qm", tag],
            ["tag", tag],
        ):
            subprocess.run([git, *arguments], cwd=self.root, check=True, capture_output=True)
