"""docs/security.md: its table of judges is the registry's, with the versions that are locked and what was found first."""

import json
import re
from pathlib import Path

from audit import first
from audit.judges import JUDGES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")


def locked() -> dict[str, str]:
    """Version by package, from the audit's lock files."""
    node = json.loads((ROOT / "requirements" / "audit" / "package-lock.json").read_text(encoding="utf-8"))
    found = {path.removeprefix("node_modules/"): each["version"] for path, each in node["packages"].items() if path}
    for name in ("audit", "audit-checkov"):
        text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
        # The audit's own environment last: checkov brings older ones of some.
        found = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", text, re.MULTILINE)) | found
    return found


def test_the_table_of_judges_is_current() -> None:
    versions, before = locked(), first.load()
    rows = [
        f"| {judge.name} | {versions[judge.package]} | {judge.subject} | {sum(before.get(judge.name, {}).values())} |"
        for judge in JUDGES
    ]
    table = PAGE.split("<!-- judges -->")[1].split("<!-- end of judges -->")[0].strip().splitlines()[2:]
    assert table == rows, "docs/security.md, the table of judges"


def test_what_was_found_first_is_of_judges_that_exist() -> None:
    assert set(first.load()) <= {judge.name for judge in JUDGES}


def test_the_locks_name_no_registry() -> None:
    lock = json.loads((ROOT / "requirements" / "audit" / "package-lock.json").read_text(encoding="utf-8"))
    for path, package in lock["packages"].items():
        assert "resolved" not in package, path
        assert not path or "integrity" in package or package.get("inBundle"), path


def test_the_tests_that_the_page_names_exist() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    written = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert named
    assert named <= written
