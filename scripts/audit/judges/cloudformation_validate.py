"""cloudformation-validate: AWS's own engine, with the schemas of every resource type, lint rules and references.

Information is left out: it marks each of several hundred create-only properties, and asks for descriptions for language models,
which `.cfnlintrc` declines.
"""

from audit import tools
from audit.finding import Finding
from audit.inputs import Inputs


def version() -> str:
    return tools.python_version("cloudformation-validate")


def judge(inputs: Inputs) -> list[Finding]:
    from cloudformation_validate import RegoEngine, Severity

    engine = RegoEngine()
    found = []
    for template in inputs.templates:
        for each in engine.validate_template(str(inputs.root / template.file)).diagnostics:
            if each.severity.value >= Severity.WARN.value:
                words = (each.property_path or "template").split("/")
                place = words[1] if words[0] in {"Resources", "Parameters", "Outputs"} and len(words) > 1 else words[0]
                detail = "/".join(words[2:])
                found.append(
                    Finding("cloudformation-validate", each.rule_id, template.file, place, detail, each.message)
                )
    return found
