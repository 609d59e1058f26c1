"""zizmor: what can be abused in a GitHub workflow: injected expressions, kept credentials, unpinned actions, wide permissions."""

from typing import Any

from audit import tools
from audit.finding import Finding
from audit.inputs import Inputs


def version() -> str:
    return tools.python_version("zizmor")


def judge(inputs: Inputs) -> list[Finding]:
    """Every finding of its pedantic persona; --offline: it asks GitHub nothing."""
    if not inputs.workflows:
        return []
    rows = tools.answer(
        [
            tools.program("zizmor"),
            *("--offline", "--no-progress", "--no-config", "--persona=pedantic", "--format=json-v1", "--no-exit-codes"),
            *inputs.workflows,
        ],
        inputs.root,
    )
    return [
        Finding("zizmor", row["ident"], file, f"line {line}", "", f"{row['desc']}: {about}")
        for row in rows
        if not row["ignored"]
        for file, line, about in [_where(row)]
    ]


def _where(row: dict[str, Any]) -> tuple[str, int, str]:
    """File, line and note of the place that it points at first."""
    places = [each for each in row["locations"] if each["symbolic"]["kind"] == "Primary"] or row["locations"]
    first = places[0]
    line = first["concrete"]["location"]["start_point"]["row"] + 1
    return first["symbolic"]["key"]["Local"]["verbatim_path"], line, first["symbolic"]["annotation"]
