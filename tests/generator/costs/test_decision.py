"""The decision computed: the command, the document's figures, break-even, savings, the page and its chart."""

import json
import shutil
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from generator.__main__ import main
from generator.build import build
from generator.costs import demand
from generator.costs.__main__ import main as write_page
from generator.costs.bill import Source, bill_of
from generator.costs.charges import FREE, PRICED
from generator.costs.chart import Panel, svg
from generator.costs.demand import Curve, Stretch
from generator.costs.document import figures
from generator.costs.options import bill, read
from generator.costs.prices import own_table
from generator.costs.report import as_json, break_even
from generator.costs.savings import savings
from generator.costs.traffic import Range, Traffic
from generator.environments import STAGING
from generator.office_hours import OfficeHours
from generator.protection import FARGATE_ENDPOINTS, Firewall
from generator.services import SERVICES
from generator.together import check_environments

ROOT = Path(__file__).resolve().parents[3]
TABLE = own_table()


@pytest.fixture(scope="module")
def staging():
    """Staging's files."""
    return read("staging", ROOT / "templates", ROOT / "parameters")


@pytest.fixture(scope="module")
def production():
    """Production's files."""
    return read("production", ROOT / "templates", ROOT / "parameters")


# The document's figures, word for word.
DOCUMENT = {
    "~$30", "$120-240", "~$15", "~$7", "~$52", "$60-120", "$30-60", "$120", "$210-300", "$0.10", "~$30 vs ~$52", "~$240-270",
}  # fmt: skip


def test_each_figure_of_the_document_is_reproduced_or_explained(staging, production):
    """To the dollar where it says reproduced; otherwise it says why not."""
    found = list(figures(staging, production, TABLE))

    assert {each.told for each in found} == DOCUMENT
    for each in found:
        told = [float(part) for part in each.told.replace("~", "").replace("$", "").replace(" vs ", "-").split("-")]
        ends = (each.method.low, each.method.high)
        if each.verdict == "reproduced":
            assert all(abs(end - one) <= 0.5 for end, one in zip(ends, (told[0], told[-1]), strict=True)), each
        else:
            assert each.why
    by_name = {each.what: each.method for each in found}
    assert by_name["production, total"] == Range(pytest.approx(7 * 29.5504), pytest.approx(10 * 29.5504))
    hybrid = by_name["hybrid: staging on EC2, production on Fargate"]
    assert hybrid == Range(pytest.approx(30.368 + 206.8528), pytest.approx(30.368 + 295.504))


def test_copies_follow_the_policies_of_the_template(production):
    """1000 requests a target and minute: the backend has two thirds of them, so one task is full at 25 a second."""
    backend, frontend = demand.pools(production, "fargate")
    assert (backend.least, backend.most, backend.rate) == (2, 4, pytest.approx(25))
    assert [backend.copies(rate) for rate in (0, 50, 50.1, 75.1, 500)] == [2, 2, 3, 4, 4]
    assert frontend.rate == pytest.approx(42)  # by CPU: half a vCPU at 70 % for a third of the requests
    (hosts,) = demand.pools(production, "ec2")
    assert (hosts.least, hosts.most, hosts.rate) == (2, 4, pytest.approx(56))  # two vCPUs at 70 %, 25 ms a request


def test_the_break_even_is_where_the_bills_meet(production):
    """On each side of every change the other option is cheaper."""
    found = demand.cheaper(production, TABLE)
    assert [each.option for each in found] == ["fargate", "ec2", "fargate", "ec2"]
    for each in found:
        middle = (each.start + each.end) / 2
        cost = [demand.dollars_at(production, option, middle, TABLE) for option in ("ec2", "fargate")]
        assert 0 < max(cost) - min(cost) <= each.most + 0.01
    for left, right in pairwise(found):
        for rate, option in ((left.end - 0.05, left.option), (right.start + 0.05, right.option)):
            cost = {each: demand.dollars_at(production, each, rate, TABLE) for each in ("ec2", "fargate")}
            assert min(cost, key=cost.get) == option


def test_a_saving_is_the_difference_of_two_bills(staging, production):
    """arm64 on Fargate, one NAT gateway, a commitment: by hand."""
    quiet = {each.name: each.amount for each in savings(staging, "fargate", TABLE)}
    busy = {each.name: each.amount for each in savings(production, "fargate", TABLE)}
    arm = 730 * (1.75 * (0.04048 - 0.03238) + 3.5 * (0.004445 - 0.00356))
    assert quiet["arm64"] == Range(pytest.approx(arm), pytest.approx(arm))
    committed = 730 * (1.75 * (0.04048 - 0.032384) + 3.5 * (0.004445 - 0.003556))
    assert quiet["savings plan"].low == pytest.approx(committed)
    spot = 730 * (0.75 * (0.04048 - 0.01288871) + 1.5 * (0.004445 - 0.00141527))
    assert quiet["Spot"].low == pytest.approx(spot)
    assert busy["one NAT gateway"].low == pytest.approx(730 * 0.05)
    assert "office hours" in quiet
    assert "office hours" not in busy  # a protected environment never sleeps


def test_office_hours_of_the_description_are_priced_as_the_saving_says(staging):
    """The field's own schedules, 65 of 168 hours, on both options."""
    hours = OfficeHours(start="07:00", stop="20:00", time_zone="Etc/UTC")
    rendered = build(check_environments((replace(STAGING, office_hours=hours),), SERVICES), SERVICES)
    templates = {name: json.loads(rendered[f"staging/{name}.json"]) for name in staging.templates}
    for option in ("ec2", "fargate"):
        promised = next(each for each in savings(staging, option, TABLE) if each.name == "office hours")
        less = (
            bill(staging, option, TABLE).total.low
            - bill(replace(staging, templates=templates), option, TABLE).total.low
        )
        assert less == pytest.approx(promised.amount.low, abs=0.01)


def test_everything_that_may_be_switched_on_is_priced():
    """Firewall, key, endpoints, office hours: each type is known, and each of them costs what its text says."""
    everything = replace(
        STAGING, firewall=Firewall(), customer_managed_key=True, interface_endpoints=FARGATE_ENDPOINTS,
        office_hours=OfficeHours(start="08:00", stop="18:00", time_zone="Etc/UTC"),
    )  # fmt: skip
    rendered = build(check_environments((everything,), SERVICES), SERVICES)
    types = set()
    groups = {}
    for path, text in rendered.items():
        if path.startswith("staging/") and path.endswith(".json") and "manifest" not in path:
            template = json.loads(text)
            types |= {each["Type"] for each in template["Resources"].values()}
            for line in bill_of(Source("s", template), Traffic(), "us-east-1", TABLE).lines:
                groups[line.item] = groups.get(line.item, 0) + line.low
    assert types - set(PRICED) - set(FREE) == set()
    assert groups["endpoint-hour"] == pytest.approx(73.0)
    assert groups["waf-acl-month"] + groups["waf-rule-month"] == pytest.approx(9.0)
    assert groups["kms-key-month"] == 1


def test_the_command_prints_both_options(capsys):
    """A table for people: totals, the document's method, break-even, savings, assumptions."""
    assert main(["costs", "staging"]) == 0
    out = capsys.readouterr().out
    assert "EC2 with Docker Compose (default)" in out
    assert "$51.71 (the document's method)" in out
    assert "no break-even" in out
    assert "assumed: 0.05 to 1 requests a second" in out


def test_every_line_says_what_is_multiplied(capsys):
    """Quantity, price and unit beside the dollars."""
    assert main(["costs", "staging", "--lines"]) == 0
    (line,) = {
        each
        for each in capsys.readouterr().out.splitlines()
        if each.startswith("    network/NatGateway1") and "hour" in each
    }
    assert " ".join(line.split()) == "network/NatGateway1 $32.85 NAT gateway 730 x $0.045 per gateway-hour"


def test_the_command_as_json(capsys):
    """Every line with its price and who says so."""
    assert main(["costs", "production", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    fargate = next(each for each in found["Options"] if each["Option"] == "fargate")
    assert found["Default"] == "fargate"
    assert fargate["Total"]["Low"] == pytest.approx(sum(each["Low"] for each in fargate["Lines"]), abs=0.01)
    nat = next(each for each in fargate["Lines"] if each["Item"] == "nat-hour")
    assert nat["Source"].endswith("M2YSHUBETB3JX4M4")
    assert nat["Read"] == "2026-09-30"
    assert (nat["Quantity"], nat["Unit"]) == ({"Low": 730, "High": 730}, "gateway-hour")
    for each in fargate["Lines"]:  # to be added up by hand
        assert each["Quantity"]["High"] * each["Price"] == pytest.approx(each["High"], abs=0.001), each


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        (
            "target.json",
            '{"Account": "111122223333", "Region": "xx-west-9"}',
            "staging: no prices for xx-west-9; there are eu-central-1, eu-west-1",
        ),
        ("target.json", "{}", "Region: found None, expected a region"),
        ("target.json", "[]", "Region: found None, expected a region"),
        ("target.json", "{", "target.json: cannot be read as JSON"),
        ("traffic.json", '{"NatGigabytes": "many"}', "NatGigabytes: found 'many', expected a number"),
        ("traffic.json", '{"NatGigabytes": -1}', "NatGigabytes: found -1, expected a number of 0 or more"),
        ("traffic.json", '{"RequestsPerSecond": NaN}', "RequestsPerSecond: found nan, expected a number of 0 or more"),
        ("traffic.json", '{"InfrequentShare": 5}', "InfrequentShare: found 5, expected a number from 0 to 1"),
        ("traffic.json", "\udcff", "traffic.json: cannot be read as JSON"),
        (
            "ec2.json",
            '{"a": 1}',
            'ec2.json: found {\'a\': 1}, expected [{"ParameterKey": ..., "ParameterValue": ...}, ...]',
        ),
    ],
)
def test_a_mistake_is_one_clear_error(tmp_path, capsys, file, text, expected):
    """Exit 1, no traceback, nothing on stdout."""
    shutil.copytree(ROOT / "parameters", tmp_path / "parameters")
    (tmp_path / "parameters/staging" / file).write_text(text, errors="surrogateescape")
    assert main(["costs", "staging", "--parameters", str(tmp_path / "parameters")]) == 1
    said = capsys.readouterr()
    assert expected in said.err
    assert said.out == ""
    assert write_page(["--parameters", str(tmp_path / "parameters"), "--out", str(tmp_path / "docs")]) == 1
    assert expected in capsys.readouterr().err
    assert not (tmp_path / "docs").exists()


@pytest.mark.parametrize(
    ("file", "change", "expected"),
    [
        ("network.json", lambda path: path.unlink(), "network.json: found no file, expected a template with resources"),
        ("network.json", lambda path: path.write_text("[]"), "network.json: found Resources None, expected a template"),
        ("manifest.json", lambda path: path.write_text("{}"), "manifest.json: Stacks: found None, expected the stacks"),
        (
            "ec2.json",
            lambda path: path.write_text(path.read_text().replace("t3.medium", "m6i.metal")),
            "HostLaunchTemplate: InstanceType: found 'm6i.metal', expected one whose size tells its vCPUs",
        ),
    ],
)
def test_a_mistake_in_the_templates_is_one_clear_error(tmp_path, capsys, file, change, expected):
    """Nothing is priced as if it were not there."""
    shutil.copytree(ROOT / "templates", tmp_path / "templates")
    change(tmp_path / "templates/staging" / file)
    assert main(["costs", "staging", "--templates", str(tmp_path / "templates")]) == 1
    said = capsys.readouterr()
    assert expected in said.err
    assert said.out == ""


def test_what_is_not_priced_is_told_in_its_row(tmp_path, capsys):
    """An instance type without a price, and a resource type that nobody has looked at: no total looks whole."""
    shutil.copytree(ROOT / "templates", tmp_path / "templates")
    hosts, data = (tmp_path / "templates/staging" / each for each in ("ec2.json", "data.json"))
    hosts.write_text(hosts.read_text().replace("t3.medium", "c7i.4xlarge"))
    data.write_text(data.read_text().replace("AWS::EFS::FileSystem", "AWS::RDS::DBInstance"))
    assert main(["costs", "staging", "--templates", str(tmp_path / "templates")]) == 0
    out = capsys.readouterr().out
    rows = {line.split("  ")[1]: line for line in out.splitlines() if line.startswith("  ")}
    assert "no price" in rows["compute"]
    assert rows["total"].count("and more") == 1
    assert "which option is cheaper is not known: no price in us-east-1 of ec2-c7i.4xlarge-hour" in out
    assert "note: not in the figures, no price in us-east-1: ec2-c7i.4xlarge-hour" in out
    assert "note: not priced: AWS::RDS::DBInstance" in out


def test_an_environment_that_is_not_there(capsys):
    """The names that are."""
    assert main(["costs", "nowhere"]) == 1
    assert "nowhere: no such environment; there are production, shared, staging" in capsys.readouterr().err


def test_the_page_is_current_and_says_when_it_is_not(tmp_path, capsys):
    """What is in docs/ is what templates, profiles and prices say; a changed page is named."""
    assert write_page(["--check"]) == 0
    assert write_page(["--out", str(tmp_path)]) == 0
    assert (tmp_path / "compute-decision.md").read_text() == (ROOT / "docs/compute-decision.md").read_text()
    (tmp_path / "compute-decision.md").write_text("old")
    assert write_page(["--check", "--out", str(tmp_path)]) == 1
    assert "compute-decision.md: run `make docs`" in capsys.readouterr().err


def without(region, *items):
    """The table with prices taken out of one region."""
    kept = {key: price for key, price in TABLE.regions[region].items() if key not in items}
    return replace(TABLE, regions={**TABLE.regions, region: kept})


def test_the_page_begins_with_the_answer():
    """Which option is cheaper at both ends, and the sum of what runs by default: the same dollars as in its tables."""
    text = (ROOT / "docs/compute-decision.md").read_text()
    answer, _, rest = text.partition("![")
    assert "- staging: EC2 is cheaper by $42 at low traffic" in answer
    assert "- production: Fargate is cheaper by $24 at low traffic, by $54 at high traffic" in answer
    whole = answer.split("both with their defaults: ")[1].split("\n")[0]
    (hybrid,) = (line for line in rest.splitlines() if line.startswith("| hybrid, the default"))
    assert whole in hybrid


# The document's decision matrix: every factor and who wins it there.
MATRIX = {
    "Ease of Setup": "EC2", "Operational Overhead": "Fargate", "Scalability": "Fargate", "Cost (Low Traffic)": "EC2",
    "Cost (High Traffic)": "Fargate", "High Availability": "Fargate", "Container Orchestration": "Fargate",
    "CI/CD Integration": "Fargate", "Learning Curve": "EC2", "Control & Customization": "EC2",
}  # fmt: skip


def test_every_row_of_the_matrix_is_there_and_computed_where_it_can_be():
    """In the document's order with its winner; stars only in the three rows where nothing can be counted."""
    text = (ROOT / "docs/compute-decision.md").read_text().split("## ")[1]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("| ")]
    found = {cells[0]: cells for cells in rows if cells[0] in MATRIX}
    assert list(found) == list(MATRIX)
    assert {factor: cells[4] for factor, cells in found.items()} == MATRIX
    assert [factor for factor, cells in found.items() if "★" in "".join(cells)] == list(MATRIX)[-3:]
    assert all(any(each.isdigit() for each in "".join(found[factor])) for factor in list(MATRIX)[:7])


def test_a_missing_price_is_said_and_not_guessed(staging):
    """A region without a price for capacity units: the line counts nothing and is named."""
    table = without("sa-east-1", "alb-lcu-hour")
    found = as_json(replace(staging, region="sa-east-1"), table, date(2026, 11, 24))
    assert any("no price in sa-east-1" in each and "alb-lcu-hour" in each for each in found["Notes"])
    lines = found["Options"][0]["Lines"]
    assert all(each["High"] == 0 for each in lines if each["Price"] is None)
    assert found["Cheaper"]  # both options have the load balancer: what is missing does not decide between them


def test_nobody_is_told_what_a_missing_price_decides(production):
    """Without the price of one option's compute there is no break-even; without a discount's price there is no saving."""
    table = without("us-east-1", "ec2-t3.large-hour", "fargate-spot-x86-gb-hour", "ec2-t3-committed-share", "nat-hour")
    found = as_json(production, table, date(2026, 11, 24))
    assert found["Cheaper"] == []
    assert list(break_even(production, table)) == [
        "which option is cheaper is not known: no price in us-east-1 of ec2-t3.large-hour"
    ]
    fargate = {each.name: each for each in savings(production, "fargate", table)}
    assert fargate["Spot"].missing == ("fargate-spot-x86-gb-hour",)
    assert fargate["one NAT gateway"].missing == ("nat-hour",)
    assert fargate["arm64"].missing == ()
    hosts = {each.name: each for each in savings(production, "ec2", table)}
    assert hosts["savings plan"].missing == ("ec2-t3-committed-share",)
    assert all(each.amount == Range() for each in (*fargate.values(), *hosts.values()) if each.missing)


@pytest.mark.parametrize("region", ["eu-central-1", "eu-west-1", "sa-east-1", "us-west-2"])
@pytest.mark.parametrize("option", ["ec2", "fargate"])
def test_every_region_prices_every_line(staging, production, region, option):
    """Both environments with both options: nothing that is built lacks a price anywhere in the table."""
    for files in (staging, production):
        found = bill(replace(files, region=region), option, TABLE)
        assert found.unpriced == ()
        assert (
            found.total.low >= bill(files, option, TABLE).total.low - 0.01
        )  # the home region is the cheapest of the five


def test_the_chart_is_drawn_to_scale():
    """A curve of two points ends where its numbers are; names are text, not only colour."""
    curves = (Curve("ec2", ((0, 0), (60, 480))), Curve("fargate", ((0, 100), (30, 240))))
    root = ET.fromstring(svg([Panel("staging", curves, (Stretch("ec2", 0, 20, 7),)), Panel("production", curves)]))  # noqa: S314  (our own picture)
    name = "{http://www.w3.org/2000/svg}"
    lines = [each.get("points").split() for each in root.iter(f"{name}polyline")]
    # 480 and a twentieth of room go up to 600, 60 to 80: four round steps each.
    assert lines[0] == ["64.0,330.0", "353.5,162.0"]
    bands = [each.get("d") for each in root.iter(f"{name}path") if each.get("class") == "band ec2"]
    assert bands == ["M64.0 330.0H160.5"]
    words = [each.text for each in root.iter(f"{name}text")]
    assert "$480 at 60/s" in words
    assert "ECS Fargate" in words


def test_the_check_of_the_parameters_reads_the_profile(tmp_path, capsys):
    """`python -m generator --check` names file, key and what would be right; a profile of no environment is named too."""
    shutil.copytree(ROOT / "parameters", tmp_path / "parameters")
    (tmp_path / "parameters/staging/traffic.json").write_text('{"RequestsPerSecond": {"Low": 5, "High": 1}}')
    (tmp_path / "parameters/test").mkdir()
    (tmp_path / "parameters/test/traffic.json").write_text("{}")

    assert main(["--check", "--parameters", str(tmp_path / "parameters")]) == 1

    said = capsys.readouterr().err
    assert (
        "staging/traffic.json: RequestsPerSecond: found {'Low': 5, 'High': 1}, expected Low to be at most High" in said
    )
    assert "test/traffic.json: no template has this name" in said


def test_an_environment_without_a_profile_counts_no_usage(tmp_path):
    """The hours are there, the gigabytes are not."""
    shutil.copytree(ROOT / "parameters", tmp_path / "parameters")
    (tmp_path / "parameters/staging/traffic.json").unlink()
    found = bill(read("staging", ROOT / "templates", tmp_path / "parameters"), "ec2", TABLE)
    assert found.total.low == found.total.high
    assert {each.item for each in found.lines if each.amount.high} >= {"nat-hour", "alb-hour", "ec2-t3.medium-hour"}
    assert all(each.amount.high == 0 for each in found.lines if each.item.endswith("-gb"))
