"""`deploy-stack drift`: find what was changed by hand.

In: an environment. Out: each drifted resource with its properties; exit 0 (none) or 10 (some).
Refuses to know: how to undo it; a `plan` of the files is what does.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import click

from deploy_stack.options import Options, session_options, stack_arguments

if TYPE_CHECKING:
    from deploy_stack.run import Run


# What AWS itself changes while it runs is no drift: scaling moves these.
MANAGED_BY_AWS = {
    "AWS::ECS::Service": ("/DesiredCount", "/TaskDefinition/Revision"),
    "AWS::AutoScaling::AutoScalingGroup": ("/DesiredCapacity",),
    "AWS::ApplicationAutoScaling::ScalableTarget": ("/SuspendedState",),
}

# Weights of a listener rule: no drift either where ECS sets them at every deployment.
_WEIGHT = re.compile(r"/Actions/\d+/ForwardConfig/TargetGroups/\d+/Weight")


@click.command("drift")
@stack_arguments
@session_options
def command(**typed: Any) -> int:
    """Detect drift: resources that are not what CloudFormation made them. Ends with 10 when there are any."""
    from deploy_stack.commands.common import watching
    from deploy_stack.session import begin

    options = Options(**typed)
    run, specs = begin(options)
    names = {each.name: each.stack_name for each in specs}
    return watching(run, lambda: _drift(run, names, as_json=options.as_json))


def _drift(run: Run, names: dict[str, str], *, as_json: bool) -> Any:
    import json

    from deploy_stack.exits import Exit, InterruptError
    from deploy_stack.schedule import side_by_side

    done = side_by_side(list(names), lambda name: detect(run, name, names[name]), stop=run.stop)
    found: dict[str, Any] = {}
    for name, each in done.items():
        if isinstance(each.error, InterruptError):
            raise KeyboardInterrupt
        if each.error is not None:
            raise each.error
        found[name] = each.result
    drifted = any(each["Resources"] for each in found.values())
    if as_json:
        click.echo(json.dumps(found, indent=2))
    else:
        for name, each in found.items():
            _print(name, each)
    return Exit.CHANGES_WAITING if drifted else Exit.DONE


def detect(run: Run, name: str, stack_name: str) -> dict[str, Any]:
    """Return {"Status", "Reason", "Resources"} of one stack; a detection that failed half-way still has some."""
    from deploy_stack.aws import as_deploy_error, patiently
    from deploy_stack.pace import change_set_rhythm
    from deploy_stack.states import GONE, REVIEW

    stack = run.find(stack_name)
    if stack is None or stack.status in GONE or stack.status == REVIEW:
        return {"Status": "NO_STACK", "Reason": "there is no such stack", "Resources": []}
    client = run.aws.client("cloudformation")
    rhythm = change_set_rhythm()
    try:
        started = client.detect_stack_drift(StackName=stack.id)["StackDriftDetectionId"]
        run.say(name, "looking for drift")
        while True:
            state = patiently(
                lambda: client.describe_stack_drift_detection_status(StackDriftDetectionId=started),
                patience=run.patience,
                sleep=run.sleep,
            )
            if state["DetectionStatus"] != "DETECTION_IN_PROGRESS":
                break
            run.sleep(rhythm.next())
        rows = _rows(client, stack.id)
    except Exception as error:
        raise as_deploy_error(error, f"looking for the drift of {stack_name}") from error
    rules = _rules_of_others(run, stack.id, rows)
    return {
        "Status": state.get("StackDriftStatus", state["DetectionStatus"]),
        "Reason": state.get("DetectionStatusReason", ""),
        "Resources": [found for each in rows if (found := real_drift(each, rules))],
    }


def _rules_of_others(run: Run, stack_id: str, rows: list[dict[str, Any]]) -> Collection[str]:
    """Return the listener rules whose weights ECS sets; the template is read only where a rule has drifted."""
    from deploy_stack import stacks
    from deploy_stack.review.ownership import RULE, rule_owners

    if not any(each["ResourceType"] == RULE for each in rows):
        return ()
    return rule_owners(stacks.template_of(run.aws, stack_id))


def _rows(client: Any, stack_id: str) -> list[dict[str, Any]]:
    """Return the drifted resources; this operation has pages and no paginator."""
    found: list[dict[str, Any]] = []
    arguments: dict[str, Any] = {"StackName": stack_id, "StackResourceDriftStatusFilters": ["MODIFIED", "DELETED"]}
    while True:
        page = client.describe_stack_resource_drifts(**arguments)
        found.extend(page["StackResourceDrifts"])
        if not page.get("NextToken"):
            return found
        arguments["NextToken"] = page["NextToken"]


def real_drift(raw: dict[str, Any], rules: Collection[str] = ()) -> dict[str, Any] | None:
    """Return a drifted resource without what AWS manages by itself, or None when nothing is left. Secrets are masked.

    `rules` are the logical ids of the listener rules whose weights ECS sets.
    """
    from deploy_stack.review.build import MASK, SECRET_PROPERTIES

    ignored = MANAGED_BY_AWS.get(raw["ResourceType"], ())
    differences = [
        {
            "Path": each["PropertyPath"],
            "Expected": MASK if set(each["PropertyPath"].split("/")) & SECRET_PROPERTIES else each["ExpectedValue"],
            "Actual": MASK if set(each["PropertyPath"].split("/")) & SECRET_PROPERTIES else each["ActualValue"],
        }
        for each in raw.get("PropertyDifferences", ())
        if each["PropertyPath"] not in ignored
        and not (raw["LogicalResourceId"] in rules and _WEIGHT.fullmatch(each["PropertyPath"]))
    ]
    if raw["StackResourceDriftStatus"] == "MODIFIED" and not differences:
        return None
    return {
        "LogicalResourceId": raw["LogicalResourceId"],
        "ResourceType": raw["ResourceType"],
        "Status": raw["StackResourceDriftStatus"],
        "Differences": differences,
    }


def _print(name: str, found: dict[str, Any]) -> None:
    from deploy_stack.render.words import value

    if not found["Resources"]:
        reason = f" ({found['Reason']})" if found["Reason"] else ""
        click.echo(f"{name}: {'no drift' if found['Status'] in {'IN_SYNC', 'DRIFTED'} else found['Status']}{reason}")
    for each in found["Resources"]:
        click.echo(f"{name}: {each['LogicalResourceId']} {each['ResourceType']} {each['Status']}")
        for line in each["Differences"]:
            click.echo(f"  {line['Path']}: {value(line['Expected'])} -> {value(line['Actual'])}")
