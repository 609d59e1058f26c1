"""checkov: several hundred checks of CloudFormation resources, and a search for secrets in everything that is rendered.

It pins an old cloudsplaining, so it lives in an environment of its own.
"""

from audit import tools
from audit.finding import AuditError, Finding
from audit.inputs import Inputs


def version() -> str:
    return tools.output([str(tools.CHECKOV / "checkov"), "--version"], tools.HERE).strip()


def judge(inputs: Inputs) -> list[Finding]:
    """Every failed check. --skip-download: no mapping of ids, no guidelines, no modules are asked for over the network."""
    files = [template.file for template in inputs.templates] + list(inputs.scripts)
    reports = tools.answer(
        [
            str(tools.CHECKOV / "checkov"),
            *("--framework", "cloudformation", "secrets"),
            *("--skip-download", "--skip-results-upload", "--compact", "--quiet", "--output", "json"),
            *(word for file in files for word in ("--file", file)),
        ],
        inputs.root,
    )
    found = []
    for report in reports if isinstance(reports, list) else [reports]:
        if "results" not in report:  # nothing of this kind was found: three counters alone
            continue
        if broken := report["results"].get("parsing_errors"):
            raise AuditError(f"checkov cannot read {', '.join(broken)}")
        for failed in report["results"]["failed_checks"]:
            file = next(name for name in files if failed["file_path"].endswith(name.removeprefix("./")))
            found.append(
                Finding(
                    "checkov",
                    failed["check_id"],
                    file,
                    failed["resource"].rsplit(".", 1)[-1],
                    "",
                    failed["check_name"],
                )
            )
    return found
