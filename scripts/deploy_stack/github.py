"""Failures where a reader of a GitHub run sees them first: at the head of the run, not in the log of a job.

In: a title and a text. Out: a workflow command on stderr, and nothing anywhere but in a GitHub job.
"""

from __future__ import annotations

import os

import click


def error(title: str, text: str) -> None:
    """Annotate the run with an error (GitHub docs, "Workflow commands": GITHUB_ACTIONS, ::error, escaping)."""
    if os.environ.get("GITHUB_ACTIONS") == "true":
        click.echo(f"::error title={_escape(title, also=':,')}::{_escape(text)}", err=True)


def _escape(text: str, also: str = "") -> str:
    for sign in "%\r\n" + also:
        text = text.replace(sign, f"%{ord(sign):02X}")
    return text
