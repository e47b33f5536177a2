"""Every column of every table is witnessed, held against what is, or named with a reason."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from ps_integration.stores.operational import fence
from ps_integration.stores.operational.base import Base
from ps_integration.stores.operational.kinds import KINDS, UNWITNESSED
from ps_integration.stores.operational.models import Batch, Break, BreakEvent, Run
from ps_integration.stores.operational.sealing import LINE_COLUMNS, LINK_COLUMNS
from ps_integration.stores.operational.store import OperationalStore
from ps_integration.workflows import approve, post
from ps_integration_tests.audit.attacks import KEYS, hands_on, looked_at, other, put, rows, verdict
from ps_integration_tests.posting.making import AS_OF, make_batch, make_document, make_night

SEALED = {
    "documents": {
        *("document_ref", "kind", "system", "company", "legal_entity", "project_id"),
        *("customer_key", "currency", "period", "posting_date", "amount_minor", "content"),
        "content_sha256",
    },
    "posting_lines": {"document_ref", *LINE_COLUMNS, *LINK_COLUMNS},
}
"""What the leaf of a document covers."""
PLAIN = {
    int: 5,
    str: "7",
    bool: False,
    datetime: AS_OF,
    date: AS_OF.date(),
    object: {"n": 1},
}  # JSON is any object


def columns():
    """Table and column of every value that the store keeps."""
    return [
        (table.name, column.name)
        for table in Base.metadata.sorted_tables
        for column in table.columns
    ]


def is_covered(table, column):
    kinds = [kind for kind in KINDS.values() if kind.model.__tablename__ == table]
    return column in SEALED.get(table, ()) or any(column in kind.columns for kind in kinds)


def is_named(table, column):
    return table in UNWITNESSED or f"{table}.{column}" in UNWITNESSED


def test_each_column_is_witnessed_or_named_with_a_reason_and_not_both():
    assert [one for one in columns() if is_covered(*one) == is_named(*one)] == []


def test_what_is_named_is_there():
    known = {name for table, column in columns() for name in (table, f"{table}.{column}")}
    assert set(UNWITNESSED) - known == {"alembic_version", "break_events seen"}


def plain_of(kind):
    """A value that a column of this type holds."""
    return PLAIN[getattr(kind, "impl_instance", kind).python_type]


def made(model, session, **given):
    """A row of a table with a plain value in each column."""
    values = {
        column.name: plain_of(column.type)
        for column in model.__table__.columns
        if column.autoincrement is not True
    }
    row = model(**values | given)
    session.add(row)
    session.flush()
    return row


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """A store with a row of every kind."""
    folder = tmp_path_factory.mktemp("full")
    store = OperationalStore(f"sqlite:///{folder / 'store.sqlite'}", keys=KEYS)
    store.migrate()
    night = make_night(folder)
    document = make_document(1)
    batch = make_batch(document)
    post.stage(night, store, [batch])
    approve.approve(store, batch.batch_id, "maria", night.as_of, "checked")
    with store.session() as session:
        for kind in KINDS.values():
            model = kind.model
            if kind.part or session.query(model).count():
                continue
            given = {
                "breaks": {"break_id": "b1"},
                "break_events": {"break_id": "b1"},
                "erp_reversals": {"document_ref": document.document_ref},
                "decisions": {"seconded_by": "8"},
                "deletion_decisions": {"decision": "proposed", "confirms": None},
                "proposals": {"confirmed_by": "8"},
                "quarantine_decisions": {"decision": "proposed", "confirms": None},
            }
            made(model, session, **given.get(kind.name, {}))
        fence.identity(session).epoch = 2
    yield store
    store.close()


def test_a_row_of_every_kind_holds_as_it_was_written(full):
    found = verdict(full)
    assert found.holds, found.findings
    with full.snapshot() as session:
        assert all(session.query(kind.model).count() for kind in KINDS.values())


@pytest.mark.parametrize("what", ["deleted", "doubled", "changed"])
@pytest.mark.parametrize("table", sorted({kind.model.__tablename__ for kind in KINDS.values()}))
def test_a_row_that_is_lost_doubled_or_changed_is_found(full, table, what):
    columns = [one.name for one in Base.metadata.tables[table].columns]
    for column in columns if what == "changed" else [""]:
        if not (column and is_named(table, column)):
            assert is_found(full, table, what, column), column


def is_found(store, table, what, column):
    """Whether the store refuses a change of its last row, or the trail's check finds it."""
    with hands_on(store) as connection:
        row = rows(connection, table)[-1]
        at = {"row": row["rowid_"]}
        try:
            if what == "deleted":
                connection.execute(text(f"delete from {table} where rowid = :row"), at)
            elif what == "doubled":
                put(connection, table, another(table, row))
            else:
                change = text(f'update {table} set "{column}" = :value where rowid = :row')
                connection.execute(change, at | {"value": other(row[column])})
        except IntegrityError:
            return True
        return not looked_at(connection).holds


def another(table, row):
    """The same row under another key."""
    key = [one.name for one in Base.metadata.tables[table].primary_key.columns][-1]
    return row | {key: row[key] + 1 if isinstance(row[key], int) else f"{row[key]}x"}


def test_what_changes_by_the_product_is_witnessed_again(full):
    with full.session() as session:
        session.query(Run).first().status = "failed"
        session.query(Break).one().accepted_minor = 12
        session.query(Break).one().last_seen_at += timedelta(days=1)
    assert verdict(full).holds


def test_a_waiting_batch_made_again_under_another_version_is_no_edit(full):
    with full.session() as session:
        session.query(Batch).one().versions = {"program": "the next release"}
    assert verdict(full).holds


def test_a_line_that_nothing_keeps_from_being_billed_again_is_found(full):
    with hands_on(full) as connection:
        connection.execute(text("delete from live_lines"))
        found = looked_at(connection)
    assert {one.table for one in found.findings} == {"live_lines"}


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [("runs", "finished_at", 5), ("documents", "readback", "{"), ("audit", "detail", "{")],
)
def test_a_value_that_cannot_be_read_is_found_and_named(full, table, column, value):
    with hands_on(full) as connection:
        connection.execute(text(f"update {table} set {column} = :value"), {"value": value})
        found = looked_at(connection)
    assert any("cannot be read" in one.problem for one in found.findings)


def test_being_seen_again_writes_no_witness(full):
    with full.session() as session:
        made(BreakEvent, session, break_id="b1", event="seen")
    assert verdict(full).holds
