"""`deploy-stack plan`: make change sets, show what they would do, write the plan file.

In: an environment. Out: reviews on stdout, a plan file, exit 0 (nothing), 10 (changes), 11 (blocked).
Refuses to know: how a plan is executed.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from deploy_stack.options import (
    Options,
    change_options,
    form_options,
    revision_option,
    session_options,
    stack_arguments,
)

if TYPE_CHECKING:
    from deploy_stack.exits import Exit
    from deploy_stack.forms import Files
    from deploy_stack.run import Run
    from deploy_stack.workflow import Plans


@click.command("plan")
@stack_arguments
@session_options
@change_options
@revision_option
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="The plan file to write.")
@form_options
def command(out: Path | None, markdown: Path | None, html: Path | None, **typed: Any) -> int:
    """Make change sets and show what they would really do.

    Nothing is executed. The plan file (.aldeia/ENVIRONMENT.plan.json unless --out) is what `apply` executes, in
    this job or in another one. Ends with 0 when there is nothing to change, 10 when changes wait, 11 when one is blocked.

    \b
      deploy-stack plan staging
      deploy-stack plan production fargate --image backend=v1.4.2 --markdown review.md
      deploy-stack plan production --at v0.2.0
      deploy-stack plan production --html review.html
    """
    from deploy_stack.commands.common import watching
    from deploy_stack.forms import Files, Forms
    from deploy_stack.session import begin_change

    options, forms = Options(**typed), Forms(markdown, html)
    forms.check()
    run, specs = begin_change(options)
    return watching(run, lambda: _plan(run, specs, options, Files(out, forms)))


def _plan(run: Run, specs: Any, options: Options, files: Files) -> Exit:
    from deploy_stack.workflow import plan_all

    return leave(run, plan_all(run, specs), options, files)


def leave(run: Run, plans: Plans, options: Options, files: Files, restores: dict[str, int] | None = None) -> Exit:
    """Save the plans, show them, write their forms, and say what executes them."""
    import json

    from deploy_stack.commands.common import shower
    from deploy_stack.exits import worst
    from deploy_stack.forms import Pages
    from deploy_stack.workflow import show

    path = save(run, plans, options, files.plan, restores)
    show(run, plans, shower(run, as_json=options.as_json))
    Pages(run, files.forms, ("deploy-stack", "apply", str(path))).add(plans)
    code = worst(plans.exit_codes(run.allowed))
    if options.as_json:
        click.echo(json.dumps(plans_json(run, plans, path), indent=2))
    elif path:
        run.narrator.say(next_text(path, code))
    return code


def next_text(path: Path, code: Exit) -> str:
    """Say where the plan is, and what to do with it: one that is blocked is applied by nobody who does not say so."""
    from deploy_stack.exits import Exit

    if code is Exit.BLOCKED:
        step = f"mend it and plan again; or, if it is meant: deploy-stack apply {path} --allow ID, for each ID above"
    else:
        step = f"deploy-stack apply {path}"
    return f"plan file: {path}\n  next: {step}"


def save(
    run: Run, plans: Plans, options: Options, out: Path | None, restores: dict[str, int] | None = None
) -> Path | None:
    """Write the plan file and return where; nothing to execute, nothing to write."""
    from datetime import UTC, datetime

    from deploy_stack import planfile
    from deploy_stack.commands.common import folders, revision_of
    from deploy_stack.values import ssm_names
    from deploy_stack.workflow import waiting_text

    path = out or planfile.default_path(run.environment.name)
    if not plans.planned:
        path.unlink(missing_ok=True)  # an old plan must not be taken for this one's
        return None
    who = run.caller()
    planfile.write(
        planfile.PlanFile(
            environment=run.environment.name,
            account=who.account,
            region=run.aws.region,
            caller=who.arn,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            version=run.environment.version,
            revision=revision_of(options.at, *folders(options)),
            verdict=planfile.verdict(plans.planned, run.allowed),
            allowed=tuple(sorted(run.allowed)),
            stacks=tuple(planfile.entry(each, ssm_names(each.spec, each.chosen)) for each in plans.planned),
            waiting=tuple(waiting_text(run, each) for each in plans.waiting),
            restores=restores,
        ),
        path,
    )
    return path


def plans_json(run: Run, plans: Plans, path: Path | None) -> dict[str, Any]:
    """Return a whole plan for machines."""
    from deploy_stack.planfile import verdict
    from deploy_stack.render.json_form import review_json
    from deploy_stack.workflow import waiting_text

    return {
        "Environment": run.environment.name,
        "Verdict": verdict(plans.planned, run.allowed),
        "PlanFile": str(path) if path else None,
        "Stacks": [
            {**review_json(each.review, run.allowed), "StackId": each.stack_id, "ChangeSetId": each.change_set_id}
            for each in plans.planned
        ],
        "Unchanged": [each.spec.name for each in plans.unchanged],
        "Waiting": [waiting_text(run, each) for each in plans.waiting],
        "Errors": {name: error.message for name, error in plans.errors.items()},
    }
