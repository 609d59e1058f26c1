"""What there is to judge: collected once, from files alone.

In: the repository's root. Out: :class:`Inputs`. Raises AuditError where nothing is rendered, or a template is no JSON object.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audit.documents import Document, documents
from audit.finding import AuditError

_SCRIPTS = ("templates/*/*.sh", "generator/*.sh", "scripts/*.sh", "scripts/*/*.sh", ".ci/run")
_WORKFLOWS = (".github/workflows/*.y*ml", "templates/shared/*.y*ml")


@dataclass(frozen=True)
class Template:
    """One rendered template: its path relative to the root, and what it says."""

    file: str
    body: dict[str, Any]


@dataclass(frozen=True)
class Inputs:
    """Everything that judges look at. Paths in it are relative to `root`."""

    root: Path
    templates: tuple[Template, ...]
    scripts: tuple[str, ...]
    workflows: tuple[str, ...]

    @property
    def policies(self) -> tuple[Document, ...]:
        """The IAM documents that say what a role may do, with references replaced by plausible values.

        The others say who may assume a role, or hang on a resource: the judges of templates read those.
        """
        found = (document for template in self.templates for document in documents(template.file, template.body))
        return tuple(document for document in found if document.identity)


def collect(root: Path) -> Inputs:
    """Find what is below `root`."""
    templates = []
    for path in sorted(root.glob("templates/*/*.json")):
        if path.name == "manifest.json":
            continue
        file = path.relative_to(root).as_posix()
        try:
            body = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as fault:
            raise AuditError(f"{file}: not JSON ({fault}); run make templates") from None
        if not isinstance(body, dict) or not isinstance(body.get("Resources"), dict):
            raise AuditError(f"{file}: no object with Resources, so no template; run make templates")
        templates.append(Template(file, body))
    if not templates:
        raise AuditError(f"no templates in {root / 'templates'}: run make templates")
    return Inputs(root, tuple(templates), _files(root, _SCRIPTS), _files(root, _WORKFLOWS))


def _files(root: Path, patterns: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({path.relative_to(root).as_posix() for pattern in patterns for path in root.glob(pattern)}))
