"""Plan one stack: from files and account to a reviewed change set, or to the reason why there is none.

In: a `Run` and a `StackSpec`. Out: one of `Planned`, `Unchanged`, `Waiting`. Raises DeployError for everything that a
person has to mend. Refuses to know: how plans are shown, stored or executed. What only a review needs is imported while
CloudFormation makes the change set: where nothing changes nobody pays for it.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from deploy_stack import changesets, machine_images, preflight, stacks
from deploy_stack.exits import DeployError
from deploy_stack.failures import validation_events
from deploy_stack.homes import check_homes
from deploy_stack.links import change_set_link
from deploy_stack.project import StackSpec
from deploy_stack.room import make_room
from deploy_stack.run import Run, together
from deploy_stack.stacks import Stack
from deploy_stack.states import GONE, Move
from deploy_stack.surroundings import setting_changes, value_changes
from deploy_stack.templates import capabilities, digest, same
from deploy_stack.values import Values, effective, resolve, ssm_names, values_digest
from generator.parameters import is_no_echo

if TYPE_CHECKING:
    from deploy_stack.review.model import Review, ValueChange


@dataclass(frozen=True)
class Planned:
    """A change set that waits for its approval; `change_set_id` is "" when only settings change."""

    spec: StackSpec
    review: Review
    stack_id: str
    change_set_id: str
    stack_token: str
    stack_status: str
    template_digest: str
    parameters_digest: str
    changes_digest: str
    chosen: Mapping[str, str]


@dataclass(frozen=True)
class Unchanged:
    """The stack already is what the files say."""

    spec: StackSpec
    stack: Stack
    fast: bool  # known by comparing, without a change set


@dataclass(frozen=True)
class Waiting:
    """The stack takes values from stacks that are not there yet."""

    spec: StackSpec
    missing: tuple[str, ...]  # SSM parameter names


Plan = Planned | Unchanged | Waiting


@dataclass(frozen=True)
class Situation:
    """What the account says about a stack before anything is done."""

    stack: Stack | None
    template: Mapping[str, Any]
    policy: Mapping[str, Any] | None


def look(run: Run, spec: StackSpec) -> Situation:
    """Read everything that planning needs, at the same time. Raises DeployError for the wrong account.

    A stack's ARN tells whose credentials these are; only where there is none STS has to be asked.
    """
    stack, template = together(
        lambda: stacks.find(run.aws, spec.stack_name), lambda: stacks.template_of(run.aws, spec.stack_name)
    )
    account = stack.account if stack else run.caller().account
    preflight.check_account(account, run.environment.target, run.environment.name)
    live = stack is not None and stack.status not in GONE
    policy = stacks.policy_of(run.aws, stack.id) if live and spec.policy is not None else None
    return Situation(stack=stack if live else None, template=template, policy=policy)


def plan_stack(run: Run, spec: StackSpec, situation: Situation | None = None) -> Plan:
    """Return the plan of one stack. Creates a change set unless there is nothing to change.

    `situation` is what has just been read, if anything has.
    """
    preflight.check_limits(spec)
    situation = situation or look(run, spec)
    situation, move = make_room(run, spec, situation, look)
    stack = situation.stack
    current = stack.parameters if stack and move is Move.UPDATE else {}
    values = resolve(spec, run.overrides, current)
    chosen = effective(spec, values, current)
    paths = ssm_names(spec, chosen)
    read, advice = together(
        lambda: stacks.ssm_values(run.aws, paths.values()), lambda: machine_images.advice(run.aws, spec, chosen)
    )
    missing = tuple(sorted({name for name in paths.values() if name not in read}))
    if missing:
        return Waiting(spec, missing)
    settings = setting_changes(spec, stack if move is Move.UPDATE else None, situation.policy)
    if stack and move is Move.UPDATE and _is_the_same(spec, situation, values, chosen, read):
        if settings:
            return _settings_only(spec, stack, settings, chosen, advice)
        return _unchanged(run, Unchanged(spec, stack, fast=True), advice)
    run.guard()
    check_homes(run, spec, stack if move is Move.UPDATE else None, chosen)
    _check_what_runs(run, spec, chosen)
    operation = "UPDATE" if move is Move.UPDATE else "CREATE"
    return _with_change_set(run, Draft(spec, situation, operation, values, chosen, settings, advice))


def _is_the_same(
    spec: StackSpec, situation: Situation, values: Values, chosen: Mapping[str, str], read: Mapping[str, str]
) -> bool:
    """Tell, by comparing alone, that an update would change nothing: two or three reads instead of a change set."""
    stack = situation.stack
    if stack is None or values.secret or not same(spec.template, situation.template):
        return False
    if set(stack.parameters) != set(spec.declared) or dict(stack.tags) != dict(spec.tags):
        return False
    paths = ssm_names(spec, chosen)
    return all(
        is_no_echo(spec.declared[key])
        or (now.value == chosen[key] and (key not in paths or now.resolved == read[paths[key]]))
        for key, now in stack.parameters.items()
    )


def _check_what_runs(run: Run, spec: StackSpec, chosen: Mapping[str, str]) -> None:
    images, secrets = together(
        lambda: preflight.image_mistakes(run.aws, spec, chosen), lambda: preflight.secret_mistakes(run.aws, spec)
    )
    mistakes = [*images, *secrets]
    if mistakes:
        raise DeployError(f"{spec.stack_name} cannot start:\n  " + "\n  ".join(mistakes))


@dataclass(frozen=True)
class Draft:
    """Everything that a change set is made from."""

    spec: StackSpec
    situation: Situation
    operation: str
    values: Values
    chosen: Mapping[str, str]
    settings: tuple[ValueChange, ...]
    advice: tuple[str, ...]


def _with_change_set(run: Run, draft: Draft) -> Plan:
    spec, creating, now = draft.spec, draft.operation == "CREATE", draft.situation.stack
    triggers, notes = ((), []) if creating else preflight.rollback_triggers(run.aws, spec)
    request = changesets.Request(
        stack_name=spec.stack_name,
        operation=draft.operation,
        template=preflight.template_argument(run.aws, spec),
        parameters=draft.values.request(),
        tags=spec.tags,
        capabilities=capabilities(spec.template),
        # Omitted triggers stay as they are, an empty list removes them: sent only where they differ.
        triggers=None
        if now is None or creating or sorted(arn for arn, _ in triggers) == list(now.triggers)
        else triggers,
        nested=any(each.get("Type") == "AWS::CloudFormation::Stack" for each in spec.template["Resources"].values()),
        description=f"deploy-stack {spec.environment} {spec.name} {spec.version}",
        role_arn=preflight.service_role(run.aws, spec),
    )
    change_set_id, stack_id = "", ""
    try:
        change_set_id, stack_id = changesets.create(run.aws, request)
        _meanwhile(run)
        run.say(spec.name, f"making change set {change_set_id.split('/')[1]}")
        first = changesets.wait(run.aws, change_set_id, sleep=run.sleep, patience=run.patience)
        if first["Status"] != "CREATE_COMPLETE":
            changesets.raise_failure(run.aws, first)
        description = changesets.describe(run.aws, change_set_id, first)
    except changesets.NothingToChangeError:
        tidy(run, change_set_id, stack_id, created=creating)
        if now is None:
            raise DeployError(
                f"{spec.stack_name}: CloudFormation finds nothing to create: is the template empty?"
            ) from None
        if draft.settings:
            return _settings_only(spec, now, draft.settings, draft.chosen, draft.advice)
        return _unchanged(run, Unchanged(spec, now, fast=False), draft.advice)
    except BaseException:
        tidy(run, change_set_id, stack_id, created=creating)
        raise
    # Warnings of the checks before the deployment do not fail a change set; creation is where they tell something.
    notes.extend(validation_events(run.aws, change_set_id, only_failed=False))
    notes.extend(draft.advice)
    return _planned(run, draft, description, request.capabilities, notes)


def _planned(
    run: Run, draft: Draft, description: Mapping[str, Any], needed: tuple[str, ...], notes: list[str]
) -> Planned:
    from deploy_stack.review.build import resource_changes
    from deploy_stack.review.ownership import with_owners
    from deploy_stack.review.pricing import State, cost_between
    from deploy_stack.review.reviewing import review

    spec, situation = draft.spec, draft.situation
    stack_id, change_set_id = description["StackId"], description["ChangeSetId"]
    updated = situation.stack if draft.operation == "UPDATE" else None
    stack = updated or stacks.find(run.aws, stack_id)
    was = {key: each.value for key, each in updated.parameters.items()} if updated else {}
    cost, unpriced = cost_between(
        run.environment,
        spec.name,
        State(situation.template if updated else {}, was),
        State(spec.template, draft.chosen),
        datetime.now(UTC).date(),
    )
    shown = review(
        stack=spec.name,
        stack_name=spec.stack_name,
        operation=draft.operation,
        changes=with_owners(resource_changes(description["Changes"]), situation.template),
        values=(*draft.settings, *value_changes(spec, updated, situation.template, description)),
        notes=[*notes, *unpriced],
        capabilities=needed,
        link=change_set_link(stack_id, change_set_id),
        cost=cost,
    )
    return Planned(
        spec=spec,
        review=shown,
        stack_id=stack_id,
        change_set_id=change_set_id,
        stack_token=stack.token if stack else "",
        stack_status=stack.status if stack else "",
        template_digest=digest(spec.template),
        parameters_digest=described_parameters_digest(description),
        changes_digest=digest(description["Changes"]),
        chosen=draft.chosen,
    )


def _meanwhile(run: Run) -> None:
    """Do what will be needed while CloudFormation makes the change set: review, rich and prices take 0.2 s to import."""

    def prepare() -> None:
        import rich.console
        import rich.table
        import rich.text  # noqa: F401

        import deploy_stack.render.json_form
        import deploy_stack.render.table
        import deploy_stack.review.build
        import deploy_stack.review.ownership
        import deploy_stack.review.pricing  # noqa: F401
        from generator.costs.prices import own_table

        own_table()

        try:
            run.caller()
        except DeployError:
            return  # it is said where the caller is needed

    threading.Thread(target=prepare, daemon=True, name="prepare-review").start()


def described_parameters_digest(description: Mapping[str, Any]) -> str:
    """Return the digest of a change set's parameters as CloudFormation shows them; masked (NoEcho) ones left out."""
    return values_digest(
        {
            each["ParameterKey"]: each.get("ResolvedValue", each.get("ParameterValue", ""))
            for each in description.get("Parameters", ())
            if each.get("ParameterValue") != "****"
        }
    )


def tidy(run: Run, change_set_id: str, stack_id: str, *, created: bool) -> None:
    """Delete a change set that nobody will execute, and the empty stack that it brought along, if it is ours."""
    if change_set_id:
        changesets.delete(run.aws, change_set_id)
    if created and stack_id:
        changesets.delete_empty_review_stack(run.aws, stack_id)


def _unchanged(run: Run, plan: Unchanged, advice: tuple[str, ...]) -> Unchanged:
    """Say what a review would have noted, and that there is none."""
    for text in advice:
        run.say(plan.spec.name, text)
    return plan


def _settings_only(
    spec: StackSpec, stack: Stack, settings: tuple[ValueChange, ...], chosen: Mapping[str, str], notes: tuple[str, ...]
) -> Planned:
    from deploy_stack.review.reviewing import review

    shown = review(
        stack=spec.name, stack_name=spec.stack_name, operation="UPDATE", changes=(), values=settings, notes=notes
    )
    return Planned(
        spec=spec,
        review=shown,
        stack_id=stack.id,
        change_set_id="",
        stack_token=stack.token,
        stack_status=stack.status,
        template_digest=digest(spec.template),
        parameters_digest=values_digest({}),
        changes_digest=digest([]),
        chosen=chosen,
    )
