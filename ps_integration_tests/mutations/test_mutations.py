"""A row deleted, doubled or changed between raw and ledger is found, and its place is named.

A selection; `make mutations` takes eight rows of every table.
"""

import random

import pytest

from ps_integration_tests.mutations.made import played
from ps_integration_tests.mutations.mutate import FREE, columns, judge, look, mutations

TRIED = 24


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory):
    with played(tmp_path_factory.mktemp("mutations"), 200) as made:
        yield made


def test_nothing_is_found_where_nothing_was_touched(warehouse):
    assert look(warehouse) == ()


def test_what_may_change_freely_is_there(warehouse):
    for table, free in FREE.items():
        assert set(free) <= {"deleted", "doubled", *columns(warehouse, table)}, table


def test_a_single_mutation_is_found_and_its_place_named(warehouse):
    every = list(mutations(warehouse, rows=2, seed=20))
    for mutation in random.Random(5).sample(every, TRIED):
        verdict = judge(warehouse, mutation)
        assert verdict.places, str(mutation)
        assert verdict.is_named, f"{mutation}: {verdict.places}"
    assert look(warehouse) == ()


def test_a_line_moved_to_another_day_is_found(warehouse):
    every = mutations(warehouse, rows=6, seed=3)
    moved = [one for one in every if (one.table, one.what) == ("ops.posting_lines", "work_date")]
    assert len(moved) == 6
    for mutation in moved:
        assert judge(warehouse, mutation).is_named, str(mutation)
