"""The verbs from end to end on the embedded CloudFormation: what they print, what they leave, how they end."""

import json
from pathlib import Path

import pytest


def cpu(value):
    """Return a change of the task's size."""
    return lambda found: found["Resources"]["TaskDefinition"]["Properties"].update(Cpu=value)


def performance(value):
    """Return a change that replaces the file system."""
    return lambda found: found["Resources"]["FileSystem"]["Properties"].update(PerformanceMode=value)


def statuses(cfn):
    """Return every living stack's status by name."""
    found = cfn.describe_stacks()["Stacks"]
    return {each["StackName"]: each["StackStatus"] for each in found}


def sets(cfn, stack):
    """Return the names of a stack's change sets."""
    return [each["ChangeSetName"] for each in cfn.list_change_sets(StackName=stack)["Summaries"]]


def test_a_first_deployment_goes_through_all_stacks_in_order(deploy_stack, images, cfn):
    """network, data, app; the spare stack is deployed only when it is named."""
    result = deploy_stack("deploy", "staging", "--image", "backend=v1", "--yes")

    assert result.code == 0, result.err
    assert statuses(cfn) == {f"aldeia-staging-{name}": "CREATE_COMPLETE" for name in ("network", "data", "app")}
    assert "app.ClusterName = aldeia-staging" in result.out


def test_a_stack_is_deployed_when_it_is_named(deploy_stack, cfn):
    """Default false means: only by name."""
    assert deploy_stack("deploy", "staging", "spare", "--yes").code == 0
    assert list(statuses(cfn)) == ["aldeia-staging-spare"]


def test_plan_of_a_first_deployment_says_who_waits_for_whom(deploy_stack, images, cfn):
    """What can be planned is planned; exit 10, for changes wait."""
    result = deploy_stack("plan", "staging", "--image", "backend=v1")

    assert result.code == 10
    assert "network  CREATE" in result.out
    assert "data waits for network" in result.err
    assert "app waits for" in result.err
    assert statuses(cfn) == {"aldeia-staging-network": "REVIEW_IN_PROGRESS"}


def test_nothing_to_change_is_found_by_comparing(deployed, local):
    """No change set is made, and STS is not asked: the ARN tells the account."""
    local.reset(state=False)

    result = deployed("plan", "staging", "app")

    assert (result.code, result.out) == (0, "")
    assert "nothing to change: app" in result.err
    assert sorted(each["operation"] for each in local.calls()) == ["DescribeStacks", "GetParameters", "GetTemplate"]


def test_plan_then_apply_executes_what_was_reviewed(deployed, project, cfn):
    """The usual way of a job: plan, look, apply."""
    project.template("app", cpu("512"))

    plan = deployed("plan", "staging", "--out", "a.json")
    result = deployed("apply", "a.json")

    assert plan.code == 10
    assert "Cpu: 256 -> 512" in plan.out
    assert result.code == 0, result.err
    assert statuses(cfn)["aldeia-staging-app"] == "UPDATE_COMPLETE"


def test_apply_by_environment_takes_the_plan_that_was_made_last(deployed, project):
    """`plan staging` then `apply staging`."""
    project.template("app", cpu("512"))

    assert deployed("plan", "staging").code == 10
    assert Path(".aldeia/staging.plan.json").is_file()
    assert deployed("apply", "staging").code == 0


def test_a_plan_with_nothing_to_change_removes_the_older_plan_file(deployed, project):
    """An old plan must not be taken for this one's."""
    project.template("app", cpu("512"))
    deployed("plan", "staging")
    project.template("app", cpu("256"))

    assert deployed("plan", "staging").code == 0
    assert not Path(".aldeia/staging.plan.json").exists()


def test_applying_a_plan_twice_follows_the_operation_that_it_started(deployed, project):
    """A job that is run again after it lost its connection must not fail, and must not deploy twice."""
    project.template("app", cpu("512"))
    deployed("plan", "staging")
    deployed("apply", "staging")

    again = deployed("apply", "staging")

    assert again.code == 0, again.err
    assert "already being executed" in again.err


def test_data_loss_is_blocked_until_exactly_that_change_is_allowed(deployed, project, cfn):
    """Exit 11 from plan, apply and deploy; another id does not help; the right one does."""
    project.template("data", performance("maxIO"))
    key = "data-replaced:data/FileSystem"

    plan = deployed("plan", "staging")
    refused = deployed("apply", "staging")
    other = deployed("apply", "staging", "--allow", "data-replaced:data/LogGroup")
    deploy = deployed("deploy", "staging", "--yes")
    allowed = deployed("deploy", "staging", "data", "--yes", "--allow", key)

    assert [each.code for each in (plan, refused, other, deploy, allowed)] == [11, 11, 11, 11, 0]
    assert f"--allow {key}" in plan.out
    assert f"--allow {key}" in refused.err
    assert statuses(cfn)["aldeia-staging-data"] == "UPDATE_COMPLETE"


def test_what_plan_allows_apply_allows(deployed, project):
    """The consent is in the plan file, by name."""
    project.template("data", performance("maxIO"))

    plan = deployed("plan", "staging", "data", "--allow", "data-replaced:data/FileSystem")

    assert plan.code == 10
    assert json.loads(Path(".aldeia/staging.plan.json").read_text())["Allowed"] == ["data-replaced:data/FileSystem"]
    assert deployed("apply", "staging").code == 0


def test_one_blocked_stack_keeps_a_plan_from_being_begun(deployed, project, cfn):
    """Nothing of a plan is executed when a part of it may not be."""
    project.template("data", performance("maxIO"))
    project.template("network", lambda found: found["Resources"]["Group"]["Properties"].update(GroupDescription="x"))

    planned = deployed("plan", "staging")
    result = deployed("apply", "staging")

    assert "next: mend it and plan again" in planned.err  # and not: apply it
    assert result.code == 11
    assert statuses(cfn)["aldeia-staging-network"] == "CREATE_COMPLETE"


def test_deploy_leaves_no_change_set_of_a_blocked_change(deployed, project, cfn):
    """What nobody may execute is cleaned away."""
    project.template("data", performance("maxIO"))

    deployed("deploy", "staging", "--yes")

    assert sets(cfn, "aldeia-staging-data") == []


def test_deploy_without_a_person_and_without_yes_deploys_nothing(deployed, project, cfn):
    """A job that forgot --yes ends with 11 and says so; its change set is gone."""
    project.template("app", cpu("512"))

    result = deployed("deploy", "staging")

    assert result.code == 11
    assert "--yes" in result.err
    assert "Cpu: 256 -> 512" in result.out
    assert sets(cfn, "aldeia-staging-app") == []


def test_a_failed_update_says_cause_and_next_step_and_ends_with_13(deployed, project, local, cfn):
    """The root cause stands at the very end, with the stopped tasks' reasons."""
    local.script(
        failures=[
            {
                "type": "AWS::ECS::Service",
                "on": "update",
                "reason": "ECS Deployment Circuit Breaker was triggered",
                "stopped_reason": "CannotPullContainerError: aldeia/backend:v1: not found",
            }
        ]
    )
    project.template("app", cpu("512"))

    result = deployed("deploy", "staging", "--yes")

    assert result.code == 13
    end = result.err[result.err.index("app: FAILED") :]
    assert "cause: Service (AWS::ECS::Service)" in end
    assert "CannotPullContainerError" in end
    assert "next: the image cannot be pulled" in end
    assert statuses(cfn)["aldeia-staging-app"] == "UPDATE_ROLLBACK_COMPLETE"
    assert sets(cfn, "aldeia-staging-app") == []


def test_a_failed_stack_keeps_those_that_depend_on_it_from_being_begun(deploy_stack, images, local, cfn):
    """network fails: data and app are not begun; the exit code is network's."""
    local.script(failures=[{"logical_id": "Group", "reason": "no"}])

    result = deploy_stack("deploy", "staging", "--image", "backend=v1", "--yes", "--json")

    assert result.code == 13
    assert [each["Status"] for each in result.json["Stacks"]] == ["ROLLBACK_COMPLETE", "not begun", "not begun"]


def test_json_carries_the_review_and_nothing_else_is_on_stdout(deployed, project):
    """A machine reads stdout; people read stderr."""
    project.template("app", cpu("512"))

    found = deployed("plan", "staging", "--json").json

    (stack,) = found["Stacks"]
    assert found["Verdict"] == "changes"
    assert {each["LogicalResourceId"] for each in stack["Changes"]} == {"TaskDefinition", "Service"}
    assert stack["Link"].startswith("https://us-east-1.console.aws.amazon.com/cloudformation/")


def test_markdown_carries_the_same_facts(deployed, project):
    """For a pull request's comment."""
    project.template("data", performance("maxIO"))

    deployed("plan", "staging", "--markdown", "out/review.md")
    text = Path("out/review.md").read_text()

    assert "**Blocked** `data-replaced:data/FileSystem`" in text
    assert "PerformanceMode: generalPurpose -> maxIO" in text
    assert "(https://us-east-1.console" in text


def test_an_image_tag_that_is_not_given_keeps_its_value(deployed, images, project, cfn):
    """Deploying another change must not change what runs."""
    images("v2")
    assert deployed("deploy", "staging", "app", "--image", "backend=v2", "--yes").code == 0
    project.template("app", cpu("512"))

    assert deployed("deploy", "staging", "--yes").code == 0

    (stack,) = cfn.describe_stacks(StackName="aldeia-staging-app")["Stacks"]
    assert {"ParameterKey": "BackendImageTag", "ParameterValue": "v2"} in stack["Parameters"]


def test_status_shows_state_version_files_drift_and_age(deployed, project):
    """One row a stack."""
    project.version("0.2.0")
    project.template("app", cpu("512"))

    rows = {each["Stack"]: each for each in deployed("status", "staging", "--json").json["Stacks"]}
    table = deployed("status", "staging").out

    assert (rows["app"]["Status"], rows["app"]["Version"]) == ("CREATE_COMPLETE", "0.1.0")
    assert rows["app"]["Files"] == "differ (0.2.0)"
    assert rows["network"]["Files"] == "as deployed"
    assert "spare" not in rows
    assert "CREATE_COMPLETE" in table


def test_outputs_are_lines_or_json(deployed):
    """For scripts."""
    assert "network.VpcId = vpc-" in deployed("outputs", "staging", "network").out
    assert list(deployed("outputs", "staging", "--json").json) == ["network", "data", "app"]


def test_one_output_alone_is_for_a_shell(deployed):
    """`--value STACK.KEY` prints the value; anything else is told what there is."""
    said = deployed("outputs", "staging", "--value", "network.VpcId")
    assert said.out.startswith("vpc-")
    assert said.out.count("\n") == 1
    assert deployed("outputs", "staging", "--value", "network.Nothing").code == 1
    unknown = deployed("outputs", "staging", "--value", "nothing.VpcId")
    assert (unknown.code, "the stacks are network" in unknown.err) == (2, True)


def test_watch_says_how_the_last_operation_ended(deployed, project, local):
    """Where nothing runs, the exit code is the last operation's."""
    assert deployed("watch", "staging").code == 0
    local.script(failures=[{"type": "AWS::ECS::Service", "on": "update", "reason": "broken"}])
    project.template("app", cpu("512"))
    deployed("deploy", "staging", "--yes")

    result = deployed("watch", "staging", "app")

    assert result.code == 13
    assert "broken" in result.err


def test_drift_shows_what_was_changed_by_hand_but_not_what_scaling_moves(deployed, local):
    """DesiredCount moves by itself; a port opened by hand does not."""
    local.script(
        drift=[
            {"logical_id": "Service", "actual": {"/DesiredCount": 5}},
            {"logical_id": "Vpc", "actual": {"/CidrBlock": "10.9.0.0/16"}},
        ]
    )

    result = deployed("drift", "staging")

    assert result.code == 10
    assert "network: Vpc AWS::EC2::VPC MODIFIED" in result.out
    assert "10.9.0.0/16" in result.out
    assert "app: no drift" in result.out


def test_rollback_without_a_recorded_version_before_says_so(deployed, project):
    """What was deployed by other means cannot be found again; a git tag can still be deployed."""
    project.template("app", cpu("512"))
    assert deployed("deploy", "staging", "--yes").code == 0

    result = deployed("rollback", "staging")

    assert len(deployed("rollback", "staging", "app", "--list").out.splitlines()) == 1
    assert result.code == 1
    assert "--at TAG" in result.err


@pytest.mark.parametrize("command", [["rollback", "staging", "--yes"], ["rollback", "staging"]])
def test_rollback_restores_template_and_image(deploy_stack, images, project, cfn, command):
    """Both what runs and how it is sized go back, and the stacks that did not change stay."""
    project.commit("v0.1.0")
    assert deploy_stack("deploy", "staging", "--image", "backend=v1", "--yes").code == 0
    images("v2")
    project.template("app", cpu("512"))
    project.version("0.2.0")
    project.commit("v0.2.0")
    assert deploy_stack("deploy", "staging", "--image", "backend=v2", "--yes").code == 0

    result = deploy_stack(*command)
    if "--yes" not in command:
        assert result.code == 10, result.err
        result = deploy_stack("apply", "staging")

    assert result.code == 0, result.err
    (stack,) = cfn.describe_stacks(StackName="aldeia-staging-app")["Stacks"]
    template = cfn.get_template(StackName="aldeia-staging-app")["TemplateBody"]
    assert {"ParameterKey": "BackendImageTag", "ParameterValue": "v1"} in stack["Parameters"]
    assert template["Resources"]["TaskDefinition"]["Properties"]["Cpu"] == "256"
    again = deploy_stack("rollback", "staging")
    assert again.code == 1
    assert "no version deployed before" in again.err


def test_plan_at_a_tag_takes_files_from_git(deployed, project):
    """A release is deployed straight from its tag, whatever the tree holds."""
    project.commit("v0.1.0")
    project.template("app", cpu("512"))

    assert deployed("plan", "staging", "--at", "v0.1.0").code == 0
    assert deployed("plan", "staging").code == 10
    assert "no such git revision" in deployed("plan", "staging", "--at", "v9").err


def test_diff_needs_no_account_and_gives_the_same_review(deployed, project, local):
    """The same verdict, from the same engine, with no call at all."""
    project.commit("v0.1.0")
    project.template("data", performance("maxIO"))
    local.reset(state=False)

    result = deployed("diff", "staging")

    assert result.code == 11
    assert "data-replaced:data/FileSystem" in result.out
    assert local.calls() == []
    assert deployed("diff", "staging", "--from", "v0.1.0", "--to", "v0.1.0").code == 0


def test_delete_goes_from_the_last_to_the_first(deployed, cfn, local):
    """What depends on others goes first."""
    result = deployed("delete", "staging", "--all", "--yes")

    assert result.code == 0, result.err
    assert statuses(cfn) == {}
    order = [each["stack"].split("/")[1] for each in local.calls("DeleteStack")]
    assert order == [f"aldeia-staging-{name}" for name in ("app", "data", "network")]


def test_delete_asks_names_or_all_and_consent(deployed, cfn):
    """No name, no deletion; no consent, no deletion."""
    assert deployed("delete", "staging").code == 2
    assert deployed("delete", "staging", "app").code == 11
    assert len(statuses(cfn)) == 3


def test_delete_blocks_the_loss_of_data(deployed, project, cfn):
    """A file system without Retain has to be named."""

    def mortal(found):
        found["Resources"]["FileSystem"].update(DeletionPolicy="Delete", UpdateReplacePolicy="Delete")

    project.template("data", mortal)
    assert "protection-removed:data/FileSystem" in deployed("deploy", "staging", "data", "--yes").err

    result = deployed("delete", "staging", "data", "--yes")

    assert result.code == 11
    assert "--allow data-deleted:data/FileSystem" in result.err
    consent = ("--allow", "data-deleted:data/FileSystem", "--allow", "still-needed:data/app")
    assert deployed("delete", "staging", "data", "--yes", *consent).code == 0


def test_termination_protection_is_set_after_creation_and_guards_against_deletion(deploy_stack, images, cfn):
    """As the manifest's stack says."""
    for stack in ("network", "data"):
        assert deploy_stack("deploy", "production", stack, "--yes").code == 0

    (stack,) = cfn.describe_stacks(StackName="aldeia-production-data")["Stacks"]
    assert stack["EnableTerminationProtection"] is True
    assert deploy_stack("delete", "production", "data", "--yes").code == 11


def test_taking_protection_away_is_shown_and_done_without_a_change_set(deploy_stack, project, cfn):
    """Settings are part of the review, even when nothing else changes."""
    for stack in ("network", "data"):
        deploy_stack("deploy", "production", stack, "--yes")
    project.manifest("data", "production", TerminationProtection=False)

    plan = deploy_stack("plan", "production", "data")
    result = deploy_stack("apply", "production")

    assert plan.code == 10
    assert "TerminationProtection: on -> off" in plan.out
    assert "protection-removed:data/TerminationProtection" in plan.out
    assert result.code == 0, result.err
    (stack,) = cfn.describe_stacks(StackName="aldeia-production-data")["Stacks"]
    assert stack["EnableTerminationProtection"] is False


def test_prune_deletes_what_is_left_over_and_only_what_is_ours(deployed, project, cfn):
    """Young plans, and other tools' change sets, stay."""
    project.template("app", cpu("512"))
    deployed("plan", "staging")
    body = (project.root / "templates/staging/network.json").read_text().replace("Who may", "Who else may")
    cfn.create_change_set(StackName="aldeia-staging-network", ChangeSetName="somebody-else", TemplateBody=body)

    young = deployed("prune", "staging", "--yes")
    old = deployed("prune", "staging", "--yes", "--older-than", "0")

    assert (young.code, old.code) == (0, 0)
    assert "nothing is left over" in young.err
    assert "deleted 1 of 1" in old.err
    assert sets(cfn, "aldeia-staging-app") == []
    assert sets(cfn, "aldeia-staging-network") == ["somebody-else"]


def test_prune_removes_an_empty_review_stack_of_ours(deploy_stack, images, cfn):
    """A declined first deployment leaves no name behind."""
    deploy_stack("plan", "staging", "network")

    assert deploy_stack("prune", "staging", "--yes", "--older-than", "0").code == 0
    assert statuses(cfn) == {}
