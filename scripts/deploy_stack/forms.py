"""The files that a review is written to besides the terminal: Markdown, and a page for a browser.

In: paths, reviews. Out: files, whole or not at all. Refuses to know: which verb it is. A path that cannot be written is told before
anything else is done, and nothing is imported for a form that nobody asked for.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from deploy_stack.exits import DeployError, Exit

if TYPE_CHECKING:
    from deploy_stack.project import Environment
    from deploy_stack.review.model import Review
    from deploy_stack.run import Run
    from deploy_stack.workflow import Plans


class Forms(NamedTuple):
    """Where the review is written to: `--markdown` and `--html`."""

    markdown: Path | None = None
    html: Path | None = None

    def check(self) -> None:
        """Raise DeployError (usage) for a file that could not be written in the end."""
        for option, path in (("--markdown", self.markdown), ("--html", self.html)):
            if path is None:
                continue
            folder = next(each for each in path.absolute().parents if each.exists())
            if path.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
                what = "it is a folder" if path.is_dir() else f"{folder} cannot be written to"
                raise DeployError(f"{option} {path}: {what}; expected a file to write", exit_code=Exit.USAGE)


class Files(NamedTuple):
    """Everything that a plan is written to: the plan file, and the forms of its review."""

    plan: Path | None
    forms: Forms


class Pages:
    """The forms of one command: written anew each time that it has more to show, before it asks or executes.

    `command` is what does what they show; `done` are the stacks of which that is over.
    """

    def __init__(self, run: Run, forms: Forms, command: tuple[str, ...] = ()) -> None:
        self._run, self._forms, self._command = run, forms, command
        self._templates = {each.name: each.template for each in run.environment.stacks}
        self._reviews: list[Review] = []
        self._unchanged: list[str] = []
        self._waiting: list[str] = []
        self._errors: list[str] = []
        self._lock = threading.Lock()

    def add(self, plans: Plans, done: Iterable[str] = ()) -> None:
        """Write all plans so far. What waited, and is planned now, waits no more."""
        from deploy_stack.workflow import waiting_text

        if not any(self._forms):
            return
        with self._lock:
            self._templates |= {each.spec.name: each.spec.template for each in plans.planned}
            self._unchanged += [each.spec.name for each in plans.unchanged]
            self._waiting = [waiting_text(self._run, each) for each in plans.waiting]
            self._errors += [f"{name}: {error.message}" for name, error in plans.errors.items()]
            self._write([each.review for each in plans.planned], done)

    def show(self, reviews: Iterable[Review]) -> None:
        """Write these reviews too."""
        with self._lock:
            self._write(reviews, ())

    def _write(self, reviews: Iterable[Review], done: Iterable[str]) -> None:
        self._reviews += reviews
        run, target, done = self._run, self._run.environment.target, tuple(done)
        write_markdown(self._forms.markdown, run.environment.name, self._reviews, self._unchanged, self._waiting)
        facts = [("Account", target.account), ("Region", target.region), ("Version", run.environment.version)]
        write_html(
            self._forms.html,
            run.environment,
            self._reviews,
            self._templates,
            facts=tuple([*facts, ("Done already", ", ".join(done))] if done else facts),
            allowed=run.allowed,
            unchanged=tuple(self._unchanged),
            waiting=tuple(self._waiting),
            errors=tuple(self._errors),
            command=self._command if self._reviews else (),
        )


def write_markdown(
    path: Path | None, environment: str, reviews: Iterable[Review], unchanged: Iterable[str], waiting: Iterable[str]
) -> None:
    """Write the reviews as Markdown; `-` stands for nothing special here, a file is a file."""
    if path is None:
        return
    from deploy_stack.render.markdown import markdown

    write_text(path, markdown(environment, reviews, unchanged, waiting))


def write_html(
    path: Path | None,
    environment: Environment,
    reviews: Sequence[Review],
    templates: Mapping[str, Mapping[str, Any]],
    **more: Any,
) -> None:
    """Write the reviews as a page, with the picture that the templates make. `more` are fields of a `Sheet`."""
    if path is None:
        return
    from deploy_stack.render.html_form import Sheet, html
    from deploy_stack.render.pictures import pictures

    drawn, reason = pictures(templates, reviews)
    sheet = Sheet(environment.name, tuple(reviews), pictures=drawn, no_picture=reason, **more)
    write_text(path, html(sheet))


def write_text(path: Path, text: str) -> None:
    """Write a file, whole or not at all. Raises DeployError."""
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        raise DeployError(f"{path}: cannot be written ({error.strerror})") from error
