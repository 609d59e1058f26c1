"""What several verbs do in the same way.

In: a `Run`. Out: exit codes. Refuses to know: any single verb.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from deploy_stack.exits import Exit, InterruptError
from deploy_stack.run import Run
from deploy_stack.session import folders

if TYPE_CHECKING:
    from deploy_stack.applying import Recipe
    from deploy_stack.planning import Planned
    from deploy_stack.review.model import Review


def watching(run: Run, work: Callable[[], Exit]) -> Exit:
    """Do the work; on Ctrl-C stop watching, say how to come back, and offer to cancel."""
    try:
        return work()
    except (KeyboardInterrupt, InterruptError):
        from deploy_stack.cancellation import stop_watching

        run.stop.set()
        stop_watching(run)
        return Exit.INTERRUPTED
    finally:
        run.dispose()


def shower(run: Run, *, as_json: bool) -> Callable[[Planned], None]:
    """Return what shows a review: on stdout for people, on stderr when stdout carries JSON."""

    def show(planned: Planned) -> None:
        show_text(run, planned.review, as_json=as_json)

    return show


def show_text(run: Run, review: Review, *, as_json: bool) -> None:
    """Show one review where it belongs."""
    import sys

    from deploy_stack.render.table import text

    stream = sys.stderr if as_json else sys.stdout
    shown = text(review, run.allowed, terminal=stream.isatty())
    if run.yes or as_json:
        run.narrator.insist(shown.rstrip("\n") + "\n")
    else:
        click.echo(shown, nl=False)


def revision_of(options_at: str | None, templates: Path, parameters: Path) -> str | None:
    """Return the git revision that the files stand in, or None when the tree differs from it."""
    from deploy_stack.source import head, revision

    if options_at:
        return revision(options_at, templates).commit
    commit, dirty = head(templates, templates, parameters)
    return None if dirty else commit


def recipes(run: Run, revision: str | None, restores: dict[str, int] | None = None) -> Callable[[Planned], Recipe]:
    """Return what turns a plan into the record of its release."""
    from deploy_stack.applying import Recipe

    def recipe(planned: Planned) -> Recipe:
        return Recipe(
            template=planned.spec.template,
            parameters=planned.chosen,
            version=planned.spec.version,
            revision=revision,
            caller=run.caller().arn,
            restores=(restores or {}).get(planned.spec.name, 0),
        )

    return recipe


__all__ = [
    "folders",
    "recipes",
    "revision_of",
    "show_text",
    "shower",
    "watching",
]
