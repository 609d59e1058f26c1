"""`deploy-stack prune`: delete left-over change sets and empty review stacks, only ours.

In: an environment. Out: what was deleted. Refuses to know: change sets without our prefix, stacks with anything in them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from deploy_stack.options import Options, session_options, stack_arguments, yes_option

if TYPE_CHECKING:
    from deploy_stack.run import Run


@click.command("prune")
@stack_arguments
@session_options
@yes_option
@click.option(
    "--older-than",
    type=click.FloatRange(min=0),
    default=24.0,
    show_default=True,
    metavar="HOURS",
    help="Keep change sets that could still be applied and are younger.",
)
def command(older_than: float, **typed: Any) -> int:
    """Delete our FAILED and obsolete change sets, plans that nobody applied, and empty review stacks of ours.

    Change sets that other tools made are never touched.
    """
    import json

    from deploy_stack import changesets
    from deploy_stack.exits import DeployError, Exit
    from deploy_stack.session import begin

    options = Options(**typed)
    run, specs = begin(options)
    if not options.stacks:
        specs = run.environment.stacks
    found = [row for spec in specs for row in left_over(run, spec.name, spec.stack_name, older_than)]
    for row in found:
        run.narrator.say(f"{row['Stack']}: {row['What']} ({row['Why']})")
    if found and not run.yes and not run.narrator.ask(f"Delete these {len(found)}?", otherwise="to agree: --yes"):
        raise DeployError("declined; nothing was deleted", exit_code=Exit.BLOCKED)
    for row in found:
        if row["ChangeSetId"]:
            row["Deleted"] = changesets.delete(run.aws, row["ChangeSetId"])
        else:
            row["Deleted"] = changesets.delete_empty_review_stack(run.aws, row["StackId"])
    if options.as_json:
        click.echo(json.dumps(found, indent=2))
    else:
        run.narrator.say(
            f"deleted {sum(row['Deleted'] for row in found)} of {len(found)}" if found else "nothing is left over"
        )
    return Exit.DONE if all(row["Deleted"] for row in found) else Exit.ERROR


def left_over(run: Run, name: str, stack_name: str, older_than: float) -> list[dict[str, Any]]:
    """Return what is left over of one stack: our change sets, then the empty stack if nothing else holds it."""
    from datetime import UTC, datetime

    from deploy_stack import changesets
    from deploy_stack.narrate import age
    from deploy_stack.states import REVIEW

    stack = run.find(stack_name)
    if stack is None:
        return []
    found = []
    every = changesets.all_of(run.aws, stack.id)
    for each in every:
        if not each["ChangeSetName"].startswith(changesets.PREFIX):
            continue
        seconds = (datetime.now(UTC) - each["CreationTime"]).total_seconds()
        if each["Status"] == "FAILED" or each["ExecutionStatus"] in {"OBSOLETE", "EXECUTE_FAILED"}:
            why = each["ExecutionStatus"] if each["ExecutionStatus"] == "OBSOLETE" else each["Status"]
        elif each["ExecutionStatus"] == "AVAILABLE" and seconds >= older_than * 3600:
            why = f"not applied for {age(seconds)}"
        else:
            continue
        found.append(
            {
                "Stack": name,
                "What": each["ChangeSetName"],
                "Why": why,
                "ChangeSetId": each["ChangeSetId"],
                "StackId": stack.id,
                "Deleted": False,
            }
        )
    if stack.status == REVIEW and len(found) == len(every):
        found.append(
            {
                "Stack": name,
                "What": stack.name,
                "Why": "empty review stack",
                "ChangeSetId": "",
                "StackId": stack.id,
                "Deleted": False,
            }
        )
    return found
