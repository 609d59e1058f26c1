"""Asks the policies of the `delivery` stack whether each call that a run made was the caller's to make.

In: recorded calls. Out: those that IAM would refuse. What a call needs is what the Service authorization reference says of its
action: the resource it names, and what it passes on. A call of a service that is not known here is an error.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from generator.environments import ENVIRONMENTS
from generator.render import to_dict
from generator.services import SERVICES
from generator.stacks.delivery import build
from tests.generator.policy_evaluator import ALLOWED, decide, statements
from tests.pipeline.cloud import Call

Json = dict[str, Any]
Need = tuple[str, str, dict[str, str]]  # action, resource, condition keys
REGION, ACCOUNT = "us-east-1", "111122223333"


def arn(service: str, rest: str, *, region: str = REGION, account: str = ACCOUNT) -> str:
    """An ARN of the test's account."""
    return f"arn:aws:{service}:{region}:{account}:{rest}"


class Judge:
    """The policies as they stand, with the ARNs that the account gave: `arns` by output or attribute name."""

    def __init__(self, arns: dict[str, str]) -> None:
        self.template: Json = to_dict(build(ENVIRONMENTS, SERVICES))
        roles = [name for name, each in self.template["Resources"].items() if each["Type"] == "AWS::IAM::Role"]
        self.names = {
            "ArtifactsBucketName": f"aldeia-app-artifacts-{ACCOUNT}",
            **{f"{role}.Arn": arns.get(f"{role}Arn", f"arn of {role}") for role in roles},
        }
        self.statements = {role: statements(self.template, role, self.names) for role in roles}

    def refused(self, calls: Iterable[Call]) -> list[tuple[str, str, str]]:
        """(role, action, resource) of everything that a role called and may not."""
        found: dict[tuple[str, str, str], None] = {}
        for call in calls:
            if call.key in self.statements:
                for action, resource, context in needs(call):
                    if not self.may(call.key, action, resource, context):
                        found[call.key, action, resource] = None
        return list(found)

    def may(self, role: str, action: str, resource: str, context: dict[str, str]) -> bool:
        """Whether a role may do something."""
        tags = self.template["Resources"][role]["Properties"].get("Tags", [])
        own = {f"aws:PrincipalTag/{tag['Key']}": tag["Value"] for tag in tags}
        return decide(self.statements[role], action, resource, own | context) == ALLOWED


def needs(call: Call) -> Iterator[Need]:
    """What a call asks of its caller."""
    match call.service:
        case "sts" if call.operation == "GetCallerIdentity":
            return  # IAM guide: no permission is needed, and none can take it away
        case "cloudformation":
            yield from _cloudformation(call)
        case "ssm":
            names = call.asked.get("Names") or [call.asked["Name"]]
            yield from ((f"ssm:{call.operation}", _parameter(name), {}) for name in names)
        case "s3":
            verb = {"GET": "GetObject", "HEAD": "GetObject", "PUT": "PutObject"}[call.operation.partition(" ")[0]]
            yield f"s3:{verb}", f"arn:aws:s3::{call.asked['path'].replace('/', ':', 1)}", {}
        case "ecr":
            name = call.asked.get("repositoryName")
            yield f"ecr:{call.operation}", arn("ecr", f"repository/{name}") if name else "*", {}
        case "secretsmanager":
            yield (
                f"secretsmanager:{call.operation}",
                arn("secretsmanager", f"secret:{call.asked['SecretId']}-AbCdEf"),
                {},
            )
        case "monitoring":
            yield f"cloudwatch:{call.operation}", "*", {}
        case "elasticloadbalancing":
            yield f"elasticloadbalancing:{call.operation}", "*", {}
        case "ecs":
            yield from _ecs(call)
        case _:
            raise NotImplementedError(f"{call.service}: {call.operation}")


def _cloudformation(call: Call) -> Iterator[Need]:
    asked, action = call.asked, f"cloudformation:{call.operation}"
    stack = asked.get("stack") or asked.get("StackName")
    assert stack, call
    resource = stack if stack.startswith("arn:") else arn("cloudformation", f"stack/{stack}/0a1b2c3d")
    if call.operation != "CreateChangeSet":
        yield action, resource, {}
        return
    role = asked.get("RoleARN", "")
    yield action, resource, {"cloudformation:RoleArn": role} if role else {}
    if role:
        yield "iam:PassRole", role, {"iam:PassedToService": "cloudformation.amazonaws.com"}
    if "Tags.member.1.Key" in asked:
        yield "cloudformation:TagResource", resource, {}
    if url := asked.get("TemplateURL"):
        bucket, _, key = url.removeprefix("https://").partition("/")
        yield "s3:GetObject", f"arn:aws:s3:::{bucket.partition('.')[0]}/{key}", {}
    # CloudFormation reads such parameters in the caller's name.
    for parameter in json.loads(asked.get("TemplateBody", "{}")).get("Parameters", {}).values():
        if parameter["Type"].startswith("AWS::SSM::Parameter::Value") and "Default" in parameter:
            yield "ssm:GetParameters", _parameter(parameter["Default"]), {}


def _parameter(name: str) -> str:
    return arn("ssm", f"parameter{name}", account="" if name.startswith("/aws/") else ACCOUNT)


def _ecs(call: Call) -> Iterator[Need]:
    cluster = call.asked["cluster"].rpartition("/")[2]
    if call.operation == "ListTasks":
        yield "ecs:ListTasks", "*", {"ecs:cluster": arn("ecs", f"cluster/{cluster}")}
        return
    kind = {"DescribeServices": "service", "DescribeTasks": "task"}[call.operation]
    for name in call.asked[f"{kind}s"]:
        yield f"ecs:{call.operation}", arn("ecs", f"{kind}/{cluster}/{name.rpartition('/')[2]}"), {}
