"""`deploy-stack status`: state, deployed version against the files, drift if known, age, last change.

In: an environment. Out: a table or JSON. Refuses to know: how to change anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from deploy_stack.options import Options, revision_option, session_options, stack_arguments

if TYPE_CHECKING:
    from deploy_stack.project import StackSpec
    from deploy_stack.run import Run


@click.command("status")
@stack_arguments
@session_options
@revision_option
def command(**typed: Any) -> int:
    """Show each stack: state, deployed version against the files, drift if known, age, last change.

    Without a stack every stack of the environment is shown that is deployed or deployed by default.
    """
    import json

    from deploy_stack.exits import Exit
    from deploy_stack.schedule import side_by_side
    from deploy_stack.session import open_session
    from deploy_stack.states import BUSY, NOW

    options = Options(**typed)
    run, _ = open_session(options, warm=("cloudformation",))
    environment = run.environment
    chosen = environment.select(options.stacks or [each.name for each in environment.stacks])
    specs = {each.name: each for each in chosen}
    done = side_by_side(list(specs), lambda name: row(run, specs[name]), stop=run.stop)
    rows = []
    for each in done.values():
        if each.error:
            raise each.error
        if each.result and (each.result["Status"] or each.result["Default"] or options.stacks):
            rows.append(each.result)
    if options.as_json:
        click.echo(
            json.dumps({"Environment": environment.name, "Version": environment.version, "Stacks": rows}, indent=2)
        )
    else:
        _table(rows)
        for found in rows:
            watch = f"deploy-stack watch {environment.name} {found['Stack']}"
            if now := NOW.get(found["Status"] or ""):
                run.say(found["Stack"], f"{now}; to read why: {watch}")
            elif found["Status"] in BUSY:
                run.say(found["Stack"], f"an operation is running; to follow it: {watch}")
    return Exit.DONE


def row(run: Run, spec: StackSpec) -> dict[str, Any]:
    """Return what is to be said of one stack; None stands for what is not there or not known."""
    from datetime import UTC, datetime

    from deploy_stack import stacks
    from deploy_stack.run import together
    from deploy_stack.states import GONE, REVIEW
    from deploy_stack.templates import same

    stack, template = together(lambda: run.find(spec.stack_name), lambda: stacks.template_of(run.aws, spec.stack_name))
    found: dict[str, Any] = {"Stack": spec.name, "StackName": spec.stack_name, "Default": spec.default, "Status": None}
    if stack is None or stack.status in GONE:
        return {**found, "Files": "not deployed"}
    version = template.get("Metadata", {}).get("Aldeia", {}).get("Version")
    files = "as deployed" if same(template, spec.template) else f"differ ({spec.version})"
    return {
        **found,
        "Status": stack.status,
        "Reason": stack.reason,
        "Version": version,
        "Files": "never deployed" if stack.status == REVIEW else files,
        "Drift": stack.drift,
        "CreatedAt": stack.created.isoformat(),
        "ChangedAt": stack.changed.isoformat(),
        "AgeSeconds": int((datetime.now(UTC) - stack.created).total_seconds()),
        "ChangedSeconds": int((datetime.now(UTC) - stack.changed).total_seconds()),
        "TerminationProtection": stack.protected,
        "StackId": stack.id,
    }


def _table(rows: list[dict[str, Any]]) -> None:
    import sys

    from rich.table import Table
    from rich.text import Text

    from deploy_stack.narrate import age
    from deploy_stack.render.table import console
    from deploy_stack.states import BUSY, SUCCESS

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("stack", "state", "version", "files", "drift", "age", "changed"):
        table.add_column(title, overflow="fold")
    for each in rows:
        status = each["Status"] or "-"
        colour = "green" if status in SUCCESS else "yellow" if status in BUSY else "" if status == "-" else "red"
        drift = {"IN_SYNC": "none", "DRIFTED": "drifted"}.get(each.get("Drift", ""), "unknown")
        table.add_row(
            each["Stack"],
            Text(status, style=colour),
            each.get("Version") or "-",
            each["Files"],
            drift if each["Status"] else "-",
            age(each["AgeSeconds"]) if each["Status"] else "-",
            age(each["ChangedSeconds"]) if each["Status"] else "-",
        )
    console(file=sys.stdout, terminal=sys.stdout.isatty()).print(table)
