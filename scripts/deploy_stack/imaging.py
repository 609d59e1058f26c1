"""The images of an environment with their scans: which ones, waiting for what ECR finds, and in which words it is told.

In: a `Run`, names and tags. Out: `Row`s, and the ids of what is too severe. Refuses to know: the command line.
Ids read `vulnerability:IMAGE/NAME` and `unscanned:IMAGE`; they are what `--allow` takes.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from deploy_stack import registry, stacks
from deploy_stack.exits import DeployError, Exit
from deploy_stack.registry import SEVERITIES, Image, Scan
from deploy_stack.run import Run

# Seconds between two looks at scans: a basic one takes some ten seconds, the first enhanced one up to minutes.
_FIRST_LOOK, _LONGEST_LOOK = 0.5, 5.0


@dataclass(frozen=True)
class Row:
    """One image and its scan; None stands for a scan that is not done."""

    name: str
    image: Image
    scan: Scan | None


def wanted(run: Run, given: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return (repository, tag) by name: what `NAME=TAG` says, else what the stacks run now. Raises DeployError."""
    images = {each.name: each for spec in run.environment.stacks for each in spec.images}
    if not images:
        raise DeployError(f"{run.environment.name}: no stack of it takes an image", exit_code=Exit.USAGE)
    if not given:
        return _running(run)
    found = {}
    for text in given:
        name, equals, tag = text.partition("=")
        if not equals or not tag or name not in images:
            raise DeployError(
                f"--image {text}: expected NAME=TAG; names are {', '.join(sorted(images))}", exit_code=Exit.USAGE
            )
        found[name] = images[name].repository, tag
    return found


def _running(run: Run) -> dict[str, tuple[str, str]]:
    found = {}
    for spec in run.environment.select(()):
        stack = stacks.find(run.aws, spec.stack_name) if spec.images else None
        for image in spec.images:
            if stack and stack.parameters.get(image.parameter):
                found[image.name] = image.repository, stack.parameters[image.parameter].value
    if not found:
        raise DeployError(f"{run.environment.name} runs no image yet", next_step="name one: --image NAME=TAG")
    return found


def look(run: Run, wanted: dict[str, tuple[str, str]], timeout: float | None) -> list[Row]:
    """Return a row for each image; with `timeout` (seconds) wait for scans that are not done. Raises DeployError."""
    images = {name: registry.find(run.aws, *where) for name, where in wanted.items()}
    if gone := [":".join(wanted[name]) for name, image in images.items() if image is None]:
        raise DeployError(f"there is no image {', '.join(gone)}", next_step="push it first, or name another tag")
    scans: dict[str, Scan | None] = dict.fromkeys(images)
    deadline, pause = time.monotonic() + (timeout or 0), _FIRST_LOOK
    while True:
        for name, image in images.items():
            if image and scans[name] is None:
                scans[name] = registry.look(run.aws, image)
        late = [name for name, scan in scans.items() if scan is None]
        if not late or time.monotonic() >= deadline:
            break
        run.narrator.say(f"waiting for the scan of {', '.join(late)}")
        run.sleep(min(pause, max(deadline - time.monotonic(), 0.01)))
        pause = min(pause * 1.5, _LONGEST_LOOK)
    missing = Scan(missing=f"no scan was done within {timeout or 0:g} s: is scanning on push on for the repository?")
    return [
        Row(name, image, missing if scans[name] is None and timeout is not None else scans[name])
        for name, image in images.items()
        if image
    ]


def blocking(rows: Iterable[Row], lowest: str) -> list[str]:
    """Return the ids of what is at least as severe as `lowest`, and of images that were not scanned."""
    bad = SEVERITIES[: SEVERITIES.index(lowest) + 1]
    found: dict[str, None] = {}
    for row in rows:
        if row.scan is None or row.scan.missing:
            found[f"unscanned:{row.name}"] = None
            continue
        found |= {f"vulnerability:{row.name}/{each.name}": None for each in row.scan.found if each.severity in bad}
    return list(found)


def text(row: Row) -> str:
    """Return an image's lines: what it is, and everything that is CRITICAL or HIGH."""
    lines = [f"{row.name}  {row.image.repository}:{row.image.tag}  {row.image.digest[:19]}  {summary(row.scan)}"]
    lines += [f"  {each}" for each in _severe(row.scan)]
    return "\n".join(lines) + "\n"


def summary(scan: Scan | None) -> str:
    """Return a scan in a few words."""
    if scan is None:
        return "is not scanned yet"
    if scan.missing:
        return f"not scanned: {scan.missing}"
    counts = scan.counts()
    return ", ".join(f"{count} {severity}" for severity, count in counts.items()) or "nothing found"


def _severe(scan: Scan | None) -> list[str]:
    if scan is None:
        return []
    lines = []
    for each in scan.found:
        if each.severity in {"CRITICAL", "HIGH"}:
            package = f"  {each.package} {each.version}".rstrip()
            lines.append(
                f"{each.severity:8} {each.name}{package}{f' (fixed in {each.fixed_in})' if each.fixed_in else ''}"
            )
    return lines


def markdown(environment: str, rows: Iterable[Row]) -> str:
    """Return the rows for a job summary."""
    lines = [f"## Images for {environment}", "", "| image | tag | digest | scan |", "|---|---|---|---|"]
    rows = list(rows)
    lines += [f"| {row.name} | `{row.image.tag}` | `{row.image.digest[:19]}` | {summary(row.scan)} |" for row in rows]
    for row in rows:
        if severe := _severe(row.scan):
            lines += ["", f"### {row.name}", "", "```", *severe, "```"]
    return "\n".join(lines) + "\n"


def as_json(row: Row) -> dict[str, Any]:
    """Return a row for machines."""
    scan = row.scan
    return {
        "Name": row.name,
        "Repository": row.image.repository,
        "Tag": row.image.tag,
        "Digest": row.image.digest,
        "Scan": None if scan is None else ("MISSING" if scan.missing else "DONE"),
        "Missing": scan.missing if scan else "",
        "Counts": scan.counts() if scan else {},
        "Findings": [
            {
                "Name": each.name,
                "Severity": each.severity,
                "Package": each.package,
                "Version": each.version,
                "FixedIn": each.fixed_in,
            }
            for each in (scan.found if scan else ())
        ],
    }
