"""The pack works as people run it: by cfn-lint's command, from any directory; and its page is current."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from generator.rules.__main__ import PAGE, main
from generator.rules._catalogue import page, rules
from tests.rules.support import DIRECTORY

CFN_LINT = Path(sys.executable).with_name("cfn-lint")
FAULTY = {
    "Resources": {"Group": {"Type": "AWS::ElasticLoadBalancingV2::TargetGroup", "Properties": {"Name": "n" * 33}}}
}


# The project may be installed beside cfn-lint; here it must be found through the directory alone.
ALONE = """
import sys
root = sys.argv.pop(1)
sys.path[:] = [entry for entry in sys.path if entry not in ("", root)]
sys.meta_path[:] = [finder for finder in sys.meta_path if "editable" not in getattr(finder, "__module__", "")]
import importlib.util
assert importlib.util.find_spec("generator") is None
from cfnlint.runner.cli import main
main()
"""


def run(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, env={"PATH": "/usr/bin:/bin"})


def test_cfn_lint_loads_the_directory_from_anywhere_without_an_import_path(tmp_path):
    template = tmp_path / "template.json"
    template.write_text(json.dumps(FAULTY))
    arguments = ("-a", str(DIRECTORY), "-t", template.name, "--format", "json")

    result = run(sys.executable, "-c", ALONE, str(DIRECTORY.parents[1]), *arguments, cwd=tmp_path)

    (match,) = [m for m in json.loads(result.stdout) if m["Rule"]["Id"] == "E9308"]
    assert match["Location"]["Path"] == ["Resources", "Group", "Properties", "Name"]
    assert result.returncode & 2


def test_every_rule_is_listed_by_cfn_lint(tmp_path):
    result = run(str(CFN_LINT), "-a", str(DIRECTORY), "--list-rules", cwd=tmp_path)

    assert [rule.id for rule in rules() if f"{rule.id}: " not in result.stdout] == []


def test_page_is_current():
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m generator.rules"


def test_check_tells_a_stale_page(tmp_path, capsys):
    stale = tmp_path / "rules.md"
    stale.write_text("old")

    assert main(["--check", "--out", str(stale)]) == 1
    assert "python -m generator.rules" in capsys.readouterr().err
    assert main(["--out", str(stale)]) == 0
    assert main(["--check", "--out", str(stale)]) == 0
