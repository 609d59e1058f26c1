"""The page of figures says what it was measured with and where another tool needs less."""

import dataclasses

from bench.page import Table, figures, machine, page
from bench.peers import deployment
from bench.peers.deployers import COLUMNS, DEPLOYERS
from bench.process import Cost


def test_a_table_has_as_many_cells_in_every_line():
    shown = Table(("tool", "s"), (("one", "1.00"), ("other", "2.00")), ("a note",)).markdown()
    table, notes = shown.split("\n\n")
    assert [line.count("|") for line in table.splitlines()] == [3, 3, 3, 3]
    assert notes == "- a note"


def test_a_table_without_notes_ends_with_its_last_row():
    assert figures([("plan", "0.67 s")]).markdown() == "| what | figures |\n| --- | --- |\n| plan | 0.67 s |"


def test_the_page_names_versions_machine_and_sections():
    shown = page({"deploy": figures([("plan", "0.67 s")])})
    for part in ("troposphere 4", "cfn-lint 1", "cores of ", "GiB", "## deploy", "| plan | 0.67 s |"):
        assert part in shown
    assert machine().endswith(".")


def test_every_deployer_has_a_fairness_note_and_reasons_for_columns_there_are():
    for each in DEPLOYERS:
        assert each.peer.fairness.endswith("."), each.peer.name
        assert set(each.better) <= set(COLUMNS), each.peer.name


def test_the_stack_takes_times_spread_evenly_over_the_longest_pause():
    steps = {round(b - a) for a, b in zip(deployment.STACK_SECONDS, deployment.STACK_SECONDS[1:], strict=False)}
    assert (len(deployment.STACK_SECONDS), steps) == (7, {4})


def test_the_table_says_what_is_not_installed_and_where_another_tool_needs_less():
    ours, aws, sam, *_ = DEPLOYERS
    cost = Cost(1.0, 1.0, 0)
    slow = deployment.Round(2.0, 2.0, cost, 30, cost)
    shown = deployment.shown({ours: [slow] * 7, aws: [dataclasses.replace(slow, calls=8)] * 7, sam: []})
    rows = {row[0]: row[1:] for row in shown.rows}
    assert rows["aws cloudformation deploy"] == ("2.00", "2.00", "2.00", "1.00", "8", "1.00", "1.00")
    assert rows["sam deploy"][0] == "not measured: `make bench-peers` installs it"
    (beaten,) = [note for note in shown.notes if note.startswith("Less than deploy-stack")]
    assert "**aws cloudformation deploy**, calls 8 against 30: it asks" in beaten
