"""What a host gets: user data as CloudFormation resolves it from the rendered template, and Docker Compose where it can be had."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

from generator.bootstrap import home_value
from generator.hosts import HostKind, host_kinds
from generator.model import Environment, Service
from generator.render import to_dict
from generator.stacks import ec2
from generator.wiring import image_parameter

Json = dict[str, Any]

REGION, ACCOUNT = "eu-central-1", "111122223333"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
PSEUDO = {
    "AWS::Region": REGION,
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::NoValue": "",
}


def stack(environment: Environment, services: tuple[Service, ...]) -> Json:
    """The rendered template of the EC2 hosts, as plain JSON."""
    found: Json = json.loads(json.dumps(to_dict(ec2.build(environment, services))))
    return found


def values_of(template: Json, environment: Environment, services: tuple[Service, ...]) -> dict[str, str]:
    """A value for each parameter of the template, in the shape and length of real ones."""
    values = {name: str(about.get("Default", "")) for name, about in template["Parameters"].items()}
    for name in values:
        if name.endswith("SecretArn"):
            words = name.removesuffix("SecretArn")
            values[name] = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{environment.name}/{words}-a1B2c3"
    values |= {image_parameter(service): COMMIT for service in services}
    values |= {
        "FileSystemId": "fs-0123456789abcdef0",
        "ChromadbAccessPointId": "fsap-0123456789abcdef0",
        "ChromadbDiscoveryId": "srv-0123456789abcdef",
        "RunChromadb": "true",
    }
    return values


def resolve(template: Json, values: dict[str, str], value: Any) -> Any:  # noqa: PLR0911  (one for each function)
    """`value` with its intrinsic functions replaced, as far as user data uses them."""
    known = {**PSEUDO, "AWS::StackName": "aldeia-test-ec2", **values}

    def inner(item: Any) -> Any:
        return resolve(template, values, item)

    match value:
        case {"Ref": name}:
            return known[name]
        case {"Fn::Base64": text}:
            return inner(text)
        case {"Fn::Join": [glue, items]}:
            return glue.join(map(inner, items))
        case {"Fn::Sub": text}:
            text, own = (text, {}) if isinstance(text, str) else text
            for name, replacement in {**known, **{key: inner(item) for key, item in own.items()}}.items():
                text = text.replace(f"${{{name}}}", replacement)
            return text
        case {"Fn::If": [condition, yes, no]}:
            return inner(yes if inner(template["Conditions"][condition]) else no)
        case {"Fn::Equals": [one, other]}:
            return inner(one) == inner(other)
        case {"Fn::Not": [condition]}:
            return not inner(condition)
        case {"Fn::Select": [index, items]}:
            return inner(items)[int(index)]
        case {"Fn::Split": [glue, text]}:
            return inner(text).split(glue)
        case {"Fn::FindInMap": [mapping, first, second]}:
            return template["Mappings"][mapping][first][second]
    return value


def user_data(environment: Environment, services: tuple[Service, ...], kind: HostKind, **changed: str) -> str:
    """The script that a host of `kind` runs, with every parameter given; `changed` are parameters with another value."""
    template = stack(environment, services)
    launch = template["Resources"][f"{kind.title}LaunchTemplate"]["Properties"]["LaunchTemplateData"]
    text: str = resolve(template, {**values_of(template, environment, services), **changed}, launch["UserData"])
    assert "${AWS::" not in text
    assert all(home_value(service) not in text for service in services)
    return text


def kinds(environments: tuple[Environment, ...], services: tuple[Service, ...]) -> list[tuple[Environment, HostKind]]:
    """Every kind of host of every environment."""
    return [(environment, kind) for environment in environments for kind in host_kinds(environment, services)]


def compose_program() -> list[str]:
    """How to call Docker Compose 2 or newer here, or an empty list; `docker compose config` needs no daemon."""
    for program in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(program[0]):
            said = subprocess.run([*program, "version", "--short"], capture_output=True, text=True, check=False)
            if said.returncode == 0 and int(said.stdout.removeprefix("v").split(".")[0]) >= 2:
                return program
    return []


def variables(path: Path) -> dict[str, str]:
    """A .env as Compose reads it (compose-go, dotenv): double quotes, in which a backslash keeps what follows."""
    found = re.findall(r'(?ms)^(\w+)="((?:[^"\\]|\\.)*)"$', path.read_text())
    return {name: re.sub(r'\\([\\"$])', r"\1", value) for name, value in found}
