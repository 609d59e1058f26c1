"""The user data of an EC2 host: what only this stack knows, then the compose file, then `bootstrap.sh`, the same on every host.

In: a kind of host. Out: bash as text, or as the value of `UserData`. Only the first part goes through `Fn::Sub`: Compose and bash
own `${...}` as well, and in the rest CloudFormation must not touch it. Secrets are named here, never read.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from troposphere import Base64, Join, Sub

from generator.compose import image_variable, log_folder, text
from generator.hosts import HostKind, host_kinds
from generator.model import Environment, ModelError, Service
from generator.naming import ENV_FILE_SECRET, host_log_group, logical_id

# EC2 API reference, RunInstances, UserData: 16 KB before it is encoded.
LARGEST_USER_DATA = 16_384
# An ARN or image address, the longest of what CloudFormation fills in.
_LONGEST_VALUE = 160

_BODY = Path(__file__).with_name("bootstrap.sh")


def files(environment: Environment, services: tuple[Service, ...]) -> dict[str, str]:
    """The script of each kind of host, before CloudFormation fills in its values, by the name of its copy in `templates/`."""
    return {
        f"bootstrap{kind.suffix}.sh": header(kind) + body(kind, services) for kind in host_kinds(environment, services)
    }


def user_data(kind: HostKind, services: tuple[Service, ...], values: Mapping[str, Any]) -> Base64:
    """The script as `UserData`; `values` are those names in the header that are no parameter of the template.

    Raises ModelError where it may pass EC2's limit.
    """
    first, rest = header(kind), body(kind, services)
    size = len((first + rest).encode()) + _LONGEST_VALUE * first.count("${")
    if size > LARGEST_USER_DATA:
        found = f"up to {size} bytes of user data for {len(kind.services)} services"
        right = f"EC2 takes {LARGEST_USER_DATA}: run fewer services on one host, or this environment on Fargate alone"
        raise ModelError(f"Environment({kind.environment.name}).host", found, right)
    return Base64(Join("", [Sub(first, **values), rest]))


def image_value(service: Service) -> str:
    """The header's name for the image of `service`."""
    return logical_id(service.name, "image")


def home_value(service: Service) -> str:
    """The header's name for where the data of `service` is: `name file-system access-point cloud-map-service`, or nothing."""
    return logical_id(service.name, "home")


def header(kind: HostKind) -> str:
    """The assignments that CloudFormation fills in. Every value stands in single quotes, and none may hold one."""
    secrets = kind.secrets()
    region = "${AWS::Region}"
    registry = f"${{AWS::AccountId}}.dkr.ecr.{region}.${{AWS::URLSuffix}}"
    return "\n".join(
        [
            "#!/bin/bash",
            "# Made by `python -m generator`; what it does and why is told in generator/bootstrap.sh.",
            "# shellcheck disable=SC2016  # CloudFormation fills these in",
            f"export AWS_DEFAULT_REGION='{region}'",
            f"STACK='${{AWS::StackName}}' GROUP='{kind.title}Group' LOG_GROUP='{host_log_group(kind.environment)}'",
            f"REGISTRY='{registry if any(service.repository for service in kind.services) else ''}'",
            _lines("IMAGES", [f"{image_variable(each)}=${{{image_value(each)}}}" for each in kind.services]),
            f"ENV_FILE='{_secret_arn(ENV_FILE_SECRET) if secrets else ''}'",
            _lines("SECRETS", [f"{name} {key.key} {_secret_arn(key.secret)}" for name, key in secrets.items()]),
            _lines("VOLUMES", [f"${{{home_value(each)}}}" for each in kind.keepers]),
            f"LOG_FOLDERS='{' '.join(_log_folders(kind))}'",
            "REPOSITORY_URL='${RepositoryUrl}' REPOSITORY_COMMIT='${RepositoryCommit}'",
            "REPOSITORY_KEY='${RepositoryKeySecretArn}' REPOSITORY_HOST_KEY='${RepositoryHostKey}'",
            "",
        ]
    )


def body(kind: HostKind, services: tuple[Service, ...]) -> str:
    """The literal rest. Comments stay at home: user data is short."""
    script = re.sub(r"(?m)^ *# (?!shellcheck).*\n", "", _BODY.read_text(encoding="utf-8"))
    return f"compose_file() {{\n  cat <<'COMPOSE'\n{text(kind, services)}COMPOSE\n}}\n{script}"


def _lines(name: str, values: list[str]) -> str:
    return f"{name}='" + "\n".join(values) + "'"


def _secret_arn(secret: str) -> str:
    return f"${{{logical_id(secret, 'secret arn')}}}"


def _log_folders(kind: HostKind) -> list[str]:
    folders = {log_folder(service, path) for service in kind.services for path in service.writable}
    return sorted(folders - {""})
