"""Templates past CloudFormation's limits, spread over numbered parts that are wired as any two stacks are.

In: one rendered template (plain data) and the services it was built for. Out: a list of templates; the first keeps the name, the
others are `fargate-2`, `fargate-3` ... A stack builder never thinks of limits: what belongs to a service is known by its logical
id, and whatever a later part needs of an earlier one is published in Parameter Store and taken from there.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from generator.model import Service
from generator.naming import logical_id, parameter_path

# CloudFormation quotas, for each template.
MOST_RESOURCES = 500
MOST_PARAMETERS = 200
MOST_OUTPUTS = 200
# Room kept free in each part for the values it publishes to later ones.
_SPARE = 60

Json = dict[str, Any]
_SUB_NAME = re.compile(r"\$\{(?!!)([^}]+)\}")


def split(template: Json, services: Iterable[Service]) -> list[Json]:
    """The template alone where it fits, else its parts in deploy order."""
    if fits(template):
        return [template]
    return list(_Splitter(template, [logical_id(service.name) for service in services]).parts())


def fits(template: Json) -> bool:
    """Whether one stack may hold it."""
    return (
        len(template["Resources"]) <= MOST_RESOURCES
        and len(template.get("Parameters", {})) <= MOST_PARAMETERS
        and len(template.get("Outputs", {})) <= MOST_OUTPUTS
    )


def references(value: Any) -> Iterator[tuple[str, str]]:
    """(logical name, attribute or '') for each Ref, GetAtt, Sub and Condition in `value`."""
    if isinstance(value, list):
        for item in value:
            yield from references(item)
    elif isinstance(value, dict):
        if len(value) == 1:
            yield from _intrinsic(*next(iter(value.items())))
        for key, item in value.items():
            if key == "Condition" and isinstance(item, str):
                yield item, ""
            yield from references(item)


def _intrinsic(name: str, argument: Any) -> Iterator[tuple[str, str]]:
    if name == "Ref":
        yield argument, ""
    elif name == "Fn::GetAtt":
        yield argument[0], argument[1]
    elif name in ("Fn::If", "Fn::FindInMap"):
        yield argument[0], ""
    elif name == "Fn::Sub":
        text, own = (argument, {}) if isinstance(argument, str) else argument
        for found in _SUB_NAME.findall(text):
            if found not in own:
                target, _, attribute = found.partition(".")
                yield target, attribute


class _Splitter:
    """One template being cut; `part_of` holds the part, from 0, of each resource."""

    def __init__(self, template: Json, owners: list[str]) -> None:
        self.template = template
        self.parameters: Json = template.get("Parameters", {})
        self.resources: Json = template["Resources"]
        self.references = {name: list(references(resource)) for name, resource in self.resources.items()}
        self.order = {"": -1, **{name: index for index, name in enumerate(owners)}}
        self.longest = max(map(len, owners), default=0)
        homes = self._homes()
        parts = self._pack(homes, len(owners))
        self.part_of = {name: parts[home] for name, home in homes.items()}
        self.members: dict[int, list[str]] = defaultdict(list)
        for name, part in self.part_of.items():
            self.members[part].append(name)
        self.tags = next(r["Properties"]["Tags"] for r in self.resources.values() if r["Type"] == "AWS::SSM::Parameter")

    def _owner(self, name: str) -> str:
        """The service whose name `name` begins with, followed by a new word; '' for what all services share."""
        for end in range(min(len(name), self.longest), 0, -1):
            if name[:end] in self.order and (end == len(name) or name[end].isupper() or name[end].isdigit()):
                return name[:end]
        return ""

    def _homes(self) -> dict[str, int]:
        """The place in the order of services that each resource belongs to: its own service's, or that of the last one that it
        refers to, directly or not. What all share has the place -1.
        """
        homes: dict[str, int] = {}

        def home(name: str) -> int:
            if name not in homes:
                homes[name] = self.order[self._owner(name)]  # ends a circle; CloudFormation refuses those anyway
                found = {target for target, _ in self.references[name] if target in self.resources}
                homes[name] = max([homes[name], *(home(target) for target in found)])
            return homes[name]

        for name in self.resources:
            home(name)
        return homes

    def _pack(self, homes: Mapping[str, int], count: int) -> dict[int, int]:
        """The part of each place: in order, each part filled before the next begins. What all share stands in part 0."""
        sizes = Counter(homes.values())
        inputs: dict[int, set[str]] = {place: set() for place in range(-1, count)}
        for name, place in homes.items():
            inputs[place] |= {target for target, _ in self.references[name] if target in self.parameters}
        parts = {}
        part, resources, parameters = 0, 0, 0
        for place in range(-1, count):
            resources += sizes[place]
            parameters += len(inputs[place])
            if place >= 0 and (resources > MOST_RESOURCES - _SPARE or parameters > MOST_PARAMETERS - _SPARE):
                part, resources, parameters = part + 1, sizes[place], len(inputs[place])
            parts[place] = part
        return parts

    def parts(self) -> Iterator[Json]:
        published: dict[int, dict[tuple[str, str], str]] = {}
        count = max(self.part_of.values()) + 1
        taken = [self._taken(part, published) for part in range(count)]
        for part in range(count):
            yield self._part(part, taken[part], published.get(part, {}))

    def _taken(self, part: int, published: dict[int, dict[tuple[str, str], str]]) -> dict[tuple[str, str], str]:
        """The values that `part` needs of earlier ones, each under the name of a new parameter."""
        taken = {}
        for name in self.members[part]:
            for target, attribute in self.references[name]:
                if target in self.resources and self.part_of[target] != part:
                    parameter = logical_id("from", target, attribute)
                    taken[target, attribute] = parameter
                    published.setdefault(self.part_of[target], {})[target, attribute] = parameter
        return taken

    def _part(self, part: int, taken: dict[tuple[str, str], str], published: dict[tuple[str, str], str]) -> Json:
        about = self.template["Metadata"]["Aldeia"]
        name = about["Stack"] if part == 0 else f"{about['Stack']}-{part + 1}"
        path = {key: parameter_path(about["Environment"], about["Stack"], f"{value}") for key, value in taken.items()}
        resources = {key: _replace(self._without_far_dependencies(key, part), taken) for key in self.members[part]}
        for (target, attribute), parameter in published.items():
            resources[f"{parameter}Parameter"] = {
                "Type": "AWS::SSM::Parameter",
                "Properties": {
                    "Name": parameter_path(about["Environment"], about["Stack"], parameter),
                    "Type": "String",
                    "Value": {"Fn::GetAtt": [target, attribute]} if attribute else {"Ref": target},
                    "Description": f"{target} of {name}, for its later parts",
                    "Tags": {**self.tags, "Stack": name},
                },
            }
        outputs = {
            key: output for key, output in self.template.get("Outputs", {}).items() if self._home(output) == part
        }
        cut = {
            **self.template,
            "Metadata": {**self.template["Metadata"], "Aldeia": {**about, "Stack": name}},
            "Resources": resources,
            "Outputs": outputs,
        }
        cut["Parameters"] = {
            **self.parameters,
            **{
                parameter: {
                    "Type": "AWS::SSM::Parameter::Value<String>",
                    "Default": path[key],
                    "Description": f"{key[0]} of an earlier part of {about['Stack']}",
                }
                for key, parameter in taken.items()
            },
        }
        return _only_used(cut)

    def _without_far_dependencies(self, name: str, part: int) -> Json:
        """The resource without DependsOn that point to other parts: those are deployed before, or not at all after."""
        resource: Json = dict(self.resources[name])
        if "DependsOn" in resource:
            given = resource.pop("DependsOn")
            near = [item for item in ([given] if isinstance(given, str) else given) if self.part_of[item] == part]
            if near:
                resource["DependsOn"] = near
        return resource

    def _home(self, output: Json) -> int:
        return max((self.part_of[target] for target, _ in references(output) if target in self.part_of), default=0)


def _replace(value: Any, taken: Mapping[tuple[str, str], str]) -> Any:
    """`value` with every reference to an earlier part turned into one to the parameter that carries it."""
    if isinstance(value, list):
        return [_replace(item, taken) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        name, argument = next(iter(value.items()))
        if name == "Ref" and (argument, "") in taken:
            return {"Ref": taken[argument, ""]}
        if name == "Fn::GetAtt" and tuple(argument) in taken:
            return {"Ref": taken[argument[0], argument[1]]}
        if name == "Fn::Sub":
            text, own = (argument, {}) if isinstance(argument, str) else argument

            def swap(found: re.Match[str]) -> str:
                target, _, attribute = found[1].partition(".")
                return f"${{{taken[target, attribute]}}}" if (target, attribute) in taken else found[0]

            text = _SUB_NAME.sub(swap, text)
            return {"Fn::Sub": [text, _replace(own, taken)] if own else text}
    return {key: _replace(item, taken) for key, item in value.items()}


def _only_used(template: Json) -> Json:
    """The template without the conditions, parameters and mappings that none of its resources and outputs uses."""
    used = {target for target, _ in references([template["Resources"], template["Outputs"]])}
    conditions = {key: value for key, value in template.get("Conditions", {}).items() if key in used}
    used |= {target for target, _ in references(conditions)}
    parameters = {key: value for key, value in template["Parameters"].items() if key in used}
    mappings = {key: value for key, value in template.get("Mappings", {}).items() if key in used}
    slim = {
        key: value for key, value in template.items() if key not in ("Conditions", "Mappings", "Parameters", "Outputs")
    }
    sections = {
        "Conditions": conditions,
        "Mappings": mappings,
        "Parameters": parameters,
        "Outputs": template["Outputs"],
    }
    slim |= {key: section for key, section in sections.items() if section}
    if interface := slim["Metadata"].get("AWS::CloudFormation::Interface"):
        slim["Metadata"] = {**slim["Metadata"], "AWS::CloudFormation::Interface": _interface(interface, parameters)}
    return slim


def _interface(interface: Json, parameters: Json) -> Json:
    """The console's groups and labels of those parameters that are still there."""
    groups = [
        {**group, "Parameters": [name for name in group["Parameters"] if name in parameters]}
        for group in interface.get("ParameterGroups", [])
    ]
    labels = {name: label for name, label in interface.get("ParameterLabels", {}).items() if name in parameters}
    return {"ParameterGroups": [group for group in groups if group["Parameters"]], "ParameterLabels": labels}
