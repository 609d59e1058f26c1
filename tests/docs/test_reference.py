"""The pages of docs/reference/ are what the code says, all of it, and a stale one is named."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys

import pytest
from deploy_stack.__main__ import COMMANDS
from reference import refusals
from reference.__main__ import PAGES, main
from reference.commands import verbs
from reference.description import classes

from generator.model import ModelError, Network, Scaling, Task
from tests.docs.pages import ROOT

FOLDER = ROOT / "docs" / "reference"


@pytest.fixture(scope="module")
def pages():
    """Name: text, as the code says it now."""
    return {name: page() for name, page in PAGES.items()}


def section(page: str, title: str) -> str:
    """The text below a heading, to the next one."""
    return page.split(f"\n{title}\n", 1)[1].split("\n#", 1)[0]


def test_the_pages_are_current(pages):
    assert {name: (FOLDER / name).read_text(encoding="utf-8") for name in pages} == pages


def test_every_class_and_every_field_is_described(pages):
    found = classes()
    assert {each.__name__ for each in found} >= {"Service", "Environment", "Task", "Scaling", "HealthCheck", "Nat"}
    for each in found:
        text = section(pages["description.md"], f"## {each.__name__}")
        if dataclasses.is_dataclass(each):
            assert [line.split("`")[1] for line in text.splitlines() if line.startswith("| `")] == [
                field.name for field in dataclasses.fields(each)
            ]
        else:
            assert all(f"`{each.__name__}.{name}`" in text for name in each.__members__)


@pytest.mark.parametrize(
    ("owner", "values"),
    [
        (Task, {"cpu": 1000, "memory": 2048, "scaling": Scaling.fixed(1)}),
        (Scaling, {"minimum": 2, "desired": 1, "maximum": 3}),
        (Scaling, {"minimum": 1, "desired": 1, "maximum": 1, "memory_percent": 0}),
        (Network, {"cidr": "10.0.0.0/8", "nat": "single"}),
        (Network, {"cidr": "10.0.0.0/16", "nat": "single", "zones": 4}),
    ],
)
def test_the_words_of_a_refusal_are_those_that_one_meets(owner, values):
    with pytest.raises(ModelError) as refused:
        owner(**values)
    where, right = next(
        (fields, right) for fields, right in refusals.of_class(owner) if str(refused.value).endswith(right)
    )
    assert any(field in str(refused.value) for field in where.split(", ")), (where, right)


def test_every_verb_and_every_option_is_there(pages):
    for name in COMMANDS:
        text = section(pages["commands.md"], f"### deploy-stack {name}") + section(
            pages["commands.md"], "## deploy-stack"
        )
        for parameter in verbs()[name].params:
            for spelling in parameter.opts:
                assert not spelling.startswith("--") or f"`{spelling}" in text, (name, spelling)


def test_every_parameter_of_every_template_is_there(pages):
    for file in sorted((ROOT / "templates").glob("*/*.json")):
        declared = json.loads(file.read_text(encoding="utf-8")).get("Parameters", {})
        for parameter in declared:
            assert f"| `{parameter}` |" in section(pages["parameters.md"], f"## {file.stem}"), (file, parameter)


@pytest.mark.parametrize(
    ("stack", "parameter", "told"),
    [
        ("fargate", "BackendImageTag", "each deployment: `--image backend=TAG`"),
        ("fargate", "FirstDeployment", "`deploy-stack`, when it creates the stack"),
        ("edge", "HostedZoneId", "`parameters/<environment>/edge.json`"),
        ("edge", "VpcId", "stack `network`"),
        ("ec2", "ArtifactsBucketName", "stack `registry` of shared"),
        ("edge", "FargateWeight", "staging: `0`; production: `100`"),
    ],
)
def test_a_row_tells_who_gives_the_value(pages, stack, parameter, told):
    rows = section(pages["parameters.md"], f"## {stack}").splitlines()
    assert told in next(row for row in rows if row.startswith(f"| `{parameter}` |"))


def test_a_stale_page_is_named_and_written(tmp_path, capsys):
    def run(*arguments):
        return main(["--out", str(tmp_path), *arguments], {"commands.md": lambda: "new"})

    assert run() == 0
    assert run("--check") == 0
    (tmp_path / "commands.md").write_text("old")
    capsys.readouterr()
    assert run("--check") == 1
    assert "commands.md: run `make docs`" in capsys.readouterr().err
    assert run() == 0
    assert "changed" in capsys.readouterr().out
    assert run("--check") == 0


def test_the_generator_reads_none_of_this():
    """The pages are no work of `python -m generator`."""
    said = "import sys, generator.__main__ as m; m.main(['--check']); sys.exit('reference' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", said], cwd=ROOT, capture_output=True, check=False).returncode == 0
