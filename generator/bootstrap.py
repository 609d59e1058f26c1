"""The user data of an EC2 host: what only this stack knows, then the compose file, then `bootstrap.sh`, the same on every host.

In: a kind of host. Out: bash as text, or as the value of `UserData`. Only the first part goes through `Fn::Sub`: Compose and bash
own `${...}` as well, and in the rest CloudFormation must not touch it. Secrets are named here, never read.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from troposphere import Base64, FindInMap, Join, Sub, Template

from generator.compose import image_variable, log_folder, text
from generator.hosts import HostKind, host_kinds
from generator.model import Environment, ModelError, Service
from generator.naming import ENV_FILE_SECRET, host_log_group, logical_id

# EC2 API reference, RunInstances, UserData: 16 KB before it is encoded.
LARGEST_USER_DATA = 16_384
# Room for each name of ours that CloudFormation fills in: an ARN, an image address with its commit.
_VALUE_SIZE = 100

_BODY = Path(__file__).with_name("bootstrap.sh")


def files(environment: Environment, services: tuple[Service, ...]) -> dict[str, str]:
    """The script of each kind of host, before CloudFormation fills in its values, by the name of its copy in `templates/`."""
    return {
        f"bootstrap{kind.suffix}.sh": header(kind) + compose_function(kind, services) + every_host()
        for kind in host_kinds(environment, services)
    }


def user_data(template: Template, kind: HostKind, services: tuple[Service, ...], values: Mapping[str, Any]) -> Base64:
    """The script as `UserData`; `values` are those names in the header that are no parameter of the template.

    What is the same on every host stands once in the template, as a mapping. Raises ModelError where the whole may pass EC2's
    limit.
    """
    first, compose_file, rest = header(kind), compose_function(kind, services), every_host()
    size = len((first + compose_file + rest).encode()) + _VALUE_SIZE * len(re.findall(r"\$\{(?!AWS::)", first))
    if size > LARGEST_USER_DATA:
        found = f"up to {size} bytes of user data for {len(kind.services)} services"
        right = f"EC2 takes {LARGEST_USER_DATA}: run fewer services on one host, or this environment on Fargate alone"
        raise ModelError(f"Environment({kind.environment.name}).host", found, right)
    template.add_mapping("Bootstrap", {"EveryHost": {"Script": rest}})
    return Base64(Join("", [Sub(first, **values), compose_file, FindInMap("Bootstrap", "EveryHost", "Script")]))


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
            f"ENV_FILE='{_secret_arn(ENV_FILE_SECRET) if kind.runs_application else ''}'",
            _lines("SECRETS", [f"{name} {key.key} {_secret_arn(key.secret)}" for name, key in secrets.items()]),
            _lines("VOLUMES", [f"${{{home_value(each)}}}" for each in kind.keepers]),
            f"LOG_FOLDERS='{' '.join(_log_folders(kind))}'",
            *_repository(kind),
            "",
        ]
    )


def _repository(kind: HostKind) -> list[str]:
    """The clone's four values; the data's own host runs only what is described here, so it has none."""
    if not kind.runs_application:
        return ["REPOSITORY_URL='' REPOSITORY_COMMIT='' REPOSITORY_KEY='' REPOSITORY_HOST_KEY=''"]
    return [
        "REPOSITORY_URL='${RepositoryUrl}' REPOSITORY_COMMIT='${RepositoryCommit}'",
        "REPOSITORY_KEY='${RepositoryKeySecret}' REPOSITORY_HOST_KEY='${RepositoryHostKey}'",
    ]


def compose_function(kind: HostKind, services: tuple[Service, ...]) -> str:
    """A function that prints the kind's compose file, letter by letter."""
    return f"compose_file() {{\n  cat <<'COMPOSE'\n{text(kind, services)}COMPOSE\n}}\n"


def every_host() -> str:
    """`bootstrap.sh` without its comments: user data is short, so they stay at home."""
    return re.sub(r"(?m)^ *# (?!shellcheck).*\n", "", _BODY.read_text(encoding="utf-8"))


def _lines(name: str, values: list[str]) -> str:
    return f"{name}='" + "\n".join(values) + "'"


def _secret_arn(secret: str) -> str:
    return f"${{{logical_id(secret, 'secret arn')}}}"


def _log_folders(kind: HostKind) -> list[str]:
    folders = {log_folder(service, path) for service in kind.services for path in service.writable}
    return sorted(folders - {""})
