"""What a judge finds, what it is asked, and the one error of this package."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from audit.inputs import Inputs


class AuditError(Exception):
    """A fault of the audit itself: a judge that is not installed or crashed, an explanation that cannot be read."""


@dataclass(frozen=True, order=True)
class Finding:
    """One check of one judge that failed at one place.

    `file` is relative to the repository; `place` is a logical id in a template, `line 12` elsewhere; `detail` tells findings of
    one check at one place apart (an action, a resource), and is empty where there is only one.
    """

    judge: str
    check: str
    file: str
    place: str
    detail: str
    message: str

    @property
    def where(self) -> str:
        """`templates/staging/edge.json LoadBalancer`: what the patterns of an explanation are held against."""
        return f"{self.file} {self.place}"


class Subject(StrEnum):
    """What a judge looks at; each value is a field of :class:`audit.inputs.Inputs`."""

    TEMPLATES = "templates"
    POLICIES = "policies"
    SCRIPTS = "scripts"
    WORKFLOWS = "workflows"


@dataclass(frozen=True)
class Judge:
    """A judge: `judge` says what it finds, `version` which version is installed. Both are functions of a module: they travel.

    `package` is its name in `requirements/`, where its version is pinned.
    """

    name: str
    package: str
    subject: Subject
    judge: Callable[[Inputs], list[Finding]]
    version: Callable[[], str]
