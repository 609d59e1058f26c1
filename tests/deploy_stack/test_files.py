"""Mistakes in the files, in the options and in plan files: one clear error, nothing half-done."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from deploy_stack import planfile
from deploy_stack.exits import DeployError, Exit
from deploy_stack.releases import Release, before
from deploy_stack.render.markdown import markdown
from deploy_stack.render.table import text
from deploy_stack.review.model import PropertyChange, ResourceChange
from deploy_stack.review.reviewing import review

ROOT = Path(planfile.__file__).parents[2]


def spoil(path, content):
    """Return what writes something else into a file."""
    return lambda root: (root / path).write_text(content)


FILE_MISTAKES = [
    (spoil("templates/staging/app.json", "{"), "app.json:1:2: not JSON"),
    (spoil("templates/staging/manifest.json", "[]"), "manifest.json: found list, expected an object"),
    (spoil("templates/staging/manifest.json", '{"Environment": "production"}'), "Environment: found 'production'"),
    (spoil("templates/staging/manifest.json", '{"Environment": "staging"}'), "Stacks: found None, expected a list"),
    (spoil("parameters/staging/target.json", '{"Account": "123", "Region": "x"}'), "expected the 12 digits"),
    (spoil("parameters/staging/target.json", '{"Account": "111122223333"}'), "Region: found None"),
    (spoil("parameters/staging/app.json", "{}"), "found an object, expected a list"),
    (lambda root: (root / "templates/staging/data.json").unlink(), "data.json does not exist, but"),
    (lambda root: (root / "parameters/staging/target.json").unlink(), "target.json does not exist"),
]


@pytest.mark.parametrize(("mistake", "words"), FILE_MISTAKES)
def test_a_mistake_in_a_file_is_one_error_that_names_it(deploy_stack, project, local, mistake, words):
    """With file and key, without a traceback, without a call."""
    mistake(project.root)
    local.reset(state=False)

    result = deploy_stack("plan", "staging")

    assert (result.code, result.out) == (1, "")
    assert words in result.err
    assert local.calls() == []


def test_a_template_of_another_version_than_its_manifest_is_stale(deploy_stack, project):
    """The manifest and the templates are made together."""
    project.template("data", lambda found: found["Metadata"]["Aldeia"].update(Version="0.0.9"))

    result = deploy_stack("plan", "staging")

    assert result.code == 1
    assert "Version: found '0.0.9', expected '0.1.0'" in result.err
    assert "make templates" in result.err


def test_templates_that_the_generator_would_write_differently_are_refused(deployed, project, cfn):
    """Asked of the generator as a process; what is already deployed needs no asking."""
    generator = project.root / "generator"
    generator.mkdir()
    (generator / "__init__.py").touch()
    (generator / "__main__.py").write_text("import sys; print('changed: templates/staging/app.json'); sys.exit(1)")
    assert deployed("plan", "staging").code == 0
    project.template("app", lambda found: found["Resources"]["TaskDefinition"]["Properties"].update(Cpu="512"))

    result = deployed("plan", "staging")

    assert result.code == 1
    assert "the templates are stale" in result.err
    assert "changed: templates/staging/app.json" in result.err
    assert cfn.list_change_sets(StackName="aldeia-staging-app")["Summaries"] == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["plan", "nowhere"], "there are production, staging"),
        (["plan", "staging", "nothing"], "there are network, data, app, spare"),
        (["plan", "staging", "--image", "backend"], "expected NAME=TAG"),
        (["plan", "staging", "--parameter", "Greeting"], "expected KEY=VALUE"),
        (["plan", "staging", "--allow", "data-replaced:nothing/X"], "nothing is no stack of staging"),
        (["plan", "staging", "--secret-parameter", "Greeting"], "no chosen stack has a NoEcho parameter"),
        (["plan", "staging", "--nonsense"], "No such option"),
        (["apply", "staging"], "make one: deploy-stack plan staging"),
        (["frobnicate"], "No such command"),
    ],
)
def test_wrong_usage_ends_with_2_and_says_what_would_be_right(deploy_stack, arguments, words):
    """A typing mistake costs nothing."""
    result = deploy_stack(*arguments)

    assert result.code == 2
    assert words in result.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--parameter", "Nope=1"], "Nope: any of the chosen stacks has no such parameter"),
        (["--parameter", "data.Greeting=1"], "Greeting: data has no such parameter"),
        (["--parameter", "app.Greeting=" + "x" * 21], "expected MaxLength 20"),
        (["--parameter", "Token=hush"], "use --secret-parameter Token"),
        (["--image", "frontend=v1"], "there are backend"),
    ],
)
def test_values_on_the_command_line_are_checked_like_those_of_files(deploy_stack, arguments, words):
    """Before any call."""
    result = deploy_stack("plan", "staging", *arguments)

    assert result.code == 1
    assert words in result.err
    assert "hush" not in result.err


def test_images_and_secrets_are_looked_for_before_a_change_set_is_made(deploy_stack, deployed, project, client, local):
    """Everything that is wrong, in one go."""
    client("secretsmanager").create_secret(Name="staging/empty")
    project.manifest("app", Secrets=["staging/empty", "staging/missing"])

    result = deployed("plan", "staging", "app", "--image", "backend=v9")

    assert result.code == 1
    assert "the repository aldeia/backend has no image v9" in result.err
    assert "the secret staging/empty has no value" in result.err
    assert "the secret staging/missing does not exist" in result.err
    assert local.calls("CreateChangeSet") == []


def test_latest_is_refused_in_production(deploy_stack, images):
    """It names another image tomorrow."""
    images("latest")
    for stack in ("network", "data"):
        assert deploy_stack("deploy", "production", stack, "--yes").code == 0

    result = deploy_stack("plan", "production", "app", "--image", "backend=latest")

    assert result.code == 1
    assert "latest is refused in production" in result.err


def test_rollback_alarms_that_are_there_are_sent_and_the_others_named(deployed, project, client, cfn):
    """CloudFormation fails an operation whose alarm does not exist."""
    client("cloudwatch").put_metric_alarm(
        AlarmName="backend-5xx", ComparisonOperator="GreaterThanThreshold", EvaluationPeriods=1, Threshold=1,
        MetricName="x", Namespace="y", Period=60, Statistic="Sum",
    )  # fmt: skip
    project.manifest("app", RollbackAlarms=["backend-5xx", "not-yet"])
    project.template("app", lambda found: found["Resources"]["TaskDefinition"]["Properties"].update(Cpu="512"))

    plan = deployed("plan", "staging", "app")

    assert plan.code == 10
    assert "not there yet: not-yet" in plan.out
    (found,) = cfn.list_change_sets(StackName="aldeia-staging-app")["Summaries"]
    sent = cfn.describe_change_set(ChangeSetName=found["ChangeSetId"])["RollbackConfiguration"]["RollbackTriggers"]
    assert [each["Arn"].rsplit(":", 1)[1] for each in sent] == ["backend-5xx"]


def test_a_plan_file_comes_back_as_it_was_written(deployed, project, tmp_path):
    """Every field, and readable by its owner only."""
    project.template("app", lambda found: found["Resources"]["TaskDefinition"]["Properties"].update(Cpu="512"))
    deployed("plan", "staging", "--out", "a.json")

    plan = planfile.read(Path("a.json"))
    planfile.write(plan, Path("b.json"))

    assert planfile.read(Path("b.json")) == plan
    assert Path("b.json").stat().st_mode & 0o077 == 0
    assert sorted(each.name for each in tmp_path.glob(".*.json*")) == []


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("{", Exit.USAGE),
        ("[]", Exit.USAGE),
        ("{}", Exit.USAGE),
        ('{"Format": 99}', Exit.STALE),
        ('{"Format": 1}', Exit.USAGE),
    ],
)
def test_what_is_no_plan_file_is_refused(tmp_path, content, code):
    """A file from elsewhere is a mistake of the user, not of ours."""
    path = tmp_path / "plan.json"
    path.write_text(content)

    with pytest.raises(DeployError) as caught:
        planfile.read(path)

    assert caught.value.exit_code is code


def test_a_tampered_plan_file_does_not_get_past_the_review(deployed, project):
    """What blocks is decided by what CloudFormation shows, not by what the file says."""
    project.template(
        "data", lambda found: found["Resources"]["FileSystem"]["Properties"].update(PerformanceMode="maxIO")
    )
    deployed("plan", "staging")
    path = Path(".aldeia/staging.plan.json")
    found = json.loads(path.read_text())
    found["Verdict"] = "changes"
    found["Stacks"][0].update(Blocking=[], Review={"Changes": []})
    path.write_text(json.dumps(found))

    assert deployed("apply", "staging").code == 11


def test_an_old_plan_is_stale(deployed, project):
    """Nobody remembers what it was about."""
    project.template("app", lambda found: found["Resources"]["TaskDefinition"]["Properties"].update(Cpu="512"))
    deployed("plan", "staging")

    assert deployed("apply", "staging", "--max-age", "0").code == 12


def release(number, template, *, restores=0, image="v1"):
    """Return a release."""
    return Release(number, f"run{number}", "0.1.0", None, template, {"Tag": image}, "t", "me", restores)


@pytest.mark.parametrize(
    ("history", "now", "expected"),
    [
        ([], "a", None),
        ([release(1, "a")], "a", None),
        ([release(1, "a"), release(2, "b")], "b", 1),
        ([release(1, "a"), release(2, "b")], "c", 2),
        ([release(1, "a"), release(2, "a")], "a", None),
        ([release(1, "a"), release(2, "a", image="v2")], "a", 1),
        ([release(1, "a"), release(2, "b"), release(3, "c"), release(4, "b", restores=2)], "b", 1),
        ([release(1, "a"), release(2, "b"), release(3, "a", restores=1), release(4, "c")], "c", 2),
    ],
)
def test_the_version_before(history, now, expected):
    """What was restored counts as what it restored; what is unrecorded comes after all records."""
    found = before(history, now)

    assert (found.number if found else None) == expected


CHANGE = ResourceChange(
    "AVeryLongLogicalIdThatSomebodyThoughtWasAGoodIdea",
    "AWS::EFS::FileSystem",
    "Modify",
    "True",
    properties=(PropertyChange("Encrypted|`x`", "Properties", "a" * 500, "[red]b", "Always", ("parameter P",)),),
)


def test_a_review_fits_80_columns_without_colour_and_loses_nothing():
    """Piped into a file, on a small terminal."""
    shown = text(review(stack="data", stack_name="s", operation="UPDATE", changes=[CHANGE]), width=80)

    assert max(map(len, (line for line in shown.splitlines() if "--allow" not in line))) <= 80
    assert "\x1b" not in shown
    for word in ("!!", "replace", "blocked", "[red]b", "parameter P", "--allow data-replaced:data/AVeryLong"):
        assert word in shown


def test_values_are_no_markup():
    """Neither in Markdown nor on the terminal."""
    shown = markdown("staging", [review(stack="data", stack_name="s", operation="UPDATE", changes=[CHANGE])])

    assert "``Encrypted\\|`x`" in shown
    assert "[red]b" in text(review(stack="d", stack_name="s", operation="UPDATE", changes=[CHANGE]), terminal=True)


def test_the_command_says_its_version(capsys):
    from deploy_stack.__main__ import run

    from generator import VERSION

    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"deploy-stack {VERSION}\n"


def test_help_imports_neither_botocore_nor_rich_nor_cfnlint(process):
    """It costs click and nothing more."""
    code = (
        "import sys; from deploy_stack.__main__ import run; run(['--help']);"
        "print(sorted({n.split('.')[0] for n in sys.modules} & {'boto3', 'botocore', 'rich', 'cfnlint', 'dataclasses'}))"
    )
    root = str(ROOT / "scripts")
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": root}, capture_output=True, text=True, check=True
    )

    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.usefixtures("deployed")
def test_where_nothing_changes_nobody_pays_for_a_review(project, local):
    """Review, prices, rich and the page are imported while a change set is made, and not without one."""
    script = (
        "import sys; sys.path[:0] = sys.argv[1:3]\n"
        "from deploy_stack.__main__ import run\n"
        "code = run(['plan', 'staging'])\n"
        "late = ('deploy_stack.review', 'deploy_stack.render', 'rich', 'generator.costs')\n"
        "print(code, sorted(each for each in sys.modules if each.startswith(late)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(ROOT), str(ROOT / "scripts")],
        cwd=project.root,
        env={**os.environ, **local.environ},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.splitlines()[-1] == "0 []", done.stderr
