"""Pieces of work run at the same time, each on a session of its own."""

from functools import partial
from threading import Barrier

import pytest

from ps_integration.errors import StatementRefusedError
from ps_integration.reconciliation.side_by_side import side_by_side
from ps_integration.stores.warehouse.warehouse import Warehouse

WORKERS = 3


@pytest.fixture
def warehouse(tmp_path):
    with Warehouse(tmp_path / "warehouse.duckdb") as opened:
        yield opened


@pytest.fixture
def sessions(warehouse):
    with warehouse.sessions(WORKERS) as opened:
        yield opened


def test_the_results_come_in_the_order_of_the_work(sessions):
    work = [partial(lambda n, session: session.value(f"select {n}"), n) for n in range(20)]
    assert side_by_side(sessions, work) == list(range(20))


def test_pieces_run_at_once_and_none_sees_the_temporary_tables_of_another(sessions):
    together = Barrier(WORKERS)

    def piece(n, session):
        session.execute(f"create temp table mine as select {n} as n")
        together.wait(timeout=30)  # broken if one waited for the other to end
        return session.value("select n from mine")

    work = [partial(piece, n) for n in range(WORKERS)]
    assert side_by_side(sessions, work) == list(range(WORKERS))


def test_what_pieces_write_to_one_table_is_all_there(warehouse, sessions):
    def piece(n, session):
        with session.transaction():
            session.insert("ops.decisions", [{"entry_id": f"harvest:{n}"}])

    side_by_side(sessions, [partial(piece, n) for n in range(20)])
    assert warehouse.value("select count(distinct entry_id) from ops.decisions") == 20


def test_an_error_comes_out_when_those_that_have_begun_are_done(sessions):
    together, done = Barrier(WORKERS), []

    def refused(session):
        together.wait(timeout=30)
        session.execute("select * from nowhere")

    def slow(session):
        together.wait(timeout=30)
        done.append(session.value("select count(*) from range(1000000)"))

    with pytest.raises(StatementRefusedError, match="nowhere"):
        side_by_side(sessions, [refused, slow, slow])
    assert len(done) == WORKERS - 1
    assert side_by_side(sessions, [lambda session: session.value("select 1")] * 9) == [1] * 9


def test_sessions_share_the_cores_and_give_them_back(warehouse):
    cores = warehouse.value("select current_setting('threads')")
    with warehouse.sessions(2) as two:
        assert {one.value("select current_setting('threads')") for one in two} == {
            max(1, cores // 2)
        }
    assert warehouse.value("select current_setting('threads')") == cores
