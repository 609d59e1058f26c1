"""A rule that can be told more says more."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.rules.faults import LIFECYCLE
from tests.rules.support import DIRECTORY

CFN_LINT = Path(sys.executable).with_name("cfn-lint")


@pytest.mark.parametrize(("pushed", "expected"), [("main-4f2c1ab", 1), ("dev-4f2c1ab", 0)])
def test_pushed_tags_of_the_lifecycle_rule_are_told_by_configuration(tmp_path, pushed, expected):
    text = LIFECYCLE.replace('"tagPatternList": ["*"]', '"tagPatternList": ["dev-*"]')
    repository = {"Type": "AWS::ECR::Repository", "Properties": {"LifecyclePolicy": {"LifecyclePolicyText": text}}}
    (tmp_path / "template.json").write_text(json.dumps({"Resources": {"Images": repository}}))
    (tmp_path / ".cfnlintrc").write_text(
        f"append_rules: [{DIRECTORY}]\nconfigure_rules: {{W9602: {{pushed: [{pushed}]}}}}\n"
    )

    result = subprocess.run(
        [str(CFN_LINT), "-t", "template.json", "--format", "json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert [match["Rule"]["Id"] for match in json.loads(result.stdout)].count("W9602") == expected
