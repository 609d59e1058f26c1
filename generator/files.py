"""The generated files on disk: what differs, and writing them so that no reader ever sees half of one.

In: texts by path, and a folder. Out: the differences, or the folder brought up to date.
"""

import os
from collections.abc import Mapping
from pathlib import Path

Change = tuple[str, str]  # ("changed" | "missing" | "orphaned", path below the folder)


def differences(files: Mapping[str, str], folder: Path) -> list[Change]:
    """What `folder` lacks, what it holds in another version, and what nothing generates any more; sorted by path."""
    found: list[Change] = []
    for path, text in files.items():
        try:
            old = (folder / path).read_bytes()
        except FileNotFoundError:
            found.append(("missing", path))
        else:
            if old != text.encode():
                found.append(("changed", path))
    present = {str(path.relative_to(folder).as_posix()) for path in folder.rglob("*") if path.is_file()}
    found += [("orphaned", path) for path in present - set(files)]
    return sorted(found, key=lambda change: change[1])


def write(files: Mapping[str, str], folder: Path) -> list[Change]:
    """Bring `folder` up to date and return what was done. All texts are written aside before the first takes its place."""
    changes = differences(files, folder)
    folder.mkdir(parents=True, exist_ok=True)
    aside: list[tuple[Path, Path]] = []
    try:
        for kind, path in changes:
            if kind != "orphaned":
                target = folder / path
                target.parent.mkdir(parents=True, exist_ok=True)
                new = _aside(target)
                aside.append((new, target))
                new.write_text(files[path], encoding="utf-8", newline="\n")
                new.chmod(0o755 if path.endswith(".sh") else 0o644)
        for new, target in aside:
            new.replace(target)
    finally:
        for new, _ in aside:
            new.unlink(missing_ok=True)
    for kind, path in changes:
        if kind == "orphaned":
            (folder / path).unlink()
    return changes


def replace(path: Path, text: str) -> None:
    """Write `text` aside and let it take the place of `path`, whose folder is made where it is missing. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = _aside(path)
    try:
        new.write_text(text, encoding="utf-8")
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def _aside(target: Path) -> Path:
    return target.with_name(f".{target.name}.{os.getpid()}")
