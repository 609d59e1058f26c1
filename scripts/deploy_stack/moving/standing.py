"""How an environment stands between its two compute options, read from AWS and from nothing else.

In: a `Run` and its `Choice`. Out: a `Situation`. Raises DeployError where there is nothing to move, or where ECS itself owns the
listener rules. Refuses to know: where anybody wants to go. An operation that still runs is waited for first: it may be the last one
of a move that was killed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from deploy_stack import planning, stacks
from deploy_stack.choice import FARGATE, Choice, Option
from deploy_stack.events import follow_current
from deploy_stack.exits import DeployError, Exit
from deploy_stack.homes import is_on
from deploy_stack.moving.route import WHOLE, Standing
from deploy_stack.preflight import check_account
from deploy_stack.project import StackSpec
from deploy_stack.run import Run, together
from deploy_stack.stacks import Stack
from deploy_stack.states import BUSY, GONE, REVIEW, ROLLED_BACK, SUCCESS
from generator.parameters import is_no_echo


@dataclass(frozen=True)
class Situation:
    """The stacks of both options and those that hold the weight, by name, and what follows from them."""

    standing: Standing
    stacks: Mapping[str, Stack]

    def images(self, specs: Iterable[StackSpec]) -> dict[str, str]:
        """Return the image tags that these stacks run, by the image's short name."""
        return {
            image.name: self.stacks[spec.name].parameters[image.parameter].value
            for spec in specs
            if spec.name in self.stacks
            for image in spec.images
            if image.parameter in self.stacks[spec.name].parameters
        }


def choice_of(run: Run) -> Choice:
    """Return the environment's choice. Raises DeployError where it has none."""
    environment = run.environment
    if environment.choice is None:
        raise DeployError(
            f"{environment.name} has one compute option, so there is nothing to move between",
            exit_code=Exit.USAGE,
            next_step="Environment.options in the description says which options are rendered",
        )
    if not weighing(run, environment.choice):
        raise DeployError(
            f"{environment.name}: no stack has the parameter {environment.choice.weight}: no service is public"
        )
    for option in environment.choice.options.values():
        for spec in members(run, option):
            _refuse_strategies(spec.stack_name, spec.template)
    return environment.choice


def weighing(run: Run, choice: Choice) -> list[StackSpec]:
    """Return the stacks that hold the weight: `edge`, and its parts where it has several."""
    return [each for each in run.environment.stacks if choice.weight in each.declared]


def members(run: Run, option: Option) -> list[StackSpec]:
    """Return the stacks of an option, in deploy order."""
    return [each for each in run.environment.stacks if each.name in option.stacks]


def keeping(run: Run, choice: Choice, option: str) -> list[StackSpec]:
    """Return the stacks of an option that can be the home of data."""
    homes = set(choice.homes.values())
    return [each for each in members(run, choice.options[option]) if homes & each.declared.keys()]


def look(run: Run, choice: Choice, to: str) -> Situation:
    """Return how everything stands. Raises DeployError for no deployment at all.

    Where edge has several parts and a move was killed between two of them, the weight is that of the part which is farthest from
    `to`: so the next step sets them all.
    """
    specs = [*weighing(run, choice), *(each for option in choice.options.values() for each in members(run, option))]
    found = dict(zip([each.name for each in specs], together(*(_reader(run, each) for each in specs)), strict=True))
    live = {name: stack for name, stack in found.items() if stack is not None}
    account = next(iter(live.values())).account if live else run.caller().account
    check_account(account, run.environment.target, run.environment.name)
    weights = [
        int(live[each.name].parameters[choice.weight].value)
        for each in weighing(run, choice)
        if each.name in live and choice.weight in live[each.name].parameters
    ]
    if not weights:
        raise DeployError(
            f"{run.environment.name} is not deployed: there are no weights to move",
            next_step=f"deploy-stack deploy {run.environment.name}",
        )
    weight = min(weights) if to == FARGATE else max(weights)
    whole = frozenset(
        name for name, option in choice.options.items() if all(_is_whole(live.get(each)) for each in option.stacks)
    )
    homes = frozenset(
        name
        for name, option in choice.options.items()
        if any(is_on(live[each], key) for each in option.stacks if each in live for key in choice.homes.values())
    )
    return Situation(Standing(whole, weight, homes, has_data=bool(choice.homes)), live)


def _reader(run: Run, spec: StackSpec) -> Any:
    def read() -> Stack | None:
        stack = stacks.find(run.aws, spec.stack_name)
        if stack is not None and stack.status in BUSY:
            run.say(spec.name, f"{stack.status}; waiting for it to end")
            follow_current(run, spec.name, stack.id)
            stack = stacks.find(run.aws, spec.stack_name)
        return None if stack is None or stack.status in {*GONE, REVIEW} else stack

    return read


def _is_whole(stack: Stack | None) -> bool:
    """A creation that failed leaves nothing that could serve; an update that was rolled back leaves what was there before."""
    return stack is not None and stack.status in SUCCESS | ROLLED_BACK - {"ROLLBACK_COMPLETE"}


def _refuse_strategies(stack_name: str, template: Mapping[str, Any]) -> None:
    owned = list(_owned_by_ecs(template))
    if owned:
        raise DeployError(
            f"{stack_name}: ECS shifts the requests of {', '.join(owned)} itself and owns their listener rules, so no weight "
            "between the options can be set beside it",
            exit_code=Exit.USAGE,
            next_step="give these services rolling deployments, deploy that, then move",
        )


def _owned_by_ecs(template: Mapping[str, Any]) -> Iterator[str]:
    """ECS API reference, DeploymentConfiguration.strategy: everything but ROLLING rewrites listener rules."""
    for name, resource in template.get("Resources", {}).items():
        if resource.get("Type") == "AWS::ECS::Service":
            deployment = resource.get("Properties", {}).get("DeploymentConfiguration") or {}
            if deployment.get("Strategy", "ROLLING") != "ROLLING":
                yield name


@dataclass(frozen=True)
class Deployed:
    """A stack as it is deployed: as a spec with other values of some parameters, and as what planning would read again."""

    spec: StackSpec
    situation: planning.Situation


def as_deployed(run: Run, spec: StackSpec, **given: str) -> Deployed:
    """Return the stack as it is deployed now, with other values of some parameters and nothing else.

    So a step of a move brings neither a newer template nor a newer parameter file along, whatever the files say meanwhile.
    Raises DeployError when it is not there.
    """
    situation = planning.look(run, spec)
    stack, template = situation.stack, situation.template
    if stack is None or not template:
        raise DeployError(f"{spec.stack_name} is not there any more", next_step="run the same move again")
    declared = template.get("Parameters") or {}
    now = {
        key: each.value
        for key, each in stack.parameters.items()
        if not is_no_echo(declared.get(key, {})) and key not in spec.create_parameters
    }
    changed = replace(
        spec,
        template=template,
        template_file=f"the deployed template of {spec.name}",
        entries=[{"ParameterKey": key, "ParameterValue": value} for key, value in {**now, **given}.items()],
        parameters_file=f"the deployed parameters of {spec.name}",
        tags=dict(stack.tags),
        policy=None,
        termination_protection=stack.protected,
        rollback_alarms=(),
        create_parameters={},
        images=(),  # they run already, and so do those who read the secrets
        secrets=(),
    )
    return Deployed(changed, situation)


def allowed_shares(run: Run, choice: Choice, option: str) -> list[int]:
    """Return the shares in percent that the templates allow for an option."""
    declared = weighing(run, choice)[0].declared[choice.weight]
    weights = [int(each) for each in declared.get("AllowedValues", range(WHOLE + 1))]
    return weights if option == FARGATE else [WHOLE - each for each in weights]
