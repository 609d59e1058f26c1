"""The services behind: what a stack's resources look like through their own APIs.

Parameters, secrets, repositories, buckets and alarms that a stack makes are made in moto too, by the same calls a client
would send, so that other stacks and tools find them. Every other type lives in the engine alone. A refusal of the service
(a bucket that is not empty) fails the resource with that reason.
"""

from __future__ import annotations

import json
import secrets
import string
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from local_cloudformation import dynamic
from local_cloudformation.model import Resource
from local_cloudformation.moto_app import MotoApp, ServiceRefusal
from local_cloudformation.records import Stack
from local_cloudformation.values import text_of

_SSM, _SECRETS = "AWS::SSM::Parameter", "AWS::SecretsManager::Secret"
_ECR, _S3 = "AWS::ECR::Repository", "AWS::S3::Bucket"
_ALARM, _COMPOSITE = "AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"
_ALARM_FIELDS = (
    "MetricName",
    "Namespace",
    "Statistic",
    "ExtendedStatistic",
    "Period",
    "EvaluationPeriods",
    "Threshold",
    "ComparisonOperator",
    "TreatMissingData",
    "DatapointsToAlarm",
    "Unit",
)


class MotoBacking:
    """moto's services."""

    def __init__(self, moto: MotoApp) -> None:
        self._moto = moto
        self._makers: dict[str, Callable[[str, Resource], None]] = {
            _SSM: self._parameter,
            _SECRETS: self._secret,
            _ECR: self._repository,
            _S3: self._bucket,
            _ALARM: self._alarm,
            _COMPOSITE: self._composite_alarm,
        }

    def parameter(self, path: str, region: str) -> str | None:
        found = self._look("ssm", region, "AmazonSSM.GetParameter", {"Name": path, "WithDecryption": True})
        return None if found is None else str(found["Parameter"]["Value"])

    def dynamic(self, service: str, name: str, region: str) -> str | None:
        if service != "secretsmanager":
            return self.parameter(name, region)
        secret_id, _, rest = name.partition(":SecretString")
        found = self._look("secretsmanager", region, "secretsmanager.GetSecretValue", {"SecretId": secret_id})
        if found is None:
            return None
        key = rest.split(":")[1] if rest.count(":") else ""
        return _json_key(found.get("SecretString", ""), key)

    def fetch(self, url: str, region: str) -> str | None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"}:
            return None
        host, path = parts.hostname or "", unquote(parts.path)
        bucket = host.split(".s3", 1)[0] if ".s3" in host else ""
        try:
            return self._moto.call("s3", region, method="GET", path=f"/{bucket}{path}" if bucket else path).text
        except ServiceRefusal:
            return None

    def alarm_state(self, name: str, region: str) -> str | None:
        found = self._moto.query("cloudwatch", region, "DescribeAlarms", {"AlarmNames.member.1": name}, quiet=True)
        for state in ("ALARM", "INSUFFICIENT_DATA", "OK"):
            if f"<StateValue>{state}</StateValue>" in found:
                return state
        return None

    def exists(self, resource: Resource) -> bool:
        name, region = resource.physical.name, _region(resource)
        if resource.type_name == _SSM:
            return self.parameter(name, region) is not None
        if resource.type_name == _SECRETS:
            return self._look("secretsmanager", region, "secretsmanager.DescribeSecret", {"SecretId": name}) is not None
        if resource.type_name == _ECR:
            target = "AmazonEC2ContainerRegistry_V20150921.DescribeRepositories"
            return self._look("ecr", region, target, {"repositoryNames": [name]}) is not None
        if resource.type_name == _S3:
            try:
                self._moto.call("s3", region, method="HEAD", path=f"/{name}")
            except ServiceRefusal:
                return False
            return True
        return False

    def initiate(self, resource: Resource) -> tuple[str | None, str | None]:
        if resource.type_name != _SECRETS:
            return None, None
        # The service appends six random characters to a secret's ARN, so only it can say what the id is.
        try:
            self._secret("create", resource)
            body = {"SecretId": resource.physical.name}
            found = self._moto.json("secretsmanager", _region(resource), "secretsmanager.DescribeSecret", body)
        except ServiceRefusal as refusal:
            return None, _handler_words(refusal)
        return str(found["ARN"]), None

    def holds_objects(self, resource: Resource) -> bool:
        if resource.type_name != _S3:
            return False
        try:
            found = self._moto.call("s3", _region(resource), method="GET", path=f"/{resource.physical.name}").text
        except ServiceRefusal:
            return False
        return "<Contents>" in found

    def provide(self, stack: Stack, action: str, resource: Resource, standing: Resource | None) -> str | None:
        maker = self._makers.get(resource.type_name)
        begun = action in {"create", "replace"} and resource.type_name == _SECRETS
        if maker is None or action == "import" or begun:
            return None
        try:
            maker({"replace": "create", "restore": "update"}.get(action, action), resource)
        except ServiceRefusal as refusal:
            return _handler_words(refusal)
        return None

    def _look(self, service: str, region: str, target: str, body: dict[str, Any]) -> dict[str, Any] | None:
        try:
            return self._moto.json(service, region, target, body)
        except ServiceRefusal:
            return None

    def _resolved(self, resource: Resource) -> tuple[dict[str, Any], str]:
        region = _region(resource)

        def look(service: str, name: str) -> str | None:
            return self.dynamic(service, name, region)

        return dynamic.resolved(dict(resource.properties), look), region

    def _parameter(self, action: str, resource: Resource) -> None:
        properties, region = self._resolved(resource)
        name = resource.physical.name
        if action == "delete":
            self._moto.json("ssm", region, "AmazonSSM.DeleteParameter", {"Name": name}, missing_ok=True)
            return
        body = {"Name": name, "Value": text_of(properties.get("Value", "")), "Type": properties.get("Type", "String")}
        body |= {"Overwrite": action != "create", "Description": text_of(properties.get("Description", ""))}
        self._moto.json("ssm", region, "AmazonSSM.PutParameter", body)

    def _secret(self, action: str, resource: Resource) -> None:
        properties, region = self._resolved(resource)
        name = resource.physical.name
        if action == "delete":
            body: dict[str, Any] = {"SecretId": name, "ForceDeleteWithoutRecovery": True}
            self._moto.json("secretsmanager", region, "secretsmanager.DeleteSecret", body, missing_ok=True)
            return
        value = properties.get("SecretString")
        generate = properties.get("GenerateSecretString")
        if value is None and generate is not None and action == "create":
            value = _generated(generate)
        body = {"Description": text_of(properties.get("Description", ""))}
        if value is not None:
            body["SecretString"] = text_of(value)
        key = "Name" if action == "create" else "SecretId"
        verb = "CreateSecret" if action == "create" else "UpdateSecret"
        self._moto.json("secretsmanager", region, f"secretsmanager.{verb}", {key: name, **body})

    def _repository(self, action: str, resource: Resource) -> None:
        properties, region = self._resolved(resource)
        name, target = resource.physical.name, "AmazonEC2ContainerRegistry_V20150921."
        if action == "delete":
            body = {"repositoryName": name, "force": text_of(properties.get("EmptyOnDelete", False)) == "true"}
            self._moto.json("ecr", region, f"{target}DeleteRepository", body, missing_ok=True)
            return
        if action == "create":
            body = {"repositoryName": name, "imageTagMutability": properties.get("ImageTagMutability", "MUTABLE")}
            self._moto.json("ecr", region, f"{target}CreateRepository", body)
        lifecycle = (properties.get("LifecyclePolicy") or {}).get("LifecyclePolicyText")
        if lifecycle:
            body = {"repositoryName": name, "lifecyclePolicyText": text_of(lifecycle)}
            self._moto.json("ecr", region, f"{target}PutLifecyclePolicy", body)

    def _bucket(self, action: str, resource: Resource) -> None:
        region, path = _region(resource), f"/{resource.physical.name}"
        if action == "delete":
            self._moto.call("s3", region, method="DELETE", path=path, missing_ok=True)
        elif action == "create":
            constraint = f"<LocationConstraint>{region}</LocationConstraint>" if region != "us-east-1" else ""
            body = f"<CreateBucketConfiguration>{constraint}</CreateBucketConfiguration>" if constraint else ""
            self._moto.call("s3", region, method="PUT", path=path, body=body.encode())

    def _alarm(self, action: str, resource: Resource) -> None:
        properties, region = self._resolved(resource)
        name = resource.physical.name
        if action == "delete":
            self._moto.query("cloudwatch", region, "DeleteAlarms", {"AlarmNames.member.1": name})
            return
        form = {key: text_of(properties[key]) for key in _ALARM_FIELDS if key in properties}
        form |= {"AlarmName": name, "AlarmDescription": text_of(properties.get("AlarmDescription", ""))}
        for number, each in enumerate(properties.get("Dimensions") or [], 1):
            form[f"Dimensions.member.{number}.Name"] = text_of(each["Name"])
            form[f"Dimensions.member.{number}.Value"] = text_of(each["Value"])
        for number, each in enumerate(properties.get("AlarmActions") or [], 1):
            form[f"AlarmActions.member.{number}"] = text_of(each)
        self._moto.query("cloudwatch", region, "PutMetricAlarm", form)

    def _composite_alarm(self, action: str, resource: Resource) -> None:
        properties, region = self._resolved(resource)
        name = resource.physical.name
        if action == "delete":
            self._moto.query("cloudwatch", region, "DeleteAlarms", {"AlarmNames.member.1": name})
            return
        # moto has no composite alarms. A metric alarm of that name stands for it, so that its state can be read and set.
        form = {"AlarmName": name, "AlarmDescription": text_of(properties.get("AlarmDescription", ""))}
        form |= {"Namespace": "AWS/CloudWatch", "MetricName": "CompositeAlarm", "Statistic": "Maximum", "Period": "60"}
        form |= {"EvaluationPeriods": "1", "Threshold": "0", "ComparisonOperator": "GreaterThanThreshold"}
        self._moto.query("cloudwatch", region, "PutMetricAlarm", form)


def _region(resource: Resource) -> str:
    return resource.physical.environment.region


def _handler_words(refusal: ServiceRefusal) -> str:
    return f'Resource handler returned message: "{refusal}" (HandlerErrorCode: {refusal.code})'


def _json_key(text: str, key: str) -> str | None:
    if not key:
        return text
    try:
        found = json.loads(text).get(key)
    except (ValueError, AttributeError):
        return None
    return None if found is None else text_of(found)


def _generated(wish: Mapping[str, Any]) -> str:
    """A generated secret: a random password, inside the template's JSON when one is given."""
    excluded = set(text_of(wish.get("ExcludeCharacters", "")))
    alphabet = [each for each in string.ascii_letters + string.digits if each not in excluded]
    password = "".join(secrets.choice(alphabet) for _ in range(int(wish.get("PasswordLength", 32))))
    if "SecretStringTemplate" not in wish:
        return password
    return json.dumps({**json.loads(wish["SecretStringTemplate"]), wish["GenerateStringKey"]: password})
