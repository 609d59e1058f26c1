"""`deploy-stack images`: the images of an environment in ECR: which they are, what their scans found; gives them a tag.

In: an environment, and tags or what runs now. Out: a row for each image. Refuses to know: how an image is built or deployed.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from deploy_stack.options import Options, session_options

if TYPE_CHECKING:
    from deploy_stack.exits import Exit
    from deploy_stack.imaging import Row
    from deploy_stack.run import Run


@click.command("images")
@click.argument("environment", metavar="ENVIRONMENT")
@session_options
@click.option(
    "--image",
    "images",
    multiple=True,
    metavar="NAME=TAG",
    help="Look at this tag instead of what runs. May be repeated.",
)
@click.option("--wait-scan", is_flag=True, help="Wait for the scans, and end with 11 for what --fail-on names.")
@click.option(
    "--fail-on",
    type=click.Choice(["CRITICAL", "HIGH", "MEDIUM", "LOW"]),
    default="CRITICAL",
    show_default=True,
    help="The lowest severity that --wait-scan does not let pass.",
)
@click.option(
    "--scan-timeout",
    type=click.FloatRange(min=0),
    default=600.0,
    show_default=True,
    metavar="SECONDS",
    help="How long --wait-scan waits.",
)
@click.option("--allow", multiple=True, metavar="ID", help="Let exactly this finding pass. May be repeated.")
@click.option("--tag", metavar="TAG", help="Give every image this tag too, for example v1.4.2 to keep a release.")
@click.option("--markdown", "report", type=click.Path(path_type=Path), metavar="FILE", help="Also write Markdown.")
def command(
    wait_scan: bool, fail_on: str, scan_timeout: float, tag: str | None, report: Path | None, **typed: Any
) -> int:
    """Show images and what their scans found. Without --image, those that the environment runs now.

    Basic and enhanced scanning are both understood, and an image that buildx pushed with attestations is looked up by what
    its index lists. With --wait-scan a finding that is severe enough, or an image that could not be scanned, ends with 11.

    \b
      deploy-stack images production
      deploy-stack images staging --image backend=4f2c1ab --wait-scan
      deploy-stack images production --image backend=4f2c1ab --tag v42
    """
    from deploy_stack.commands.common import watching
    from deploy_stack.session import open_session

    options = Options(**typed)
    run, _ = open_session(options, warm=("ecr", "sts"))
    limit = fail_on if wait_scan else None
    return watching(run, lambda: _images(run, options, limit, scan_timeout, tag=tag, report=report))


def _images(
    run: Run, options: Options, limit: str | None, timeout: float, *, tag: str | None, report: Path | None
) -> Exit:
    """Look, show, judge by `limit` (None for no judgement), tag."""
    import json

    from deploy_stack import imaging, registry
    from deploy_stack.exits import Exit
    from deploy_stack.forms import write_text
    from deploy_stack.preflight import check_account

    check_account(run.caller().account, run.environment.target, run.environment.name)
    rows = imaging.look(run, imaging.wanted(run, options.images), timeout if limit else None)
    if report:
        write_text(report, imaging.markdown(run.environment.name, rows))
    blocking = imaging.blocking(rows, limit) if limit else []
    if options.as_json:
        shown = [imaging.as_json(each) for each in rows]
        click.echo(json.dumps({"Environment": run.environment.name, "Images": shown, "Blocking": blocking}, indent=2))
    else:
        for row in rows:
            click.echo(imaging.text(row), nl=False)
    refused = [each for each in blocking if each not in run.allowed]
    if refused:
        _refuse(run, rows, refused)
        return Exit.BLOCKED
    for row in rows if tag else ():
        given = registry.give_tag(run.aws, row.image, str(tag))
        run.narrator.say(f"{row.image.repository}:{row.image.tag} {'is now' if given else 'was already'} {tag}")
    return Exit.DONE


def _refuse(run: Run, rows: list[Row], refused: list[str]) -> None:
    from deploy_stack import github

    stopped = {each.partition(":")[2].partition("/")[0] for each in refused}
    names = ", ".join(row.name for row in rows if row.name in stopped)
    text = f"{names}: the scan does not let it pass: {', '.join(refused)}"
    github.error("The image scan stops this release", text)
    run.narrator.insist(
        f"blocked: {text}\n  to let exactly this pass: {' '.join(f'--allow {each}' for each in refused)}"
    )
