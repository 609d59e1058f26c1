"""What a change does to the bill, as plan and diff show it. Prices of us-east-1: 0.04048 a vCPU-hour, 0.004445 a GB-hour."""

import json

import pytest

TASK = 730 * (0.25 * 0.04048 + 0.5 * 0.004445)  # the sample's one task a month
NAT = 730 * 0.045


def grow(found):
    """Twice the vCPU, twice the memory."""
    found["Resources"]["TaskDefinition"]["Properties"].update(Cpu="512", Memory="1024")


def add_nat(found):
    """A gateway where there was none."""
    found["Resources"]["Nat"] = {
        "Type": "AWS::EC2::NatGateway",
        "Properties": {"SubnetId": "subnet-0123456789abcdef0", "AllocationId": "eipalloc-0123456789abcdef0"},
    }


def cost(result, stack):
    """The cost of one stack in a JSON answer."""
    return next(each["Cost"] for each in result.json["Stacks"] if each["Stack"] == stack)


def test_plan_prices_the_deployed_template_against_the_new_one(deployed, project, tmp_path):
    """The service's line carries the difference, and the finding about the task definition says it in dollars."""
    project.template("app", grow)
    report = tmp_path / "review.md"

    result = deployed("plan", "staging", "app", "--json", "--markdown", str(report))

    found = cost(result, "app")
    assert found["Low"] == found["High"] == pytest.approx(TASK, abs=1e-4)
    assert [each["LogicalResourceId"] for each in found["Lines"]] == ["Service"]
    assert found["Lines"][0]["Before"] == "Fargate 0.25 vCPU, Fargate 0.5 GB"
    assert found["Lines"][0]["After"] == "Fargate 0.5 vCPU, Fargate 1 GB"
    texts = [each["Text"] for each in result.json["Stacks"][0]["Findings"] if each["Rule"] == "cost"]
    assert "raises the bill (+$9.01 a month): Cpu 256 -> 512" in texts
    assert "- cost `+$9.01 a month (us-east-1, prices of 2026-10-03)`" in report.read_text()
    plan = json.loads((project.root / ".aldeia/staging.plan.json").read_text())
    assert plan["Stacks"][0]["Review"]["Cost"] == found


def test_the_table_says_it_in_one_line_and_its_parts(deployed, project):
    """For people: the whole first, then each resource."""
    project.template("network", add_nat)

    result = deployed("plan", "staging", "network")

    assert "cost      +$32.85 a month (us-east-1, prices of 2026-09-30)" in result.out
    assert "Nat +$32.85: NAT gateway" in result.out
    assert "raises the bill (+$32.85 a month): a NAT gateway by the hour and by traffic" in " ".join(result.out.split())
    assert "usage is not counted: there is no traffic.json" in " ".join(result.out.split())


def test_the_profile_gives_the_high_end(deployed, project):
    """100 to 1000 GB through the gateway at 0.045."""
    project._write("parameters/staging/traffic.json", {"NatGigabytes": {"Low": 100, "High": 1000}})
    project.template("network", add_nat)

    found = cost(deployed("plan", "staging", "network", "--json"), "network")

    assert (found["Low"], found["High"]) == (pytest.approx(NAT + 4.5), pytest.approx(NAT + 45))
    assert found["Notes"] == []


def test_what_costs_nothing_has_no_cost(deployed, project):
    """A tag of a role is no line of the bill."""
    project.template("app", lambda found: found["Resources"]["Role"]["Properties"].update(Description="new"))

    assert cost(deployed("plan", "staging", "app", "--json"), "app") is None


def test_diff_prices_without_an_account(deploy_stack, project):
    """The same words between two states of the files, removals included."""
    project.template("network", add_nat)
    project.commit("v1")
    project.template("network", lambda found: found["Resources"].pop("Nat"))

    result = deploy_stack("diff", "staging", "--json")

    found = cost(result, "network")
    assert found["Low"] == pytest.approx(-NAT, abs=1e-4)
    assert found["Lines"][0]["After"] == ""
    assert "Nat -$32.85: no NAT gateway" in deploy_stack("diff", "staging").out


@pytest.mark.parametrize(
    ("file", "value", "note"),
    [
        (
            "target.json",
            {"Account": "111122223333", "Region": "eu-north-1"},
            "no prices for eu-north-1; there are eu-central-1, eu-west-1",
        ),
        ("traffic.json", {"NatGigabyte": 1}, "traffic.json: NatGigabyte: unknown key; did you mean NatGigabytes?"),
    ],
)
def test_a_bill_that_is_not_known_stops_no_review(deploy_stack, project, file, value, note):
    """It is said, and the review is there."""
    project.commit("v1")
    project._write(f"parameters/staging/{file}", value)
    project.template("network", add_nat)

    result = deploy_stack("diff", "staging", "network", "--json")

    assert result.code == 10
    assert cost(result, "network") is None
    assert note in result.json["Stacks"][0]["Notes"][0]


def test_a_type_without_a_price_is_named(deploy_stack, project):
    """Never silently cheap."""
    project.commit("v1")
    project.template(
        "network",
        lambda found: found["Resources"].update(
            Database={
                "Type": "AWS::RDS::DBInstance",
                "Properties": {"DBInstanceClass": "db.t3.small", "AllocatedStorage": "20"},
            }
        ),
    )

    assert deploy_stack("diff", "staging", "network", "--json").json["Stacks"][0]["Notes"] == [
        "not priced: AWS::RDS::DBInstance"
    ]
