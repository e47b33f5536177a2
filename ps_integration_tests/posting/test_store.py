import os
import stat
from datetime import timedelta

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from ps_integration.errors import FixConfigError
from ps_integration.stores.operational import audit, leases
from ps_integration.stores.operational.base import Base
from ps_integration.stores.operational.clone import clone
from ps_integration.stores.operational.models import Approval, Audit, Lease
from ps_integration.stores.operational.store import OperationalStore
from ps_integration.workflows import post
from ps_integration_tests.posting.fake_erp import FakeErp
from ps_integration_tests.posting.making import AS_OF, make_batch, make_night


def test_the_migrations_lead_to_the_models(store):
    with store.engine.begin() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_migrating_twice_changes_nothing(store):
    store.migrate()
    store.check()


def test_a_store_of_a_newer_program_is_refused(store):
    with store.session() as session:
        session.execute(text("update alembic_version set version_num = '9999'"))
    with pytest.raises(FixConfigError, match="newer program"):
        store.migrate()
    with pytest.raises(FixConfigError, match="version 9999"):
        store.check()


def test_a_store_that_was_never_migrated_is_refused(tmp_path):
    store = OperationalStore(f"sqlite:///{tmp_path / 'new.sqlite'}")
    with pytest.raises(FixConfigError, match="version none"):
        store.check()
    store.close()


def test_files_are_for_their_owner_alone(tmp_path):
    store = OperationalStore(f"sqlite:///{tmp_path / 'firm' / 'store.sqlite'}")
    store.migrate()
    assert stat.S_IMODE((tmp_path / "firm").stat().st_mode) == 0o700
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "firm").iterdir()}
    assert modes == {0o600}
    store.close()


@pytest.mark.parametrize("url", ["sqlite://", "mysql://host/db"])
def test_a_store_it_cannot_run_on_is_refused(url):
    with pytest.raises(FixConfigError, match=r"stores\.operational"):
        OperationalStore(url)


def test_errors_do_not_tell_bound_values(store):
    with store.session() as session:
        session.add(Lease(name="x", holder="other", token=1, expires_at=AS_OF))
    doubled = text("insert into leases values ('x', :holder, 1, '')")
    with pytest.raises(IntegrityError) as raised, store.session() as session:
        session.execute(doubled, {"holder": "s3cret"})
    assert "s3cret" not in str(raised.value)


ATTACKS = [
    f"{attack}"
    for table in ("ledger", "audit", "approvals", "posting_lines", "batch_makers")
    for attack in (
        f"update {table} set rowid = rowid + 1000",
        f"delete from {table}",
        f"insert or replace into {table} select * from {table}",
        f"replace into {table} select * from {table}",
    )
] + [
    "delete from batches",
    "insert or replace into batches select * from batches",
    "update batches set maker = 'x'",
    "delete from documents",
    "insert or replace into documents select * from documents",
    "update documents set amount_minor = 1",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_is_written_resists(store, approved, attack):
    approved(make_batch())
    with pytest.raises(DBAPIError, match=r"append-only|never deleted|does not change"):
        run(store, attack)


def run(store, statement):
    with store.session() as session:
        session.execute(text(statement))


def test_a_posted_document_cannot_be_moved_by_sql(store, night, approved, tmp_path):
    approved(make_batch())
    post.post(night, store, {"bc": FakeErp(tmp_path / "erp.sqlite", "U")})
    with pytest.raises(DBAPIError, match="final state"), store.session() as session:
        session.execute(text("update documents set state = 'approved'"))


def test_a_store_with_old_approvals_can_be_copied_whole(store, approved, tmp_path):
    batch = approved(make_batch())
    changed = make_night(tmp_path, run_id="run-2", config_hash="d" * 64)
    post.post(changed, store, {"bc": FakeErp(tmp_path / "erp.sqlite", "U")})
    post.stage(changed, store, [batch])
    copied = OperationalStore(f"sqlite:///{tmp_path / 'copy.sqlite'}")
    copied.migrate()
    clone(store, copied)
    with copied.snapshot() as session:
        assert len(session.scalars(select(Approval)).all()) == 1
    copied.close()


def test_a_store_whose_checker_became_a_maker_later_can_be_copied_whole(store, approved, tmp_path):
    batch = approved(make_batch())
    changed = make_night(tmp_path, run_id="run-2", config_hash="d" * 64, maker="maria")
    post.post(changed, store, {"bc": FakeErp(tmp_path / "erp.sqlite", "U")})
    post.stage(changed, store, [batch])
    copied = OperationalStore(f"sqlite:///{tmp_path / 'copy.sqlite'}")
    copied.migrate()
    clone(store, copied)
    with copied.snapshot() as session:
        assert len(session.scalars(select(Approval)).all()) == 1
    copied.close()


# the audit trail


@pytest.fixture
def trail(store):
    with store.session() as session:
        for number in range(6):
            audit.append(
                session,
                at=AS_OF,
                who="maria",
                action="approve",
                subject=f"batch-{number}",
                detail={"amount_minor": number},
            )
        for name in ("audit_no_update", "audit_no_delete"):
            session.execute(text(f"drop trigger {name}"))
    return store


def verdict(store, anchor=None):
    with store.snapshot() as session:
        return audit.verify(session, anchor)


def test_an_untouched_trail_holds(trail):
    found = verdict(trail)
    assert (found.holds, found.rows) == (True, 6)


@pytest.mark.parametrize("column", ["at", "who", "action", "subject", "detail", "sha256"])
def test_an_edit_is_found(trail, column):
    values = {"at": "2026-04-02 00:00:00.000000", "detail": '{"amount_minor": 9}'}
    edit = text(f"update audit set {column} = :value where seq = 3")
    with trail.session() as session:
        session.execute(edit, {"value": values.get(column, "x")})
    assert verdict(trail).first_bad_seq == 3


def test_a_deleted_row_is_found(trail):
    with trail.session() as session:
        session.execute(text("delete from audit where seq = 3"))
    assert verdict(trail).problem == "row 3 is missing"


def test_reordered_rows_are_found(trail):
    with trail.session() as session:
        for old, new in ((3, 99), (4, 3), (99, 4)):
            session.execute(text(f"update audit set seq = {new} where seq = {old}"))
    assert verdict(trail).first_bad_seq == 3


def test_an_inserted_row_is_found(trail):
    with trail.session() as session:
        session.execute(text("update audit set seq = seq + 100 where seq > 3"))
        row = session.scalars(select(Audit).where(Audit.seq == 3)).one()
        session.add(
            Audit(
                seq=4,
                at=AS_OF,
                who="mallory",
                action="approve",
                subject="x",
                detail={},
                prev_sha256=row.prev_sha256[::-1],
                sha256="0" * 64,
            )
        )
        session.flush()
        session.execute(text("update audit set seq = seq - 99 where seq > 100"))
    assert verdict(trail).first_bad_seq == 4


def test_a_cut_tail_is_found_with_a_head_kept_elsewhere(trail):
    head = verdict(trail).head_sha256
    with trail.session() as session:
        session.execute(text("delete from audit where seq > 4"))
    assert verdict(trail).holds
    assert verdict(trail, head).problem == "the anchored head is gone: tail cut"


def test_a_row_cannot_have_two_successors(trail):
    with pytest.raises(IntegrityError), trail.session() as session:
        session.execute(
            text(
                "insert into audit select 7, at, who, action, subject, detail, prev_sha256, sha256"
                " from audit where seq = 6"
            )
        )


# leases


def test_a_living_holder_keeps_the_lease(store, night, approved, tmp_path):
    approved(make_batch())
    erp = FakeErp(tmp_path / "erp.sqlite", "U")
    with store.session() as session:
        leases.acquire(session, leases.POSTING, AS_OF.replace(year=2100))
    assert post.post(night, store, {"bc": erp}).metadata == {"skipped": "another run is posting"}
    assert erp.documents() == []


def test_a_dead_holder_of_this_machine_is_replaced_at_once(store):
    child = os.fork()
    if child == 0:
        own = OperationalStore(str(store.engine.url))
        with own.session() as session:
            leases.acquire(session, leases.POSTING, AS_OF)
        os._exit(0)
    os.waitpid(child, 0)
    with store.session() as session:
        held = leases.acquire(session, leases.POSTING, AS_OF)
    assert held is not None
    assert held.token == 2


def test_an_expired_lease_is_taken_and_its_old_holder_is_fenced(store):
    with store.session() as session:
        old = leases.acquire(session, leases.POSTING, AS_OF)
    later = AS_OF + timedelta(seconds=leases.LEASE_SECONDS + 1)
    with store.session() as session:
        assert leases.acquire(session, leases.POSTING, AS_OF) is None
        new = leases.acquire(session, leases.POSTING, later)
    assert new.token > old.token
    with pytest.raises(leases.LeaseLostError), store.session() as session:
        leases.renew(session, old, later)
