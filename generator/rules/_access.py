"""What a task needs of its execution role, as ARNs to compare with the role's statements."""

from __future__ import annotations

import re
from collections.abc import Iterator

from generator.rules._arn import TOKEN, Covers, parts
from generator.rules._policies import ROLE, Grants, grants_of
from generator.rules._tasks import TASK, containers, images
from generator.rules._template import Document, Node

_NAMES = {
    "AWS::SecretsManager::Secret": ("Name", "secretsmanager", "secret:{}-??????"),
    "AWS::ECR::Repository": ("RepositoryName", "ecr", "repository/{}"),
    "AWS::Logs::LogGroup": ("LogGroupName", "logs", "log-group:{}:*"),
    "AWS::SSM::Parameter": ("Name", "ssm", "parameter/{}"),
}
_HERE = "${AWS::Region}:${AWS::AccountId}"
EVERYTHING = "(no resource)"
"""Stands for the resource of an action that has none: only a statement on `*` covers it."""


def execution_roles(document: Document) -> Iterator[tuple[Node, Node]]:
    """(task definition, its execution role), where the template has both."""
    for task in document.resources(TASK):
        for reference in task.each("Properties", "ExecutionRoleArn"):
            role = reference.follow(ROLE)
            if role is not None:
                yield task, role


def on_fargate(task: Node) -> bool:
    """Whether the task definition is for Fargate, where the execution role alone pulls images and writes logs."""
    return any(node.string == "FARGATE" for node in task.each("Properties", "RequiresCompatibilities", "*"))


def secrets(task: Node) -> Iterator[tuple[Node, str, str]]:
    """(property, action, ARN) for each secret or parameter that ECS reads into a container."""
    for container in containers(task):
        for node in container.each("Secrets", "*", "ValueFrom"):
            yield from ((node, action, arn) for action, arn in _secret(node))


def _secret(node: Node) -> Iterator[tuple[str, str]]:
    text = node.text
    head = TOKEN.match(text)
    kind = node.document.type_of(head.group()[2:-1].split(".")[0]) if head else ""
    if kind == "AWS::SecretsManager::Secret" and head:
        yield "secretsmanager:GetSecretValue", head.group()
    elif head and text[head.end() : head.end() + 1] == ":":
        yield "secretsmanager:GetSecretValue", head.group()  # only a secret has keys
    elif ":secretsmanager:" in text:
        yield "secretsmanager:GetSecretValue", ":".join(parts(text)[:7])
    elif kind == "AWS::SSM::Parameter" and head:
        yield "ssm:GetParameters", head.group()
    elif ":ssm:" in text:
        yield "ssm:GetParameters", text
    elif node.known and not text.startswith("arn:"):
        yield "ssm:GetParameters", f"arn:${{AWS::Partition}}:ssm:{_HERE}:parameter/{text.lstrip('/')}"


def repositories(task: Node) -> Iterator[tuple[Node, str]]:
    """(Image property, repository ARN) for each image in ECR."""
    for container in containers(task):
        for node, image in images(container):
            head = TOKEN.match(node.text)
            name = head.group()[2:-1].split(".")[0] if head else ""
            if node.document.type_of(name) == "AWS::ECR::Repository":
                yield node, f"${{{name}.Arn}}"
            elif ".dkr.ecr." in image.host and "${=" not in image.repository:
                account, _, rest = image.host.partition(".dkr.ecr.")
                yield (
                    node,
                    f"arn:${{AWS::Partition}}:ecr:{rest.split('.amazonaws')[0]}:{account}:repository/{image.repository}",
                )


def log_groups(task: Node) -> Iterator[tuple[Node, str]]:
    """(awslogs-group option, ARN of a stream in it) for each container that logs to CloudWatch."""
    for container in containers(task):
        for logs in container.each("LogConfiguration"):
            if any(driver.string == "awslogs" for driver in logs.each("LogDriver")):
                for group in logs.each("Options", "awslogs-group"):
                    named = group.follow("AWS::Logs::LogGroup")
                    own = named.first("Properties", "LogGroupName") if named else None
                    yield (
                        group,
                        f"arn:${{AWS::Partition}}:logs:{_HERE}:log-group:{(own or group).text}:log-stream:stream",
                    )


def may(role: Node, action: str, wanted: str) -> Covers:
    """Whether the role may do `action` on `wanted`, the names of resources worked out on both sides."""
    grants = grants_of(role)
    named = tuple((actions, tuple(alias(role.document, r) for r in resources)) for actions, resources in grants.allowed)
    known = Grants(named, grants.complete, grants.document)
    wanted = alias(role.document, wanted)
    return max((known.covers(action, form) for form in forms(wanted)), key=lambda verdict: verdict.value)


def forms(arn: str) -> tuple[str, ...]:
    """The ways a policy may write an ARN: ECS takes a secret's without its six random characters, IAM compares the whole."""
    whole = ":secret:" not in arn or arn.endswith(("-??????", "}")) or re.search(r"-[A-Za-z0-9]{6}$", arn)
    return (arn,) if whole else (arn, f"{arn}-??????")


def alias(document: Document, text: str) -> str:
    """A reference to a named resource as the ARN it will have; otherwise the text itself."""
    whole = TOKEN.fullmatch(text)
    name = whole.group()[2:-1].split(".")[0] if whole else ""
    kind = document.type_of(name)
    resource = document.resource(name)
    if kind not in _NAMES or resource is None:
        return text
    key, service, form = _NAMES[kind]
    own = resource.first("Properties", key)
    # A resource without a name of its own gets one nobody else has.
    called = own.text.lstrip("/" if service == "ssm" else "") if own else f"${{{name}}}"
    return f"arn:${{AWS::Partition}}:{service}:{_HERE}:{form.format(called)}"
