"""A picture shows what the templates say: every connection, every service, and nothing on top of another."""

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import get_args
from xml.etree import ElementTree as ET

import pytest

from generator.environments import ENVIRONMENTS
from generator.pictures import Option, draw
from generator.pictures.__main__ import main
from generator.pictures._layout import Layout, lay_out
from generator.pictures._read import read
from generator.services import SERVICES
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
def test_nothing_overlaps(templates, name, option):
    assert_tidy(lay_out(read(of(templates, name), option)))


@every_picture
def test_a_picture_is_always_the_same(templates, name, option):
    mine = of(templates, name)
    assert draw(copy.deepcopy(mine), option) == draw(mine, option)


def assert_tidy(layout: Layout) -> None:
    """No two boxes overlap, no line passes through a box, every label stands free and inside of the picture."""
    assert layout.crowded == 0
    solid = {key: rect for key, (box, rect) in layout.boxes.items() if not box.inner}
    for key, rect in solid.items():
        for other, there in solid.items():
            assert key == other or not rect.meets(there), (key, other)
    for drawn in layout.arrows:
        ends = {drawn.arrow.source, drawn.arrow.target}
        for key, rect in solid.items():
            if key not in ends:
                assert not any(piece.meets(rect) for piece in pieces(drawn.line)), (ends, key)
        if drawn.pill:
            others = [there.pill for there in layout.arrows if there is not drawn and there.pill]
            assert not any(drawn.pill.meets(other) for other in [*others, *solid.values()]), ends
            assert drawn.pill.x >= 0
            assert drawn.pill.right <= layout.width


def pieces(line):
    from generator.pictures._geometry import segments

    return segments(line)


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
