"""The plan as a file: what was reviewed, so that another job can execute exactly that.

In: plans. Out: a JSON file, and back. Refuses to know: whether it still holds (see `freshness`).
It holds no NoEcho value and no secret; digests are made without them. Written to a temporary file and renamed.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy_stack.exits import DeployError, Exit
from deploy_stack.planning import Planned

FORMAT = 1
FOLDER = ".aldeia"


@dataclass(frozen=True)
class Entry:
    """One stack of a plan file."""

    name: str
    stack_name: str
    stack_id: str
    change_set_id: str
    operation: str
    stack_token: str
    stack_status: str
    template_digest: str
    parameters_digest: str
    changes_digest: str
    parameters: Mapping[str, str]
    ssm: Mapping[str, str]
    depends_on: tuple[str, ...]
    version: str
    protect: bool | None
    policy: Mapping[str, Any] | None
    findings: tuple[str, ...]
    review: Mapping[str, Any]
    images: Mapping[str, str] = field(default_factory=dict)  # the tag that will run, by repository

    @property
    def resources(self) -> int:
        """How many resources the change set touches."""
        return len(self.review.get("Changes", ()))


@dataclass(frozen=True)
class PlanFile:
    """A whole plan."""

    environment: str
    account: str
    region: str
    caller: str
    created: str
    version: str
    revision: str | None
    verdict: str
    allowed: tuple[str, ...]
    stacks: tuple[Entry, ...]
    waiting: tuple[str, ...] = ()
    restores: Mapping[str, int] | None = None


def default_path(environment: str) -> Path:
    """Return where a plan lies when nobody says where."""
    return Path(FOLDER) / f"{environment}.plan.json"


def entry(planned: Planned, ssm: Mapping[str, str]) -> Entry:
    """Return a plan's line in the file. `ssm` are the SSM names its parameters are read from."""
    from deploy_stack.render.json_form import review_json

    settings = {each.name: each.after for each in planned.review.values if each.kind == "setting"}
    protect = settings.get("TerminationProtection")
    return Entry(
        name=planned.spec.name,
        stack_name=planned.spec.stack_name,
        stack_id=planned.stack_id,
        change_set_id=planned.change_set_id,
        operation=planned.review.operation,
        stack_token=planned.stack_token,
        stack_status=planned.stack_status,
        template_digest=planned.template_digest,
        parameters_digest=planned.parameters_digest,
        changes_digest=planned.changes_digest,
        parameters=dict(planned.chosen),
        ssm=dict(ssm),
        depends_on=planned.spec.depends_on,
        version=planned.spec.version,
        protect=None if protect is None else protect == "on",
        policy=planned.spec.policy if "StackPolicy" in settings else None,
        findings=tuple(each.key for each in planned.review.blocking),
        review=review_json(planned.review),
        images={
            image.repository: planned.chosen[image.parameter]
            for image in planned.spec.images
            if planned.chosen.get(image.parameter)
        },
    )


def write(plan: PlanFile, path: Path) -> None:
    """Write the plan file, whole or not at all, readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.parent.name == FOLDER and not (path.parent / ".gitignore").exists():
        (path.parent / ".gitignore").write_text("*\n", encoding="utf-8")
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(as_json(plan), file, indent=2)
            file.write("\n")
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def as_json(plan: PlanFile) -> dict[str, Any]:
    """Return the plan as it stands in the file."""
    return {
        "Format": FORMAT,
        "Environment": plan.environment,
        "Account": plan.account,
        "Region": plan.region,
        "Caller": plan.caller,
        "CreatedAt": plan.created,
        "Version": plan.version,
        "Revision": plan.revision,
        "Verdict": plan.verdict,
        "Allowed": list(plan.allowed),
        "Restores": dict(plan.restores or {}),
        "Stacks": [_entry_json(each) for each in plan.stacks],
        "Waiting": list(plan.waiting),
    }


def _entry_json(line: Entry) -> dict[str, Any]:
    return {
        "Name": line.name,
        "StackName": line.stack_name,
        "StackId": line.stack_id,
        "ChangeSetId": line.change_set_id,
        "Operation": line.operation,
        "StackToken": line.stack_token,
        "StackStatus": line.stack_status,
        "TemplateDigest": line.template_digest,
        "ParametersDigest": line.parameters_digest,
        "ChangesDigest": line.changes_digest,
        "Parameters": dict(line.parameters),
        "SsmParameters": dict(line.ssm),
        "DependsOn": list(line.depends_on),
        "Version": line.version,
        "TerminationProtection": line.protect,
        "StackPolicy": line.policy,
        "Blocking": list(line.findings),
        "Review": line.review,
        "Images": dict(line.images),
    }


def read(path: Path) -> PlanFile:
    """Return a plan file. Raises DeployError that names the file and what is wrong with it."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DeployError(
            f"{path}: there is no such plan file", exit_code=Exit.USAGE, next_step="make one with deploy-stack plan"
        ) from None
    except (ValueError, OSError) as error:
        raise DeployError(f"{path}: not a plan file: {error}", exit_code=Exit.USAGE) from None
    try:
        if found["Format"] != FORMAT:
            raise DeployError(
                f"{path}: Format: found {found['Format']!r}, expected {FORMAT}: made by another version",
                exit_code=Exit.STALE,
                next_step="plan again with this version",
            )
        return _from_json(found)
    except (KeyError, TypeError, AttributeError) as error:
        raise DeployError(f"{path}: not a plan file: {error} is missing or wrong", exit_code=Exit.USAGE) from None


def _from_json(found: Mapping[str, Any]) -> PlanFile:
    return PlanFile(
        environment=found["Environment"],
        account=found["Account"],
        region=found["Region"],
        caller=found["Caller"],
        created=found["CreatedAt"],
        version=found["Version"],
        revision=found["Revision"],
        verdict=found["Verdict"],
        allowed=tuple(found["Allowed"]),
        restores=found["Restores"],
        stacks=tuple(_entry_from_json(each) for each in found["Stacks"]),
        waiting=tuple(found["Waiting"]),
    )


def _entry_from_json(row: Mapping[str, Any]) -> Entry:
    return Entry(
        name=row["Name"],
        stack_name=row["StackName"],
        stack_id=row["StackId"],
        change_set_id=row["ChangeSetId"],
        operation=row["Operation"],
        stack_token=row["StackToken"],
        stack_status=row["StackStatus"],
        template_digest=row["TemplateDigest"],
        parameters_digest=row["ParametersDigest"],
        changes_digest=row["ChangesDigest"],
        parameters=row["Parameters"],
        ssm=row["SsmParameters"],
        depends_on=tuple(row["DependsOn"]),
        version=row["Version"],
        protect=row["TerminationProtection"],
        policy=row["StackPolicy"],
        findings=tuple(row["Blocking"]),
        review=row["Review"],
        images=row.get("Images", {}),
    )


def verdict(plans: Sequence[Planned], allowed: frozenset[str]) -> str:
    """Return the plan in one word: nothing, changes, blocked."""
    if any(each.review.blocked_by(allowed) for each in plans):
        return "blocked"
    return "changes" if plans else "nothing"
