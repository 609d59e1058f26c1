"""The file of explanations: its form, what an explanation is about, and when it is stale."""

from pathlib import Path

import pytest
from audit import accepted
from audit.finding import AuditError, Finding
from audit.judges import JUDGES

NAMES = [judge.name for judge in JUDGES]
OPEN_PORT = Finding("checkov", "CKV_AWS_260", "templates/staging/network.json", "WebGroup", "", "port 80 is open")
STAR = Finding("cdk-nag", "AwsSolutions-IAM5", "templates/shared/delivery.json", "Role", "Resource::[*]", "wildcard")
GOOD = """
[[accepted]]
checks = ["checkov CKV_AWS_260"]
where = ["templates/*/network.json WebGroup"]
reason = "The web is meant to come in here."
hurts = "Every user of the site."
"""


def load(path: Path, text: str) -> tuple[accepted.Explanation, ...]:
    file = path / "accepted.toml"
    file.write_text(text, encoding="utf-8")
    return accepted.load(file, NAMES)


def test_the_repository_s_own_file_is_sound() -> None:
    explanations = accepted.load(accepted.ACCEPTED, NAMES)
    assert explanations
    for explanation in explanations:
        assert not any(place.startswith("* ") for place in explanation.where), (
            "an explanation for every file explains nothing"
        )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('reason = "The web is meant to come in here."\n', ""), "entry 1: reason is None; it must be a sentence"),
        (('hurts = "Every user of the site."', 'hurts = "users"'), "entry 1: hurts is 'users'; it must be a sentence"),
        (('["checkov CKV_AWS_260"]', '["chekov CKV_AWS_260"]'), "checks has 'chekov CKV_AWS_260'; write `judge check`"),
        (('["checkov CKV_AWS_260"]', '["checkov"]'), "checks has 'checkov'; write `judge check`"),
        (('["checkov CKV_AWS_260"]', "[]"), "checks is []; it must be a list of texts"),
        (('["templates/*/network.json WebGroup"]', '["WebGroup"]'), "where has 'WebGroup'; write `file place`"),
        (("hurts =", "hurt ="), "unknown key hurt; there are checks, where, reason, hurts, details"),
        (("[[accepted]]", "[[excused]]"), "found excused; the file is a list of [[accepted]] tables"),
        (("checks = [", "checks = "), "cannot be read"),
    ],
)
def test_a_bad_entry_is_one_clear_error(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    with pytest.raises(AuditError) as fault:
        load(tmp_path, GOOD.replace(*change))
    assert said in str(fault.value)
    assert "accepted.toml" in str(fault.value)


def test_an_explanation_is_about_its_check_at_its_place_and_nothing_else(tmp_path: Path) -> None:
    explanations = load(tmp_path, GOOD)
    elsewhere = Finding("checkov", "CKV_AWS_260", "templates/staging/network.json", "HostGroup", "", "port 80 is open")
    other = Finding("checkov", "CKV_AWS_24", OPEN_PORT.file, OPEN_PORT.place, "", "port 22 is open")
    still, explained = accepted.split([OPEN_PORT, elsewhere, other], explanations)
    assert still == [elsewhere, other]
    assert [finding for finding, _ in explained] == [OPEN_PORT]


@pytest.mark.parametrize(
    ("pattern", "matches"), [("Resource::[*]", True), ("Resource::*", True), ("Resource::a", False)]
)
def test_brackets_are_no_pattern(pattern: str, matches: bool) -> None:
    explanation = accepted.Explanation(("cdk-nag *-IAM5",), ("templates/shared/* Role",), (pattern,), "why", "who")
    assert explanation.explains(STAR) is matches


def test_an_explanation_of_nothing_is_stale_line_by_line(tmp_path: Path) -> None:
    more = GOOD.replace('"checkov CKV_AWS_260"', '"checkov CKV_AWS_260", "cfripper Gone"')
    more = more.replace("WebGroup", 'WebGroup", "templates/*/network.json GoneGroup')
    explanations = load(tmp_path, more)
    assert accepted.stale([OPEN_PORT], explanations, NAMES) == [
        "entry 1, checks: 'cfripper Gone' matches no finding any more",
        "entry 1, where: 'templates/*/network.json GoneGroup' matches no finding any more",
    ]
    assert accepted.stale([OPEN_PORT], load(tmp_path, GOOD), NAMES) == []


def test_explanations_of_judges_that_were_not_asked_are_not_stale(tmp_path: Path) -> None:
    assert accepted.stale([], load(tmp_path, GOOD), ["zizmor"]) == []
    assert accepted.stale([], load(tmp_path, GOOD), ["checkov"]) != []
