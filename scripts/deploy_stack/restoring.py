"""Find the version deployed before, and make stacks of it that can be planned like any other.

In: a `Run`, stacks, the record of releases. Out: `Restore`s. Refuses to know: how they are deployed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from deploy_stack import releases, stacks
from deploy_stack.exits import DeployError
from deploy_stack.project import StackSpec
from deploy_stack.releases import Release
from deploy_stack.run import Run
from deploy_stack.source import Revision
from deploy_stack.templates import digest


@dataclass(frozen=True)
class Restore:
    """A stack as an earlier release had it."""

    spec: StackSpec
    release: Release


def choose(run: Run, specs: Sequence[StackSpec], to: str | None, *, named: bool) -> dict[str, Release]:
    """Return the release that each stack goes back to.

    Without names only the stacks of the newest deployment go back: the others are already what they were before it.
    `to` is a version, or for a single stack a number of `--list`. Raises DeployError when there is nothing to go back to.
    """
    histories = {each.name: releases.history(run.aws, run.environment.name, each.name) for each in specs}
    if to is not None:
        found = {name: _named(name, rows, to) for name, rows in histories.items() if named or rows}
    else:
        newest = max((rows[-1] for rows in histories.values() if rows), key=lambda each: each.time, default=None)
        found = {}
        for spec in specs:
            rows = histories[spec.name]
            if not rows or (not named and newest and rows[-1].run != newest.run):
                continue
            earlier = releases.before(rows, deployed_digest(run, spec))
            if earlier:
                found[spec.name] = earlier
    if not found:
        raise DeployError(
            f"{run.environment.name}: no version deployed before is recorded",
            next_step="deploy an earlier git tag instead: deploy-stack plan ENVIRONMENT --at TAG",
        )
    return found


def deployed_digest(run: Run, spec: StackSpec) -> str:
    """Return the digest of the template that the stack has now."""
    return digest(stacks.template_of(run.aws, spec.stack_name))


def _named(name: str, rows: Sequence[Release], to: str) -> Release:
    for each in reversed(rows):
        if to in {each.version, str(each.number)}:
            return each
    known = ", ".join(f"{each.number} ({each.version})" for each in rows) or "none"
    raise DeployError(f"{name}: no release {to}; there are {known}")


def restore(run: Run, spec: StackSpec, release: Release, templates: Path) -> Restore:
    """Return the stack as the release had it: its template found by digest, its parameters from the record.

    Tags, stack policy and protection stay those of the present files; the weight of the requests and the home of the data stay
    where the last move put them. What is given while a stack is created is not given again, and a release keeps its machine image,
    whether or not there is a newer one.
    """
    template = find_template(run, spec, release, templates)
    declared = template.get("Parameters") or {}
    entries = [
        {"ParameterKey": key, "ParameterValue": value}
        for key, value in release.parameters.items()
        if key in declared and key not in spec.kept and key not in spec.create_parameters
    ]
    label = f"release {release.number} of {spec.name}"
    earlier = replace(
        spec, template=template, template_file=label, entries=entries, parameters_file=label, machine_images=()
    )
    return Restore(spec=earlier, release=release)


def find_template(run: Run, spec: StackSpec, release: Release, templates: Path) -> Mapping[str, Any]:
    """Return the template with the release's digest. Raises DeployError that says where it was looked for."""
    if digest(spec.template) == release.template:
        return spec.template
    if release.revision:
        text = _at_revision(release.revision, templates, f"{spec.environment}/{spec.name}.json")
        if text is not None and digest(text) == release.template:
            return text
    kept = releases.kept_template(run.aws, release.template)
    if kept is not None:
        return kept
    where = f"git revision {release.revision[:12]}" if release.revision else "no git revision (the tree had changes)"
    raise DeployError(
        f"{spec.stack_name}: the template of release {release.number} ({release.version}) is not to be found: "
        f"{where}, not in the artifacts bucket",
        next_step="fetch the git history, or deploy an earlier tag: deploy-stack plan ENVIRONMENT --at TAG",
    )


def _at_revision(commit: str, templates: Path, path: str) -> dict[str, Any] | None:
    import json

    text = Revision(commit, commit).read(templates, path)
    if text is None:
        return None
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
