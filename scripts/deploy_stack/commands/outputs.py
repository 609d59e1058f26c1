"""`deploy-stack outputs`: the stacks' outputs, for people and for scripts.

In: an environment. Out: `stack.Key = value` lines or JSON. Refuses to know: how to change anything.
"""

from __future__ import annotations

from typing import Any

import click

from deploy_stack.options import Options, session_options, stack_arguments


@click.command("outputs")
@stack_arguments
@session_options
def command(**typed: Any) -> int:
    """Print the outputs of the stacks; a stack that is not there has none."""
    import json

    from deploy_stack import stacks
    from deploy_stack.exits import Exit
    from deploy_stack.schedule import side_by_side
    from deploy_stack.session import begin

    options = Options(**typed)
    run, specs = begin(options)
    names = {each.name: each.stack_name for each in specs}
    done = side_by_side(list(names), lambda name: stacks.find(run.aws, names[name]) or "", stop=run.stop)
    found: dict[str, dict[str, str]] = {}
    for name, each in done.items():
        if each.error:
            raise each.error
        if isinstance(each.result, stacks.Stack):
            found[name] = dict(sorted(each.result.outputs.items()))
        else:
            run.narrator.say(f"{name}: there is no such stack")
    if options.as_json:
        click.echo(json.dumps(found, indent=2))
    else:
        for name, values in found.items():
            for key, value in values.items():
                click.echo(f"{name}.{key} = {value}")
    return Exit.DONE
