"""One labelled world in every run of the tests; `make quality` plays eight and prints the table."""

import sys
from collections import Counter

import pytest

from ps_integration.reconciliation.rule import load_rules
from ps_integration_tests.quality import drag, links
from ps_integration_tests.quality.judge import NOT_STATED, judge, table
from ps_integration_tests.quality.remedies import REMEDIES

MANY_ENTRIES = {
    "assignments", "closed_projects", "hours", "mappings", "posted_under_others", "rates",
    "repriced", "resources",
}  # fmt: skip
"""Faults of a project or a person that rules name entry by entry; the amounts add up."""

MONEY_MAX = {"posted_under_others": 1.1}
"""What is posted and what waits of a project that is billable no more are two amounts."""


@pytest.fixture(scope="module")
def dragged():
    return drag.Drag()


@pytest.fixture(scope="module")
def tallies(dragged):
    return judge(1, dragged)


def test_one_fault_is_one_break_at_the_root_and_one_amount(tallies, dragged):
    drawn = drag.table(dragged)
    many = {name for name, kind in dragged.kinds.items() if kind.roots_each > drag.ROOTS_MAX}
    assert many <= MANY_ENTRIES, drawn
    for name, kind in dragged.kinds.items():
        assert kind.money_ratio <= MONEY_MAX.get(name, drag.MONEY_MAX), (name, drawn)
        assert kind.money_ratio >= 1 / drag.MONEY_MAX, (name, drawn)
    sys.stdout.write(f"{drawn}\nnamed entry by entry: {len(many)} kinds, {sorted(many)}\n")


def test_no_fault_is_hidden_behind_another(tallies, dragged):
    assert dragged.crossed == []


def test_every_rule_finds_what_was_planted_and_nothing_else(tallies):
    assert set(tallies) == {rule.code for rule in load_rules()}
    for rule, tally in tallies.items():
        assert min(tally.precision, tally.recall) >= 0.97, (rule, tally.notes)


def test_the_stated_cause_is_the_planted_one(tallies):
    right = sum(tally.causes_right for tally in tallies.values())
    assert right / sum(tally.causes for tally in tallies.values()) >= 0.95


def test_without_the_stated_cause_the_break_is_gone(tallies):
    removed = sum(tally.removed for tally in tallies.values())
    gone = sum(tally.gone for tally in tallies.values())
    assert removed > 500
    assert gone / removed >= 0.95


def test_the_table_names_every_rule(tallies):
    drawn = table([tallies])
    assert all(f"\n{rule}" in drawn for rule in tallies)
    assert f"{len(load_rules())} rules, 1 seeds" in drawn


def test_no_line_typed_by_hand_is_linked_wrongly():
    counts = links.tally(1)
    became = Counter()
    for (_, end), count in counts.items():
        became[end] += count
    assert became["wrong"] == 0, counts
    assert became["confirmed"] > 15
    assert counts["off by cents", "confirmed"] + counts["invented", "confirmed"] == 0
    assert f"{counts.total()} lines, 0 wrong links" in links.table(counts)


def test_no_remedy_takes_an_unstated_cause_away():
    assert not any(cause == NOT_STATED for _, cause in REMEDIES)
