"""`deploy-stack deploy`: plan, ask, apply.

In: an environment. Out: reviews, progress, outputs. Refuses to know: how any of it is done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from deploy_stack.options import (
    Options,
    change_options,
    command_line,
    form_options,
    revision_option,
    session_options,
    stack_arguments,
    yes_option,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from deploy_stack.exits import Exit
    from deploy_stack.forms import Pages
    from deploy_stack.project import StackSpec
    from deploy_stack.run import Run


@click.command("deploy")
@stack_arguments
@session_options
@change_options
@revision_option
@yes_option
@form_options
def command(markdown: Path | None, html: Path | None, **typed: Any) -> int:
    """Plan, ask, apply; stack after stack in dependency order, independent ones side by side.

    At a terminal each group of stacks that can go together is shown and asked for. With --yes a stack begins as soon as
    those that it depends on are done. A change that loses data is blocked (exit 11) in both. --html and --markdown are
    written before anything is asked or executed, and again for each group of stacks.

    \b
      deploy-stack deploy staging
      deploy-stack deploy production fargate --image backend=v1.4.2
      deploy-stack deploy shared --yes
      deploy-stack deploy production --html review.html
    """
    from deploy_stack.commands.common import watching
    from deploy_stack.forms import Forms, Pages
    from deploy_stack.session import begin_change

    options, forms = Options(**typed), Forms(markdown, html)
    forms.check()
    run, specs = begin_change(options)
    pages = Pages(run, forms, command_line("deploy", options))
    return watching(run, lambda: deploy(run, specs, options, pages))


def deploy(
    run: Run, specs: Sequence[StackSpec], options: Options, pages: Pages, restores: dict[str, int] | None = None
) -> Exit:
    """Deploy the stacks and report what became of them."""
    from deploy_stack.applying import new_run_id
    from deploy_stack.commands.common import folders, recipes, revision_of, shower
    from deploy_stack.deploying import Deployment
    from deploy_stack.report import finish

    revision = revision_of(options.at, *folders(options))
    show = shower(run, as_json=options.as_json)
    deployment = Deployment(run, show, recipes(run, revision, restores), new_run_id(), pages.add)
    outcomes = deployment.without_person(specs) if run.yes else deployment.with_person(specs)
    return finish(run.narrator, outcomes, as_json=options.as_json, Environment=run.environment.name)
