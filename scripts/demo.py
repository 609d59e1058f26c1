"""`make demo`: the whole loop on the embedded CloudFormation. No AWS account, nothing outside this machine, nothing left behind.

Writes the templates, starts the embedded CloudFormation, deploys `shared`, `staging` and `production`, and then shows three
changes: a size (small and safe), a file system that would be replaced (blocked), an image that does not start (rolled back). At the
end staging moves from EC2 to Fargate.
Works in a temporary copy of the description, so the working tree stays as it is. Exit code 0 when every step went as told.
"""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TAG, BROKEN = "4f2c1ab", "0bad1de"
REGION = "us-east-1"
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
# What the embedded CloudFormation takes for a change set and for each resource, in seconds: enough to watch, little to wait.
SECONDS = {"change_set": 0.3, "resource": 0.04}
# What is shown of a move: its own lines, each change set and the parameter it sets, how it ended.
TOLD = re.compile(r"move:|[a-z0-9-]+  (CREATE|UPDATE) |   parameter |staging runs|the description|ec2: DELETE")
FAILURE = {
    "type": "AWS::ECS::Service",
    "on": "update",
    "image": f"*:{BROKEN}",
    "reason": "ECS Deployment Circuit Breaker was triggered.",
    "stopped_reason": "Essential container in task exited",
    "container_exit_code": 1,
}


def main() -> int:
    """Run the demonstration and return its exit code."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="aldeia-demo-") as folder, embedded(Path(folder)) as environment:
        work = Path(folder) / "checkout"
        demo = Demo(work, environment)
        copy_description(work)
        steps = (
            demo.write_templates,
            demo.deploy_shared,
            lambda: demo.deploy_environment("staging"),
            lambda: demo.deploy_environment("production"),
            demo.change_a_size,
            demo.replace_the_file_system,
            demo.deploy_a_broken_image,
            demo.move_to_fargate,
        )
        for number, step in enumerate(steps, start=1):
            demo.number = number
            step()
        demo.summary(time.monotonic() - begun)
    return 0 if demo.as_told else 1


@contextlib.contextmanager
def embedded(folder: Path) -> Iterator[dict[str, str]]:
    """The embedded CloudFormation while the block runs; gives the settings by which any AWS client finds it."""
    script = folder / "script.json"
    script.write_text(json.dumps({"seconds": SECONDS, "failures": [FAILURE]}))
    server = subprocess.Popen(
        [sys.executable, "-m", "local_cloudformation", "--port", "0", "--script", str(script)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "scripts")},
    )
    try:
        said = server.stdout.readline() if server.stdout else ""
        found = re.search(r"http://\S+", said)
        if not found:
            sys.exit(f"demo: the embedded CloudFormation did not start: {said}")
        clean = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
        yield {
            **clean,
            "AWS_ENDPOINT_URL": found[0],
            "AWS_ACCESS_KEY_ID": "demo",
            "AWS_SECRET_ACCESS_KEY": "demo",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }
    finally:
        server.terminate()
        server.wait(timeout=10)


def copy_description(work: Path) -> None:
    """The description, its parameters and its templates, where the demonstration may change them."""
    for name in ("generator", "parameters", "templates"):
        shutil.copytree(ROOT / name, work / name, ignore=shutil.ignore_patterns("__pycache__"))


class Demo:
    """The steps; each prints what it does, runs it, and checks that it ended as told."""

    def __init__(self, work: Path, environment: Mapping[str, str]) -> None:
        self.work = work
        self.environment = {**environment, "PYTHONPATH": f"{work}:{ROOT / 'scripts'}", "COLUMNS": "100"}
        self.number = 0
        self.as_told = True
        self.facts: list[str] = []

    # --- steps ---

    def write_templates(self) -> None:
        """Both options, both environments."""
        self.title("Write every template from the description", "python -m generator")
        done = self.run("-m", "generator")
        count = len(list((self.work / "templates").rglob("*.json")))
        print(f"  {done.stdout.strip()}")
        self.expect(done.returncode, 0, f"{count} JSON files, every one a reviewed artifact")

    def deploy_shared(self) -> None:
        """Repositories and roles, then an image of each service, as the pipeline would push it."""
        self.title("Deploy what the account shares", "deploy-stack deploy shared --yes")
        self.expect(self.deploy("shared"), 0, "image repositories and the roles of the pipeline")
        ecr = self.client("ecr")
        for repository, tag in (
            ("aldeia/backend", TAG),
            ("aldeia/frontend", TAG),
            ("aldeia/backend", BROKEN),
            ("aldeia/chromadb", "1.5.9"),
        ):
            manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": {"digest": f"sha256:{tag}"}, "layers": []}
            ecr.put_image(repositoryName=repository, imageManifest=json.dumps(manifest), imageTag=tag)
        print(f"  pushed aldeia/backend:{TAG}, aldeia/frontend:{TAG}, aldeia/chromadb:1.5.9 (a pipeline does this)")

    def deploy_environment(self, name: str) -> None:
        """Data first, since its secrets need a value before anything reads them; then the rest, side by side."""
        images = ("--image", f"backend={TAG}", "--image", f"frontend={TAG}")
        self.title(f"Deploy {name}", f"deploy-stack deploy {name} --image backend={TAG} --image frontend={TAG} --yes")
        first = self.deploy(name, "network", "data")
        secrets = self.client("secretsmanager")
        for secret, value in (
            ("database/credentials", json.dumps({"DATABASE_URL": "postgres://db.example.com/aldeia"})),
            ("jwt/secrets", json.dumps({"JWT_SECRET": "made-up-for-the-demo"})),
            ("env-file", "LOG_LEVEL=info\n"),
        ):
            secrets.put_secret_value(SecretId=f"{name}/{secret}", SecretString=value)
        print("  wrote a value into each secret (a person does this once)")
        second = self.deploy(name, *images)
        compute = "EC2 hosts with Docker Compose" if name == "staging" else "Fargate services with scaling"
        self.expect(first or second, 0, f"{name} runs on {compute}")

    def change_a_size(self) -> None:
        """An engineer gives production's backend more memory and reads the difference."""
        old, new = (f"cpu=1024, memory={size}, scaling=Scaling(minimum=2" for size in (2048, 3072))
        self.title(
            "Change a size: more memory for production's backend", "memory=2048 -> memory=3072 in environments.py"
        )
        self.edit("generator/environments.py", old, new)
        before = (self.work / "templates/production/fargate.json").read_text().splitlines()
        print(indent(self.run("-m", "generator").stdout))
        after = (self.work / "templates/production/fargate.json").read_text().splitlines()
        for was, now in zip(before, after, strict=True):
            if was != now:
                print(f"  -{was}\n  +{now}")
        print("  $ deploy-stack deploy production fargate --yes")
        done = self.run("-m", "deploy_stack", "deploy", "production", "fargate", "--yes")
        self.show(done.stdout + done.stderr)
        changed = "UPDATE_COMPLETE" in done.stdout + done.stderr
        self.expect(done.returncode if changed else 1, 0, "a size: reviewed, then rolled over without a gap")

    def replace_the_file_system(self) -> None:
        """A change that looks as small, and would give ChromaDB an empty, unencrypted disk."""
        self.title("A change that looks as small: Encrypted=False", "deploy-stack plan production data")
        self.edit("generator/stacks/data.py", "Encrypted=True", "Encrypted=False")
        self.run("-m", "generator")
        done = self.run("-m", "deploy_stack", "plan", "production", "data")
        self.show(done.stdout + done.stderr)
        self.expect(done.returncode, 11, "blocked: it would replace the file system that holds the data")
        self.edit("generator/stacks/data.py", "Encrypted=False", "Encrypted=True")
        self.run("-m", "generator")

    def deploy_a_broken_image(self) -> None:
        """A release whose container exits at once."""
        command = ("deploy", "production", "fargate", "--image", f"backend={BROKEN}", "--yes")
        self.title("Deploy an image that does not start", "deploy-stack " + " ".join(command))
        done = self.run("-m", "deploy_stack", *command)
        self.show(done.stdout + done.stderr)
        self.expect(done.returncode, 13, "rolled back by itself, with the cause and the next step")
        print(indent(self.run("-m", "deploy_stack", "status", "production").stdout))

    def move_to_fargate(self) -> None:
        """Staging changes its compute option under way, ChromaDB and all, and the old stack is deleted."""
        command = ("move", "staging", "--to", "fargate", "--step", "10,100", "--pause", "0.2", "--yes", "--delete")
        self.title("Move staging from EC2 to Fargate, share by share", "deploy-stack " + " ".join(command))
        code = self.follow(*command)
        fact = "moved: requests share by share under the alarms, ChromaDB in one step; the EC2 stack is deleted"
        self.expect(code, 0, fact)

    def summary(self, seconds: float) -> None:
        """What was seen, and where to go on."""
        print(f"\n{bold('What you saw')} ({seconds:.0f} s, no AWS account)")
        for fact in self.facts:
            print(f"  {fact}")
        print("\nThe embedded CloudFormation has stopped, and nothing was written to this checkout.")
        print("Go on with docs/tutorial.md: the same by hand, in ten minutes.")

    # --- means ---

    def title(self, text: str, command: str) -> None:
        """A heading, and the command a person would type."""
        print(f"\n{bold(f'{self.number}. {text}')}\n  $ {command}", flush=True)

    def expect(self, found: int, right: int, fact: str) -> None:
        """Note the fact, and whether the step ended as told."""
        good = found == right
        self.as_told = self.as_told and good
        self.facts.append(f"{'ok ' if good else 'NOT'} {self.number}. {fact} (exit {found})")
        print(f"  exit {found}" + ("" if good else f", but {right} was to be expected"), flush=True)

    def show(self, text: str) -> None:
        """What a command said, without the links to a console that has nothing to show of it."""
        print(indent("\n".join(line for line in text.splitlines() if "console.aws.amazon.com" not in line)))

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """One command of this project, in the temporary checkout."""
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.work,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def follow(self, *arguments: str) -> int:
        """A move as it goes on: its plan, its own lines, and the parameters that it sets; the reviews in between are left out."""
        process = subprocess.Popen(
            [sys.executable, "-m", "deploy_stack", *arguments],
            cwd=self.work,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        everything, planned = [], True
        for line in process.stdout or ():
            everything.append(line)
            planned = planned and not line.startswith("move: step")
            if planned or TOLD.match(line):
                print(f"  {line.rstrip()}", flush=True)
        code = process.wait()
        if code:
            self.show("".join(everything))
        return code

    def deploy(self, environment: str, *arguments: str) -> int:
        """Deploy, and print one line for each stack; everything if it fails."""
        done = self.run("-m", "deploy_stack", "deploy", environment, *arguments, "--yes")
        if done.returncode:
            self.show(done.stdout + done.stderr)
        for name, outcome in re.findall(r"^([\w-]+): ([A-Z_]+_COMPLETE|unchanged)$", done.stdout + done.stderr, re.M):
            print(f"  {environment:10} {name:10} {outcome}", flush=True)
        return done.returncode

    def edit(self, path: str, old: str, new: str) -> None:
        """Change one place of the description, the first that matches."""
        file = self.work / path
        text = file.read_text()
        if old not in text:
            sys.exit(f"demo: {path} no longer says {old!r}; scripts/demo.py must follow it")
        file.write_text(text.replace(old, new, 1))

    def client(self, service: str) -> Any:
        """A client of the embedded services."""
        from botocore.session import Session  # noqa: PLC0415

        return Session().create_client(
            service,
            endpoint_url=self.environment["AWS_ENDPOINT_URL"],
            region_name=REGION,
            aws_access_key_id="demo",
            aws_secret_access_key="demo",  # noqa: S106  (of the embedded CloudFormation, which asks for none)
        )


def indent(text: str) -> str:
    """`text` moved to the right, as quoted output."""
    return "\n".join(f"  {line}" for line in text.rstrip().splitlines())


def bold(text: str) -> str:
    """Bold on a terminal."""
    return f"\033[1m{text}\033[0m" if sys.stdout.isatty() and "NO_COLOR" not in os.environ else text


if __name__ == "__main__":
    sys.exit(main())
