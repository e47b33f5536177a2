"""Somebody with the store's file in hand changes one field of an approved batch: nothing is sent.

The fields are those of the tables themselves. A new column is tried like the others; one that does
not stop posting must be named in `FREE` with the reason why it need not.
"""

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import JSON, Boolean, Date, Integer, String

from ps_integration.domain.posting import TRANSITIONS
from ps_integration.stores.operational.models import (
    Approval,
    Audit,
    Batch,
    BatchMaker,
    Document,
    LiveLine,
    PostingLine,
)
from ps_integration.stores.operational.store import OperationalStore
from ps_integration.stores.operational.types import ExactDecimal, Instant, Minor
from ps_integration.workflows import approve, post
from ps_integration_tests.posting.fake_erp import FakeErp
from ps_integration_tests.posting.making import AS_OF, make_batch, make_night

MODELS = (Batch, Document, PostingLine, BatchMaker, LiveLine, Approval)
FREE = {
    ("posting_lines", "line_id"): "a row number that nothing refers to and nothing sends",
    ("approvals", "approval_id"): "a row number; decisions are ordered by their audit rows",
    **{
        ("documents", name): "who works on it now; whoever does without it stops sending"
        for name in ("lease_holder", "lease_token", "lease_until")
    },
}
STATES = sorted({to_state for _, to_state in TRANSITIONS} - {"approved"})
STATUSES = ("planned", "rejected", "superseded", "posted", "partly_posted")
WORDS = {
    ("documents", "state"): [f"'{state}'" for state in STATES],
    ("batches", "status"): [f"'{status}'" for status in STATUSES],
    ("approvals", "decision"): ["'void'", "'rejected'", "'first_of_two'"],
    ("documents", "kind"): ["'credit_memo'"],
    ("documents", "content"): [
        f"json_set(content, '$.{name}', 'X')"
        for name in (
            "project_external_id", "purchase_order", "tax_code", "cost_centre", "revenue_account"
        )
    ],
    ("documents", "merkle_proof"): ["'{}'", "'[]'", "json_set(merkle_proof, '$.document[0]', 1)"],
    ("batches", "versions"): [
        f"json_set(versions, '$.{name}', 'X')" for name in ("program", "mapping", "rates")
    ],
    ("posting_lines", "line_no"): ["line_no + 10"],
    ("approvals", "audit_seq"): ["audit_seq + 1", "audit_seq - 1"],
}  # fmt: skip


OTHER = (
    (JSON, "'{{\"x\": 1}}'"),
    (Boolean, "not {name}"),
    (Date, "date(coalesce({name}, '2026-03-30'), '+1 day')"),
    (Instant, f"coalesce(datetime({{name}}, '+1 second'), '{AS_OF:%F %T}') || '.000000'"),
    (ExactDecimal, "'2.5'"),
    ((Integer, Minor), "coalesce({name}, 0) + 1"),
    (String, "coalesce({name}, '') || 'x'"),
)


def changed(column):
    """SQL of another value of a column's kind."""
    kind = next(sql for types, sql in OTHER if isinstance(column.type, types))
    return kind.format(name=column.name)


def mutations():
    for model in MODELS:
        table = model.__table__
        for column in table.c:
            where = (table.name, column.name)
            if where in FREE:
                continue
            yield from ((*where, value) for value in WORDS.get(where) or [changed(column)])
            # a document's are empty before sending, a line's that corrects nothing always
            if column.nullable and model not in {Document, PostingLine}:
                yield (*where, "null")


@pytest.fixture(scope="module")
def signed(tmp_path_factory, migrated):
    """A store with one batch that a second person approved."""
    folder = tmp_path_factory.mktemp("signed")
    shutil.copy(migrated, folder / "store.sqlite")
    store = OperationalStore(f"sqlite:///{folder / 'store.sqlite'}")
    batch = make_batch()
    post.stage(make_night(folder), store, [batch])
    approve.approve(store, batch.batch_id, "maria", AS_OF, "looked at")
    store.close()
    return folder / "store.sqlite"


@pytest.fixture
def play(signed, tmp_path):
    """Run statements on a copy as somebody with the file could, then a posting run."""

    def go(*statements, night=None):
        path = tmp_path / "store.sqlite"
        shutil.copy(signed, path)
        with closing(sqlite3.connect(path)) as db, db:
            db.execute("pragma ignore_check_constraints = on")
            triggers = "select name from sqlite_master where type = 'trigger'"
            for (name,) in db.execute(triggers).fetchall():
                db.execute(f"drop trigger {name}")
            counts = [db.execute(statement).rowcount for statement in statements]
        store = OperationalStore(f"sqlite:///{path}")
        erp = FakeErp(tmp_path / "erp.sqlite", "F")
        post.post(night or make_night(tmp_path), store, {"bc": erp, "bcx": erp})
        store.close()
        return erp, counts

    return go


def test_the_batch_as_it_was_approved_is_sent(play):
    erp, _ = play()
    assert len(erp.calls("create")) == 1


@pytest.mark.parametrize(("table", "column", "value"), tuple(mutations()))
def test_any_change_of_one_field_stops_posting(play, table, column, value):
    where = f"rowid = (select min(rowid) from {table})"
    erp, counts = play(f"update {table} set {column} = {value} where {where}")
    assert counts == [1]
    assert erp.calls("create") == []
    assert erp.documents() == []


@pytest.mark.parametrize(
    "statement",
    [
        "delete from posting_lines where line_no = 2",
        "delete from live_lines where line_key like '%1-2|%'",
        "delete from batch_makers",
        "insert into batch_makers (batch_id, maker) select batch_id, 'maria' from batches",
        "delete from approvals",
        "update approvals set decided_by = maker",
        "delete from audit",
        "update audit set who = 'jonas' where action = 'approve'",
        "update audit set action = 'reject' where action = 'approve'",
        "update audit set detail = json_set(detail, '$.signed_sha256', 'x')",
        "delete from ledger",
        "update ledger set to_state = 'planned'",
    ],
)
def test_rows_taken_added_or_turned_around_stop_posting(play, statement):
    erp, (count,) = play(statement)
    assert count > 0
    assert erp.calls("create") == []


def test_a_line_added_stops_posting(play):
    names = [c.name for c in PostingLine.__table__.c if c.name not in {"line_id", "line_no"}]
    told = ", ".join(names)
    erp, _ = play(f"insert into posting_lines (line_no, {told}) select 9, {told} from posting_lines"
                  " where line_no = 1")  # fmt: skip
    assert erp.calls("create") == []


def test_another_configuration_stops_posting(play, tmp_path):
    erp, _ = play(night=make_night(tmp_path, config_hash="d" * 64))
    assert erp.calls("create") == []


@pytest.mark.parametrize(("days", "sends"), [(14, 1), (15, 0)])
def test_an_approval_expires(play, tmp_path, days, sends):
    erp, _ = play(night=replace(make_night(tmp_path), as_of=AS_OF + timedelta(days=days)))
    assert len(erp.calls("create")) == sends


def test_an_approval_forged_with_an_audit_row_of_another_act_does_not_count(play):
    forged = (
        "insert into approvals (batch_id, decision, content_sha256, merkle_root, config_hash,"
        " maker, decided_by, decided_at, note, is_break_glass, audit_seq)"
        " select batch_id, 'approved', content_sha256, merkle_root, config_hash, maker, 'olga',"
        " decided_at, note, 0, audit_seq from approvals"
    )
    erp, _ = play(forged, "delete from approvals where decided_by = 'maria'")
    assert erp.calls("create") == []


def test_a_voided_approval_cannot_be_put_in_front_again(play):
    void = (
        "insert into approvals (approval_id, batch_id, decision, content_sha256, merkle_root,"
        " config_hash, maker, decided_by, decided_at, note, is_break_glass, audit_seq)"
        " select 0, batch_id, 'void', content_sha256, merkle_root, config_hash, maker, 'system',"
        " decided_at, note, 0, audit_seq + 1 from approvals"
    )
    erp, _ = play(void)
    assert erp.calls("create") == []


def test_what_the_table_leaves_free_is_there():
    names = {(model.__tablename__, c.name) for model in (*MODELS, Audit) for c in model.__table__.c}
    assert set(FREE) <= names
