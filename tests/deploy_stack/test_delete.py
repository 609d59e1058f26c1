"""What a deletion shows and refuses: requests, the one copy of ChromaDB, the last compute stack, what others are built on."""

import re

import pytest


@pytest.fixture
def stand(project, cfn):
    """What creates stacks of the two options by the plain API: `stand(edge=50, ec2=True)` gives a weight and homes."""
    project.two_options()

    def create(**stacks):
        for name, value in stacks.items():
            key = "FargateWeight" if name == "edge" else "RunChromadb"
            text = str(value).lower()
            cfn.create_stack(
                StackName=f"aldeia-staging-{name}",
                TemplateBody=(project.root / f"templates/staging/{name}.json").read_text(),
                Parameters=[{"ParameterKey": key, "ParameterValue": text}],
            )
            settled(cfn, name)

    return create


def settled(cfn, name):
    """Wait for the end of what runs and return the state."""
    while True:
        state = cfn.describe_stacks(StackName=f"aldeia-staging-{name}")["Stacks"][0]["StackStatus"]
        if not state.endswith("_IN_PROGRESS"):
            return state


def refused(result):
    """The ids that a refusal asks for."""
    last = next((line for line in result.err.splitlines() if "if that is what you want" in line), "")
    return set(re.findall(r"--allow (\S+)", last))


BOTH = {"edge": 0, "ec2": True, "fargate": False}
# what stands, what is to be deleted, what blocks
CASES = {
    "all requests and the home": (BOTH, "ec2", {"requests-dropped:ec2/FargateWeight", "home-deleted:ec2/RunChromadb"}),
    "neither": (BOTH, "fargate", set()),
    "a share": ({**BOTH, "edge": 10}, "fargate", {"requests-dropped:fargate/FargateWeight"}),
    "the home alone": ({**BOTH, "edge": 100}, "ec2", {"home-deleted:ec2/RunChromadb"}),
    "the last one, without requests": ({"edge": 100, "ec2": False}, "ec2", {"last-compute:ec2/Compute"}),
    "both of them": (
        {**BOTH, "ec2": False},
        "ec2 fargate",
        {"requests-dropped:ec2/FargateWeight", "last-compute:ec2/Compute", "last-compute:fargate/Compute"},
    ),
    "no edge yet": ({"ec2": False}, "ec2", set()),
    "what others are built on": (BOTH, "edge", {"still-needed:edge/ec2", "still-needed:edge/fargate"}),
    "everything": (BOTH, "--all", {"requests-dropped:ec2/FargateWeight", "home-deleted:ec2/RunChromadb"}),
}


@pytest.mark.parametrize("case", CASES)
def test_what_stops_with_a_stack_is_refused_until_it_is_allowed_by_name(deploy_stack, stand, local, case):
    """Shown first, with --yes too; nothing is deleted before everything is allowed."""
    stacks, words, blocked = CASES[case]
    stand(**stacks)

    first = deploy_stack("delete", "staging", *words.split(), "--yes")

    assert refused(first) == blocked, first.err
    assert first.code == (11 if blocked else 0), first.err
    if not blocked:
        return
    assert local.calls("DeleteStack") == []
    some, *rest = sorted(blocked)
    assert refused(deploy_stack("delete", "staging", *words.split(), "--yes", "--allow", some)) == set(rest)
    allowed = [word for key in blocked for word in ("--allow", key)]
    assert deploy_stack("delete", "staging", *words.split(), "--yes", *allowed).code == 0
    assert len(local.calls("DeleteStack")) == len(stacks if words == "--all" else words.split())


def test_the_way_that_keeps_the_service_stands_before_the_one_that_does_not(deploy_stack, stand):
    """The refusal says how to move what the stack does."""
    stand(**BOTH)

    steps = [line for line in deploy_stack("delete", "staging", "ec2").err.splitlines() if "next:" in line]

    assert "deploy-stack move staging --to fargate" in steps[0]
    assert "--allow" in steps[1]


def test_the_review_says_what_is_kept_and_where_before_it_asks(deploy_stack, stand, cfn, monkeypatch):
    """With the name by which it is found again, and it is not in what the deletion saves."""
    monkeypatch.setenv("COLUMNS", "120")
    stand(edge=0, ec2=True, fargate=False)
    lines = cfn.describe_stack_resource(StackName="aldeia-staging-fargate", LogicalResourceId="Lines")
    name = lines["StackResourceDetail"]["PhysicalResourceId"]

    result = deploy_stack("delete", "staging", "fargate")

    assert result.code == 11
    assert "fargate  DELETE aldeia-staging-fargate: 2 to remove" in result.out
    assert name in result.out
    assert "policy: Retain" in result.out
    assert "data-deleted:fargate/Lines: leaves the stack but is kept (Retain)" in result.out
    assert "Lines -$" not in result.out
    assert "Nobody is at the terminal" in result.err


def test_a_creation_that_failed_serves_nobody(deploy_stack, stand, project, local, cfn):
    """The weight may point to it, yet nothing of it is there."""
    stand(edge=0)
    local.script(failures=[{"logical_id": "Topic", "on": "create", "reason": "no", "times": 1}])
    stand(ec2=True)
    assert settled(cfn, "ec2") == "ROLLBACK_COMPLETE"

    result = deploy_stack("delete", "staging", "ec2", "--yes")

    assert result.code == 0, result.err
    assert "ec2: ROLLBACK_COMPLETE: nothing is left in it but its name" in result.err


def test_while_the_weights_change_nobody_can_tell(deploy_stack, stand, local, cfn):
    """A move that runs elsewhere may be about to give this stack the requests."""
    stand(**BOTH)
    local.script(seconds={"resource": 30})
    cfn.update_stack(
        StackName="aldeia-staging-edge",
        TemplateBody='{"Parameters": {"FargateWeight": {"Type": "Number"}}, "Resources": {"Topic": {"Type": "AWS::SNS::Topic", '
        '"Properties": {"DisplayName": "new"}}}}',
        Parameters=[{"ParameterKey": "FargateWeight", "ParameterValue": "10"}],
    )

    result = deploy_stack("delete", "staging", "fargate", "--yes")

    assert result.code == 1
    assert "where the requests go may change: nothing was deleted" in result.err
    assert "next: deploy-stack watch staging edge" in result.err
    assert local.calls("DeleteStack") == []


VERBS = ("delete", "cancel", "rollback", "watch", "status", "outputs", "drift", "prune")


@pytest.mark.parametrize("there", [True, False], ids=["a stack of the name", "no stack"])
def test_no_verb_works_in_another_account(deploy_stack, stand, project, local, there):
    """A stack of the same name may be there, and one that is not there is not gone."""
    project.two_options()
    if there:
        stand(edge=0)
    project.edit("parameters/staging/target.json", lambda found: found.update(Account="999900001111"))
    before = len(local.calls())

    for verb in VERBS:
        result = deploy_stack(verb, "staging", "edge", *(["--yes"] if verb in {"delete", "cancel", "prune"} else []))

        assert result.code == 1, verb
        assert "staging belongs to account 999900001111" in result.err
        assert "AWS_PROFILE" in result.err
    made = {each["operation"] for each in local.calls()[before:]}
    assert made <= {"DescribeStacks", "GetTemplate", "GetCallerIdentity"}
