"""The peers of the bench: what holds without any of them installed."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest
import yaml

from bench.peers import Peer, generation
from bench.peers.generators import GENERATORS, HERE, Generator
from bench.process import ROOT, measure_tree
from generator.environments import ENVIRONMENTS
from generator.model import Compute
from generator.services import SERVICES

SYSTEM = json.loads((HERE / "system.json").read_text(encoding="utf-8"))
CONFIGURATIONS = sorted((HERE / "sceptre" / "config").glob("*/*.yaml"))
TEMPLATES = sorted(path for path in (ROOT / "templates").glob("*/*.json") if path.name != "manifest.json")


def installed(folder: Path) -> Peer:
    """A tool that is there: `true`, with a library."""
    (folder / "library").mkdir()
    (folder / "library" / "package.json").write_text('{"version": "1.2.3"}')
    return Peer("Quick", "/bin/echo", "Does nothing.", libraries=(str(folder / "library"),))


def generator(name: str, command: tuple[str, ...], **more) -> Generator:
    return Generator(name=name, command=command, sizes=lambda out: (len(list(out.glob("*.json"))), 3), **more)


@pytest.mark.parametrize(
    "peer", {each.peer.name: each.peer for each in GENERATORS if each.peer}.values(), ids=lambda peer: peer.name
)
def test_every_generator_says_how_far_it_did_the_same_work(peer):
    assert peer.fairness.endswith(".")
    assert len(peer.fairness.split()) > 20
    assert peer.libraries


def test_a_tool_is_installed_with_all_its_libraries(tmp_path):
    peer = installed(tmp_path)
    assert peer.installed
    assert peer.versions().endswith(" with library 1.2.3")
    (tmp_path / "library" / "package.json").unlink()
    assert not peer.installed


def test_what_is_not_installed_says_so_and_has_no_note(tmp_path):
    peer = Peer("Absent", "no/such/program", "Does nothing.")
    ours = [generator(name, ("touch", "{out}/a.json")) for name in ("alone", "checked")]
    table = generation.shown(generation.measured([*ours, generator("theirs", ("false",), peer=peer)], runs=2))
    assert [len(row) for row in table.rows] == [len(table.columns)] * 3
    assert table.rows[0][4:] == ("1", "3", "", "")
    assert table.rows[2][1] == "not measured: `make bench-peers` installs it"
    assert not any("Absent" in note for note in table.notes)


def test_what_checks_is_compared_with_our_check_and_the_page_says_where_it_wins(tmp_path):
    peer = installed(tmp_path)
    busy = (sys.executable, "-c", "sum(range(3_000_000))")
    ours = [generator(name, busy) for name in ("alone", "checked")]
    theirs = [generator("generates", busy, peer=peer), generator("checks too", ("true",), peer=peer, checks=True)]
    table = generation.shown(generation.measured([*ours, *theirs], runs=3))
    plain, checking = table.rows[2:]
    assert float(plain[6]) > 0.5
    assert plain[7] == ""
    assert float(checking[7]) < 0.5
    wins = [note for note in table.notes if "**checks too**" in note]
    assert {note.partition(":")[0] for note in wins} == {"Less than ours, generating and checking"}
    assert any("of our CPU: its checker" in note for note in wins)
    assert any(
        note.startswith("**Quick** ") and note.endswith("with library 1.2.3: Does nothing.") for note in table.notes
    )


def test_a_command_that_fails_is_no_figure():
    with pytest.raises(RuntimeError, match="alone ended with 1"):
        generation.measured([generator("alone", ("false",))], runs=1)


def test_descendants_count_also_when_their_parent_does_not_wait(tmp_path):
    work = "kept = bytearray(150 * 2**20); sum(range(6_000_000))"
    alone = measure_tree([sys.executable, "-c", "pass"], tmp_path / "note")
    left = measure_tree(["sh", "-c", '"$0" -c "$1" &', sys.executable, work], tmp_path / "note")
    assert left.code == 0
    assert left.cpu > alone.cpu + 0.05
    assert alone.peak < 100
    assert 150 < left.peak < 300


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


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=lambda each: each.name)
def test_composex_reads_the_same_services_and_sizes(environment):
    folder = HERE / "composex"
    shared, own = (
        yaml.safe_load((folder / f"{name}.yaml").read_text("utf-8")) for name in ("compose", environment.name)
    )
    assert {name: each["ports"][0]["target"] for name, each in shared["services"].items()} == {
        each.name: each.port for each in SERVICES
    }
    assert own["x-vpc"]["Properties"]["VpcCidr"] == environment.network.cidr
    for name, task in environment.tasks.items():
        limits = own["services"][name]["deploy"]["resources"]["limits"]
        assert (float(limits["cpus"]) * 1024, limits["memory"]) == (task.cpu, f"{task.memory}M")


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
