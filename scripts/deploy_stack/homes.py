"""Where the services with data are at home: in one compute stack at most.

In: a `Run`, a stack that is about to change, the values it will have. Out: nothing, or DeployError (blocked).
Refuses to know: how a home moves; `move` does that.
"""

from __future__ import annotations

from collections.abc import Mapping

from deploy_stack import stacks
from deploy_stack.exits import DeployError, Exit
from deploy_stack.project import StackSpec
from deploy_stack.run import Run
from deploy_stack.stacks import Stack
from deploy_stack.states import GONE, REVIEW


def check_homes(run: Run, spec: StackSpec, stack: Stack | None, chosen: Mapping[str, str]) -> None:
    """Refuse a change that would give a service a second home: two servers on one volume lose data.

    Only a parameter that becomes true is looked at, so most plans ask nothing.
    """
    choice = run.environment.choice
    option = choice.option_of(spec.name) if choice else None
    if choice is None or option is None:
        return
    turned_on = {
        service: key
        for service, key in choice.homes.items()
        if chosen.get(key) == "true" and not (stack and is_on(stack, key))
    }
    rivals = [each for each in run.environment.stacks if each.name in choice.options[choice.other(option.name)].stacks]
    for service, key in turned_on.items():
        for rival in (each for each in rivals if key in each.declared and each.stack_name not in run.leaves):
            found = stacks.find(run.aws, rival.stack_name)
            if found is not None and is_on(found, key):
                raise DeployError(
                    f"{spec.stack_name}: {service} would run twice: {found.name} is its home ({key}=true), and two servers "
                    "on one volume lose data",
                    exit_code=Exit.BLOCKED,
                    next_step=f"to move it here: deploy-stack move {spec.environment} --to {option.name}\n"
                    f"if {choice.other(option.name)} is where {spec.environment} runs now: say so in Environment.compute, "
                    "and run make templates",
                )


def is_on(stack: Stack, key: str) -> bool:
    """Tell whether a standing stack is the home that the parameter decides about."""
    value = stack.parameters.get(key)
    return stack.status not in {*GONE, REVIEW, "ROLLBACK_COMPLETE"} and value is not None and value.value == "true"
