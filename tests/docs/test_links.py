"""No page leads into nothing: files, anchors, commands, options and modules that a page names are there."""

from __future__ import annotations

import importlib.util
import re

import click
import pytest
from deploy_stack.__main__ import COMMANDS
from local_cloudformation.__main__ import main as local_cloudformation
from reference.commands import targets, verbs

from tests.docs.pages import PAGES, ROOT, anchors, code, links, name

pages = pytest.mark.parametrize("page", PAGES, ids=name)
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")


@pages
def test_links_lead_to_files_and_headings(page):
    text = page.read_text(encoding="utf-8")
    for link in links(text):
        if re.match(r"[a-z]+:", link):
            assert link.startswith(("https://", "mailto:")), link
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{name(page)}: {link}: there is no such file"
        assert target.is_relative_to(ROOT), f"{name(page)}: {link} leads out of the repository"
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target.read_text(encoding="utf-8")), f"{name(page)}: {link}: no such heading"


@pages
def test_commands_are_there(page):
    """`make X`, `deploy-stack VERB --option`, `python -m MODULE`, `local-cloudformation --option`, wherever they stand in code."""
    made = {target for target, _ in targets()}
    known = verbs()
    for line in code(page.read_text(encoding="utf-8")):
        where = f"{name(page)}: {line}"
        for target in re.findall(r"(?:^|[\s`])make ([a-z][a-z-]*)", line):
            assert target in made, where
        for module in re.findall(r"python3? -m ([\w.]+)", line):
            assert module in {"venv", "pip"} or importlib.util.find_spec(module), where
        for verb, rest in re.findall(r"(?:^|[\s/])deploy-stack ([a-z]+)(?=$|[\s,;)])([^|;&#]*)", line):
            assert verb in COMMANDS, where
            assert set(OPTION.findall(rest)) <= options(known[verb]), where
        for rest in re.findall(r"(?:^|[\s/])local-cloudformation ([^|;&#]*)", line):
            assert set(OPTION.findall(rest)) <= options(local_cloudformation), where


def options(command: click.Command) -> set[str]:
    return {"--help", *(each for parameter in command.params for each in parameter.opts)}


def test_every_page_is_in_the_index():
    index = ROOT / "docs" / "README.md"
    led_to = {(index.parent / link.partition("#")[0]).resolve() for link in links(index.read_text(encoding="utf-8"))}
    assert [name(each) for each in (ROOT / "docs").rglob("*.md") if each != index and each not in led_to] == []


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("# `plan`, *apply*", {"plan-apply"}),
        ("## A\n## A\n", {"a", "a-1"}),
        ("```\n# no heading\n```\n# One_two - three", {"one_two---three"}),
        ('<a id="here"></a>', {"here"}),
        ("# [deploy](x.md): 3 a.m.", {"deploy-3-am"}),
    ],
)
def test_anchors_are_those_of_the_host(text, right):
    assert anchors(text) == right


def test_links_are_found():
    text = 'see [a](a.md#b) and ![b](<c.svg>) and `[no](x)`\n```\n[no](y)\n```\n<img src="d.svg">, [![e](e.svg)](f.md)'
    assert links(text) == ["a.md#b", "c.svg", "f.md", "d.svg"]
