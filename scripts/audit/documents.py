"""IAM documents out of templates, as IAM would see them: intrinsic functions replaced by plausible values.

In: a template's body. Out: one :class:`Document` for each policy. The values are of the right shape (an ARN of the right service
where the template says which), so that a judge can hold actions against resources; what is written in the template stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

_PSEUDO = {
    "AWS::AccountId": "111122223333",
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::StackId": "arn:aws:cloudformation:us-east-1:111122223333:stack/aldeia/0a1b2c3d",
    "AWS::StackName": "aldeia",
    "AWS::URLSuffix": "amazonaws.com",
}
# By what a parameter's or a published value's name ends in: the shape of what it holds.
_BY_NAME = (
    (r"Secret(Arn)?$", "arn:aws:secretsmanager:us-east-1:111122223333:secret:sample-AbCdEf"),
    (r"DiscoveryArn$", "arn:aws:servicediscovery:us-east-1:111122223333:service/srv-0a1b2c3d4e5f6a7b"),
    (r"KeyArn$", "arn:aws:kms:us-east-1:111122223333:key/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"),
    (r"TargetGroupArn$", "arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/sample/0a1b2c3d4e5f6a7b"),
    (r"Arn$", "arn:aws:iam::111122223333:role/sample"),
)
# By the type of the resource that GetAtt Arn, or a Ref that gives an ARN, is about.
_BY_TYPE = {
    "AWS::IAM::Role": "arn:aws:iam::111122223333:role/sample",
    "AWS::IAM::OIDCProvider": "arn:aws:iam::111122223333:oidc-provider/sample",
    "AWS::KMS::Key": "arn:aws:kms:us-east-1:111122223333:key/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f",
    "AWS::Logs::LogGroup": "arn:aws:logs:us-east-1:111122223333:log-group:sample:*",
    "AWS::S3::Bucket": "arn:aws:s3:::sample",
    "AWS::SNS::Topic": "arn:aws:sns:us-east-1:111122223333:sample",
    "AWS::SQS::Queue": "arn:aws:sqs:us-east-1:111122223333:sample",
    "AWS::SecretsManager::Secret": "arn:aws:secretsmanager:us-east-1:111122223333:secret:sample-AbCdEf",
    "AWS::Events::Rule": "arn:aws:events:us-east-1:111122223333:rule/sample",
}
# Where a policy document stands in a resource's properties, besides roles.
_ON_RESOURCES = ("PolicyDocument", "FileSystemPolicy", "KeyPolicy", "ResourcePolicy", "RepositoryPolicyText")


@dataclass(frozen=True)
class Document:
    """One policy: where it stands, its name there, whether it is a role's permissions (`identity`), and what it says."""

    file: str
    resource: str
    name: str
    identity: bool
    body: Json


def documents(file: str, template: Json) -> Iterator[Document]:
    """Every IAM document of the template, in its order."""
    for title, resource in template["Resources"].items():
        kind, properties = resource["Type"], resource.get("Properties", {})
        if kind in {"AWS::IAM::ManagedPolicy", "AWS::IAM::Policy", "AWS::IAM::RolePolicy"}:
            yield Document(file, title, "policy", True, plain(properties["PolicyDocument"], template))
            continue
        if kind == "AWS::IAM::Role":
            yield Document(file, title, "trust", False, plain(properties["AssumeRolePolicyDocument"], template))
            for policy in plain(properties.get("Policies", []), template):
                yield Document(file, title, policy["PolicyName"], True, policy["PolicyDocument"])
            continue
        for key in _ON_RESOURCES:
            if key in properties:
                yield Document(file, title, key, False, plain(properties[key], template))


def plain(value: Any, template: Json) -> Any:
    """The value without intrinsic functions; of an If, the first branch that is something."""
    if isinstance(value, list):
        found = (plain(each, template) for each in value)
        return [each for each in found if each is not None]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((function, argument),) = value.items()
        if function in _FUNCTIONS:
            return _FUNCTIONS[function](argument, template)
    return {key: plain(each, template) for key, each in value.items()}


def _reference(name: str, template: Json) -> Any:
    if name == "AWS::NoValue":
        return None
    if name in _PSEUDO:
        return _PSEUDO[name]
    kind = template["Resources"].get(name, {}).get("Type", "")
    if kind in {"AWS::SNS::Topic", "AWS::SecretsManager::Secret", "AWS::IAM::OIDCProvider"}:
        return _BY_TYPE[kind]
    return next((sample for pattern, sample in _BY_NAME if re.search(pattern, name)), name.lower())


def _attribute(resource: str, attribute: str, template: Json) -> str:
    kind = template["Resources"].get(resource, {}).get("Type", "")
    return _BY_TYPE.get(kind, resource.lower()) if attribute == "Arn" else resource.lower()


def _text(argument: Any, template: Json) -> str:
    text, own = (argument, {}) if isinstance(argument, str) else argument

    def value(found: re.Match[str]) -> str:
        name = found[1]
        if name.startswith("!"):
            return f"${{{name[1:]}}}"  # left for IAM: a policy variable
        if name in own:
            return str(plain(own[name], template))
        if "." in name:
            resource, _, attribute = name.partition(".")
            return _attribute(resource, attribute, template)
        return str(_reference(name, template))

    return re.sub(r"\$\{([^}]+)\}", value, text)


def _get_att(argument: Any, template: Json) -> str:
    resource, _, attribute = argument.partition(".") if isinstance(argument, str) else (argument[0], "", argument[1])
    return _attribute(resource, str(attribute), template)


def _if(argument: Any, template: Json) -> Any:
    return next((each for each in (plain(branch, template) for branch in argument[1:]) if each is not None), None)


def _join(argument: Any, template: Json) -> str:
    return str(argument[0]).join(str(plain(each, template)) for each in argument[1])


_FUNCTIONS = {"Ref": _reference, "Fn::GetAtt": _get_att, "Fn::Sub": _text, "Fn::If": _if, "Fn::Join": _join}
