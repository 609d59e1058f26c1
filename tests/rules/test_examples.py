"""Every rule keeps the promise of its own page: its bad template is found at the marked lines, its good one is not."""

from __future__ import annotations

import inspect
import re
from textwrap import dedent

import pytest

from generator.rules._catalogue import rules, section_of
from tests.rules.support import matches

RULES = rules()
ids = [rule.id for rule in RULES]


def text(example: str) -> str:
    return dedent(example).lstrip("\n")


@pytest.mark.parametrize("rule", RULES, ids=ids)
def test_bad_example_is_found_at_the_marked_lines_and_nowhere_else(rule):
    example = text(rule.bad)
    lines = enumerate(example.splitlines(), 1)
    marked = {number for number, line in lines if rule.id in line.partition(" # ")[2]}

    assert marked
    assert {m.linenumber for m in matches(example) if m.rule.id == rule.id} == marked


@pytest.mark.parametrize("rule", RULES, ids=ids)
def test_good_example_is_silent(rule):
    assert [str(m) for m in matches(text(rule.good)) if m.rule.id == rule.id] == []


@pytest.mark.parametrize("rule", RULES, ids=ids)
def test_message_names_the_resource_it_speaks_of(rule):
    for match in matches(text(rule.bad)):
        place = f"{match.path[1]}: " if len(match.path) > 1 else "the template "

        assert match.message.startswith(place)


@pytest.mark.parametrize("rule", RULES, ids=ids)
def test_rule_says_what_it_is(rule):
    assert re.fullmatch(r"[EWI]9[1-7]\d\d", rule.id), "9000 to 9099 are cfn-lint's own custom rules"
    assert rule.shortdesc
    assert rule.description.endswith(".")
    assert rule.source_url.startswith("https://")
    assert rule.tags
    assert inspect.getdoc(type(rule).find)


def test_number_of_a_rule_is_its_own_whatever_its_severity():
    numbers = [rule.id[1:] for rule in RULES]

    assert sorted(set(numbers)) == sorted(numbers)


def test_one_module_holds_one_rule():
    files = [type(rule).find.__code__.co_filename for rule in RULES]

    assert len(set(files)) == len(RULES)
    assert {section_of(rule) for rule in RULES} == {"ecs", "scaling", "state", "network", "iam", "ec2", "ecr", "limits"}
