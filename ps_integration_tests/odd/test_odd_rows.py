"""All odd rows of all contracts in one firm: nothing but what they govern is held."""

from ps_integration_tests.odd import changes
from ps_integration_tests.odd.rows import TABLES, odd_rows
from ps_integration_tests.odd.world import OF, Outcome, played

NOT_ASKED = frozenset({"MD03", "MD09", "TM12"})
"""Rules that have nothing to look at in the clean firm either; `make odd` finds them by itself."""


def test_every_table_is_delivered_by_a_system():
    assert {table for tables in OF.values() for table in tables} == set(TABLES)


def test_every_nullable_column_and_every_word_is_tried():
    tried = {(row.table, row.oddity) for row in odd_rows()}
    assert len(tried) > 400
    assert ("projects", "currency is missing") in tried
    assert ("approvals", "state is withdrawn") in tried


def test_odd_rows_hold_nothing_but_what_they_govern(tmp_path):
    assert played(tmp_path, odd_rows(), NOT_ASKED) == Outcome()


def test_master_data_that_turns_odd_moves_nothing_that_was_posted(tmp_path):
    rows = changes.turned()
    assert {row.table for row in rows} == set(changes.MASTERS)
    assert len(rows) > 60
    outcome = changes.played(tmp_path, rows)
    assert outcome.posted
    assert outcome.problems == ()
    assert outcome.shown >= {"billing type", "currency", "customer", "legal entity"}
