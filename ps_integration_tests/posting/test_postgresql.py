"""The same store and engine on a real PostgreSQL, started here when the machine has one."""

import os

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from ps_integration.stores.operational import audit
from ps_integration.stores.operational.base import Base
from ps_integration.stores.operational.store import OperationalStore
from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration.workflows import approve, post
from ps_integration.workflows.mirror import mirror
from ps_integration_tests.posting import postgres
from ps_integration_tests.posting.fake_erp import FakeErp
from ps_integration_tests.posting.making import make_batch, make_document, make_night


@pytest.fixture(scope="module")
def server():
    if not postgres.BINARIES:
        pytest.skip("no PostgreSQL server on this machine")
    pytest.importorskip("psycopg")
    with postgres.server("shared_buffers=16MB") as url:
        yield url


@pytest.fixture
def store(server):
    opened = OperationalStore(server)
    with opened.engine.begin() as connection:
        connection.exec_driver_sql("drop schema public cascade")
        connection.exec_driver_sql("create schema public")
    opened.migrate()
    yield opened
    opened.close()


def test_the_migrations_lead_to_the_models(store):
    store.migrate()
    store.check()
    with store.engine.begin() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_a_batch_is_staged_signed_posted_and_mirrored(store, night, approved, states, tmp_path):
    erp = FakeErp(tmp_path / "erp.sqlite", "F", drafts=True)
    erp.play("lost_after", "late")
    approved(make_batch(make_document(1), make_document(2)))
    post.post(night, store, {"bc": erp})
    assert set(states().values()) == {"posted"}
    assert len(erp.documents()) == 2
    with Warehouse(tmp_path / "warehouse.duckdb") as warehouse:
        mirror(night, warehouse, store)
        lines = warehouse.rows("select * from ops.posting_lines order by document_ref, line_no")
        assert str(lines[0]["quantity"]) == "1.00000"
        [confirmed] = warehouse.rows("select distinct confirmed_at from ops.documents")
        assert confirmed["confirmed_at"] == night.as_of


ATTACKS = [
    *(
        f"{attack} {table}{rest}"
        for table in ("ledger", "audit", "approvals", "posting_lines", "batch_makers")
        for attack, rest in (("delete from", ""), ("truncate", " cascade"))
    ),
    "update ledger set to_state = 'posted'",
    "update audit set who = 'x'",
    "update approvals set decided_by = 'x'",
    "update posting_lines set amount_minor = 1",
    "update batches set merkle_root = 'x'",
    "update documents set amount_minor = 1",
    """update documents set content = '{"a": 1}'""",
    "delete from documents",
    "truncate documents cascade",
]


def test_what_is_written_resists(store, approved):
    approved(make_batch())
    for attack in ATTACKS:
        with pytest.raises(DBAPIError, match="does not change"), store.session() as session:
            session.execute(text(attack))


def test_self_approval_is_impossible_by_sql(store, tmp_path):
    post.stage(make_night(tmp_path, maker="maria"), store, [make_batch()])
    with pytest.raises(DBAPIError), store.session() as session:
        session.execute(
            text(
                "insert into approvals (batch_id, decision, content_sha256, merkle_root,"
                " config_hash, maker, decided_by, decided_at, note)"
                " select batch_id, 'approved', content_sha256, merkle_root, config_hash, 'other',"
                " 'maria', planned_at, '' from batches"
            )
        )


def test_the_audit_trail_holds(store, approved):
    approved(make_batch())
    with store.snapshot() as session:
        assert audit.verify(session).holds


def test_four_posters_at_once_send_each_document_once(server, store, night, states, tmp_path):
    batch = make_batch(*(make_document(number) for number in range(1, 7)))
    post.stage(night, store, [batch])
    approve.approve(store, batch.batch_id, "maria", night.as_of, "")
    erp = FakeErp(tmp_path / "erp.sqlite", "F", drafts=True)
    store.close()
    children = []
    for number in range(4):
        child = os.fork()
        if child == 0:
            code = 1
            try:
                own = make_night(tmp_path, run_id=f"run-{number}")
                post.post(own, OperationalStore(server), {"bc": erp})
                code = 0
            finally:
                os._exit(code)
        children.append(child)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    assert codes == [0, 0, 0, 0]
    assert set(states().values()) == {"posted"}
    assert len(erp.documents()) == 6
