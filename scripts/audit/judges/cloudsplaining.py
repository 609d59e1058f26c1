"""cloudsplaining: which permissions of a role, taken together, let somebody escalate, take data out, or change infrastructure.

A condition does not silence it here: that a request comes from one region narrows nothing for somebody who has the role.
"""

from audit import tools
from audit.finding import Finding
from audit.inputs import Inputs


def version() -> str:
    return tools.python_version("cloudsplaining")


def judge(inputs: Inputs) -> list[Finding]:
    from cloudsplaining.scan.policy_document import PolicyDocument

    found = []
    for document in inputs.policies:
        policy = PolicyDocument(document.body, flag_conditional_statements=True)
        risks = {
            "privilege-escalation": [each["type"] for each in policy.allows_privilege_escalation],
            "data-exfiltration": policy.allows_data_exfiltration_actions,
            "credentials-exposure": policy.credentials_exposure,
            "permissions-management": policy.permissions_management_without_constraints,
            "infrastructure-modification": policy.infrastructure_modification,
            "service-wildcard": policy.service_wildcard,
        }
        for risk, details in risks.items():
            for detail in sorted(set(details)):
                message = f"{document.name}: {risk.replace('-', ' ')} through {detail}"
                found.append(Finding("cloudsplaining", risk, document.file, document.resource, detail, message))
    return found
