"""What was deployed when, so that the version before can be found again.

In: an `Aws` session. Out: `Release`s, newest last. Refuses to know: how a version is deployed.

Where it is kept, and why there: one SSM parameter a stack, `/aldeia/<environment>/releases/<stack>`, whose history SSM
keeps by itself (100 versions). CloudFormation forgets the templates it replaced; a tag with a revision would change every
resource at every deployment; a file in a checkout is not where the next job runs. The record is small: digests, parameter
values without NoEcho, git revision. The template itself is found again by its digest: in the artifacts bucket, in the git
revision, or in the working tree, whichever has it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deploy_stack.aws import Aws, as_deploy_error, error_code
from deploy_stack.preflight import artifacts_bucket, store_template
from deploy_stack.templates import digest


@dataclass(frozen=True)
class Release:
    """One successful deployment of one stack. `restores` is the number of the release that it brought back, or 0."""

    number: int
    run: str
    version: str
    revision: str | None
    template: str
    parameters: Mapping[str, str]
    time: str
    caller: str
    restores: int = 0

    @property
    def content(self) -> tuple[str, tuple[tuple[str, str], ...]]:
        """What makes two releases the same: template and parameters."""
        return self.template, tuple(sorted(self.parameters.items()))


def parameter_name(environment: str, stack: str) -> str:
    """Return the SSM parameter that holds the history of a stack's releases."""
    return f"/aldeia/{environment}/releases/{stack}"


def record(aws: Aws, environment: str, stack: str, release: Release) -> None:
    """Add a release to the history. Raises DeployError; a deployment that succeeded must not fail by it."""
    value = {
        "Run": release.run,
        "Version": release.version,
        "Revision": release.revision,
        "Template": release.template,
        "Parameters": dict(release.parameters),
        "Time": release.time,
        "Caller": release.caller,
        "Restores": release.restores,
    }
    try:
        aws.client("ssm").put_parameter(
            Name=parameter_name(environment, stack),
            Value=json.dumps(value, separators=(",", ":"), sort_keys=True),
            Type="String",
            Tier="Intelligent-Tiering",  # 4 KB are free; a long list of parameters may need the 8 KB tier
            Overwrite=True,
        )
    except Exception as error:
        raise as_deploy_error(error, f"recording the release of {stack}") from error


def keep_template(aws: Aws, template: Mapping[str, Any]) -> str | None:
    """Put the template into the artifacts bucket, if there is one; return the bucket's name."""
    bucket = artifacts_bucket(aws)
    if bucket:
        store_template(aws, bucket, template)
    return bucket


def kept_template(aws: Aws, wanted: str) -> dict[str, Any] | None:
    """Return the template with this digest from the artifacts bucket, or None."""
    bucket = artifacts_bucket(aws)
    if not bucket:
        return None
    try:
        body = aws.client("s3").get_object(Bucket=bucket, Key=f"templates/{wanted}.json")["Body"].read()
        found = json.loads(body)
    except Exception as error:
        if error_code(error) in {"NoSuchKey", "NoSuchBucket", "AccessDenied", "404"}:
            return None
        raise as_deploy_error(error, f"reading the template {wanted} from {bucket}") from error
    return dict(found) if digest(found) == wanted else None


def history(aws: Aws, environment: str, stack: str) -> tuple[Release, ...]:
    """Return the recorded releases of a stack, oldest first; records of other shapes are passed over."""
    found = []
    try:
        pages = aws.client("ssm").get_paginator("get_parameter_history")
        for page in pages.paginate(Name=parameter_name(environment, stack)):
            found.extend(page["Parameters"])
    except Exception as error:
        if error_code(error) == "ParameterNotFound":
            return ()
        raise as_deploy_error(error, f"reading the releases of {stack}") from error
    releases = (_release(each) for each in sorted(found, key=lambda each: each["Version"]))
    return tuple(each for each in releases if each)


def _release(raw: Mapping[str, Any]) -> Release | None:
    try:
        value = json.loads(raw["Value"])
        return Release(
            number=int(raw["Version"]),
            run=value["Run"],
            version=value["Version"],
            revision=value["Revision"],
            template=value["Template"],
            parameters=value["Parameters"],
            time=value["Time"],
            caller=value["Caller"],
            restores=int(value["Restores"]),
        )
    except (KeyError, ValueError, TypeError):
        return None


def before(releases: Sequence[Release], deployed_template: str) -> Release | None:
    """Return the version deployed before the present one.

    `deployed_template` is the digest of what the stack has now. When the newest record is something else, the stack was
    deployed without a record (a job was killed in between), and the newest record is the version before. A release that
    restored an older one counts as that older one, so a second rollback goes further back instead of forth again.
    """
    if not releases:
        return None
    newest = releases[-1]
    if newest.template != deployed_template:
        return newest
    at = newest.restores or newest.number
    older = [each for each in releases if each.number < at and not each.restores and each.content != newest.content]
    return older[-1] if older else None
