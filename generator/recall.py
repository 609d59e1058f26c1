"""The files of the last run, kept for as long as nothing that made them has changed.

In: the function that builds them, and a place to keep them. Out: the files, built or recalled. `make check` and every
`deploy-stack plan` ask whether the templates are stale, and mostly nothing was touched since the last time: then there is nothing
to build, and troposphere need not be imported.

What made them is the interpreter, every file in the folders of the generator's modules that took part, and the modules of
troposphere and awacs that took part. They are compared as `make` and Python's own .pyc files do it: by size and time of change.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from generator.files import replace

Files = dict[str, str]
_OURS = Path(__file__).parent
_LIBRARIES = ("troposphere", "awacs")


def built_or_recalled(build: Callable[[], Files], place: Path) -> Files:
    """What `build` returned last time where nothing has changed since, else what it returns now, kept at `place`."""
    started = time.time_ns()
    files = _recalled(place)
    if files is None:
        files = build()
        _keep(files, place, started)
    return files


def _recalled(place: Path) -> Files | None:
    try:
        kept: dict[str, Any] = json.loads(place.read_text(encoding="utf-8"))
        files: Files = kept["files"]
        same = (
            kept["python"] == sys.version
            and all(_folder(name) == found for name, found in kept["folders"].items())
            and all(_stamp(os.stat(path)) == found for path, found in kept["libraries"].items())  # noqa: PTH116
        )
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None  # nothing kept, or not by this version: build
    return files if same else None


def _keep(files: Files, place: Path, started: int) -> None:
    modules = {name: Path(file) for name, module in sys.modules.items() if (file := getattr(module, "__file__", None))}
    names = {str(path.parent.relative_to(_OURS)) for path in modules.values() if path.is_relative_to(_OURS)}
    folders = {name: _folder(name) for name in sorted(names)}
    if any(changed >= started for found in folders.values() for _, changed in found.values()):
        return  # written while we were reading: the next run would take the old text for the new
    libraries = {str(path): _stamp(path.stat()) for name, path in modules.items() if name.split(".")[0] in _LIBRARIES}
    kept = {"python": sys.version, "folders": folders, "libraries": libraries, "files": files}
    with suppress(OSError):  # a checkout that cannot be written to is built each time
        replace(place, json.dumps(kept))


def _folder(name: str) -> dict[str, list[int]]:
    """The stamp of each file in one of the generator's folders, by its name. What editors put beside them does not count."""
    with os.scandir(_OURS / name) as entries:
        return {
            entry.name: _stamp(entry.stat())
            for entry in entries
            if entry.is_file() and not entry.name.startswith(".") and not entry.name.endswith("~")
        }


def _stamp(found: os.stat_result) -> list[int]:
    return [found.st_size, found.st_mtime_ns]
