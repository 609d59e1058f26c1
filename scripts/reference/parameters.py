"""docs/reference/parameters.md: every parameter of every template, and who gives it.

In: the templates and manifests, as they are rendered. Out: the page: one table a stack, for all environments together; where they
differ, each value is named with its environment. Refuses to know: the values in `parameters/`, which are an account's own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from generator.build import build
from generator.environments import ENVIRONMENTS
from generator.naming import SHARED
from generator.services import SERVICES
from reference.markdown import code, plain, table

HEAD = """\
# Template parameters

What every template asks for, and who gives it. What an engineer decides stands in the templates; what an account, a deployment or
another stack tells is a parameter. `deploy-stack` takes a value from `--image` or `--parameter`, else from
`parameters/<environment>/<stack>.json`, else the default; only image tags and what `move` sets keep what the stack has. So any
other value given by `--parameter` holds until the next deployment of the stack that does not give it: what shall stay belongs into
the file.

This page is generated from the rendered templates: `make docs` writes it.
"""
_PUBLISHED = re.compile(r"/aldeia/(?P<environment>[^/]+)/(?P<stack>[^/]+)/[^/]+")
_SSM = re.compile(r"AWS::SSM::Parameter::Value<(.+)>")
_ENVIRONMENT = "<environment>"


@dataclass(frozen=True)
class Found:
    """One parameter of one stack in one environment."""

    environment: str
    stack: str
    name: str
    declared: Mapping[str, Any]
    entry: Mapping[str, Any]  # the stack's entry in the manifest
    about: str


def page() -> str:
    """The whole page."""
    stacks: dict[str, dict[str, list[Found]]] = {}
    for each in parameters(build(ENVIRONMENTS, SERVICES)):
        stacks.setdefault(each.stack, {}).setdefault(each.name, []).append(each)
    lines = [HEAD.rstrip("\n")]
    for stack, found in stacks.items():
        where = ", ".join(dict.fromkeys(each.environment for group in found.values() for each in group))
        lines += ["", f"## {stack}", "", f"In {where}.", ""]
        head = ("parameter", "type", "default", "takes", "given by", "what it is")
        # First what somebody gives, then what other stacks tell.
        order = sorted(
            found, key=lambda name: (_PUBLISHED.fullmatch(_default(found[name][0].declared)) is not None, name)
        )
        lines += table(head, [_row(name, found[name]) for name in order])
    return "\n".join(lines) + "\n"


def parameters(files: Mapping[str, str]) -> Iterator[Found]:
    """Every parameter in the rendered files, by environment and stack in deploy order."""
    folders = [SHARED, *(each.name for each in ENVIRONMENTS)]
    published = dict(_published(files))
    for folder in folders:
        for entry in json.loads(files[f"{folder}/manifest.json"])["Stacks"]:
            declared = json.loads(files[f"{folder}/{entry['Name']}.json"]).get("Parameters", {})
            for name in declared:
                about = published.get(_default(declared[name]), declared[name].get("Description", ""))
                yield Found(folder, entry["Name"], name, declared[name], entry, about)


def _published(files: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What each parameter that a stack writes into Parameter Store holds, by its path."""
    for path, text in files.items():
        if path.endswith(".json"):
            for resource in json.loads(text).get("Resources", {}).values():
                if resource["Type"] == "AWS::SSM::Parameter":
                    yield resource["Properties"]["Name"], resource["Properties"]["Description"]


def _row(name: str, group: list[Found]) -> tuple[str, ...]:
    first = group[0]
    published = _SSM.fullmatch(first.declared["Type"])
    kind = f"{published[1]}, by Parameter Store" if published else first.declared["Type"]
    defaults = _each(
        group, lambda each: code(_default(each.declared)) if "Default" in each.declared else "must be given"
    )
    about = plain(_each(group, lambda each: re.sub(rf"\b{each.environment}\b", _ENVIRONMENT, each.about)))
    return code(name), plain(kind), defaults, _each(group, _takes), _each(group, _giver), about


def _each(group: list[Found], told: Callable[[Found], str]) -> str:
    """What holds in all environments once; where they differ, each with its name."""
    general = {each.environment: _general(told(each), each) for each in group}
    if len(set(general.values())) == 1:
        return next(iter(general.values()))
    return "; ".join(f"{name}: {text or 'anything'}" for name, text in general.items())


def _general(text: str, found: Found) -> str:
    """`text` with the environment's name taken out where it is part of a path or of a name."""
    if found.environment == SHARED:
        return text
    return re.sub(rf"(?<![\w-]){found.environment}(?=[/-])|(?<=/){found.environment}(?=/)", _ENVIRONMENT, text)


def _default(declared: Mapping[str, Any]) -> str:
    """A default, `""` where it is the empty text."""
    return str(declared["Default"]) or '""' if "Default" in declared else ""


def _takes(found: Found) -> str:
    declared = found.declared
    if "AllowedValues" in declared:
        return ", ".join(code(str(each)) for each in declared["AllowedValues"])
    return code(declared.get("AllowedPattern", ""))


def _giver(found: Found) -> str:
    """Who gives the value in an ordinary deployment."""
    published = _PUBLISHED.fullmatch(_default(found.declared))
    file = code(f"parameters/{found.environment}/{found.stack.split('-')[0]}.json")
    if published:
        return f"stack `{published['stack']}`" + (" of shared" if published["environment"] != found.environment else "")
    if found.name in found.entry["CreateParameters"]:
        return "`deploy-stack`, when it creates the stack"
    images = {each["Parameter"]: each["Repository"] for each in found.entry["Images"]}
    if found.name in images:
        return f"each deployment: `--image {images[found.name].split('/')[-1]}=TAG`"
    return file if "Default" not in found.declared else "nobody, or " + file
