"""What several verbs do in the same way.

In: a `Run`. Out: exit codes. Refuses to know: any single verb.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from deploy_stack.exits import Exit, InterruptError
from deploy_stack.run import Run
from deploy_stack.session import folders

if TYPE_CHECKING:
    from deploy_stack.applying import Recipe
    from deploy_stack.planning import Planned
    from deploy_stack.project import Environment
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


def write_markdown(
    path: Path | None, environment: str, reviews: Iterable[Review], unchanged: Iterable[str], waiting: Iterable[str]
) -> None:
    """Write the reviews as Markdown, whole or not at all; `-` stands for nothing special here, a file is a file."""
    if path is None:
        return
    from deploy_stack.render.markdown import markdown

    write_text(path, markdown(environment, reviews, unchanged, waiting))


def write_html(path: Path | None, environment: Environment, reviews: Iterable[Review], **more: Any) -> None:
    """Write the reviews as a page, whole or not at all, with the environment's picture. `more` are fields of a `Sheet`."""
    if path is None:
        return
    from deploy_stack.render.html_form import Sheet, html
    from deploy_stack.render.pictures import pictures

    reviews = tuple(reviews)
    drawn, reason = pictures({each.name: each.template for each in environment.stacks}, reviews)
    sheet = Sheet(environment.name, reviews, pictures=drawn, no_picture=reason, **more)
    write_text(path, html(sheet))


def write_text(path: Path, text: str) -> None:
    """Write a file, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


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
    "write_html",
    "write_markdown",
    "write_text",
]
