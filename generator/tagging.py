"""Tags on every resource that can have them: Project, Environment, Stack, ManagedBy, and a Name where the EC2 console shows one.

In: a finished template. Out: the same template with tags. Which property carries tags, and in which shape, is read from
troposphere's own property tables, so a new resource is tagged without a word here; builders add only tags of their own.
"""

from typing import Any

from troposphere import AWSObject, Tags, Template, autoscaling

from generator.model import PROJECT
from generator.naming import SHARED

MANAGED_BY = "aldeia-compute"

# Where the property is not called Tags.
_OTHER_NAMES = {
    "AWS::EFS::FileSystem": "FileSystemTags",
    "AWS::EFS::AccessPoint": "AccessPointTags",
    "AWS::Route53::HostedZone": "HostedZoneTags",
}
# Tags as a plain mapping, in troposphere's table or only in the service's schema.
_AS_MAPPING = {"AWS::SSM::Parameter"}
# Types whose table says `dict` or a validator, and that take a list of Key and Value.
_NEVER = {"AWS::EC2::LaunchTemplate"}  # its own tags and those of what it launches are TagSpecifications


def common_tags(environment: str, stack: str) -> dict[str, str]:
    """The four tags of everything, as a new dictionary each time."""
    return {"Environment": environment, "ManagedBy": MANAGED_BY, "Project": PROJECT, "Stack": stack}


def tag_everything(template: Template) -> Template:
    """Add the common tags to each resource of `template` that can have tags and returns it."""
    about = template.metadata["Aldeia"]
    for resource in template.resources.values():
        kind = str(resource.resource_type)
        name = _OTHER_NAMES.get(kind, "Tags")
        if name in resource.props and kind not in _NEVER:
            tags = common_tags(about["Environment"], about["Stack"])
            if kind.startswith("AWS::EC2::"):
                scope = "" if about["Environment"] == SHARED else f"{about['Environment']}-"
                tags["Name"] = f"{PROJECT}-{scope}{resource.title}"
            tags |= _own_tags(resource, name)
            setattr(resource, name, _shape(resource, tags))
    return template


def _own_tags(resource: AWSObject, name: str) -> dict[str, Any]:
    """Tags that the builder gave, as a dictionary."""
    given = resource.properties.get(name)
    if given is None or isinstance(given, dict):
        return given or {}
    return {tag["Key"]: tag["Value"] for tag in given.to_dict()}


def _shape(resource: AWSObject, tags: dict[str, str]) -> Any:
    if resource.resource_type in _AS_MAPPING:
        return tags
    if isinstance(resource, autoscaling.AutoScalingGroup):
        return autoscaling.Tags(**tags)  # the plural form there propagates to every instance
    return Tags(**tags)
