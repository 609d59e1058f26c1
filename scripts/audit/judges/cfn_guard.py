"""cfn-guard: AWS's engine with the AWS Control Tower rules, both as CDK's validator plugin ships them."""

import platform
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from audit import tools
from audit.finding import Finding
from audit.inputs import Inputs

_SYSTEMS = {"Linux": "ubuntu", "Darwin": "macos"}
_MACHINES = {"AMD64": "x86_64", "arm64": "aarch64"}


def version() -> str:
    return tools.node_version("@cdklabs/cdk-validator-cfnguard")


def judge(inputs: Inputs) -> list[Finding]:
    """Every rule that a template does not comply with, once for each resource that the rule names."""
    home = tools.MODULES / "@cdklabs" / "cdk-validator-cfnguard"
    files = [template.file for template in inputs.templates]
    answers = tools.answer(
        [
            str(_engine(home)),
            "validate",
            *(word for file in files for word in ("--data", file)),
            *(word for rule in _rules(home, inputs) for word in ("--rules", str(rule))),
            *("--structured", "--output-format", "json", "--show-summary", "none"),
        ],
        inputs.root,
        good=(0, 19),  # 19: not compliant
    )
    return [
        Finding("cfn-guard", check, Path(report["name"]).relative_to(inputs.root).as_posix(), place, "", message)
        for report in answers
        for rule in report["not_compliant"]
        for check, message in [_name(rule)]
        for place in sorted(set(_places(rule["Rule"]["checks"])))
    ]


def _rules(home: Path, inputs: Inputs) -> list[Path]:
    """The rules about types that the templates have: the others pass over every template, after half a minute."""
    types = {resource["Type"] for template in inputs.templates for resource in template.body["Resources"].values()}
    named = re.compile(r"AWS::\w+::\w+")
    rules = sorted((home / "rules" / "control-tower" / "cfn-guard").rglob("*.guard"))
    return [rule for rule in rules if types & set(named.findall(rule.read_text(encoding="utf-8")))]


def _engine(home: Path) -> Path:
    machine = platform.machine()
    return home / "bin" / _SYSTEMS.get(platform.system(), "ubuntu") / _MACHINES.get(machine, machine) / "cfn-guard"


def _name(rule: dict[str, Any]) -> tuple[str, str]:
    """`CT.S3.PR.1` and its sentence, from the message inside; the rule's own name where there is none."""
    said = re.search(r"\[(CT\.[A-Z0-9.]+)\]: ([^\\\n]+)", str(rule))
    return (said[1], said[2].strip().rstrip("'\"")) if said else (rule["Rule"]["name"], rule["Rule"]["name"])


def _places(value: Any) -> Iterator[str]:
    """The logical ids in every path below `value`."""
    if isinstance(value, list):
        for each in value:
            yield from _places(each)
    elif isinstance(value, dict):
        path = value.get("path")
        if isinstance(path, str) and (found := re.match(r"/Resources/([^/]+)", path)):
            yield found[1]
        for each in value.values():
            yield from _places(each)
