"""Pieces of work run at the same time, each on a session of its own."""

from functools import partial
from threading import Barrier

import pytest

from ps_integration.errors import StatementRefusedError
from ps_integration.reconciliation.side_by_side import WORKERS, side_by_side
from ps_integration.stores.warehouse.warehouse import Warehouse


@pytest.fixture
def warehouse(tmp_path):
    with Warehouse(tmp_path / "warehouse.duckdb") as opened:
        yield opened


def test_the_results_come_in_the_order_of_the_work(warehouse):
    work = [partial(lambda n, session: session.value(f"select {n}"), n) for n in range(20)]
    assert side_by_side(warehouse, work) == list(range(20))


def test_pieces_run_at_once_and_none_sees_the_temporary_tables_of_another(warehouse):
    together = Barrier(WORKERS)

    def piece(n, session):
        session.execute(f"create temp table mine as select {n} as n")
        together.wait(timeout=30)  # broken if one waited for the other to end
        return session.value("select n from mine")

    work = [partial(piece, n) for n in range(WORKERS)]
    assert side_by_side(warehouse, work) == list(range(WORKERS))


def test_what_pieces_write_to_one_table_is_all_there(warehouse):
    def piece(n, session):
        with session.transaction():
            session.insert("ops.decisions", [{"entry_id": f"harvest:{n}"}])

    side_by_side(warehouse, [partial(piece, n) for n in range(20)])
    assert warehouse.value("select count(distinct entry_id) from ops.decisions") == 20


def test_an_error_comes_out_when_the_others_are_done(warehouse):
    done = []

    def refused(session):
        session.execute("select * from nowhere")

    with pytest.raises(StatementRefusedError, match="nowhere"):
        side_by_side(warehouse, [refused, done.append, done.append])
    assert len(done) == 2
    assert warehouse.value("select 1") == 1
