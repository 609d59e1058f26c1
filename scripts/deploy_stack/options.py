"""The options that the verbs share, and what they make of them.

In: click's parameters. Out: `Options`, and a `Run` made from them. Refuses to know: what a verb does.
Importing this costs click and nothing more; the rest is imported when a verb really runs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class Options:
    """What was typed, for the verbs that work on an environment; unset means what the verb does not offer."""

    environment: str
    stacks: tuple[str, ...] = ()
    as_json: bool = False
    templates_dir: Path | None = None
    parameters_dir: Path | None = None
    region: str | None = None
    profile: str | None = None
    endpoint_url: str | None = None
    patience: float = 300.0
    at: str | None = None
    images: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    secret_parameters: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    yes: bool = False
    wait: bool = False


def stack_arguments(function: Function) -> Function:
    """Give a command `ENVIRONMENT [STACK ...]`."""
    function = click.argument("stacks", nargs=-1, metavar="[STACK ...]")(function)
    return click.argument("environment", metavar="ENVIRONMENT")(function)


def session_options(function: Function) -> Function:
    """Give a command what every verb takes: where the files are, which account, which form of output."""
    for decorate in (
        click.option("--json", "as_json", is_flag=True, help="Print the result as JSON on stdout."),
        click.option(
            "--patience",
            type=click.FloatRange(min=0),
            default=300.0,
            show_default=True,
            metavar="SECONDS",
            help="How long to keep trying when AWS does not answer.",
        ),
        click.option("--endpoint-url", metavar="URL", help="Where AWS is (as AWS_ENDPOINT_URL)."),
        click.option("--profile", metavar="NAME", help="The profile to use (as AWS_PROFILE)."),
        click.option("--region", metavar="REGION", help="Must be the region of target.json, if given (as AWS_REGION)."),
        click.option(
            "--parameters-dir", type=click.Path(path_type=Path), help="Parameter files, instead of parameters/."
        ),
        click.option("--templates-dir", type=click.Path(path_type=Path), help="Templates, instead of templates/."),
    ):
        function = decorate(function)
    return function


def change_options(function: Function) -> Function:
    """Give a command what every verb takes that makes change sets: values, consent."""
    for decorate in (
        click.option("--wait", is_flag=True, help="Wait for an operation that somebody else has begun."),
        click.option(
            "--allow",
            multiple=True,
            metavar="ID",
            help="Allow exactly this blocked change, by the id that the review shows. May be repeated.",
        ),
        click.option(
            "--secret-parameter",
            "secret_parameters",
            multiple=True,
            metavar="KEY",
            help="Ask for a NoEcho parameter's value (or read a line of stdin). May be repeated.",
        ),
        click.option(
            "--parameter",
            "parameters",
            multiple=True,
            metavar="[STACK.]KEY=VALUE",
            help="Give a parameter's value, before the file's. May be repeated.",
        ),
        click.option(
            "--image",
            "images",
            multiple=True,
            metavar="NAME=TAG",
            help="Deploy this tag of an image, such as backend=v1.4.2. May be repeated.",
        ),
    ):
        function = decorate(function)
    return function


def revision_option(function: Function) -> Function:
    """Give a command `--at REV`."""
    return click.option(
        "--at", metavar="REV", help="Take templates and parameters as they stand in this git tag, branch or commit."
    )(function)


def form_options(function: Function) -> Function:
    """Give a command `--markdown FILE` and `--html FILE`: the review that it shows, as files, before it asks or executes."""
    for name, what in (("html", "one page for a browser"), ("markdown", "Markdown")):
        function = click.option(
            f"--{name}", type=click.Path(path_type=Path), metavar="FILE", help=f"Also write the review as {what}."
        )(function)
    return function


def yes_option(function: Function) -> Function:
    """Give a command `--yes`."""
    return click.option("--yes", is_flag=True, help="Do not ask (for CI). Blocked changes still need --allow.")(
        function
    )


def command_line(verb: str, options: Options, *more: str) -> tuple[str, ...]:
    """Return the command that does the same again, as words. Secrets stand in none of them: they are asked for."""
    repeated = (
        ("--image", options.images),
        ("--parameter", options.parameters),
        ("--secret-parameter", options.secret_parameters),
        ("--at", (options.at,) if options.at else ()),
        ("--allow", options.allow),
    )
    given = (word for name, values in repeated for value in values for word in (name, value))
    return ("deploy-stack", verb, options.environment, *options.stacks, *more, *given)
