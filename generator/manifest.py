"""What a deployer must know of an environment's stacks, as data beside the templates.

In: the rendered templates of one environment, in deploy order. Out: `manifest.json`. The deployer reads this file and imports
nothing of the generator, so an older release is deployed from its own tag by today's deployer.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from generator import VERSION
from generator.model import Compute, EcrImage, Environment, Service
from generator.naming import SHARED, logical_id, parameter_path, secret_name, secret_names, stack_name
from generator.stacks.ec2 import HOST_IMAGE, UBUNTU
from generator.stacks.monitoring import rollback_alarms
from generator.tagging import common_tags
from generator.wiring import FIRST_DEPLOYMENT, WEIGHT, image_parameter, is_home_parameter

Json = dict[str, Any]

# What a stack policy guards: what holds data, and what the world's names point to.
GUARDED_TYPES = (
    "AWS::ECR::Repository",
    "AWS::EFS::AccessPoint",
    "AWS::EFS::FileSystem",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::KMS::Key",
    "AWS::S3::Bucket",
    "AWS::SecretsManager::Secret",
)
_SSM_PATH = re.compile(r"/aldeia/([^/]+)/([^/]+)/[^/]+")


def of_environment(
    environment: Environment, services: tuple[Service, ...], templates: Mapping[str, Json], protected: Sequence[str]
) -> Json:
    """The manifest of one environment; `templates` by stack name in deploy order, `protected` the names of those stacks."""
    publishers = {path: name for name, template in templates.items() for path in _published(template)}
    other = Compute.EC2 if environment.compute is Compute.FARGATE else Compute.FARGATE
    entries = [
        _entry(
            environment.name,
            services,
            name,
            template,
            Default=name.split("-")[0] != other,
            DependsOn=_depends_on(name, template, publishers, templates),
            RollbackAlarms=list(rollback_alarms(environment, services)) if environment.protected else [],
            Secrets=_secrets(environment, services, template),
            # The role CloudFormation acts as: a pipeline may make change sets only with this one.
            ServiceRole=parameter_path(SHARED, "delivery", logical_id(environment.name, "CloudFormationRoleArn")),
            guarded=environment.protected and name.split("-")[0] in protected,
        )
        for name, template in templates.items()
    ]
    about = {"Compute": _compute(environment, services, templates)} if len(environment.options) > 1 else {}
    return {"Environment": environment.name, "Stacks": entries, "Version": VERSION, **about}


def _compute(environment: Environment, services: tuple[Service, ...], templates: Mapping[str, Json]) -> Json:
    """What moves between the two options: the weight of the requests, the home of each service with data, the targets.

    Weight and homes are where the last move put them, so a deployment keeps them unless a parameter file names them.
    """
    public = [service for service in services if service.public]
    copies = {
        Compute.FARGATE: {service.name: environment.task(service).scaling.minimum for service in public},
        Compute.EC2: {service.name: environment.host.minimum for service in public},
    }
    return {
        "Alarms": list(rollback_alarms(environment, services)),
        "Default": environment.compute,
        "Homes": {service.name: is_home_parameter(service) for service in services if service.data},
        "Options": {
            option: {
                "Stacks": [name for name in templates if name.split("-")[0] == option],
                # Output of `edge` that names the target group, and how many healthy targets carry all requests.
                "Targets": {
                    logical_id(service.name, option, "target group arn"): copies[option][service.name]
                    for service in public
                },
            }
            for option in environment.options
        },
        "Weight": WEIGHT,
    }


def of_shared(services: tuple[Service, ...], templates: Mapping[str, Json]) -> Json:
    """The manifest of the account's own stacks. All environments rest on them, so they are guarded."""
    publishers = {path: name for name, template in templates.items() for path in _published(template)}
    entries = [
        _entry(
            SHARED,
            services,
            name,
            template,
            Default=True,
            DependsOn=_depends_on(name, template, publishers, templates),
            RollbackAlarms=[],
            Secrets=[],
            ServiceRole=None,  # these stacks make the roles, so people deploy them with their own
            guarded=True,
        )
        for name, template in templates.items()
    ]
    return {"Environment": SHARED, "Stacks": entries, "Version": VERSION}


def _entry(
    environment: str, services: tuple[Service, ...], name: str, template: Json, *, guarded: bool, **facts: Any
) -> Json:
    parameters = template.get("Parameters", {})
    return {
        "Name": name,
        "StackName": stack_name(environment, name),
        "CreateParameters": {FIRST_DEPLOYMENT: "true"} if FIRST_DEPLOYMENT in parameters else {},
        "Images": [
            {"Parameter": image_parameter(service), "Repository": service.image.repository}
            for service in services
            if isinstance(service.image, EcrImage) and image_parameter(service) in parameters
        ],
        # Where Parameter Store holds the newest image that may take the place of the one in the parameter file.
        "MachineImages": [{"Parameter": HOST_IMAGE, "Newest": UBUNTU}] if HOST_IMAGE in parameters else [],
        "StackPolicy": _stack_policy(template) if guarded else None,
        "Tags": common_tags(environment, name),
        "TerminationProtection": guarded,
        **facts,
    }


def _published(template: Json) -> list[str]:
    return [
        resource["Properties"]["Name"]
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::SSM::Parameter" and isinstance(resource["Properties"].get("Name"), str)
    ]


def _depends_on(name: str, template: Json, publishers: Mapping[str, str], templates: Mapping[str, Json]) -> list[str]:
    """Stacks of the same environment whose published values this one takes, in deploy order."""
    needed = {publishers[path] for path in taken_paths(template) if path in publishers}
    return [other for other in templates if other in needed and other != name]


def taken_paths(template: Json) -> list[str]:
    """Parameter Store paths of this project that the template's parameters default to."""
    defaults = [str(parameter.get("Default", "")) for parameter in template.get("Parameters", {}).values()]
    return [path for path in defaults if _SSM_PATH.fullmatch(path)]


def _secrets(environment: Environment, services: tuple[Service, ...], template: Json) -> list[str]:
    """Secrets that this stack's containers read, and that need a value before it is deployed."""
    return [
        secret_name(environment, secret)
        for secret in secret_names(services)
        if logical_id(secret, "secret arn") in template.get("Parameters", {})
    ]


def _stack_policy(template: Json) -> Json | None:
    """Everything may be updated; what is guarded may be neither replaced nor deleted (CloudFormation guide, stack policies)."""
    found = {resource["Type"] for resource in template["Resources"].values()}
    guarded = [kind for kind in GUARDED_TYPES if kind in found]
    if not guarded:
        return None
    return {
        "Statement": [
            {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"},
            {
                "Effect": "Deny",
                "Action": ["Update:Replace", "Update:Delete"],
                "Principal": "*",
                "Resource": "*",
                "Condition": {"StringEquals": {"ResourceType": guarded}},
            },
        ]
    }
