"""What can be refused before anything changes: the wrong account, a missing image, an empty secret, a template too large.

In: a `StackSpec`, its values, an `Aws` session. Out: nothing, or one DeployError that names everything that is wrong.
Refuses to know: what the change would do. Reads only; no secret's value is ever read, only whether there is one.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy_stack.aws import DENIED, Aws, as_deploy_error, error_code
from deploy_stack.exits import DeployError
from deploy_stack.links import partition_of, url_suffix
from deploy_stack.project import StackSpec, Target
from deploy_stack.stacks import ssm_values
from deploy_stack.templates import MAX_BODY_BYTES, MAX_URL_BYTES, compact, digest

MAX_RESOURCES = 500  # CloudFormation quotas: resources in a template
MAX_TRIGGERS = 5  # API reference, RollbackConfiguration: "a maximum of 5"
ARTIFACTS_BUCKET = "/aldeia/shared/registry/ArtifactsBucketName"


@dataclass(frozen=True)
class Caller:
    """Who the credentials belong to."""

    account: str
    arn: str


def caller(aws: Aws) -> Caller:
    """Return whose credentials these are (STS GetCallerIdentity)."""
    try:
        found = aws.client("sts").get_caller_identity()
    except Exception as error:
        raise as_deploy_error(error, "asking whose credentials these are") from error
    return Caller(account=found["Account"], arn=found["Arn"])


def check_account(account: str, target: Target, environment: str) -> None:
    """Raise DeployError when the credentials are for another account than the environment."""
    if account != target.account:
        raise DeployError(
            f"{environment} belongs to account {target.account} (target.json), and these credentials are for "
            f"{account}: nothing was done",
            next_step="choose the right profile, for example AWS_PROFILE=... or --profile",
        )


def start_stale_check(templates: Path) -> subprocess.Popen[str] | None:
    """Start `python -m generator --check` beside the templates; None where there is no generator to ask.

    It runs as a process of its own, while AWS is being read: the deployer knows the generator only by its files.
    """
    root = templates.resolve().parent
    if templates.name != "templates" or not (root / "generator" / "__main__.py").is_file():
        return None
    return subprocess.Popen(
        [sys.executable, "-m", "generator", "--check"],
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish_stale_check(process: subprocess.Popen[str] | None) -> str:
    """Wait for the check and return what it found wrong, "" where the templates are what the generator would write."""
    if process is None:
        return ""
    said, _ = process.communicate()
    return said.strip() if process.returncode else ""


def end_stale_check(process: subprocess.Popen[str] | None) -> None:
    """End a check that nobody waited for: nothing was to be changed."""
    if process is None or process.returncode is not None:
        return
    process.kill()
    process.communicate()


def check_limits(spec: StackSpec) -> None:
    """Raise DeployError for a template that CloudFormation would refuse for its size, wherever it lies."""
    size = len(compact(spec.template).encode())
    resources = len(spec.template.get("Resources", {}))
    if size > MAX_URL_BYTES:
        raise DeployError(f"{spec.template_file}: {size:,} bytes even compact; CloudFormation takes {MAX_URL_BYTES:,}")
    if resources > MAX_RESOURCES:
        raise DeployError(
            f"{spec.template_file}: {resources} resources; CloudFormation takes {MAX_RESOURCES} in a stack"
        )


def template_argument(aws: Aws, spec: StackSpec) -> dict[str, str]:
    """Return how the template is sent: compact in the request, or by the artifacts bucket when it is too large.

    The object's key is the template's digest, so sending it again changes nothing.
    """
    body = compact(spec.template)
    if len(body.encode()) <= MAX_BODY_BYTES:
        return {"TemplateBody": body}
    bucket = artifacts_bucket(aws)
    if bucket is None:
        raise DeployError(
            f"{spec.template_file}: {len(body.encode()):,} bytes are too many for a request ({MAX_BODY_BYTES:,}), and "
            f"there is no artifacts bucket ({ARTIFACTS_BUCKET} does not exist)",
            next_step="deploy the registry first: deploy-stack deploy shared registry",
        )
    key = store_template(aws, bucket, spec.template)
    return {"TemplateURL": f"https://{bucket}.s3.{aws.region}.{url_suffix(partition_of(aws.region))}/{key}"}


def artifacts_bucket(aws: Aws) -> str | None:
    """Return the name of the artifacts bucket, or None before the registry stack is deployed."""
    try:
        return str(aws.client("ssm").get_parameter(Name=ARTIFACTS_BUCKET)["Parameter"]["Value"])
    except Exception as error:
        if error_code(error) in {"ParameterNotFound", *DENIED}:
            return None
        raise as_deploy_error(error, "looking for the artifacts bucket") from error


def store_template(aws: Aws, bucket: str, template: Mapping[str, Any]) -> str:
    """Put a template into the bucket under its digest and return the key."""
    key = f"templates/{digest(template)}.json"
    try:
        aws.client("s3").put_object(
            Bucket=bucket, Key=key, Body=compact(template).encode(), ContentType="application/json"
        )
    except Exception as error:
        raise as_deploy_error(error, f"storing the template in {bucket}") from error
    return key


def image_mistakes(aws: Aws, spec: StackSpec, chosen: Mapping[str, str]) -> list[str]:
    """Return what is wrong with the images that the stack would run; `chosen` are the parameters' values."""
    found = []
    for image in spec.images:
        tag = chosen.get(image.parameter, "")
        if not tag:
            continue
        if tag == "latest" and spec.environment == "production":
            found.append(f"{image.parameter}: latest is refused in production: it names another image tomorrow")
        elif mistake := image_mistake(aws, image.repository, tag):
            found.append(f"{image.parameter}: {mistake}")
    return found


def image_mistake(aws: Aws, repository: str, tag: str) -> str:
    """Return why this image cannot be run, or "" for one that is there, or that nobody may look for."""
    client = aws.client("ecr")
    which = {"imageDigest": tag} if tag.startswith("sha256:") else {"imageTag": tag}
    try:
        client.describe_images(repositoryName=repository, imageIds=[which])
    except Exception as error:
        code = error_code(error)
        if code == "RepositoryNotFoundException":
            return f"the repository {repository} does not exist: deploy shared registry first"
        if code == "ImageNotFoundException":
            empty = not client.list_images(repositoryName=repository, maxResults=1).get("imageIds")
            return f"the repository {repository} {'is empty: push an image first' if empty else f'has no image {tag}'}"
        if code not in DENIED:
            raise as_deploy_error(error, f"looking for {repository}:{tag}") from error
    return ""


def secret_mistakes(aws: Aws, spec: StackSpec) -> list[str]:
    """Return the secrets that the stack's containers need and that have no value yet."""
    found = []
    for name in spec.secrets:
        try:
            stages = aws.client("secretsmanager").describe_secret(SecretId=name).get("VersionIdsToStages", {})
        except Exception as error:
            if error_code(error) == "ResourceNotFoundException":
                found.append(f"the secret {name} does not exist")
            elif error_code(error) not in DENIED:
                raise as_deploy_error(error, f"looking for the secret {name}") from error
            continue
        if not any("AWSCURRENT" in each for each in stages.values()):
            found.append(
                f"the secret {name} has no value: aws secretsmanager put-secret-value --secret-id {name} "
                "--secret-string file://..."
            )
    return found


def service_role(aws: Aws, spec: StackSpec) -> str | None:
    """Return the ARN of the role that CloudFormation acts as for this stack; None where the manifest names none.

    Raises DeployError where the role's stack is not deployed: the caller's own rights would be used instead, and for good.
    """
    if spec.service_role is None:
        return None
    found = ssm_values(aws, [spec.service_role]).get(spec.service_role)
    if found is None:
        raise DeployError(
            f"{spec.stack_name}: {spec.service_role} does not exist: it names the role that CloudFormation acts as",
            next_step="deploy-stack deploy shared",
        )
    return found


def rollback_triggers(aws: Aws, spec: StackSpec) -> tuple[tuple[tuple[str, str], ...], list[str]]:
    """Return the alarms that roll an update back, as (ARN, type), and what to say about the others.

    CloudFormation fails an operation whose alarm does not exist and rolls back when one rings at the start, so only
    alarms that are there are sent.
    """
    if not spec.rollback_alarms:
        return (), []
    try:
        found = aws.client("cloudwatch").describe_alarms(
            AlarmNames=list(spec.rollback_alarms), AlarmTypes=["MetricAlarm", "CompositeAlarm"]
        )
    except Exception as error:
        raise as_deploy_error(error, "looking for the rollback alarms") from error
    kinds = (("CompositeAlarms", "AWS::CloudWatch::CompositeAlarm"), ("MetricAlarms", "AWS::CloudWatch::Alarm"))
    there = [(alarm, kind) for key, kind in kinds for alarm in found.get(key, ())]
    notes = [
        f"alarm {alarm['AlarmName']} is ringing now: the update would roll back at once"
        for alarm, _ in there
        if alarm.get("StateValue") == "ALARM"
    ]
    missing = sorted(set(spec.rollback_alarms) - {alarm["AlarmName"] for alarm, _ in there})
    if missing:
        notes.append(f"rollback alarms that are not there yet: {', '.join(missing)}")
    if len(there) > MAX_TRIGGERS:
        notes.append(
            f"CloudFormation watches {MAX_TRIGGERS} alarms; the first {MAX_TRIGGERS} of {len(there)} are given"
        )
    return tuple((alarm["AlarmArn"], kind) for alarm, kind in there[:MAX_TRIGGERS]), notes
