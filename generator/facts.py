"""The folder `parameters/`: what an account tells, checked offline against the templates it is for.

In: generated files and the folder. Out: error texts, each with file and key, what was found and what would be right.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from generator.parameters import check_parameters

TARGET = "target.json"
TRAFFIC = "traffic.json"
_TARGET_KEYS = {
    "Account": (re.compile(r"\d{12}"), "the 12 digits of the account, as a string"),
    "Region": (re.compile(r"[a-z]{2}(-[a-z]+)+-\d"), "a region such as us-east-1"),
}


def mistakes(files: Mapping[str, str], folder: Path, shown: str) -> list[str]:
    """Every mistake in `folder`; `shown` is its name in the texts."""
    return [text for _, text in sorted(_mistakes(files, folder, shown))]


def _mistakes(files: Mapping[str, str], folder: Path, shown: str) -> Iterator[tuple[str, str]]:
    stacks = {
        path: text for path, text in files.items() if path.endswith(".json") and not path.endswith("manifest.json")
    }
    environments = sorted({path.split("/")[0] for path in stacks})
    own = {f"{environment}/{name}" for environment in environments for name in (TARGET, TRAFFIC)}
    expected = own | set(stacks)
    present = {path.relative_to(folder).as_posix() for path in folder.rglob("*.json")} if folder.is_dir() else set()
    for path in sorted(present - expected):
        yield path, f"{shown}/{path}: no template has this name; there are {', '.join(sorted(expected))}"
    for environment in environments:
        path = f"{environment}/{TARGET}"
        yield from ((path, text) for text in _target(folder / path, f"{shown}/{path}"))
        path = f"{environment}/{TRAFFIC}"
        yield from ((path, text) for text in _traffic(folder / path, f"{shown}/{path}"))
    for path, text in stacks.items():
        template = json.loads(text)
        found = _read(folder / path, f"{shown}/{path}")
        if isinstance(found, str):
            yield path, found
            continue
        given = [] if found is None else found
        about = json.loads(files[f"{path.split('/')[0]}/manifest.json"])
        entry = next(stack for stack in about["Stacks"] if f"{about['Environment']}/{stack['Name']}.json" == path)
        at_deployment = [image["Parameter"] for image in entry["Images"]]
        yield from (
            (path, fault) for fault in check_parameters(template, given, file=f"{shown}/{path}", optional=at_deployment)
        )


def _read(path: Path, shown: str) -> Any:
    """The file's JSON, None where there is no file, or an error text."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (ValueError, OSError) as error:
        return f"{shown}: cannot be read as JSON: {error}"


def _traffic(path: Path, shown: str) -> Iterator[str]:
    found = _read(path, shown)
    if isinstance(found, str):
        yield found
    elif found is not None:
        from generator.costs.traffic import mistakes_in  # noqa: PLC0415  (rendering does without)

        yield from mistakes_in(found, shown)


def _target(path: Path, shown: str) -> Iterator[str]:
    found = _read(path, shown)
    if isinstance(found, str):
        yield found
    elif not isinstance(found, dict):
        what = "nothing" if found is None else type(found).__name__
        yield f'{shown}: found {what}, expected {{"Account": "111122223333", "Region": "us-east-1"}}'
    else:
        for key, (pattern, right) in _TARGET_KEYS.items():
            value = found.get(key)
            if not isinstance(value, str) or not pattern.fullmatch(value):
                yield f"{shown}: {key}: found {value!r}, expected {right}"
        for key in sorted(set(found) - set(_TARGET_KEYS)):
            yield f"{shown}: {key}: unknown key; the file holds {' and '.join(_TARGET_KEYS)}"
