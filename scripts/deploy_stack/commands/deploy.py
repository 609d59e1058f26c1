"""`deploy-stack deploy`: plan, ask, apply.

In: an environment. Out: reviews, progress, outputs. Refuses to know: how any of it is done.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from deploy_stack.options import Options, change_options, revision_option, session_options, stack_arguments, yes_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deploy_stack.exits import Exit
    from deploy_stack.project import StackSpec
    from deploy_stack.run import Run


@click.command("deploy")
@stack_arguments
@session_options
@change_options
@revision_option
@yes_option
@click.option(
    "--markdown", "report", type=click.Path(path_type=Path), metavar="FILE", help="Also write the review as Markdown."
)
def command(report: Path | None, **typed: Any) -> int:
    """Plan, ask, apply; stack after stack in dependency order, independent ones side by side.

    At a terminal each group of stacks that can go together is shown and asked for. With --yes a stack begins as soon as
    those that it depends on are done. A change that loses data is blocked (exit 11) in both.

    \b
      deploy-stack deploy staging
      deploy-stack deploy production fargate --image backend=v1.4.2
      deploy-stack deploy shared --yes
    """
    from deploy_stack.commands.common import watching
    from deploy_stack.session import begin_change

    options = Options(**typed)
    run, specs = begin_change(options)
    return watching(run, lambda: deploy(run, specs, options, report))


def deploy(
    run: Run, specs: Sequence[StackSpec], options: Options, report: Path | None, restores: dict[str, int] | None = None
) -> Exit:
    """Deploy the stacks and report what became of them."""
    from deploy_stack.applying import new_run_id
    from deploy_stack.commands.common import folders, recipes, revision_of, shower, write_markdown
    from deploy_stack.deploying import Deployment
    from deploy_stack.planning import Planned
    from deploy_stack.report import finish

    reviews = []
    show = shower(run, as_json=options.as_json)

    def show_and_keep(planned: Planned) -> None:
        reviews.append(planned.review)
        show(planned)

    revision = revision_of(options.at, *folders(options))
    deployment = Deployment(run, show_and_keep, recipes(run, revision, restores), new_run_id())
    outcomes = deployment.without_person(specs) if run.yes else deployment.with_person(specs)
    unchanged = [each.name for each in outcomes if each.status == "unchanged"]
    write_markdown(report, run.environment.name, reviews, unchanged, [])
    return finish(run.narrator, outcomes, as_json=options.as_json, Environment=run.environment.name)
