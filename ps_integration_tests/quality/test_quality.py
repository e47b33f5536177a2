"""One labelled world in every run of the tests; `make quality` plays eight and prints the table."""

from collections import Counter

import pytest

from ps_integration.reconciliation.rule import load_rules
from ps_integration_tests.quality import links
from ps_integration_tests.quality.judge import NOT_STATED, judge, table
from ps_integration_tests.quality.remedies import REMEDIES


@pytest.fixture(scope="module")
def tallies():
    return judge(1)


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
