"""The host's .env: every value of a secret reaches the container as it was written, by the Python that the bootstrap carries."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator import bootstrap
from tests.generator.hosts_reading import compose_program, variables


def dotenv() -> str:
    """The Python in the script that writes lines of .env."""
    found = re.search(r"<<'PYTHON'\n(.*?)^PYTHON$", bootstrap.every_host(), re.DOTALL | re.MULTILINE)
    assert found
    return found[1]


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    program = tmp_path_factory.mktemp("dotenv") / "dotenv.py"
    program.write_text(dotenv())

    def go(text: str, *arguments: str) -> str:
        return subprocess.run(
            [sys.executable, "-I", program, *arguments], input=text, capture_output=True, text=True, check=True
        ).stdout

    return go


# (what a person wrote in the environment's env-file secret, what the container must see)
WRITTEN = [
    ("A=plain", "plain"),
    ("A=ab$cd", "ab$cd"),
    ("A='ab$cd \"x\"'", 'ab$cd "x"'),
    ('A="ab$cd"', "ab$cd"),
    (r'A="ab\$cd"', "ab$cd"),
    ("A=value # remark", "value"),
    ("  export A = spaced ", "spaced"),
    ("A=", ""),
    ("A=back\\slash", "back\\slash"),
    ("A=postgres://u:p@h/db?x=1#y", "postgres://u:p@h/db?x=1#y"),
]


@pytest.mark.parametrize(("line", "value"), WRITTEN)
def test_what_a_person_wrote_arrives_as_written(
    lines: Callable[..., str], tmp_path: Path, line: str, value: str
) -> None:
    (tmp_path / ".env").write_text(lines(line))
    assert variables(tmp_path / ".env") == {"A": value}


text = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]) | st.sampled_from("\n\t$\\'\"`#{}"), min_size=1
)


@settings(max_examples=15, deadline=None)
@given(values=st.lists(text.filter(str.strip), min_size=1, max_size=30))
def test_any_value_reaches_the_container_unchanged(
    lines: Callable[..., str], tmp_path_factory: pytest.TempPathFactory, values: list[str]
) -> None:
    """Through the script's own quoting, and where Docker Compose is here, through Compose as env_file and as ${VARIABLE:?}."""
    folder = tmp_path_factory.mktemp("values")
    body = (
        dotenv().split("(one if")[0] + "for i, v in enumerate(json.load(sys.stdin)):\n    print(f'V{i}={quote(v)}')\n"
    )
    written = subprocess.run(
        [sys.executable, "-I", "-c", body], input=json.dumps(values), capture_output=True, text=True, check=True
    ).stdout
    (folder / ".env").write_text(written)
    names = [f"V{index}" for index in range(len(values))]

    assert list(variables(folder / ".env").values()) == values
    if program := compose_program():
        seen = {"env_file": [".env"], "image": "x", "environment": {f"W{name}": f"${{{name}:?}}" for name in names}}
        (folder / "compose.json").write_text(json.dumps({"services": {"a": seen}}))
        said = subprocess.run(
            [*program, "-f", "compose.json", "config", "--format", "json"],
            cwd=folder,
            env=dict(os.environ),
            capture_output=True,
            text=True,
            check=True,
        )
        shown = {k: v.replace("$$", "$") for k, v in json.loads(said.stdout)["services"]["a"]["environment"].items()}
        assert [shown[name] for name in names] == values
        assert [shown[f"W{name}"] for name in names] == values
