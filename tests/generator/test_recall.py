"""A second run builds nothing, unless anything that made the files has changed. Seen from outside: was troposphere imported?"""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
KEPT = Path(".aldeia") / "generated.json"
RUN = "import sys, generator.__main__ as m; code = m.main(sys.argv[1:]); print('troposphere' in sys.modules); sys.exit(code)"


def built(folder: Path, *arguments: str) -> bool:
    """Run the generator in `folder`, and tell whether it built anything."""
    done = subprocess.run(
        [sys.executable, "-c", RUN, *arguments],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()[-1] == "True"


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout in which the generator has run once."""
    folder = tmp_path_factory.mktemp("warm")
    shutil.copytree(ROOT / "generator", folder / "generator", ignore=shutil.ignore_patterns("__pycache__", "rules"))
    assert built(folder)
    return folder


def edit(path: str, old: str, new: str) -> Callable[[Path], None]:
    def do(folder: Path) -> None:
        text = (folder / path).read_text()
        assert old in text
        (folder / path).write_text(text.replace(old, new, 1))

    return do


def write(path: str, text: str) -> Callable[[Path], None]:
    return lambda folder: (folder / path).write_text(text) and None


def older_python(folder: Path) -> None:
    kept = json.loads((folder / KEPT).read_text())
    (folder / KEPT).write_text(json.dumps({**kept, "python": "3.10"}))


def other_troposphere(folder: Path) -> None:
    kept = json.loads((folder / KEPT).read_text())
    path = next(path for path in kept["libraries"] if path.endswith("ecs.py"))
    kept["libraries"][path][0] += 1
    (folder / KEPT).write_text(json.dumps(kept))


CHANGES = {
    "a value": edit("generator/environments.py", "memory=1024", "memory=2048"),
    "a stack": edit("generator/stacks/network.py", '"""', '"""A '),
    "a policy": edit("generator/policies/edge.py", '"""', '"""A '),
    "the script of hosts": edit("generator/bootstrap.sh", "\n", "\n# A remark.\n"),
    "a module more": write("generator/naming_of_old.py", ""),
    "a module less": lambda folder: (folder / "generator" / "lint.py").unlink(),
    "Python": older_python,
    "troposphere": other_troposphere,
    "nothing kept": lambda folder: (folder / KEPT).unlink(),
    "half of what was kept": write(str(KEPT), '{"files": {'),
    "kept by another version": write(str(KEPT), "[]"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_whatever_made_the_files_makes_them_again(warm: Path, tmp_path: Path, change: Callable[[Path], None]) -> None:
    shutil.copytree(warm, tmp_path, dirs_exist_ok=True)
    change(tmp_path)

    assert built(tmp_path)


def test_what_is_recalled_is_what_was_built(warm: Path, tmp_path: Path) -> None:
    """In a copy as well: nothing in what is kept names the checkout it was made in."""
    shutil.copytree(warm, tmp_path, dirs_exist_ok=True)
    write("generator/.naming.py.swp", "an editor's own")(tmp_path)
    shutil.rmtree(tmp_path / "templates")

    assert not built(tmp_path)
    assert not built(tmp_path)
    assert built(tmp_path, "--no-cache", "--out", str(tmp_path / "again"))

    recalled, again = (
        {path.name: path.read_bytes() for path in (tmp_path / name).rglob("*.*")} for name in ("templates", "again")
    )
    assert recalled == again


def test_a_module_saved_during_the_run_is_not_taken_for_what_ran(warm: Path, tmp_path: Path) -> None:
    """Its time of change is later than the run's begin, so nothing is kept and the next run builds."""
    shutil.copytree(warm, tmp_path, dirs_exist_ok=True)
    (tmp_path / KEPT).unlink()
    late = tmp_path / "generator" / "environments.py"
    subprocess.run(["touch", "-d", "+1 hour", str(late)], check=True)

    assert built(tmp_path)
    assert not (tmp_path / KEPT).exists()
