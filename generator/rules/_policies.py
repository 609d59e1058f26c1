"""IAM documents: where they stand in a template, their statements, and what a role may do.

What a role may do is only told when every policy of the role is in the template or is a managed policy of AWS known here;
otherwise the answer is "unknown" and no rule speaks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from generator.rules._arn import TOKEN, Covers, covers
from generator.rules._template import Document, Node

ROLE: Final = "AWS::IAM::Role"
_IDENTITY: Final[dict[str, tuple[str, ...]]] = {
    "AWS::IAM::Role": ("Policies", "*", "PolicyDocument"),
    "AWS::IAM::User": ("Policies", "*", "PolicyDocument"),
    "AWS::IAM::Group": ("Policies", "*", "PolicyDocument"),
    "AWS::IAM::Policy": ("PolicyDocument",),
    "AWS::IAM::ManagedPolicy": ("PolicyDocument",),
    "AWS::IAM::RolePolicy": ("PolicyDocument",),
    "AWS::IAM::UserPolicy": ("PolicyDocument",),
    "AWS::IAM::GroupPolicy": ("PolicyDocument",),
}
# https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonECSTaskExecutionRolePolicy.html
_PULL = (
    "ecr:GetAuthorizationToken",
    "ecr:BatchCheckLayerAvailability",
    "ecr:GetDownloadUrlForLayer",
    "ecr:BatchGetImage",
)
_MANAGED: Final[dict[str, tuple[str, ...]]] = {
    "service-role/AmazonECSTaskExecutionRolePolicy": (*_PULL, "logs:CreateLogStream", "logs:PutLogEvents"),
    "AmazonEC2ContainerRegistryReadOnly": (
        "ecr:Get*",
        "ecr:BatchGet*",
        "ecr:BatchCheck*",
        "ecr:Describe*",
        "ecr:List*",
    ),
    "SecretsManagerReadWrite": ("secretsmanager:*", "kms:ListAliases", "kms:ListKeys", "kms:DescribeKey"),
    "AmazonSSMReadOnlyAccess": ("ssm:Describe*", "ssm:Get*", "ssm:List*"),
    "CloudWatchLogsFullAccess": ("logs:*", "cloudwatch:GenerateQuery"),
    "AdministratorAccess": ("*",),
    "AmazonSSMManagedInstanceCore": ("ssmmessages:*", "ec2messages:*", "ssm:UpdateInstanceInformation"),
}


def identity_statements(document: Document) -> Iterator[Node]:
    """Every statement of a policy attached to a role, user or group."""
    for resource in document.resources(*_IDENTITY):
        kind = document.type_of(resource.resource)
        yield from resource.each("Properties", *_IDENTITY[kind], "Statement", "*")


def trust_statements(document: Document) -> Iterator[Node]:
    """Every statement that says who may assume a role."""
    for role in document.resources(ROLE):
        yield from role.each("Properties", "AssumeRolePolicyDocument", "Statement", "*")


def allows(statement: Node) -> bool:
    """Whether the statement is a permission, not a denial."""
    return any(node.string == "Allow" for node in statement.each("Effect"))


def texts(statement: Node, key: str) -> list[str]:
    """The values of Action, Resource and their like as texts."""
    return [node.text for node in statement.each(key, "*")]


@dataclass(frozen=True, slots=True)
class Grants:
    """The permissions of a role. `complete` is false when it may have more than the template tells."""

    allowed: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]
    complete: bool
    document: Document

    def covers(self, action: str, resource: str) -> Covers:
        """Whether the role may do `action` on `resource` (texts of `Node.text`)."""
        best = Covers.NO if self.complete else Covers.MAYBE
        for actions, resources in self.allowed:
            on_action = max((covers(a.lower(), action.lower()).value for a in actions), default=0)
            if on_action:
                on_resource = max((self._resource(r, resource).value for r in resources), default=0)
                best = max(best, Covers(min(on_action, on_resource)), key=lambda c: c.value)
        return best

    def _resource(self, pattern: str, wanted: str) -> Covers:
        exact = covers(pattern, wanted)
        if exact is Covers.YES or self._two_things(pattern, wanted):
            return exact if exact is Covers.YES else Covers.NO
        resolved = covers(self.document.defaults(pattern), self.document.defaults(wanted))
        return (
            max(exact, resolved, key=lambda c: c.value)
            if resolved is Covers.YES
            else min(exact, resolved, key=lambda c: c.value)
        )

    def _two_things(self, pattern: str, wanted: str) -> bool:
        """Whether both are references, to two resources or two parameters: nobody gives one thing twice on purpose."""
        one, other = TOKEN.fullmatch(pattern), TOKEN.fullmatch(wanted)
        if not one or not other or one.group() == other.group():
            return False
        names = [match.group()[2:-1].split(".")[0] for match in (one, other)]
        known = [bool(self.document.type_of(name)) or name in self.document.parameters for name in names]
        return all(known) and names[0] != names[1]


def grants_of(role: Node) -> Grants:
    """What a role of the template may do, by its own policies and by the policies of the template attached to it."""
    key = f"grants {role.resource} {id(role.conditions)}"
    if key not in role.document.notes:
        role.document.notes[key] = _grants(role)
    grants: Grants = role.document.notes[key]
    return grants


def _grants(role: Node) -> Grants:
    document = role.document
    statements = list(role.each("Properties", "Policies", "*", "PolicyDocument", "Statement", "*"))
    complete = all(node.known for node in role.each("Properties", "Policies"))
    allowed: list[tuple[tuple[str, ...], tuple[str, ...]]] = []
    for arn in role.each("Properties", "ManagedPolicyArns", "*"):
        own = arn.follow("AWS::IAM::ManagedPolicy")
        if own is not None:
            statements += own.each("Properties", "PolicyDocument", "Statement", "*")
            continue
        known = _MANAGED.get(arn.text.partition(":policy/")[2])
        complete = complete and known is not None
        allowed += [(known, ("*",))] if known else []
    complete = complete and all(node.known for node in role.each("Properties", "ManagedPolicyArns"))
    for policy in document.resources("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy"):
        verdict = _attached(policy, role)
        if verdict:
            statements += policy.each("Properties", "PolicyDocument", "Statement", "*")
        complete = complete and verdict is not None
    for statement in statements:
        if allows(statement):
            actions = tuple(texts(statement, "Action")) or ("${unknown}",)  # NotAction, or a value nobody knows
            allowed.append((actions, tuple(texts(statement, "Resource")) or ("${unknown}",)))
    return Grants(tuple(allowed), complete, document)


def _attached(policy: Node, role: Node) -> bool | None:
    """Whether a policy is attached to a role by its own list of roles; None when nobody can tell."""
    name = role.first("Properties", "RoleName")
    unknown = False
    for entry in (*policy.each("Properties", "Roles", "*"), *policy.each("Properties", "RoleName")):
        if entry.target == role.resource or (name is not None and entry.text == name.text):
            return True
        unknown = unknown or (entry.target is None and (not entry.known or (name is not None and not name.known)))
    return None if unknown else False
