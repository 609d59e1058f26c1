"""`deploy-stack outputs`: the stacks' outputs, for people and for scripts.

In: an environment. Out: `stack.Key = value` lines or JSON. Refuses to know: how to change anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from deploy_stack.options import Options, session_options, stack_arguments

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from deploy_stack.project import StackSpec


@click.command("outputs")
@stack_arguments
@session_options
@click.option("--value", metavar="STACK.KEY", help="Print this output's value and nothing else.")
def command(value: str | None, **typed: Any) -> int:
    """Print the outputs of the stacks; a stack that is not there has none.

    \b
      deploy-stack outputs staging
      FILE_SYSTEM=$(deploy-stack outputs production --value data.FileSystemId)
    """
    import json

    from deploy_stack import stacks
    from deploy_stack.exits import Exit
    from deploy_stack.schedule import side_by_side
    from deploy_stack.session import begin

    options = Options(**typed)
    run, specs = begin(options)
    if value is not None:
        specs = _of_value(run.environment.stacks, value)
    names = {each.name: each.stack_name for each in specs}
    done = side_by_side(list(names), lambda name: run.find(names[name]) or "", stop=run.stop)
    found: dict[str, dict[str, str]] = {}
    for name, each in done.items():
        if each.error:
            raise each.error
        if isinstance(each.result, stacks.Stack):
            found[name] = dict(sorted(each.result.outputs.items()))
        else:
            run.narrator.say(f"{name}: there is no such stack")
    if value is not None:
        click.echo(_one(found, value))
    elif options.as_json:
        click.echo(json.dumps(found, indent=2))
    else:
        for name, values in found.items():
            for key, text in values.items():
                click.echo(f"{name}.{key} = {text}")
    return Exit.DONE


def _of_value(known: Sequence[StackSpec], value: str) -> tuple[StackSpec, ...]:
    """The stack that `STACK.KEY` names, deployed by default or not."""
    from deploy_stack.exits import DeployError, Exit

    wanted, _, key = value.partition(".")
    specs = tuple(each for each in known if each.name == wanted)
    if not specs or not key:
        names = ", ".join(each.name for each in known)
        raise DeployError(f"--value {value}: expected STACK.KEY; the stacks are {names}", exit_code=Exit.USAGE)
    return specs


def _one(found: Mapping[str, Mapping[str, str]], value: str) -> str:
    from deploy_stack.exits import DeployError

    stack, _, key = value.partition(".")
    if key not in found.get(stack, {}):
        there = ", ".join(found.get(stack, {})) or "none"
        raise DeployError(f"--value {value}: there is no such output; {stack} has {there}")
    return found[stack][key]
