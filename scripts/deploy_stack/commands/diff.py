"""`deploy-stack diff`: the review between two states of the files, without an account.

In: an environment and two revisions, or one and the tree. Out: the same review as `plan`, from the same engine of changes
that the embedded CloudFormation runs. Refuses to know: what is deployed; values that only an account knows stay names.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from deploy_stack.options import Options, form_options, stack_arguments

if TYPE_CHECKING:
    from deploy_stack.project import Environment, StackSpec
    from deploy_stack.review.model import Review


@click.command("diff")
@stack_arguments
@click.option("--from", "old", default="HEAD", show_default=True, metavar="REV", help="The git revision to start from.")
@click.option("--to", "new", metavar="REV", help="The revision to compare with, instead of the working tree.")
@click.option("--allow", multiple=True, metavar="ID", help="Do not end with 11 for this change. May be repeated.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON on stdout.")
@form_options
@click.option("--templates-dir", type=click.Path(path_type=Path), help="Templates, instead of templates/.")
@click.option("--parameters-dir", type=click.Path(path_type=Path), help="Parameter files, instead of parameters/.")
def command(old: str, new: str | None, markdown: Path | None, html: Path | None, **typed: Any) -> int:
    """Review the difference between two git revisions, or a revision and the working tree. No account is needed.

    Ends with 0 when nothing differs, 10 when something does, 11 when it would lose data.

    \b
      deploy-stack diff staging
      deploy-stack diff production --from v0.1.0 --to v0.2.0 --markdown diff.md
    """
    import json

    from deploy_stack.exits import Exit
    from deploy_stack.forms import Forms, write_html, write_markdown
    from deploy_stack.render.json_form import review_json

    options = Options(**typed)
    Forms(markdown, html).check()
    allowed = frozenset(options.allow)
    environment, reviews, same = compare(options, old, new)
    if options.as_json:
        rows = [review_json(each, allowed) for each in reviews]
        click.echo(json.dumps({"Environment": options.environment, "Stacks": rows, "Unchanged": same}, indent=2))
    else:
        _show(reviews, allowed)
        if same:
            click.echo(f"nothing differs: {', '.join(same)}", err=True)
    write_markdown(markdown, options.environment, reviews, same, [])
    facts = (("From", old), ("To", new or "the working tree"), ("Region", environment.target.region))
    templates = {each.name: each.template for each in environment.stacks}
    write_html(html, environment, reviews, templates, facts=facts, allowed=allowed, unchanged=tuple(same))
    if any(each.blocked_by(allowed) for each in reviews):
        return Exit.BLOCKED
    return Exit.CHANGES_WAITING if reviews else Exit.DONE


def compare(options: Options, old: str, new: str | None) -> tuple[Environment, list[Review], list[str]]:
    """Return what is compared with, the reviews of the stacks that differ, and the names of those that do not."""
    from deploy_stack.exits import DeployError, Exit
    from deploy_stack.project import read_environment
    from deploy_stack.session import folders
    from deploy_stack.source import WorkingTree, revision

    templates, parameters = folders(options)
    before = _environment(options.environment, revision(old, templates), templates, parameters)
    source = revision(new, templates) if new else WorkingTree()
    after = read_environment(options.environment, source, templates, parameters)
    olds = {each.name: each for each in before.stacks} if before else {}
    news = {each.name: each for each in after.stacks}
    names = [*news, *(name for name in olds if name not in news)]
    unknown = sorted(set(options.stacks) - set(names))
    if unknown:
        raise DeployError(
            f"{', '.join(unknown)}: no such stack in {options.environment}; there are {', '.join(names)}",
            exit_code=Exit.USAGE,
        )
    reviews, same = [], []
    for name in names:
        if options.stacks and name not in options.stacks:
            continue
        found = review_between(olds.get(name), news.get(name), after)
        if found.changes or found.values:
            reviews.append(found)
        else:
            same.append(name)
    return after, reviews, same


def _environment(name: str, source: Any, templates: Path, parameters: Path) -> Environment | None:
    """Return the environment of a revision, or None when that revision does not have it yet."""
    from deploy_stack.project import read_environment

    if source.read(templates, f"{name}/manifest.json") is None:
        return None
    return read_environment(name, source, templates, parameters)


def review_between(old: StackSpec | None, new: StackSpec | None, environment: Environment) -> Review:
    """Return the review of one stack between two states of its files; None stands for "not there"."""
    from local_cloudformation import ServiceError, changes_between

    from deploy_stack.exits import DeployError
    from deploy_stack.review.build import resource_changes
    from deploy_stack.review.ownership import with_owners
    from deploy_stack.review.pricing import State, cost_between
    from deploy_stack.review.reviewing import review

    spec = new or old
    assert spec is not None  # noqa: S101  a name comes from one of the two
    try:
        changes = changes_between(
            dict(old.template) if old else None,
            values(old),
            dict(new.template) if new else None,
            values(new),
            old_tags=dict(old.tags) if old else None,
            new_tags=dict(new.tags) if new else None,
            stack_name=spec.stack_name,
            account=environment.target.account,
            region=environment.target.region,
        )
    except ServiceError as error:
        raise DeployError(f"{spec.template_file}: {error}") from error
    before, after = (State(each.template, values(each)) if each else State() for each in (old, new))
    cost, notes = cost_between(environment, spec.name, before, after, datetime.now(UTC).date())
    return review(
        stack=spec.name,
        stack_name=spec.stack_name,
        operation="CREATE" if old is None else "UPDATE" if new else "DELETE",
        changes=with_owners(resource_changes(changes), old.template if old else {}),
        values=_beside(old, new),
        notes=notes,
        cost=cost,
    )


def values(spec: StackSpec | None) -> dict[str, str]:
    """Return the parameters that the files give; defaults are the engine's matter, NoEcho ones nobody's."""
    from generator.parameters import is_no_echo

    if spec is None or not isinstance(spec.entries, list):
        return {}
    found = {each["ParameterKey"]: str(each["ParameterValue"]) for each in spec.entries}
    return {key: value for key, value in found.items() if not is_no_echo(spec.declared.get(key, {}))}


def _beside(old: StackSpec | None, new: StackSpec | None) -> tuple[Any, ...]:
    from deploy_stack.review.model import ValueChange
    from deploy_stack.surroundings import differences, output_values

    if old is None or new is None:
        return ()
    settings = []
    if old.termination_protection != new.termination_protection:
        words = {True: "on", False: "off"}
        before, after = words[old.termination_protection], words[new.termination_protection]
        settings.append(ValueChange("setting", "TerminationProtection", before, after))
    return (
        *settings,
        *differences("parameter", values(old), values(new)),
        *differences("tag", old.tags, new.tags),
        *differences("output", output_values(old.template), output_values(new.template)),
    )


def _show(reviews: list[Review], allowed: frozenset[str]) -> None:
    import sys

    from deploy_stack.render.table import text

    for each in reviews:
        click.echo(text(each, allowed, terminal=sys.stdout.isatty()), nl=False)
