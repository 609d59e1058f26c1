"""cdk-nag: six packs of rules (AWS Solutions, HIPAA, NIST 800-53 revisions 4 and 5, PCI DSS, Serverless) through CfnInclude."""

import re

from audit import tools
from audit.finding import Finding
from audit.inputs import Inputs


def version() -> str:
    return tools.node_version("cdk-nag")


def judge(inputs: Inputs) -> list[Finding]:
    """Every violation; what a rule adds in brackets, such as `Resource::*`, tells findings at one place apart."""
    found = []
    for row in tools.node("cdk_nag.cjs", [template.file for template in inputs.templates], inputs.root):
        check, detail = re.fullmatch(r"([^[]+)(?:\[(.*)\])?", row["check"], re.DOTALL).groups(default="")  # type: ignore[union-attr]
        found.append(Finding("cdk-nag", check, row["file"], row["place"], detail, row["message"]))
    return found
