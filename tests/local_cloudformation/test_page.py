"""docs/local-cloudformation.md says what is: its scripts are taken, its example runs, its list of operations is complete."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from local_cloudformation import LocalCloudFormation
from local_cloudformation.api import OPERATIONS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "local-cloudformation.md").read_text(encoding="utf-8")
SCRIPTS = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
PROGRAM = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("text", SCRIPTS, ids=lambda text: next(iter(json.loads(text))))
def test_every_script_of_the_page_is_taken(text):
    with LocalCloudFormation(json.loads(text)) as local:
        assert local.endpoint.startswith("http://127.0.0.1:")


def test_the_example_runs():
    settings = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}
    done = subprocess.run([sys.executable, "-c", PROGRAM[0]], capture_output=True, text=True, env=settings, check=False)

    assert done.returncode == 0, done.stderr
    assert done.stdout == "[]\n"


def test_the_list_of_operations_is_complete():
    listed = re.search(r"<!-- operations -->\n(.*?)\n<!-- end -->", PAGE, re.DOTALL)

    assert listed
    assert set(re.findall(r"\w+", listed[1])) == set(OPERATIONS)


def test_every_option_of_the_page_is_there():
    done = subprocess.run(
        [str(ROOT / "scripts" / "local-cloudformation"), "--help"], capture_output=True, text=True, check=True
    )

    for option in set(re.findall(r"`(--[a-z-]+)", PAGE)):
        assert option in done.stdout
