"""`--html` and `--markdown` of every verb that shows a review: written before anything is done, whole or not at all."""

import time

import pytest


def cpu(value):
    """Return a change of the task's size."""
    return lambda found: found["Resources"]["TaskDefinition"]["Properties"].update(Cpu=value)


def other_file_system(found):
    """What a review blocks."""
    found["Resources"]["FileSystem"]["Properties"]["PerformanceMode"] = "maxIO"


@pytest.fixture
def page(project):
    """The page and the Markdown, in a folder that is not there yet, and the options that ask for them."""
    html, markdown = project.root / "out/review.html", project.root / "out/review.md"
    return html, markdown, ("--html", str(html), "--markdown", str(markdown))


@pytest.mark.usefixtures("deployed")
def test_a_deployment_without_a_person_writes_them_before_it_executes(project, local, cfn, process, page):
    """While the update runs they are there."""
    html, markdown, options = page
    project.template("app", cpu("512"))
    local.script(seconds={"resource": 60})

    running = process("deploy", "staging", "app", "--yes", *options)
    end = time.monotonic() + 30
    while cfn.describe_stacks(StackName="aldeia-staging-app")["Stacks"][0]["StackStatus"] != "UPDATE_IN_PROGRESS":
        assert time.monotonic() < end
    text, table = html.read_text(), markdown.read_text()
    running.kill()
    running.communicate()

    assert "app/TaskDefinition" in text
    assert "deploy-stack deploy staging app" in text
    assert "### app:" in table


def test_every_group_of_stacks_is_on_the_page(deploy_stack, images, project, page):
    """A first deployment goes group by group; what is unchanged is named too."""
    html, markdown, options = page
    for each in (1, 2):
        assert deploy_stack("deploy", "staging", "--image", "backend=v1", "--yes", *options).code == 0, each
        if each == 1:
            first, table = html.read_text(), markdown.read_text()

    assert all(f"CREATE aldeia-staging-{name}" in first for name in ("network", "data", "app"))
    assert all(f"### {name}:" in table for name in ("network", "data", "app"))
    assert "Nothing to change: network, data, app" in html.read_text().replace("</", " </")


def test_what_is_blocked_stands_on_the_page_with_what_allows_it(deployed, project, page):
    """The refused deployment leaves the page that is needed to decide."""
    html, _, options = page
    project.template("data", other_file_system)

    assert deployed("deploy", "staging", "data", "--yes", *options).code == 11
    assert "deploy-stack deploy staging data --allow data-replaced:data/FileSystem" in html.read_text()


def test_what_cannot_be_planned_stands_on_the_page(deployed, project, page):
    """An error of one stack is no reason to leave it out."""
    html, _, options = page
    project.template("app", cpu("512"))

    assert deployed("deploy", "staging", "app", "--image", "backend=v9", "--yes", *options).code == 1
    assert "has no image v9" in html.read_text()


def test_a_rollback_has_them_too(deployed, project, page):
    """Without a person it leaves a plan, so the page names `apply`; with --yes it names the rollback."""
    html, markdown, options = page
    for value in ("512", "1024"):
        project.template("app", cpu(value))
        project.commit(f"v{value}")
        assert deployed("deploy", "staging", "app", "--yes").code == 0

    assert deployed("rollback", "staging", "app", *options).code == 10
    assert "deploy-stack apply .aldeia/staging.plan.json" in html.read_text()
    assert "Cpu: 1024 -> 512" in markdown.read_text()
    assert deployed("rollback", "staging", "app", "--to", "1", "--yes", *options).code == 0
    assert "deploy-stack rollback staging app --to 1" in html.read_text()


def test_a_rollback_that_failed_says_that_it_has_no_review(deployed, project, local, page):
    """It is no change set; an option that does nothing would be worse."""
    html, _, options = page
    project.template("app", cpu("512"))
    broken = {"logical_id": "Service", "on": "update", "reason": "no", "times": 1}
    local.script(failures=[broken, {**broken, "on": "rollback"}])
    assert deployed("deploy", "staging", "app", "--yes").code == 14

    result = deployed("rollback", "staging", "app", "--yes", *options)

    assert result.code == 0, result.err
    assert "there is no review to write" in result.err
    assert not html.exists()


def test_a_deletion_has_the_same_page(deployed, page):
    """What is kept, what is lost, what stops; and the command that carries it out."""
    html, markdown, options = page

    assert deployed("delete", "staging", "data", *options).code == 11

    text = html.read_text()
    assert "DELETE aldeia-staging-data" in text
    assert "data/FileSystem" in text
    assert "is kept (Retain): every file on it stays" in text
    assert "deploy-stack delete staging data --allow still-needed:data/app" in text
    assert "still-needed:data/app" in markdown.read_text()


@pytest.mark.parametrize("verb", ["plan", "deploy", "rollback", "delete", "diff"])
@pytest.mark.parametrize("option", ["--html", "--markdown"])
def test_a_file_that_cannot_be_written_is_told_first(deployed, local, project, verb, option):
    """No change set was made for a page that nobody will ever read."""
    local.reset(state=False)
    (project.root / "file").touch()

    for path in ("templates", "file/review"):
        result = deployed(verb, "staging", option, path)

        assert result.code == 2
        assert f"{option} {path}:" in result.err
        assert "expected a file to write" in result.err
    assert local.calls() == []
