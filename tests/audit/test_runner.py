"""The runner with hand-written judges: what it shows them, what it reports, and that a crash is an error."""

import json
from pathlib import Path

import pytest
from audit import first, report
from audit.accepted import Explanation, split
from audit.documents import documents
from audit.finding import AuditError, Finding, Judge, Subject
from audit.inputs import Inputs, collect
from audit.running import ask

TEMPLATE = {
    "Parameters": {"JwtSecretArn": {"Type": "String"}},
    "Resources": {
        "Logs": {"Type": "AWS::Logs::LogGroup"},
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": {"Statement": [{"Principal": {"Service": "ecs-tasks.amazonaws.com"}}]},
                "Policies": [
                    {
                        "PolicyName": "own",
                        "PolicyDocument": {
                            "Statement": [
                                {"Resource": [{"Fn::GetAtt": ["Logs", "Arn"]}, {"Ref": "JwtSecretArn"}]},
                                {"Resource": {"Fn::Sub": "arn:${AWS::Partition}:s3:::x-${!aws:PrincipalTag/Serves}/*"}},
                                {"Resource": {"Fn::If": ["Some", {"Ref": "AWS::NoValue"}, "two"]}},
                            ]
                        },
                    }
                ],
            },
        },
    },
}


def nothing(_: Inputs) -> list[Finding]:
    return []


def twice(inputs: Inputs) -> list[Finding]:
    found = [Finding("twice", "T1", template.file, "Role", "", "seen") for template in inputs.templates]
    return found + found


def crash(_: Inputs) -> list[Finding]:
    raise ZeroDivisionError("in the judge")


def version() -> str:
    return "1.0"


def absent() -> str:
    raise AuditError("nobody is not installed; make audit installs it")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "templates" / "staging"
    folder.mkdir(parents=True)
    (folder / "fargate.json").write_text(json.dumps(TEMPLATE), encoding="utf-8")
    (folder / "manifest.json").write_text("{}", encoding="utf-8")
    (folder / "bootstrap.sh").write_text("#!/bin/sh\n", encoding="utf-8")
    return tmp_path


def test_inputs_are_what_is_rendered(root: Path) -> None:
    inputs = collect(root)
    assert [template.file for template in inputs.templates] == ["templates/staging/fargate.json"]
    assert inputs.scripts == ("templates/staging/bootstrap.sh",)
    assert inputs.workflows == ()
    assert [document.name for document in inputs.policies] == ["own"]


@pytest.mark.parametrize(("text", "said"), [("{", "not JSON"), ("[]", "no object with Resources")])
def test_a_broken_template_is_named(root: Path, text: str, said: str) -> None:
    (root / "templates" / "staging" / "fargate.json").write_text(text, encoding="utf-8")
    with pytest.raises(AuditError, match=f"templates/staging/fargate.json: .*{said}"):
        collect(root)


def test_nothing_rendered_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(AuditError, match="run make templates"):
        collect(tmp_path)


def test_documents_are_read_as_iam_would() -> None:
    trust, own = documents("x.json", TEMPLATE)
    assert (trust.identity, own.identity) == (False, True)
    resources = [statement["Resource"] for statement in own.body["Statement"]]
    assert resources == [
        [
            "arn:aws:logs:us-east-1:111122223333:log-group:sample:*",
            "arn:aws:secretsmanager:us-east-1:111122223333:secret:sample-AbCdEf",
        ],
        "arn:aws:s3:::x-${aws:PrincipalTag/Serves}/*",
        "two",
    ]


def test_each_judge_is_asked_and_each_finding_counts_once(root: Path) -> None:
    told: list[str] = []
    judges = [
        Judge("nothing", "nothing", Subject.SCRIPTS, nothing, version),
        Judge("twice", "twice", Subject.TEMPLATES, twice, version),
    ]
    answers = ask(judges, collect(root), told.append)
    assert [(answer.judge, answer.shown, len(answer.findings)) for answer in answers] == [
        ("nothing", 1, 0),
        ("twice", 1, 1),
    ]
    assert len(told) == len(judges)

    about = Explanation(("twice T1",), ("templates/* Role",), (), "why it stays", "who is hurt")
    findings = [finding for answer in answers for finding in answer.findings]
    for explanations, tail in (([], ["1", "2", "0", "1"]), ([about], ["1", "2", "1", "0"])):
        still, explained = split(findings, explanations)
        row = report.table(answers, still, explained, {"twice": {"T1": 2, "T2": 1}})[2].split()
        assert row == ["twice", "1.0", "1", "3", *tail], "three at first, one now, two mended"


@pytest.mark.parametrize(
    ("judge", "said"),
    [
        (Judge("bad", "bad", Subject.TEMPLATES, crash, version), "bad: ZeroDivisionError: in the judge"),
        (Judge("bad", "bad", Subject.TEMPLATES, nothing, absent), "bad: nobody is not installed"),
    ],
)
def test_a_judge_that_fails_is_an_error_and_no_silence(root: Path, judge: Judge, said: str) -> None:
    with pytest.raises(AuditError, match=said):
        ask([Judge("nothing", "nothing", Subject.SCRIPTS, nothing, version), judge], collect(root), lambda _: None)


def test_mended_is_what_was_found_first_and_is_gone() -> None:
    assert first.mended({"a": {"x": 3, "y": 1}}, {"a": {"x": 1, "z": 9}}, "a") == 3
    assert first.mended({}, {"a": {"x": 1}}, "a") == 0
