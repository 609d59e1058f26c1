"""parliament: IAM documents against the definition of every action: what exists, which resource and condition it takes.

Its community auditors (privilege escalation through resource policies, credentials, permissions management) are on.
"""

import json
from typing import Any

from audit import tools
from audit.finding import Finding
from audit.inputs import Inputs


def version() -> str:
    return tools.python_version("parliament")


def judge(inputs: Inputs) -> list[Finding]:
    """Every finding on documents that say what a role may do; it does not know policies that hang on resources."""
    from parliament import analyze_policy_string

    found = []
    for document in inputs.policies:
        answer = analyze_policy_string(
            json.dumps(document.body), ignore_private_auditors=True, include_community_auditors=True
        )
        for each in answer.findings:
            for detail in _details(each) or [""]:
                message = f"{document.name}: {each.title or each.issue.replace('_', ' ').lower()} {detail}".strip()
                found.append(Finding("parliament", each.issue, document.file, document.resource, detail, message))
    return found


def _details(finding: Any) -> list[str]:
    """What the finding is about, one by one: actions, or its sentence."""
    actions = (finding.location or {}).get("actions")
    if actions:
        return sorted({str(action) for action in actions})
    if isinstance(finding.detail, list):
        return sorted({str(each["action"] if isinstance(each, dict) else each) for each in finding.detail})
    return [str(finding.detail or (finding.location or {}).get("string", ""))]
