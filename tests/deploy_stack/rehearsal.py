"""An environment of the real templates, deployed to the embedded CloudFormation by its plain API: quick, the same every time."""

import base64
import json
import operator
import os
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TAG = "4f2c1ab"
SECRETS = {
    "database/credentials": '{"DATABASE_URL": "postgres://db.example.com/aldeia"}',
    "jwt/secrets": '{"JWT_SECRET": "made-up"}',
    "env-file": "LOG_LEVEL=info\n",
}
IMAGE = {"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json", "layers": []}
# What is deployed before a move, in this order.
BEFORE = {
    "staging": ("network", "data", "edge", "ec2", "monitoring"),
    "production": ("network", "data", "edge", "fargate", "monitoring"),
}


def _hear_interrupts() -> None:
    """A shell's background job ignores Ctrl-C, and so does all it starts; an operator's own process does not."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Rehearsal:
    """One environment on the embedded CloudFormation, and what a test wants to know of it."""

    def __init__(self, local, client, root, environment):
        self.local, self.client, self.root, self.environment = local, client, root, environment
        self.cfn = client("cloudformation")
        for name in ("templates", "parameters"):
            shutil.copytree(ROOT / name, root / name)
        for repository, tag in (("backend", TAG), ("frontend", TAG), ("chromadb", "1.5.9")):
            client("ecr").create_repository(repositoryName=f"aldeia/{repository}")
            manifest = {**IMAGE, "config": {"digest": f"sha256:{tag}"}}
            client("ecr").put_image(
                repositoryName=f"aldeia/{repository}", imageManifest=json.dumps(manifest), imageTag=tag
            )
        ssm = client("ssm")
        role = f"{environment.title()}CloudFormationRoleArn"
        for name, value in (
            (f"delivery/{role}", "arn:aws:iam::111122223333:role/r"),
            ("registry/ArtifactsBucketName", "artifacts"),
        ):
            ssm.put_parameter(Name=f"/aldeia/shared/{name}", Value=value, Type="String")
        client("s3").create_bucket(Bucket="artifacts")
        manifest = json.loads((root / f"templates/{environment}/manifest.json").read_text())
        self.entries = {each["Name"]: each for each in manifest["Stacks"]}
        for stack in BEFORE[environment]:
            self.create(stack)
            if stack == "data":
                for name, value in SECRETS.items():
                    client("secretsmanager").put_secret_value(SecretId=f"{environment}/{name}", SecretString=value)

    def create(self, stack):
        """Create a stack from its files, with the image that is there."""
        entry = self.entries[stack]
        file = self.root / f"parameters/{self.environment}/{stack}.json"
        given = json.loads(file.read_text()) if file.exists() else []
        given += [{"ParameterKey": each["Parameter"], "ParameterValue": TAG} for each in entry["Images"]]
        given += [{"ParameterKey": key, "ParameterValue": value} for key, value in entry["CreateParameters"].items()]
        body = json.loads((self.root / f"templates/{self.environment}/{stack}.json").read_text())
        self.cfn.create_stack(
            StackName=entry["StackName"],
            TemplateBody=json.dumps(body, separators=(",", ":")),
            Parameters=given,
            Tags=[{"Key": key, "Value": value} for key, value in entry["Tags"].items()],
            Capabilities=["CAPABILITY_IAM"],
        )
        self.until(lambda: self.status(stack) == "CREATE_COMPLETE")

    def until(self, good, seconds=30.0):
        """Wait until something is so."""
        end = time.monotonic() + seconds
        while not good():
            assert time.monotonic() < end, f"waited {seconds} s in vain"
            time.sleep(0.01)

    def stack(self, name):
        """Return a stack as DescribeStacks shows it, None when it is not there."""
        found = self.local.server.engine.store.stacks.values()  # the API answers an error for a missing stack
        if not any(each.name == f"aldeia-{self.environment}-{name}" and not each.is_gone for each in found):
            return None
        return self.cfn.describe_stacks(StackName=f"aldeia-{self.environment}-{name}")["Stacks"][0]

    def status(self, name):
        """Return a stack's status."""
        found = self.stack(name)
        return found["StackStatus"] if found else None

    def parameter(self, stack, key):
        """Return a parameter's value, None without the stack."""
        found = self.stack(stack)
        return (
            next((each["ParameterValue"] for each in found["Parameters"] if each["ParameterKey"] == key), None)
            if found
            else None
        )

    def set_weight(self, weight):
        """Set the weight by hand, as somebody does in the console."""
        edge = self.stack("edge")
        previous = [
            {"ParameterKey": each["ParameterKey"], "UsePreviousValue": True}
            for each in edge["Parameters"]
            if each["ParameterKey"] != "FargateWeight"
        ]
        self.cfn.update_stack(
            StackName=edge["StackId"],
            UsePreviousTemplate=True,
            Parameters=[{"ParameterKey": "FargateWeight", "ParameterValue": str(weight)}, *previous],
            Capabilities=["CAPABILITY_IAM"],
        )
        self.until(lambda: self.status("edge") == "UPDATE_COMPLETE")

    def ring(self, alarm, state="ALARM"):
        """Set an alarm's state, as its metric would."""
        self.client("cloudwatch").set_alarm_state(AlarmName=alarm, StateValue=state, StateReason="a test")

    # --- what must hold, whatever happened ---

    @property
    def weight(self):
        """Fargate's share, from the listener rules themselves."""
        found = {tuple(each.values()) for each in self.rules().values()}
        assert len(found) == 1, f"the services weigh differently: {found}"
        fargate, ec2 = found.pop()
        assert fargate + ec2 == 100
        return fargate

    def rules(self):
        """Return {rule: {target group: weight}} of the listener (DescribeRules)."""
        listener = next(
            each["OutputValue"] for each in self.stack("edge")["Outputs"] if each["OutputKey"] == "HttpsListenerArn"
        )
        rules = self.client("elbv2").describe_rules(ListenerArn=listener)["Rules"]
        return {
            each["RuleArn"]: {
                group["TargetGroupArn"]: group["Weight"]
                for group in each["Actions"][0]["ForwardConfig"]["TargetGroups"]
            }
            for each in rules
        }

    @property
    def homes(self):
        """Where ChromaDB is at home."""
        return {each for each in ("ec2", "fargate") if self.parameter(each, "RunChromadb") == "true"}

    def assert_whole(self):
        """Every target group with a weight has a healthy target, weights sum to 100, and ChromaDB was never twice at home."""
        assert 0 <= self.weight <= 100
        for groups in self.rules().values():
            for arn, weight in groups.items():
                health = self.client("elbv2").describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
                states = [each["TargetHealth"]["State"] for each in health]
                assert not weight or "healthy" in states, f"{weight} % of the requests go to {arn}: {states}"
        assert len(self.homes) <= 1
        assert not self.times_with_two_homes()

    def times_with_two_homes(self):
        """Return when two servers may have run at the same time, from the events of both compute stacks."""
        spans = {option: list(self._at_home(option)) for option in ("ec2", "fargate")}
        return [(a, b) for a in spans["ec2"] for b in spans["fargate"] if a[0] < b[1] and b[0] < a[1]]

    def _at_home(self, option):
        """Yield (begun, ended) of the times when an option may have run ChromaDB.

        It may run from the moment its runner is told to (IN_PROGRESS) until the runner has been told not to and is done.
        """
        begun, wanted = None, False
        for event in self._events(option):
            name, status = event["LogicalResourceId"], event["ResourceStatus"]
            properties = json.loads(event.get("ResourceProperties") or "{}")
            if name == "HostLaunchTemplate":
                text = base64.b64decode(properties["LaunchTemplateData"]["UserData"]).decode()
                wanted = "chromadb fs-" in text
            elif name == "ChromadbService":
                wanted = int(properties["DesiredCount"]) > 0
            elif name == "DataHostGroup":
                wanted = not status.startswith("DELETE")
            if name not in {"ChromadbService", "HostGroup" if self.environment == "staging" else "DataHostGroup"}:
                continue
            if wanted and begun is None and status.endswith("_IN_PROGRESS"):
                begun = event["Timestamp"]
            elif not wanted and begun is not None and status.endswith("_COMPLETE"):
                yield begun, event["Timestamp"]
                begun = None
        if begun is not None:
            yield begun, datetime.max.replace(tzinfo=UTC)

    def _events(self, option):
        """Return the events of every stack that ever had the option's name, oldest first."""
        stacks = self.local.server.engine.store.stacks.values()
        found = []
        for stack_id in [each.stack_id for each in stacks if each.name == f"aldeia-{self.environment}-{option}"]:
            for page in self.cfn.get_paginator("describe_stack_events").paginate(StackName=stack_id):
                found += page["StackEvents"]
        found.reverse()
        return sorted(found, key=operator.itemgetter("Timestamp"))

    # --- commands ---

    def process(self, *arguments, **more):
        """deploy-stack as a process of its own."""
        return subprocess.Popen(
            [sys.executable, str(ROOT / "scripts" / "deploy-stack"), *arguments],
            cwd=self.root,
            env={**os.environ, **self.local.environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=_hear_interrupts,  # noqa: PLW1509  (it takes no lock)
            **more,
        )

    def run(self, *arguments):
        """Run deploy-stack to its end and return (exit code, what it said)."""
        process = self.process(*arguments)
        out, said = process.communicate(timeout=120)
        return process.returncode, said + out
