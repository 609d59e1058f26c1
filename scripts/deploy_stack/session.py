"""Begin a command: find the files, read and check them, open the session.

In: `Options`. Out: a `Run` and the chosen stacks. Raises DeployError for everything that can be told without an account.
Refuses to know: what the verb does. Clients are made in the background while files are being read.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import click

from deploy_stack.aws import Aws, choose_region
from deploy_stack.exits import DeployError, Exit
from deploy_stack.narrate import Narrator
from deploy_stack.options import Options
from deploy_stack.pace import TokenBucket
from deploy_stack.preflight import end_stale_check, finish_stale_check, start_stale_check
from deploy_stack.project import Environment, StackSpec, read_environment, read_target
from deploy_stack.run import Run
from deploy_stack.source import Source, WorkingTree, revision
from deploy_stack.values import Overrides, check_files, check_overrides, parse_assignments
from generator.parameters import is_ssm_value


def folders(options: Options) -> tuple[Path, Path]:
    """Return the folders of templates and parameters: as given, else those of the nearest project, else this one's."""
    here = Path.cwd()
    home = Path(__file__).resolve().parents[2]
    root = next((each for each in (here, *here.parents) if (each / "templates").is_dir()), home)
    return options.templates_dir or root / "templates", options.parameters_dir or root / "parameters"


def source_of(options: Options, templates: Path) -> Source:
    """Return the working tree, or the revision that was asked for."""
    return revision(options.at, templates) if options.at else WorkingTree()


def open_session(options: Options, *, warm: Sequence[str]) -> tuple[Run, Source]:
    """Return a run over everything that the files say about the environment; nothing has been asked of AWS yet."""
    templates, parameters = folders(options)
    source = source_of(options, templates)
    if source.read(parameters, f"{options.environment}/target.json") is None:
        read_environment(options.environment, source, templates, parameters)  # says which environments there are
    target = read_target(options.environment, source, parameters)
    stop = threading.Event()
    aws = Aws(
        region=choose_region(target, options.region, options.profile),
        profile=options.profile,
        endpoint_url=options.endpoint_url,
        bucket=TokenBucket(sleep=stop.wait),
    )
    aws.warm(*warm)
    run = Run(
        environment=read_environment(options.environment, source, templates, parameters),
        aws=aws,
        narrator=Narrator(),
        allowed=frozenset(options.allow),
        yes=options.yes,
        wait=options.wait,
        stop=stop,
        patience=options.patience,
    )
    return run, source


def begin(options: Options, *, warm: Sequence[str] = ("cloudformation",)) -> tuple[Run, tuple[StackSpec, ...]]:
    """Return the run and the chosen stacks, for verbs that read, watch or clean up."""
    run, _ = open_session(options, warm=warm)
    return run, run.environment.select(options.stacks)


def begin_change(
    options: Options, *, choose: Callable[[Environment], Sequence[str]] | None = None
) -> tuple[Run, tuple[StackSpec, ...]]:
    """Return the run and the chosen stacks, for verbs that make change sets: everything offline is checked.

    `choose` names the stacks for a verb that does not take them as arguments.
    """
    run, source = open_session(options, warm=("cloudformation",))
    templates, _ = folders(options)
    specs = run.environment.select(choose(run.environment) if choose else options.stacks)
    if any(is_ssm_value(each) for spec in specs for each in spec.declared.values()):
        run.aws.warm("ssm")
    run.overrides = read_overrides(options, run.environment, specs)
    check_offline(specs, run.overrides)
    if isinstance(source, WorkingTree):
        check = start_stale_check(templates)
        run.guard, run.dispose = _refuse_stale(check), lambda: end_stale_check(check)
    return run, specs


def _refuse_stale(check: subprocess.Popen[str] | None) -> Callable[[], None]:
    """Return what every stack calls before its change set: it raises while the templates are stale."""
    lock = threading.Lock()
    found: list[str] = []

    def guard() -> None:
        with lock:
            if not found:
                found.append(finish_stale_check(check))
        if found[0]:
            raise DeployError(
                f"the templates are stale:\n{found[0]}",
                next_step="run make templates, look at the difference, commit it",
            )

    return guard


def check_offline(specs: Sequence[StackSpec], overrides: Overrides) -> None:
    """Raise DeployError that lists every mistake in the parameter files and the options."""
    mistakes = [*check_overrides(overrides, specs), *(text for spec in specs for text in check_files(spec, overrides))]
    if mistakes:
        count = f"{len(mistakes)} mistakes in the parameters" if len(mistakes) > 1 else "a mistake in the parameters"
        raise DeployError(f"{count}:\n  " + "\n  ".join(mistakes))


def read_overrides(options: Options, environment: Environment, specs: Sequence[StackSpec]) -> Overrides:
    """Return the values of the command line. Raises DeployError (usage) for a form that cannot be read."""
    images = {}
    for text in options.images:
        name, equals, tag = text.partition("=")
        if not equals or not name or not tag:
            raise DeployError(f"--image {text}: expected NAME=TAG, such as backend=v1.4.2", exit_code=Exit.USAGE)
        images[name] = tag
    unknown = sorted(
        key.partition(":")[2].partition("/")[0]
        for key in options.allow
        if key.partition(":")[2].partition("/")[0] not in {each.name for each in environment.stacks}
    )
    if unknown:
        raise DeployError(
            f"--allow: {', '.join(unknown) or 'nothing'} is no stack of {environment.name}; an id reads RULE:STACK/RESOURCE",
            exit_code=Exit.USAGE,
        )
    found = Overrides(parameters=parse_assignments(options.parameters, "--parameter"), images=images)
    if options.secret_parameters:
        mistakes = check_overrides(replace(found, secrets=dict.fromkeys(options.secret_parameters, "")), specs)
        if mistakes:
            raise DeployError("\n".join(mistakes), exit_code=Exit.USAGE)
    return replace(found, secrets={key: _secret(key) for key in options.secret_parameters})


def _secret(key: str) -> str:
    """Ask for a secret without showing it, or read one line where nobody can be asked."""
    if sys.stdin.isatty():
        return str(click.prompt(key, hide_input=True, err=True))
    line = sys.stdin.readline()
    if not line:
        raise DeployError(f"--secret-parameter {key}: there is no line for it on stdin", exit_code=Exit.USAGE)
    return line.rstrip("\r\n")
