"""The review of a deletion: what a stack holds, what of it stays, what is lost, and what stops with it.

In: a `Run` and the stacks that are to be deleted. Out: `Review`s of the form that changes have. Refuses to know: who agrees, and
how a stack is deleted. Everything is read from AWS: what stands now decides, not what the files say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from deploy_stack import stacks
from deploy_stack.choice import FARGATE
from deploy_stack.exits import DeployError
from deploy_stack.homes import is_on
from deploy_stack.review.model import Finding, ResourceChange, Review
from deploy_stack.review.reviewing import review
from deploy_stack.review.verdicts import REMOVALS
from deploy_stack.review.verdicts.removal import Leaving
from deploy_stack.run import Run, together
from deploy_stack.stacks import Stack
from deploy_stack.states import BUSY, GONE, NEVER_UP

WHOLE = 100  # percent


def standing(run: Run) -> dict[str, Stack]:
    """Return the environment's stacks that are there, by name, in deploy order. Raises DeployError for the wrong account."""
    specs = run.environment.stacks
    found = together(*((lambda name=each.stack_name: run.find(name)) for each in specs))
    return {
        spec.name: stack
        for spec, stack in zip(specs, found, strict=True)
        if stack is not None and stack.status not in GONE
    }


def review_of(run: Run, name: str, stack: Stack, leaving: Leaving) -> Review:
    """Return the review of one stack's deletion: every resource that is there, the data rules, and the rules about whole stacks."""
    from deploy_stack.review.pricing import State, cost_between

    template, resources = together(
        lambda: stacks.template_of(run.aws, stack.id), lambda: stacks.resources_of(run.aws, stack.id)
    )
    removals = _removals(template, resources)
    values = {key: each.value for key, each in stack.parameters.items()}
    gone = {each.logical_id for each in removals if each.policy_action != "Retain"}
    kept = {key: each for key, each in (template.get("Resources") or {}).items() if key not in gone}
    cost, unpriced = cost_between(  # what is kept is paid for as before
        run.environment,
        name,
        State(template, values),
        State({**template, "Resources": kept}, values),
        datetime.now(UTC).date(),
    )
    shown = review(
        stack=name,
        stack_name=stack.name,
        operation="DELETE",
        changes=removals,
        notes=unpriced,
        cost=cost,
    )
    about = [
        Finding(rule.id, opinion.severity, name, what, opinion.text)
        for rule in REMOVALS
        for what, opinion in rule.judge(leaving)
    ]
    # That what serves is removed with its stack goes without saying; that data is lost or kept does not.
    return replace(shown, findings=(*about, *(each for each in shown.findings if each.rule == "data-deleted")))


def _removals(template: Mapping[str, Any], resources: list[dict[str, Any]]) -> list[ResourceChange]:
    """Return the removal of each resource that the stack really has; one whose policy nobody can tell is lost."""
    written = template.get("Resources") or {}
    found = []
    for each in resources:
        if each["ResourceStatus"] == "DELETE_COMPLETE":
            continue
        resource = written.get(each["LogicalResourceId"], {})
        found.append(
            ResourceChange(
                logical_id=each["LogicalResourceId"],
                type=each["ResourceType"],
                action="Remove",
                physical_id=each.get("PhysicalResourceId", ""),
                policy_action=resource.get("DeletionPolicy", "Delete").replace("RetainExceptOnCreate", "Retain"),
                before=resource,
            )
        )
    return found


def leaving(run: Run, names: Sequence[str], there: Mapping[str, Stack]) -> dict[str, Leaving]:
    """Return how each named stack stands among those that are there.

    Raises DeployError while the weights are being changed: where the requests go is not known then.
    """
    return {name: _leaving(run, name, frozenset(names), there) for name in names if name in there}


def _leaving(run: Run, name: str, names: frozenset[str], there: Mapping[str, Stack]) -> Leaving:
    if there[name].status in NEVER_UP:
        return Leaving()  # it never served, and nobody was built on it
    needed_by = tuple(
        each.name
        for each in run.environment.stacks
        if name in each.depends_on
        and each.name in there.keys() - names
        and there[each.name].status not in NEVER_UP | {"DELETE_IN_PROGRESS"}
    )
    choice = run.environment.choice
    option = choice.option_of(name) if choice else None
    if choice is None or option is None:
        return Leaving(needed_by=needed_by)
    edges = {
        each.name: there[each.name]
        for each in run.environment.stacks
        if choice.weight in each.declared and each.name in there and there[each.name].status not in NEVER_UP
    }
    for edge, stack in edges.items():
        if stack.status in BUSY:
            raise DeployError(
                f"{stack.name} is in {stack.status}, so where the requests go may change: nothing was deleted",
                next_step=f"deploy-stack watch {run.environment.name} {edge}",
            )
    weights = [int(each.parameters[choice.weight].value) for each in edges.values() if choice.weight in each.parameters]
    shares = [each if option.name == FARGATE else WHOLE - each for each in weights]
    others = [
        each
        for every in choice.options.values()
        for each in every.stacks
        if each in there.keys() - names and there[each].status not in NEVER_UP | {"DELETE_IN_PROGRESS"}
    ]
    return Leaving(
        weight=choice.weight,
        share=max(shares, default=0),
        homes={service: key for service, key in choice.homes.items() if is_on(there[name], key)},
        last=bool(edges.keys() - names) and not others,
        needed_by=needed_by,
    )
