"""The command line: which verbs there are, and how errors end.

In: argv. Out: an exit code. Refuses to know: what the verbs do; each is a module of `commands`, imported when it is
called, so that `--help` costs click and nothing more.
"""

from __future__ import annotations

import gc
import importlib
import os
import signal
import sys
from contextlib import suppress
from types import FrameType

import click

from deploy_stack import github
from deploy_stack.exits import DeployError, Exit
from generator import VERSION

# verb: (module, what the list of verbs says about it)
COMMANDS: dict[str, tuple[str, str]] = {
    "plan": ("plan", "Make change sets, review them, write a plan file."),
    "apply": ("apply", "Execute exactly what a plan file says, or refuse."),
    "deploy": ("deploy", "Plan, ask, apply."),
    "move": ("move", "Move an environment between EC2 and Fargate."),
    "status": ("status", "State, version, drift and age of each stack."),
    "watch": ("watch", "Follow what is running to its end."),
    "diff": ("diff", "The same review between two revisions, without an account."),
    "images": ("images", "The images, what their scans found; gives them a tag."),
    "outputs": ("outputs", "The stacks' outputs."),
    "drift": ("drift", "Find what was changed by hand."),
    "rollback": ("rollback", "Go back to the version deployed before, or finish a failed rollback."),
    "cancel": ("cancel", "Stop what is running."),
    "delete": ("delete", "Delete stacks, in the right order."),
    "prune": ("prune", "Delete left-over change sets and empty stacks of ours."),
}

EPILOG = """\b
Exit codes:
  0 done or nothing to do      12 the plan is stale
  1 error                      13 failed and rolled back
  2 wrong usage                14 failed and needs a person
  10 changes are waiting       15 lost sight of the operation
  11 blocked until allowed     130 interrupted
"""


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the verbs in the order in which one learns them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a verb's command, or None for no verb of ours."""
        if cmd_name not in COMMANDS:
            return None
        found: click.Command = importlib.import_module(f"deploy_stack.commands.{COMMANDS[cmd_name][0]}").command
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of verbs from the table, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, about) for name, (_, about) in COMMANDS.items()])


@click.group(cls=LazyGroup, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, message="%(prog)s %(version)s")
def cli() -> None:
    """Plan, review and apply CloudFormation change sets.

    Every verb takes ENVIRONMENT [STACK ...]; without a stack it works on the environment's default stacks, in dependency
    order, independent ones side by side.
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and end the process with one of `Exit`."""
    # Service models are a million objects that live to the end: collecting among them only costs time.
    gc.set_threshold(50_000, 20, 20)
    signal.signal(signal.SIGTERM, _terminated)
    code = run(arguments)
    # Nothing is left to be done: the system takes the memory back at once, taking it apart object by object costs 0.1 s.
    with suppress(OSError):  # a reader that is gone, as `head` is
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


def run(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    try:
        return int(cli.main(args=arguments, prog_name="deploy-stack", standalone_mode=False) or 0)
    except click.UsageError as error:
        error.show(file=sys.stderr)
        return Exit.USAGE
    except click.ClickException as error:
        error.show(file=sys.stderr)
        return Exit.ERROR
    except (click.Abort, KeyboardInterrupt):
        click.echo("\ninterrupted", err=True)
        return Exit.INTERRUPTED
    except DeployError as error:
        return _say(error)
    except Exception as error:
        if not type(error).__module__.startswith("botocore"):
            raise
        from deploy_stack.aws import as_deploy_error

        return _say(as_deploy_error(error, "asking AWS"))


def _say(error: DeployError) -> Exit:
    click.echo(f"error: {error.message}", err=True)
    for line in error.next_step.splitlines():
        click.echo(f"  next: {line}", err=True)
    github.error("deploy-stack", f"{error.message}\n{error.next_step}".rstrip())
    return error.exit_code


def _terminated(_: int, __: FrameType | None) -> None:
    """A job that is told to end stops watching as one that is interrupted: the operation goes on in AWS."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
