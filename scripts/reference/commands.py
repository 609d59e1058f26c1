"""docs/reference/commands.md: every command there is, as it describes itself.

In: click's commands of `deploy-stack` and `local-cloudformation`, the `--help` of the Python modules, the Makefile. Out: the page.
What most verbs take is told once, at the top. Refuses to know: examples and reasons, which stand in docs/deploy-stack.md.
"""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import click
from deploy_stack.__main__ import COMMANDS, EPILOG, cli
from local_cloudformation.__main__ import main as local_cloudformation

from reference.markdown import code, plain, table

HEAD = """\
# Commands

Every command says this itself with `--help`; what the verbs do, and why, is in [deploy-stack.md](../deploy-stack.md).

This page is generated from the commands: `make docs` writes it.
"""
ROOT = Path(__file__).resolve().parents[2]
# Modules that are run with `python -m`, and read their arguments with argparse.
MODULES = ("generator", "generator costs", "generator.rules", "generator.pictures", "generator.costs", "reference")
_TARGET = re.compile(r"^([a-z-]+):.*## (.*)$", re.MULTILINE)


class Option(NamedTuple):
    """One option: how it is written, and what it does."""

    spelling: str
    about: str


def page() -> str:
    """The whole page."""
    lines = [HEAD + "\n## make", ""]
    lines += table(("target", "does"), [(code(f"make {name}"), plain(about)) for name, about in targets()])
    lines += ["", "## python -m", ""]
    for module in MODULES:
        lines += ["```", _help(module), "```", ""]
    lines += [
        *_verbs(),
        "",
        "## local-cloudformation",
        "",
        *_described(local_cloudformation, "local-cloudformation"),
        "",
    ]
    lines += _options(_of(local_cloudformation, "local-cloudformation"))
    return "\n".join(lines) + "\n"


def targets() -> list[tuple[str, str]]:
    """The targets of the Makefile and what `make help` says about them."""
    return _TARGET.findall((ROOT / "Makefile").read_text(encoding="utf-8"))


def verbs() -> dict[str, click.Command]:
    """The verbs of `deploy-stack` in the order in which it lists them."""
    context = click.Context(cli, info_name="deploy-stack")
    found = {name: cli.get_command(context, name) for name in COMMANDS}
    return {name: command for name, command in found.items() if command is not None}


def _verbs() -> list[str]:
    """All of `deploy-stack`: what most verbs take once, then each verb with its own."""
    found = {name: _of(command, f"deploy-stack {name}") for name, command in verbs().items()}
    times = Counter(option for options in found.values() for option in options)
    common = [option for option, number in times.items() if number > len(found) / 2]
    lines = ["## deploy-stack", "", *_described(cli, "deploy-stack"), "", "```", EPILOG.strip("\b\n"), "```", ""]
    lines += [f"Taken by {_who(common, found)}:", "", *_options(common)]
    for name, command in verbs().items():
        lines += ["", f"### deploy-stack {name}", "", *_described(command, f"deploy-stack {name}")]
        own = [option for option in found[name] if option not in common]
        lines += ["", *_options(own)] if own else []
    return lines


def _who(common: Iterable[Option], found: dict[str, list[Option]]) -> str:
    without = [name for name, options in found.items() if not set(common) <= set(options)]
    return f"every verb; {', '.join(map(code, without))} has fewer" if without else "every verb"


def _described(command: click.Command, name: str) -> list[str]:
    """Usage and description of a command; what click keeps as typed (after a line of `\\b`) becomes a code block."""
    context = click.Context(command, info_name=name)
    lines = ["```", " ".join([name, *command.collect_usage_pieces(context)]), "```", ""]
    for paragraph in inspect.cleandoc(command.help or "").replace("\r", "").split("\n\n"):
        kept, _, typed = paragraph.rpartition("\b\n")
        if typed != paragraph or kept:
            lines += ["```", *(line.strip() for line in typed.splitlines()), "```", ""]
        else:
            lines += [*plain(paragraph).splitlines(), ""]
    return lines[:-1]


def _of(command: click.Command, name: str) -> list[Option]:
    """The options of a command, without --help."""
    context = click.Context(command, info_name=name)
    records = [each.get_help_record(context) for each in command.params if isinstance(each, click.Option)]
    return [Option(*record) for record in records if record]


def _options(options: Sequence[Option]) -> list[str]:
    return table(("option", "does"), [(code(option.spelling), plain(option.about)) for option in options])


def _help(module: str) -> str:
    """What `python -m MODULE [COMMAND] --help` prints, at a width of its own."""
    done = subprocess.run(
        [sys.executable, "-m", *module.split(), "--help"],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "110", "PYTHONPATH": f"{ROOT}:{ROOT / 'scripts'}"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.rstrip()
