"""The edge cases of CloudFormation that a deployer must handle; each test carries the number of its case.

The numbers are those of the list in docs/deploy-stack.md, "Edge cases".
"""

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from deploy_stack import changesets, events, links
from deploy_stack.aws import is_missing_stack
from deploy_stack.causes import earliest_failure
from deploy_stack.changesets import PREFIX
from deploy_stack.execution import token_of
from deploy_stack.pace import change_set_rhythm, stack_rhythm
from deploy_stack.review.build import resource_changes
from deploy_stack.templates import MAX_BODY_BYTES, capabilities, compact

STACK = "arn:aws:cloudformation:us-east-1:111122223333:stack/aldeia-staging-app/1"


def cpu(value):
    """Return a change of the task's size."""
    return lambda found: found["Resources"]["TaskDefinition"]["Properties"].update(Cpu=value)


def error(code, text):
    """Return an error as botocore raises it."""
    return ClientError({"Error": {"Code": code, "Message": text}}, "DescribeStacks")


def status(cfn, stack):
    """Return a stack's status."""
    return cfn.describe_stacks(StackName=f"aldeia-staging-{stack}")["Stacks"][0]["StackStatus"]


def event(name, state, *, reason="", kind="AWS::EC2::VPC", root=False, at=0, **more):
    """Return a stack event."""
    return events.Event(f"{name}-{state}-{at}", name, f"{name}-id", kind, state, reason, str(at), "t", root, **more)


@pytest.mark.parametrize(
    ("code", "text", "missing"),
    [
        ("ValidationError", "Stack with id NAME does not exist", True),
        ("ValidationError", "Stack [NAME] does not exist", True),
        ("ValidationError", "Role arn:x does not exist", False),
        ("ValidationError", "Stack with id NAME does not exist in this universe", False),
        ("AccessDenied", "Stack with id NAME does not exist", False),
    ],
)
def test_case_01_a_missing_stack_is_known_by_code_and_both_texts(code, text, missing):
    """A part of another error is not taken for it."""
    assert is_missing_stack(error(code, text)) is missing


def test_case_02_a_left_over_review_stack_is_used_and_cleaned_up_by_its_id(deploy_stack, local, cfn):
    """A second plan creates in the review stack; giving up deletes by ARN, and only an empty stack."""
    deploy_stack("plan", "staging", "network")
    assert deploy_stack("plan", "staging", "network").code == 10
    assert [each["StackStatus"] for each in cfn.describe_stacks()["Stacks"]] == ["REVIEW_IN_PROGRESS"]

    assert deploy_stack("cancel", "staging", "network").code == 0

    assert all(each["stack"].startswith("arn:") for each in local.calls("DeleteStack"))
    assert cfn.describe_stacks()["Stacks"] == []


def test_case_02_a_review_stack_with_another_tools_change_set_is_not_deleted(deploy_stack, project, cfn):
    """Somebody else's review goes on."""
    body = Path("templates/staging/network.json").read_text()
    cfn.create_change_set(
        StackName="aldeia-staging-network", ChangeSetName="other", ChangeSetType="CREATE", TemplateBody=body
    )

    result = deploy_stack("cancel", "staging", "network")

    assert result.code == 0
    assert status(cfn, "network") == "REVIEW_IN_PROGRESS"


def test_case_03_the_end_is_our_root_event_not_the_stacks_status(deployed, project, local):
    """While an operation is followed the stack is not described: its status may be an old read."""
    project.template("app", cpu("512"))
    deployed("plan", "staging")
    local.reset(state=False)

    deployed("apply", "staging")

    names = [each["operation"] for each in local.calls()]
    after = names[names.index("ExecuteChangeSet") + 1 :]
    assert after.count("DescribeStacks") == 1, "once, for the outputs"


def test_case_04_rollback_complete_is_recreated_with_consent_only(deploy_stack, local, cfn):
    """Consent by name or by --yes; without it exit 11 and nothing is touched."""
    local.script(failures=[{"logical_id": "Group", "reason": "no"}])
    assert deploy_stack("deploy", "staging", "network", "--yes").code == 13
    local.script({})

    refused = deploy_stack("plan", "staging", "network")
    assert (refused.code, status(cfn, "network")) == (11, "ROLLBACK_COMPLETE")
    assert "--allow recreate:network" in refused.err

    assert deploy_stack("plan", "staging", "network", "--allow", "recreate:network").code == 10
    assert deploy_stack("apply", "staging").code == 0
    assert status(cfn, "network") == "CREATE_COMPLETE"


def test_case_04_a_failed_creation_leaves_nothing_in_the_way_of_the_next(deploy_stack, images, local, cfn):
    """What is retained and empty would keep its name: the rollback deletes what its own operation created."""
    assert deploy_stack("deploy", "staging", "network", "--yes").code == 0
    local.script(failures=[{"logical_id": "FileSystemIdParameter", "reason": "no"}])
    assert deploy_stack("deploy", "staging", "data", "--yes").code == 13
    local.script({})

    assert deploy_stack("deploy", "staging", "data", "--yes").code == 0


def test_case_05_a_failed_rollback_is_continued_with_what_holds_it_up_shown(deployed, project, local, cfn):
    """plan refuses with 14; rollback shows, skips on request, finishes."""
    project.template("app", cpu("512"))
    local.script(
        failures=[
            {"logical_id": "Service", "on": "update", "reason": "will not start"},
            {"logical_id": "Service", "on": "rollback", "reason": "still broken"},
        ]
    )
    failed = deployed("deploy", "staging", "app", "--yes")
    assert (failed.code, status(cfn, "app")) == (14, "UPDATE_ROLLBACK_FAILED")
    assert "deploy-stack rollback staging app" in failed.err
    assert deployed("plan", "staging", "app").code == 14

    wrong = deployed("rollback", "staging", "app", "--yes", "--skip", "Cluster")
    result = deployed("rollback", "staging", "app", "--yes", "--skip", "Service")

    assert wrong.code == 2
    assert result.code == 0, result.err
    assert "Service to be skipped: still broken" in result.err
    assert status(cfn, "app") == "UPDATE_ROLLBACK_COMPLETE"


def test_case_06_a_failed_update_without_rollback_is_rolled_back_first(deployed, project, local, cfn):
    """Made by another tool with rollback disabled: plan refuses with 14, rollback brings it back."""
    local.script(failures=[{"logical_id": "Service", "on": "update", "reason": "will not start"}])
    project.template("app", cpu("512"))
    cfn.update_stack(
        StackName="aldeia-staging-app",
        TemplateBody=Path("templates/staging/app.json").read_text(),
        Parameters=[{"ParameterKey": "BackendImageTag", "UsePreviousValue": True}],
        Capabilities=["CAPABILITY_IAM"],
        DisableRollback=True,
    )
    while status(cfn, "app") == "UPDATE_IN_PROGRESS":
        pass
    assert status(cfn, "app") == "UPDATE_FAILED"

    assert deployed("plan", "staging", "app").code == 14
    assert deployed("rollback", "staging", "app", "--yes").code == 0
    assert status(cfn, "app") == "UPDATE_ROLLBACK_COMPLETE"


def test_case_07_names_and_tokens_are_unique_and_of_the_right_form():
    """Two jobs in the same second must not collide; 128 characters, a letter first."""
    names = {PREFIX + changesets.uuid.uuid4().hex for _ in range(100)}

    assert len(names) == 100
    assert all(len(each) <= 128 and each[0].isalpha() and each.replace("-", "").isalnum() for each in names)
    assert token_of(STACK) == token_of(STACK)
    assert len(token_of(STACK)) <= 128


def test_case_07_an_answer_that_was_lost_does_not_make_a_second_change_set(deployed, project, local, cfn):
    """The request is repeated with the same name and token."""
    project.template("app", cpu("512"))
    local.script(faults=[{"fault": "drop-after", "operation": "CreateChangeSet", "call": 1}])

    assert deployed("plan", "staging", "app").code == 10
    assert len(cfn.list_change_sets(StackName="aldeia-staging-app")["Summaries"]) == 1


def test_case_08_at_the_limit_our_failed_change_sets_are_deleted(deployed, project, local, cfn):
    """Only those with our prefix; then the plan goes on."""
    body = Path("templates/staging/network.json").read_text()
    for name in (f"{PREFIX}old", "another-tool"):
        cfn.create_change_set(StackName="aldeia-staging-network", ChangeSetName=name, TemplateBody=body)
        while cfn.describe_change_set(StackName="aldeia-staging-network", ChangeSetName=name)["Status"] != "FAILED":
            pass
    local.script(change_set_limit=2)
    project.template("network", lambda found: found["Resources"]["Group"]["Properties"].update(GroupDescription="x"))

    assert deployed("plan", "staging", "network").code == 10

    names = {each["ChangeSetName"] for each in cfn.list_change_sets(StackName="aldeia-staging-network")["Summaries"]}
    assert "another-tool" in names
    assert f"{PREFIX}old" not in names


@pytest.mark.parametrize(
    ("resources", "needed"),
    [
        ({"A": {"Type": "AWS::S3::Bucket"}}, ()),
        ({"A": {"Type": "AWS::IAM::Role", "Properties": {}}}, ("CAPABILITY_IAM",)),
        ({"A": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "x"}}}, ("CAPABILITY_NAMED_IAM",)),
        ({"A": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "x"}}}, ("CAPABILITY_IAM",)),
        ({"A": {"Type": "AWS::CloudFormation::Stack"}}, ("CAPABILITY_AUTO_EXPAND", "CAPABILITY_NAMED_IAM")),
        ({"A": {"Type": "AWS::S3::Bucket", "Properties": {"Fn::Transform": {}}}}, ("CAPABILITY_AUTO_EXPAND",)),
    ],
)
def test_case_09_capabilities_are_computed_from_the_template(resources, needed):
    """Nobody finds out from a refusal."""
    assert capabilities({"Resources": resources}) == needed


def test_case_09_what_is_acknowledged_is_shown(deployed, project):
    """It is part of the review."""
    project.template("app", cpu("512"))

    assert "CAPABILITY_IAM" in deployed("plan", "staging", "app").out


def test_case_10_every_mistake_in_the_parameters_is_found_without_a_call(deploy_stack, project, local):
    """Unknown, out of bounds, NoEcho in plain text: all of them, in one go."""
    project.parameters("app", Greeting="x" * 21, Token="hush", Unknown="1")
    local.reset(state=False)

    result = deploy_stack("plan", "staging")

    assert result.code == 1
    for words in ("Greeting: found 21 characters", "Token: a NoEcho parameter", "Unknown is not a parameter"):
        assert words in result.err
    assert "hush" not in result.err
    assert local.calls() == []


def test_case_10_an_image_without_a_tag_is_named_with_the_option_that_gives_it(deploy_stack, deployed, cfn):
    """On a creation there is no previous value; UsePreviousValue is not sent."""
    cfn.delete_stack(StackName="aldeia-staging-app")
    while any(each["StackName"] == "aldeia-staging-app" for each in cfn.describe_stacks()["Stacks"]):
        pass

    result = deploy_stack("plan", "staging", "app")

    assert result.code == 1
    assert "BackendImageTag: give --image backend=TAG" in result.err


def test_case_10_previous_values_are_only_asked_for_parameters_of_the_previous_template(deployed, project, cfn):
    """A new NoEcho parameter with a default does not ask for a value that never was."""
    secret = {"Type": "String", "NoEcho": True, "Default": "d"}
    project.template("app", lambda found: found["Parameters"].update(Second=secret))
    project.template("app", cpu("512"))

    assert deployed("deploy", "staging", "app", "--yes").code == 0


def grow(found):
    """Make a template larger than a request takes, measured in bytes of UTF-8."""
    found["Resources"]["Group"]["Metadata"] = {"Note": "é" * 26_000}


def test_case_11_a_large_template_goes_by_the_artifacts_bucket(deployed, project, client, cfn):
    """Measured in bytes; its key is its digest."""
    client("s3").create_bucket(Bucket="artifacts")
    client("ssm").put_parameter(Name="/aldeia/shared/registry/ArtifactsBucketName", Value="artifacts", Type="String")
    project.template("network", grow)
    template = json.loads(Path("templates/staging/network.json").read_text())
    assert len(compact(template)) < MAX_BODY_BYTES < len(compact(template).encode())

    assert deployed("deploy", "staging", "network", "--yes").code == 0

    (stored,) = client("s3").list_objects_v2(Bucket="artifacts")["Contents"]
    assert stored["Key"].startswith("templates/")
    assert cfn.get_template(StackName="aldeia-staging-network")["TemplateBody"]["Resources"]["Group"]["Metadata"]


def test_case_11_without_a_bucket_a_large_template_is_refused_with_the_way_out(deployed, project):
    """The registry has to be there first."""
    project.template("network", grow)

    result = deployed("plan", "staging", "network")

    assert result.code == 1
    assert "deploy-stack deploy shared registry" in result.err


def test_case_12_a_no_echo_value_appears_nowhere_and_keeps_its_value(deployed, project, local, cfn, monkeypatch):
    """Not in the review, the plan file, the JSON, the Markdown; **** is never sent back."""
    monkeypatch.setattr("sys.stdin", io.StringIO("hush-hush\n"))
    plan = deployed("plan", "staging", "app", "--secret-parameter", "Token", "--markdown", "r.md", "--json")
    assert deployed("apply", "staging").code == 0

    everywhere = plan.out + plan.err + Path("r.md").read_text() + Path(".aldeia/staging.plan.json").read_text()
    assert "hush-hush" not in everywhere
    project.template("app", cpu("512"))
    assert deployed("deploy", "staging", "app", "--yes").code == 0
    stack = next(each for each in local.server.store.stacks.values() if each.name == "aldeia-staging-app")
    assert "hush-hush" in repr(stack)


def test_case_12_truncated_values_do_not_break_the_review():
    """ "Large values can be truncated": a context that is no JSON any more is left out."""
    raw = {"LogicalResourceId": "A", "ResourceType": "AWS::S3::Bucket", "Action": "Modify", "BeforeContext": '{"Pro'}

    (change,) = resource_changes([{"ResourceChange": raw}])

    assert change.before == {}


def test_case_13_tags_are_always_sent_and_a_tag_change_alone_is_deployed(deployed, project, cfn):
    """Omitted tags would stay; ours are the manifest's."""
    project.manifest("network", Tags={"Project": "other"})

    plan = deployed("plan", "staging", "network")
    assert plan.code == 10
    assert "Project: aldeia -> other" in plan.out
    assert deployed("apply", "staging").code == 0
    assert cfn.describe_stacks(StackName="aldeia-staging-network")["Stacks"][0]["Tags"] == [
        {"Key": "Project", "Value": "other"}
    ]


def test_case_14_no_changes_is_success_and_leaves_nothing(deployed, cfn, monkeypatch):
    """What only CloudFormation can tell (a secret that is the same) ends with exit 0, and the empty set is deleted."""
    monkeypatch.setattr("sys.stdin", io.StringIO("none\n"))

    result = deployed("plan", "staging", "app", "--secret-parameter", "Token")

    assert result.code == 0, result.err
    assert "making change set" in result.err
    assert "nothing to change: app" in result.err
    assert cfn.list_change_sets(StackName="aldeia-staging-app")["Summaries"] == []


def test_case_15_a_change_of_outputs_alone_is_shown_and_executed(deployed, project, cfn):
    """No resource changes, and still a change."""
    project.template("network", lambda found: found["Outputs"].update(Group={"Value": {"Ref": "Group"}}))

    plan = deployed("plan", "staging", "network")

    assert plan.code == 10
    assert "no resource changes; outputs only" in plan.out
    assert deployed("apply", "staging").code == 0
    outputs = cfn.describe_stacks(StackName="aldeia-staging-network")["Stacks"][0]["Outputs"]
    assert {each["OutputKey"] for each in outputs} == {"VpcId", "Group"}


def test_case_16_early_validation_is_explained(deployed, project, local):
    """The failure only says "use the DescribeEvents API": we do, by ARN."""
    local.script(validations=[{"name": "NAME_CONFLICT_VALIDATION", "reason": "name is taken", "logical_id": "Service"}])
    project.template("app", cpu("512"))

    result = deployed("plan", "staging", "app")

    assert result.code == 1
    assert "NAME_CONFLICT_VALIDATION" in result.err
    assert "name is taken" in result.err


def test_case_16_without_the_permission_the_failure_is_still_told(deployed, project, local):
    """A missing permission costs the details, not the command."""
    local.script(
        validations=[{"name": "NAME_CONFLICT_VALIDATION", "reason": "name is taken", "logical_id": "Service"}],
        faults=[{"fault": "access-denied", "operation": "DescribeEvents"}],
    )
    project.template("app", cpu("512"))

    result = deployed("plan", "staging", "app")

    assert result.code == 1
    assert "the details could not be read: DescribeEvents: AccessDenied" in result.err


def test_case_17_a_warning_of_the_validation_is_shown_in_the_review(deployed, project, local):
    """WARN does not fail a change set, and is worth knowing."""
    local.script(
        validations=[
            {"name": "BUCKET_EMPTINESS_VALIDATION", "reason": "not empty", "logical_id": "Service", "mode": "WARN"}
        ]
    )
    project.template("app", cpu("512"))

    result = deployed("plan", "staging", "app")

    assert result.code == 10
    assert "BUCKET_EMPTINESS_VALIDATION" in result.out


def test_case_18_a_hook_that_fails_a_change_set_is_explained(deployed, project, local):
    """No event tells: ListHookResults and GetHookResult do."""
    local.script(
        hooks=[
            {
                "type_name": "Example::Guard::Hook",
                "mode": "FAIL",
                "reason": "not on a Friday",
                "annotations": [{"AnnotationName": "friday", "Status": "FAILED", "StatusMessage": "wait for Monday"}],
            }
        ]
    )
    project.template("app", cpu("512"))

    result = deployed("plan", "staging", "app")

    assert result.code == 1
    assert "Example::Guard::Hook" in result.err


def test_case_19_changes_that_the_values_hid_are_still_there(deployed, project, local):
    """Asked for values, CloudFormation may leave a resource out: it is asked again without."""
    local.script(incomplete_values=["TaskDefinition"])
    project.template("app", cpu("512"))

    result = deployed("plan", "staging", "app", "--json")

    assert {each["LogicalResourceId"] for each in result.json["Stacks"][0]["Changes"]} == {"TaskDefinition", "Service"}


def test_case_20_nested_changes_get_their_parents_name_and_every_action_is_read():
    """Actions Import, Dynamic and SyncWithActual; children under their parent; known after apply."""
    inner = {
        "LogicalResourceId": "Bucket",
        "ResourceType": "AWS::S3::Bucket",
        "Action": "Remove",
        "PolicyAction": "Delete",
    }
    changes = [
        {"ResourceChange": {"LogicalResourceId": name, "ResourceType": "AWS::SNS::Topic", "Action": action}}
        for name, action in (("A", "Import"), ("B", "Dynamic"), ("C", "SyncWithActual"))
    ]
    parent = {
        "LogicalResourceId": "Child",
        "ResourceType": "AWS::CloudFormation::Stack",
        "Action": "Modify",
        "Replacement": "Conditional",
        "NestedChanges": [{"ResourceChange": inner}],
    }

    found = {each.logical_id: each.verb for each in resource_changes([*changes, {"ResourceChange": parent}])}

    assert found == {"A": "import", "B": "unknown", "C": "undrift", "Child": "replace?", "Child/Bucket": "remove"}


def test_case_21_a_plan_is_stale_when_somebody_updated_meanwhile(deployed, project, cfn):
    """Exit 12, with what became stale; nothing is executed."""
    project.template("app", cpu("512"))
    deployed("plan", "staging", "--out", "first.json")
    deployed("plan", "staging", "--out", "second.json")
    assert deployed("apply", "second.json").code == 0

    result = deployed("apply", "first.json")

    assert result.code == 12
    assert "the stack was changed meanwhile" in result.err
    assert "plan again" in result.err


def test_case_21_a_deleted_change_set_is_stale(deployed, project, cfn):
    """ChangeSetNotFound is no error of ours."""
    project.template("app", cpu("512"))
    deployed("plan", "staging")
    (found,) = cfn.list_change_sets(StackName="aldeia-staging-app")["Summaries"]
    cfn.delete_change_set(ChangeSetName=found["ChangeSetId"])

    result = deployed("apply", "staging")

    assert result.code == 12
    assert "the change set is not there any more" in result.err


def test_case_22_a_lost_answer_to_execute_is_repeated_with_the_same_token(deployed, project, local, cfn):
    """ "Already exists" then means "already started": it is followed, not failed."""
    project.template("app", cpu("512"))
    deployed("plan", "staging")
    local.script(faults=[{"fault": "drop-after", "operation": "ExecuteChangeSet", "call": 1}])

    result = deployed("apply", "staging")

    assert result.code == 0, result.err
    assert status(cfn, "app") == "UPDATE_COMPLETE"


def test_case_23_disable_rollback_is_always_sent(deployed, project, cfn, local):
    """Documentation and behaviour differ on the default: a failure must roll back."""
    local.script(failures=[{"logical_id": "Service", "on": "update", "reason": "no"}])
    project.template("app", cpu("512"))

    assert deployed("deploy", "staging", "app", "--yes").code == 13
    assert status(cfn, "app") == "UPDATE_ROLLBACK_COMPLETE"


def test_case_24_events_of_one_moment_are_all_seen_once(deployed, project, local):
    """With everything at the same time the terminal event still ends the watch, and no line comes twice."""
    project.template("app", cpu("512"))

    result = deployed("deploy", "staging", "app", "--yes")

    lines = [line.split("  ")[-1] for line in result.err.splitlines() if "_COMPLETE" in line and "0:0" in line]
    assert result.code == 0
    assert len(lines) == len(set(lines))


def test_case_25_waits_are_ours_and_short():
    """botocore's waiters wait 30 s and take UPDATE_ROLLBACK_COMPLETE for success."""
    now = [0.0]
    looks = change_set_rhythm(lambda: now[0]), stack_rhythm(lambda: now[0])

    assert all(rhythm.next() < 0.5 for rhythm in looks for _ in range(3))
    sources = "".join(path.read_text() for path in Path(changesets.__file__).parent.rglob("*.py"))
    assert "get_waiter" not in sources


def test_case_26_an_old_resource_that_could_not_be_deleted_is_reported(deployed, project, local):
    """The update succeeds, and CloudFormation skips the failure silently."""
    local.script(failures=[{"logical_id": "TaskDefinition", "on": "delete", "reason": "still in use"}])
    project.template("app", cpu("512"))

    result = deployed("deploy", "staging", "app", "--yes")

    assert result.code == 0, result.err
    assert "could not be deleted and is left over: still in use" in result.err


def test_case_27_stacks_are_watched_and_deleted_by_their_id(deployed, local):
    """By name a deleted stack vanishes, and a new one of the name may be there."""
    local.reset(state=False)

    assert deployed("delete", "staging", "app", "--yes").code == 0

    assert {each["stack"].startswith("arn:") for each in local.calls("DescribeStackEvents")} == {True}


def test_case_28_the_root_cause_is_the_earliest_real_failure():
    """What was cancelled because something else failed is no cause."""
    found = earliest_failure(
        [
            event("A", "CREATE_IN_PROGRESS"),
            event("B", "CREATE_FAILED", reason="Resource creation cancelled", at=1),
            event("C", "CREATE_FAILED", reason="the real one", at=2),
            event("D", "CREATE_FAILED", reason="later", at=3),
            event("stack", "ROLLBACK_IN_PROGRESS", root=True, at=4),
        ]
    )

    assert found is not None
    assert found.reason == "the real one"


def test_case_28_a_validation_failure_counts_by_its_detailed_status():
    """DetailedStatus VALIDATION_FAILED comes before any _FAILED."""
    found = earliest_failure([event("A", "CREATE_IN_PROGRESS", detailed="VALIDATION_FAILED", reason="bad property")])

    assert found is not None
    assert found.reason == "bad property"


def test_case_29_throttling_while_watching_is_never_fatal(deployed, project, local):
    """Every second look is refused: slower, and still to the end."""
    project.template("app", cpu("512"))
    local.script(faults=[{"fault": "throttle", "operation": "DescribeStackEvents", "times": 3}])

    assert deployed("deploy", "staging", "app", "--yes").code == 0


def test_case_29_a_failed_read_after_success_does_not_fail_the_deployment(deployed, project, local):
    """The outputs cannot be read: the stack is deployed all the same."""
    project.template("app", cpu("512"))
    deployed("plan", "staging")
    local.script(faults=[{"fault": "access-denied", "operation": "DescribeStacks", "call": 2}])

    assert deployed("apply", "staging").code == 0


def test_case_29_expired_credentials_are_lost_sight_not_success_or_failure(deployed, project, local):
    """Exit 15, with the command that goes on."""
    project.template("app", cpu("512"))
    deployed("plan", "staging")
    local.script(
        seconds={"resource": 0.5}, faults=[{"fault": "expired-token", "operation": "DescribeStackEvents", "call": 3}]
    )

    result = deployed("apply", "staging")

    assert result.code == 15
    assert "deploy-stack watch staging app" in result.err
    local.script({"seconds": {"resource": 0.5}})
    assert deployed("watch", "staging", "app").code == 0


def test_case_30_cancel_only_stops_what_is_running(deployed):
    """Nothing runs: nothing to cancel, exit 0."""
    result = deployed("cancel", "staging")

    assert result.code == 0
    assert "no operation is running" in result.err


def test_case_31_the_stack_policy_is_set_before_the_update_is_executed(deployed, project, local, cfn):
    """A change set cannot override it later; it is part of the review."""
    policy = {"Statement": [{"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}]}
    project.manifest("app", StackPolicy=policy)
    project.template("app", cpu("512"))
    plan = deployed("plan", "staging", "app")
    local.reset(state=False)

    assert "StackPolicy: (unset) ->" in plan.out
    assert deployed("apply", "staging").code == 0

    names = [each["operation"] for each in local.calls()]
    assert names.index("SetStackPolicy") < names.index("ExecuteChangeSet")
    assert json.loads(cfn.get_stack_policy(StackName="aldeia-staging-app")["StackPolicyBody"]) == policy
    assert deployed("plan", "staging", "app").code == 0


def test_case_32_what_aws_manages_by_itself_is_not_shown_as_drift(deployed, local):
    """Scaling moves the desired count; that is no drift."""
    local.script(drift=[{"logical_id": "Service", "actual": {"/DesiredCount": 7}}])

    assert deployed("drift", "staging", "app").code == 0


def test_case_33_a_stack_of_another_deployment_mode_is_refused(deployed, project):
    """EXPRESS by another tool: an operation in STANDARD would be refused half-way."""
    from deploy_stack.exits import DeployError
    from deploy_stack.room import _refuse_other_mode
    from deploy_stack.stacks import from_description

    stack = from_description(
        {
            "StackId": STACK,
            "StackName": "aldeia-staging-app",
            "StackStatus": "UPDATE_COMPLETE",
            "CreationTime": datetime.now(UTC),
            "DeploymentConfig": {"Mode": "EXPRESS"},
        }
    )

    with pytest.raises(DeployError, match="EXPRESS"):
        _refuse_other_mode(stack)


@pytest.mark.parametrize(
    ("partition", "region", "host"),
    [
        ("aws", "us-east-1", "us-east-1.console.aws.amazon.com"),
        ("aws-cn", "cn-north-1", "cn-north-1.console.amazonaws.cn"),
        ("aws-us-gov", "us-gov-west-1", "console.amazonaws-us-gov.com"),
    ],
)
def test_console_links_take_partition_and_region_from_the_arn(partition, region, host):
    """Never from the profile."""
    stack = f"arn:{partition}:cloudformation:{region}:111122223333:stack/a/1"
    change_set = f"arn:{partition}:cloudformation:{region}:111122223333:changeSet/b/2"

    link = links.change_set_link(stack, change_set)

    assert link.startswith(
        f"https://{host}/cloudformation/home?region={region}#/stacks/changesets/changes?stackId=arn%3A"
    )
    assert f"changeSetId=arn%3A{partition}%3Acloudformation" in link
