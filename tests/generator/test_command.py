"""`python -m generator` as a person runs it: in a process of its own."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def generator(*arguments: str, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "generator", *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": f"{cwd}", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def read(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_committed_templates_are_what_the_generator_writes() -> None:
    done = generator("--check")

    assert done.returncode == 0, done.stderr
    assert "are up to date, and the parameters fit them" in done.stdout


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONHASHSEED": "0", "LC_ALL": "C", "TZ": "UTC"},
        {"PYTHONHASHSEED": "42", "LC_ALL": "C.UTF-8", "TZ": "Pacific/Kiritimati", "LANG": "tr_TR.UTF-8"},
        {"PYTHONHASHSEED": "random", "PYTHONUTF8": "0", "TZ": "America/St_Johns"},
    ],
    ids=lambda environment: "-".join(environment.values()),
)
def test_the_same_bytes_everywhere(tmp_path: Path, environment: dict[str, str]) -> None:
    """Hash seed, locale and time zone change nothing."""
    done = generator("--no-cache", "--out", str(tmp_path), **environment)

    assert done.returncode == 0, done.stderr
    assert read(tmp_path) == read(ROOT / "templates")


def test_one_line_for_each_file_that_changed(tmp_path: Path) -> None:
    """The first run says `new`, the second nothing but one line, the third what it mended."""
    shutil.copytree(ROOT / "templates", tmp_path / "t")
    target = tmp_path / "t" / "staging" / "network.json"
    target.write_text(target.read_text().replace("10.10.", "10.11."))
    (tmp_path / "t" / "staging" / "edge.json").unlink()
    (tmp_path / "t" / "staging" / "old.json").write_text("{}")

    first = generator("--out", str(tmp_path / "t"))
    second = generator("--out", str(tmp_path / "t"))

    assert [line.split()[0] for line in first.stdout.splitlines()] == ["new", "changed", "removed"]
    assert [line.split("/")[-1] for line in first.stdout.splitlines()] == ["edge.json", "network.json", "old.json"]
    assert re.fullmatch(r"\d+ files in \S+ are up to date\n", second.stdout)
    assert read(tmp_path / "t") == read(ROOT / "templates")


def test_check_names_every_stale_file_and_writes_none(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "templates", tmp_path / "t")
    target = tmp_path / "t" / "staging" / "network.json"
    target.write_text("{}")
    (tmp_path / "t" / "staging" / "edge.json").unlink()
    (tmp_path / "t" / "staging" / "old.json").write_text("{}")
    before = read(tmp_path / "t")

    done = generator("--check", "--out", str(tmp_path / "t"))

    assert done.returncode == 1
    assert [line.split()[0] for line in done.stderr.splitlines()] == ["missing", "changed", "orphaned"]
    assert "make templates" in done.stderr
    assert read(tmp_path / "t") == before


def test_a_run_that_fails_leaves_the_old_files(tmp_path: Path) -> None:
    """A description that cannot work is one line on stderr, and no file is touched."""
    copy = _copy(tmp_path)
    environments = copy / "generator" / "environments.py"
    environments.write_text(environments.read_text().replace("cpu=2048, memory=4096", "cpu=2048, memory=1024"))
    before = read(copy / "templates")

    done = generator(cwd=copy)

    assert done.returncode == 1
    assert re.fullmatch(
        r"generator: the description cannot work: generator/environments[.]py:\d+: Task[.]memory: found 1024; with 2048 CPU .*\n",
        done.stderr,
    )
    assert read(copy / "templates") == before


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    done = generator("--out", str(tmp_path / "file" / "t"))

    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "file" in done.stderr


WRONG_PARAMETERS = {
    "an unknown key": ("staging/edge.json", [{"ParameterKey": "HostedZone", "ParameterValue": "Z1"}], "HostedZone"),
    "a missing key": ("staging/edge.json", [], "HostedZoneId"),
    "a value outside AllowedValues": (
        "staging/edge.json",
        [
            {"ParameterKey": "HostedZoneId", "ParameterValue": "Z0123456789EXAMPLE00"},
            {"ParameterKey": "FargateWeight", "ParameterValue": "42"},
        ],
        "FargateWeight",
    ),
    "a value outside AllowedPattern": (
        "production/fargate.json",
        [{"ParameterKey": "BackendImageTag", "ParameterValue": "latest"}],
        "BackendImageTag",
    ),
    "a value of the wrong type": (
        "staging/edge.json",
        [{"ParameterKey": "HostedZoneId", "ParameterValue": 7}],
        "HostedZoneId",
    ),
    "a file of no stack": ("staging/egde.json", [], "no template has this name"),
    "a target without account": ("staging/target.json", {"Region": "us-east-1"}, "Account"),
}


@pytest.mark.parametrize(("file", "content", "named"), WRONG_PARAMETERS.values(), ids=WRONG_PARAMETERS.keys())
def test_a_wrong_parameter_is_refused_offline(tmp_path: Path, file: str, content: object, named: str) -> None:
    """`--check` names the file and the key."""
    shutil.copytree(ROOT / "parameters", tmp_path / "p")
    (tmp_path / "p" / file).write_text(json.dumps(content))

    done = generator("--check", "--parameters", str(tmp_path / "p"))

    assert done.returncode == 1
    assert f"p/{file}" in done.stderr
    assert named in done.stderr
    assert "Traceback" not in done.stderr


def test_broken_json_is_named(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "parameters", tmp_path / "p")
    (tmp_path / "p" / "staging" / "edge.json").write_text("[{")

    done = generator("--check", "--parameters", str(tmp_path / "p"))

    assert done.returncode == 1
    assert "p/staging/edge.json: cannot be read as JSON" in done.stderr


def test_the_generate_path_is_light() -> None:
    """No boto3, no rich, no cfn-lint, no click."""
    code = (
        "import sys, generator.__main__ as m; m._files();"
        "print(sorted({'boto3', 'botocore', 'rich', 'cfnlint', 'click', 'asyncio'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def _copy(tmp_path: Path) -> Path:
    copy = tmp_path / "copy"
    shutil.copytree(ROOT / "generator", copy / "generator", ignore=shutil.ignore_patterns("__pycache__", "rules"))
    for folder in ("templates", "parameters"):
        shutil.copytree(ROOT / folder, copy / folder)
    return copy
