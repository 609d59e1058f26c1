"""The peers of the bench: what holds without any of them installed."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest
import yaml

from bench import __main__ as command
from bench.peers import HERE, MISSING, Peer, generation
from bench.process import ROOT, measure_tree
from generator.environments import ENVIRONMENTS
from generator.model import Compute
from generator.services import SERVICES

SYSTEM = json.loads((HERE / "system.json").read_text(encoding="utf-8"))
CONFIGURATIONS = sorted((HERE / "sceptre" / "config").glob("*/*.yaml"))
TEMPLATES = sorted(path for path in (ROOT / "templates").glob("*/*.json") if path.name != "manifest.json")


def absent(tmp_path: Path) -> Peer:
    package = tmp_path / "node_modules" / "absent"
    return Peer(name="Absent", packages=(package,), programs=(), flags="Run plainly.", fairness="Does nothing.")


@pytest.mark.parametrize("peer", generation.PEERS, ids=lambda peer: peer.name)
def test_every_peer_says_how_far_it_did_the_same_work(peer):
    for sentence in (peer.flags, peer.fairness):
        assert sentence.endswith(".")
        assert len(sentence.split()) >= 5
    assert peer.packages
    assert peer.programs
    note = peer.note()
    assert note.startswith(f"**{peer.name}** (")
    assert note.endswith(peer.fairness)
    assert (MISSING in note) == (not peer.installed)


def test_a_peer_that_is_not_installed_says_so_in_its_row_and_its_note(tmp_path):
    def sizes(out):
        return len(list(out.glob("*.json"))), 0

    ours = [
        generation.Subject(what=what, command=("touch", "{out}/a.json"), sizes=sizes) for what in ("alone", "checked")
    ]
    subject = generation.Subject(what="absent", command=("false",), sizes=sizes, peer=absent(tmp_path))
    rows = dict(generation.figures([*ours, subject], runs=2))
    assert rows["absent"] == MISSING
    assert rows["alone"].endswith("1 templates, 0 resources")
    assert f"({MISSING})" in absent(tmp_path).note()


def test_versions_are_those_installed(tmp_path):
    folder = tmp_path / "node_modules" / "absent"
    folder.mkdir(parents=True)
    (folder / "package.json").write_text('{"version": "1.2.3"}')
    assert absent(tmp_path).installed
    assert "(absent 1.2.3)" in absent(tmp_path).note()


def test_a_peer_is_compared_within_a_round_and_may_win(tmp_path):
    (tmp_path / "node_modules" / "absent").mkdir(parents=True)
    (tmp_path / "node_modules" / "absent" / "package.json").write_text('{"version": "1.2.3"}')
    peer = absent(tmp_path)
    busy = (sys.executable, "-c", "sum(range(3_000_000))")
    ours = [
        generation.Subject(what="alone", command=busy, sizes=lambda out: (1, 1)),
        generation.Subject(what="checked", command=busy, sizes=lambda out: (1, 1), checks=True),
    ]
    theirs = [
        generation.Subject(what=what, command=("true",), sizes=lambda out: (2, 3), peer=peer, checks=checks)
        for what, checks in (("generates", False), ("checks too", True))
    ]
    rows = dict(generation.figures([*ours, *theirs], runs=3))
    assert "2 templates, 3 resources" in rows["generates"]
    assert "with its check" not in rows["generates"]
    assert "of ours with its check (it wins" in rows["checks too"]


def test_a_command_that_fails_is_no_figure():
    ours = [generation.Subject(what=what, command=("false",), sizes=lambda out: (0, 0)) for what in ("a", "b")]
    with pytest.raises(RuntimeError, match="a ended with 1"):
        generation.figures(ours, runs=1)


def test_descendants_count_also_when_their_parent_does_not_wait(tmp_path):
    work = "kept = bytearray(150 * 2**20); sum(range(6_000_000))"
    alone = measure_tree([sys.executable, "-c", "pass"], tmp_path / "note")
    left = measure_tree(["sh", "-c", '"$0" -c "$1" &', sys.executable, work], tmp_path / "note")
    assert left.code == 0
    assert left.cpu > alone.cpu + 0.05
    assert alone.peak < 100
    assert 150 < left.peak < 300


def test_the_page_lists_the_notes_below_the_table():
    page = command._page({"peers-generation": [("a", "1 s")]})
    assert "## peers: generation\n" in page
    assert page.index("| a | 1 s |") < page.index("- **AWS CDK, JavaScript**")


def test_the_cdk_apps_describe_the_same_system():
    assert list(SYSTEM["environments"]) == [each.name for each in ENVIRONMENTS]
    assert {name: each["port"] for name, each in SYSTEM["services"].items()} == {
        each.name: each.port for each in SERVICES
    }
    for environment in ENVIRONMENTS:
        theirs = SYSTEM["environments"][environment.name]
        assert (theirs["cidr"], theirs["domain"]) == (environment.network.cidr, environment.domain)
        host = environment.host
        assert theirs["host"] == {
            "instanceType": host.instance_type,
            "volumeGib": host.volume_gib,
            "minimum": host.minimum,
            "maximum": host.maximum,
        }
        assert theirs["dataHost"] == (environment.data_host is not None)
        assert theirs["fargateWeight"] == 100 * (environment.compute is Compute.FARGATE)
        for name, task in environment.tasks.items():
            scaling = task.scaling
            assert theirs["tasks"][name] == {
                "cpu": task.cpu,
                "memory": task.memory,
                "minimum": scaling.minimum,
                "maximum": scaling.maximum,
            }


def test_sceptre_has_every_stack_once():
    stacks = [f"{path.parent.name}/{path.stem}" for path in CONFIGURATIONS]
    assert stacks == [f"{path.parent.name}/{path.stem}" for path in TEMPLATES]


@pytest.mark.parametrize("path", CONFIGURATIONS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_sceptre_renders_what_the_generator_writes(path):
    configuration = yaml.safe_load(path.read_text(encoding="utf-8"))
    data = configuration["sceptre_user_data"]
    assert (data["environment"], data["stack"]) == (path.parent.name, path.stem)
    for each in configuration.get("dependencies", ()):
        assert (HERE / "sceptre" / "config" / each).exists()
    spec = importlib.util.spec_from_file_location(
        "stack", HERE / "sceptre" / "templates" / configuration["template"]["path"]
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.sceptre_handler(data) == (ROOT / "templates" / f"{path.parent.name}/{path.stem}.json").read_text(
        encoding="utf-8"
    )
