"""Every generated file, as a mapping from its path below `templates/` to its text.

In: environments and services. Out: texts. Writes nothing, asks nobody: no network, no clock, no file.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from troposphere import Template

from generator import bootstrap, compose, manifest, workflow
from generator.model import Compute, Environment, Service
from generator.naming import SHARED
from generator.render import to_dict, to_json
from generator.split import split
from generator.stacks import ENVIRONMENT_STACKS, SHARED_STACKS
from generator.together import check_environments, check_services

Json = dict[str, Any]


def build(environments: Iterable[Environment], services: Iterable[Service]) -> dict[str, str]:
    """All files, in the order they are deployed in. Raises ModelError for a description that cannot work."""
    services = check_services(services)
    environments = check_environments(environments, services)
    shared = _parts([stack.build(environments, services) for stack in SHARED_STACKS], services)
    files = _files(SHARED, shared, manifest.of_shared(services, shared))
    files |= workflow.files(environments, services)
    protected = [stack.name for stack in ENVIRONMENT_STACKS if stack.protected]
    for environment in environments:
        files |= _of_environment(environment, services, protected)
    return files


def _of_environment(environment: Environment, services: tuple[Service, ...], protected: list[str]) -> dict[str, str]:
    left_out = set(Compute) - set(environment.options)
    stacks = [stack for stack in ENVIRONMENT_STACKS if stack.name not in left_out]
    parts = _parts([stack.build(environment, services) for stack in stacks], services)
    files = _files(environment.name, parts, manifest.of_environment(environment, services, parts, protected))
    if Compute.EC2 not in left_out:
        host_files = compose.files(environment, services) | bootstrap.files(environment, services)
        files |= {f"{environment.name}/{name}": text for name, text in host_files.items()}
    return files


def _parts(templates: list[Template], services: tuple[Service, ...]) -> dict[str, Json]:
    """Finished templates by stack name; one that is too large for CloudFormation becomes several."""
    return {
        part["Metadata"]["Aldeia"]["Stack"]: part
        for template in templates
        for part in split(to_dict(template), services)
    }


def _files(folder: str, parts: Mapping[str, Json], about: Json) -> dict[str, str]:
    files = {f"{folder}/{name}.json": to_json(template) for name, template in parts.items()}
    files[f"{folder}/manifest.json"] = to_json(about)
    return files
