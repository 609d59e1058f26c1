"""A picture shows what the templates say: every connection, every service, and nothing on top of another."""

import copy
import re
from collections.abc import Mapping
from pathlib import Path
from typing import get_args
from xml.etree import ElementTree as ET

import pytest

from generator.environments import ENVIRONMENTS
from generator.pictures import Mark, Option, draw
from generator.pictures.__main__ import main
from generator.pictures._geometry import segments
from generator.pictures._layout import lay_out
from generator.pictures._placed import Layout
from generator.pictures._read import options, read
from generator.pictures._scene import Place
from generator.services import SERVICES
from tests.generator.picture_variants import VARIANTS, rendered
from tests.generator.reading import Json, resources

SVG = "{http://www.w3.org/2000/svg}"
ROOT = Path(__file__).resolve().parents[2]
OPTIONS = get_args(Option)
NAMES = [environment.name for environment in ENVIRONMENTS]
every_picture = pytest.mark.parametrize(("name", "option"), [(name, option) for name in NAMES for option in OPTIONS])


def of(templates: Mapping[str, Json], name: str) -> dict[str, Json]:
    """The templates of one environment by stack."""
    return {
        path.split("/")[1].removesuffix(".json"): body
        for path, body in templates.items()
        if path.startswith(f"{name}/")
    }


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314  (our own picture)


def words(svg: str) -> list[str]:
    """Every text that a picture shows."""
    return [element.text or "" for element in parsed(svg).iter(f"{SVG}text")]


def connections(svg: str) -> set[str]:
    """Resources that stand behind an arrow."""
    groups = parsed(svg).iter(f"{SVG}g")
    kinds = {"connection", "way"}
    return {
        key
        for group in groups
        if kinds & set(group.get("class", "").split())
        for key in group.get("data-resources", "").split()
    }


@pytest.mark.parametrize("name", NAMES)
def test_every_rule_of_a_security_group_is_an_arrow(templates, name):
    mine = of(templates, name)
    rules = [f"network/{key}" for _, key, _ in resources({"n": mine["network"]}, "AWS::EC2::SecurityGroupIngress")]

    drawn = {option: connections(draw(mine, option)) for option in OPTIONS}

    assert rules
    assert set(rules) <= drawn["fargate"] | drawn["ec2"]
    assert "network/LoadBalancerSecurityGroup" in drawn["fargate"] & drawn["ec2"]


@every_picture
def test_every_service_is_there_with_its_port(templates, name, option):
    shown = words(draw(of(templates, name), option))

    for service in SERVICES:
        assert service.name in shown
        assert f":{service.port}" in shown


@every_picture
def test_a_picture_is_always_the_same(templates, name, option):
    mine = of(templates, name)
    assert draw(copy.deepcopy(mine), option) == draw(mine, option)


@pytest.mark.parametrize("variant", VARIANTS)
def test_nothing_overlaps(variant):
    """Aldeia, and what it may become: more services, one more inside, three zones, everything that protects for money."""
    templates = rendered(variant)
    for option in options(templates):
        scene = read(templates, option)
        assert_tidy(lay_out(scene))
        assert_tidy(lay_out(scene.overview()))


def assert_tidy(layout: Layout) -> None:
    """No two boxes overlap, no line passes through a box, no label stands on a box, a title or another label, or outside."""
    solid = {key: rect for key, (box, rect) in layout.boxes.items() if not box.open}
    for key, rect in solid.items():
        for other, there in solid.items():
            assert key == other or not rect.meets(there), (key, other)
        assert rect.x >= 0, key
        assert rect.right <= layout.width, key
        assert rect.bottom <= layout.height, key
    pills = [drawn.pill for drawn in layout.arrows if drawn.pill]
    for index, pill in enumerate(pills):
        assert not any(pill.meets(other) for other in [*solid.values(), *pills[index + 1 :]]), pill
        assert pill.x >= 0, pill
        assert pill.right <= layout.width, pill
    labelled = [drawn.arrow for drawn in layout.arrows if drawn.pill or drawn.arrow.source == drawn.arrow.target]
    for drawn in layout.arrows:
        assert any(drawn.arrow.joins(arrow) for arrow in labelled), drawn.arrow
    for line, ends in [(d.line, {d.arrow.source, d.arrow.target}) for d in layout.arrows]:
        for key, rect in solid.items():
            if key not in ends and layout.boxes[key][0].place is not Place.GATE:
                assert not any(piece.meets(rect) for piece in segments(line)), (ends, key)


HOSTILE = (
    "<script>alert(1)</script>",
    "</text></svg><img src=x onerror=alert(1)>",
    '"onload="alert(1)',
    "]]>&lt;b&gt;&#x3c;script&#x3e;",
    "javascript:alert(1)",
    "nul\x00bell\x07esc\x1b[31m",
    "right\u202eto left",
    "lone \ud800 surrogate",
    "\U0001f4a9" * 40,
    "\u4e2d\u6587" * 60,
    "m" * 4000,
    "line\nbreak\ttab",
)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("option", OPTIONS)
def test_hostile_text_stays_text(templates, text, option):
    """Every string of every template becomes hostile, and every logical id that a review may name."""
    mine = {stack: poisoned(body, text) for stack, body in of(templates, "production").items()}
    marks: dict[str, Mark] = {f"network/{text}": "deleted", "network/Vpc": "changed"}

    svg = draw(mine, option, marks)

    root = parsed(svg)
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags <= {"svg", "g", "title", "desc", "style", "rect", "path", "text"}
    keys = {key for element in root.iter() for key in element.attrib}
    assert not {key for key in keys if key.startswith("on") or "href" in key}
    assert not re.search(r"[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069]", svg)
    svg.encode()
    layout = lay_out(read(mine, option))
    assert_tidy(layout)
    assert layout.width < 2000


def poisoned(value, text, key=""):
    """`value` with `text` for every string that names or describes something."""
    if isinstance(value, dict):
        return {name: poisoned(item, text, name) for name, item in value.items()}
    if isinstance(value, list):
        return [poisoned(item, text, key) for item in value]
    named = {
        "Name",
        "Description",
        "GroupDescription",
        "ClusterName",
        "Environment",
        "InstanceType",
        "Values",
        "VolumeType",
    }
    named |= {"CidrBlock", "AvailabilityZone", "DomainName", "Protocol", "ServiceName", "UserData", "Fn::Sub", "Cpu"}
    return text if isinstance(value, str) and key in named and not value.startswith("/aldeia/") else value


def test_a_picture_needs_nothing_from_outside(templates):
    svg = draw(of(templates, "production"), "fargate")
    assert re.findall(r"https?://[^\"\s]+", svg) == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"url\(|@import|@font-face|href|<script|<foreignObject|<image", svg)


@pytest.mark.parametrize(
    ("marks", "shown"),
    [
        ({"fargate/ChromadbService": "replaced"}, {"chromadb 8000": "replaced"}),
        ({"fargate/BackendTaskDefinition": "changed"}, {"backend 3001": "changed"}),
        (
            {"fargate/BackendTaskDefinition": "changed", "fargate/BackendService": "deleted"},
            {"backend 3001": "deleted"},
        ),
        ({"edge/HttpsListener": "changed"}, {"Load balancer": "changed"}),
        ({"network/Chromadb8000FromBackend": "added"}, {"backend to chromadb: 8000": "added"}),
        ({"data/EnvFileSecret": "added"}, {"Secrets Manager": "added"}),
        ({"network/VpcIdParameter": "changed", "gone/Away": "deleted"}, {}),
    ],
)
def test_a_mark_is_shown_on_what_the_resource_stands_behind(templates, marks, shown):
    mine = of(templates, "production")
    svg = draw(mine, "fargate", marks)
    root = parsed(svg)

    words_of = {"added", "changed", "replaced", "deleted"}
    groups = [(g.findtext(f"{SVG}title"), set(g.get("class", "").split()) & words_of) for g in root.iter(f"{SVG}g")]
    found = {title.split(". ")[0]: next(iter(mark)) for title, mark in groups if title and mark}
    assert found == shown
    signs = {"+": "added", "~": "changed", "!": "replaced", "-": "deleted"}
    assert sorted(signs[text[0]] for text in words(svg) if re.match(r"[-+~!] ", text)) == sorted(shown.values())
    said = root.findtext(f"{SVG}desc") or ""
    assert all(key in said for key in marks)
    assert any("not drawn" in text for text in words(svg)) is not bool(shown)
    if not shown:
        assert "not drawn: 1 deleted, 1 changed" in words(svg)


def test_the_description_tells_every_arrow(templates):
    root = parsed(draw(of(templates, "staging"), "ec2"))
    said = root.findtext(f"{SVG}desc") or ""

    assert root.get("role") == "img"
    assert root.findtext(f"{SVG}title") == "Staging on EC2"
    for sentence in (
        "Internet to Load balancer: 443, 80.",
        "Load balancer to backend: 3001.",
        "Host to EFS file system: 2049.",
    ):
        assert sentence in said


@pytest.mark.parametrize("option", OPTIONS)
def test_parts_of_an_environment_can_be_drawn(templates, option):
    """A review may know only some stacks, and a template may be half written."""
    mine = of(templates, "production")
    for stack in mine:
        assert_tidy(lay_out(read({stack: mine[stack]}, option)))
        assert_tidy(lay_out(read({other: mine[other] for other in mine if other != stack}, option)))
    for empty in ({}, {"network": {}}, {"network": {"Resources": {"X": {}, "Y": {"Type": "AWS::EC2::VPC"}}}}):
        assert parsed(draw(empty, option)).tag == f"{SVG}svg"


def test_what_nobody_has_thought_of_yet_gets_a_box_of_its_own(templates):
    """A database with a security group of its own, a loop, an office that calls in, a rule for the whole VPC."""
    mine = copy.deepcopy(of(templates, "production"))
    network = mine["network"]["Resources"]
    group = {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": "Database", "VpcId": {"Ref": "Vpc"}}}
    network["DatabaseSecurityGroup"] = group
    own = {"GroupId": {"Ref": "DatabaseSecurityGroup"}, "IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432}
    for name, peer in {
        "FromBackend": {"SourceSecurityGroupId": {"Fn::GetAtt": ["BackendSecurityGroup", "GroupId"]}},
        "FromItself": {"SourceSecurityGroupId": {"Ref": "DatabaseSecurityGroup"}},
        "FromOffice": {"CidrIp": "203.0.113.0/24"},
        "FromVpc": {"CidrIp": "10.20.0.0/16"},
        "FromList": {"SourcePrefixListId": "pl-0123456789abcdef0"},
    }.items():
        network[f"Database{name}"] = {"Type": "AWS::EC2::SecurityGroupIngress", "Properties": own | peer}
    mine["data"]["Resources"]["Database"] = {"Type": "AWS::RDS::DBInstance", "Properties": {"VPCSecurityGroups": ["x"]}}
    network["Database"] = {
        "Type": "AWS::RDS::DBInstance",
        "Properties": {"VPCSecurityGroups": [{"Fn::GetAtt": "DatabaseSecurityGroup.GroupId"}]},
    }

    scene = read(mine, "fargate")
    ends = {(a.source, a.target) for a in scene.arrows if "5432" in a.ports}

    assert ends == {
        ("fargate/BackendService", "network/Database"),
        ("network/Database", "network/Database"),
        ("address/203.0.113.0/24", "network/Database"),
        ("address/10.20.0.0/16", "network/Database"),
        ("address/pl-0123456789abcdef0", "network/Database"),
    }
    assert_tidy(lay_out(scene))
    assert "RDS DBInstance" in words(draw(mine, "fargate"))


def test_the_firewall_stands_before_the_load_balancer():
    layout = lay_out(read(rendered("protected"), "fargate"))
    (firewall,) = [rect for box, rect in layout.boxes.values() if box.name.startswith("WAF, ")]
    (line,) = [drawn.line for drawn in layout.arrows if drawn.arrow.source == "internet"]
    assert any(piece.meets(firewall) for piece in segments(line))


def test_the_page_and_its_pictures_are_current(capsys):
    assert main(["--check"]) == 0, capsys.readouterr().err


def test_a_stale_picture_is_named(tmp_path, capsys):
    assert main(["--out", str(tmp_path)]) == 0
    assert main(["--out", str(tmp_path), "--check"]) == 0
    (tmp_path / "pictures" / "staging-ec2.svg").write_text("old")
    capsys.readouterr()

    assert main(["--out", str(tmp_path), "--check"]) == 1
    error = capsys.readouterr().err
    assert "staging-ec2.svg: run `make docs`" in error
    assert "architecture.md" not in error


def test_templates_that_cannot_be_read_are_one_line(tmp_path, capsys):
    assert main(["--templates", str(tmp_path), "--out", str(tmp_path)]) == 1
    assert "found no environment with a network; run `python -m generator` first" in capsys.readouterr().err

    (tmp_path / "production").mkdir()
    (tmp_path / "production" / "manifest.json").write_text("{")
    assert main(["--templates", str(tmp_path), "--out", str(tmp_path)]) == 1
    assert "manifest.json: Expecting property name" in capsys.readouterr().err
    assert not (tmp_path / "architecture.md").exists()
