"""Where templates and parameters are read from: the working tree, or a git revision.

In: folders, and for a revision its name. Out: texts. Refuses to know: what is in the texts.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from deploy_stack.exits import DeployError


class Source(Protocol):
    """Something that files can be read from by path, relative to its folder."""

    def read(self, folder: Path, path: str) -> str | None:
        """Return the text of `folder/path`, or None when there is no such file."""

    def label(self, folder: Path, path: str) -> str:
        """Return the file's name as a person would type it."""


@dataclass(frozen=True)
class WorkingTree:
    """The files as they are on the disk now."""

    def read(self, folder: Path, path: str) -> str | None:
        """Return the text of the file, or None when it does not exist."""
        try:
            return (folder / path).read_text(encoding="utf-8")
        except (FileNotFoundError, NotADirectoryError):
            return None
        except UnicodeDecodeError as error:
            raise DeployError(f"{self.label(folder, path)}: not UTF-8 at byte {error.start}") from None

    def label(self, folder: Path, path: str) -> str:
        """Return the path, relative to the current folder where that is shorter."""
        whole = folder / path
        try:
            return str(whole.resolve().relative_to(Path.cwd()))
        except ValueError:
            return str(whole)


@dataclass(frozen=True)
class Revision:
    """The files as they stand in a commit; `name` is what the user typed, `commit` its full hash."""

    name: str
    commit: str

    def read(self, folder: Path, path: str) -> str | None:
        """Return the text of the file in this commit, or None when the commit does not have it."""
        # `REV:./path` is relative to the folder git runs in, so the folder may lie anywhere in the repository.
        done = _git(_existing(folder), "show", f"{self.commit}:./{_below_existing(folder)}{path}")
        return done.stdout if done.returncode == 0 else None

    def label(self, folder: Path, path: str) -> str:
        """Return `revision:folder/path`."""
        return f"{self.name}:{folder.name}/{path}"


def revision(name: str, folder: Path) -> Revision:
    """Return the revision called `name` of the repository that `folder` lies in.

    Raises DeployError when there is no repository or no such revision.
    """
    done = _git(_existing(folder), "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    if done.returncode != 0:
        said = done.stderr.strip().removeprefix("fatal: ")
        raise DeployError(
            f"{name}: no such git revision{f' ({said})' if said else ''}",
            next_step="name a tag, a branch or a commit of this repository: git tag --list",
        )
    return Revision(name=name, commit=done.stdout.strip())


def head(folder: Path, *folders: Path) -> tuple[str | None, bool]:
    """Return (commit, whether `folders` have changes that are not in it); (None, True) outside a repository."""
    if not folder.is_dir():
        return None, True
    commit = _git(folder, "rev-parse", "HEAD")
    if commit.returncode != 0:
        return None, True
    status = _git(folder, "status", "--porcelain", "--", *(str(each.resolve()) for each in folders))
    return commit.stdout.strip(), status.returncode != 0 or bool(status.stdout.strip())


def _existing(folder: Path) -> Path:
    """Return the nearest folder that exists: a revision may have folders that the tree has not."""
    resolved = folder.resolve()
    return next(each for each in (resolved, *resolved.parents) if each.is_dir())


def _below_existing(folder: Path) -> str:
    rest = folder.resolve().relative_to(_existing(folder))
    return "" if rest == Path() else f"{rest.as_posix()}/"


def _git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise DeployError("git is not installed, and a revision was asked for") from None
