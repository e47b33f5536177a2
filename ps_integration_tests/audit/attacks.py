"""A store with a history, and what somebody with its file could do to it."""

import json
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from ps_integration.domain.trail import Key, KeyRing
from ps_integration.settings.approval import Approval
from ps_integration.stores.operational import (
    audit,
    audit_check,
    correction_decisions,
    day_decisions,
    match_decisions,
)
from ps_integration.stores.operational.audit_check import Anchor
from ps_integration.stores.operational.day_decisions import Dated
from ps_integration.stores.operational.match_decisions import Decider, Match
from ps_integration.stores.operational.models import Decision, Opening
from ps_integration.stores.operational.store import OperationalStore
from ps_integration.workflows import approve, post
from ps_integration_tests.posting.fake_erp import FakeErp
from ps_integration_tests.posting.making import AS_OF, make_batch, make_document, make_night

KEYS = KeyRing(Key(b"k" * 32))
OTHER = KeyRing(Key(b"o" * 32))
TABLES = (
    *("ledger", "approvals", "posting_lines", "documents", "batches", "batch_makers"),
    *("openings", "decisions", "match_decisions", "day_decisions", "correction_decisions"),
    "audit",
)
ORDERED = {
    "ledger": "seq",
    "audit": "seq",
    "approvals": "approval_id",
    "decisions": "decision_id",
    "match_decisions": "decision_id",
    "day_decisions": "decision_id",
    "correction_decisions": "decision_id",
}
POSITIONS = 12
"""Random positions per table and kind of attack; ten tables have over 500 attacks together."""
FREE = {
    "documents": {
        *("batch_id", "merkle_proof", "attempts", "sent_at", "sent_clock_at", "erp_id"),
        *("doubtful_clock_at", "erp_number", "readback_minor", "readback", "confirmed_at"),
        *("hold_reason", "next_try_at", "put_off", "unknown_until", "invoice_date"),
        *("lease_holder", "lease_token", "lease_until"),
    },
    "batches": {"status", "config_hash", "run_id", "planned_at"},
    "posting_lines": {"line_id"},
}
"""Columns that the product itself changes, or that say nothing."""


def history(folder):
    """A store with a posted history under a key."""
    path = folder / "store.sqlite"
    store = OperationalStore(f"sqlite:///{path}", keys=KEYS)
    store.migrate()
    night = make_night(folder)
    for number in (1, 2, 3):
        batch = make_batch(make_document(number), make_document(number + 10))
        post.stage(night, store, [batch])
        approve.approve(store, batch.batch_id, "maria", night.as_of, "checked")
    signed = Opening(
        legal_entity="us",
        time_system="harvest_uk",
        bill_from=AS_OF.date(),
        list_sha256="a" * 64,
        signed_by="maria",
        signed_at=AS_OF,
    )
    approve.sign_opening(store, signed)
    decide(store, "hotel:1")
    decide(store, "hotel:2")
    take_for_billed(store, "hotel:3")
    take_for_billed(store, "hotel:4")
    date_anew(store, "hotel:5")
    date_anew(store, "hotel:6")
    release(store, "hotel:5")
    release(store, "hotel:6")
    post.post(night, store, {"bc": FakeErp(folder / "erp.sqlite", "U")})
    store.close()
    return path


def decide(store, entry_id):
    with store.session() as session:
        session.add(
            Decision(
                kind="write_off",
                entry_id=entry_id,
                part=1,
                reason="agreed",
                decided_by="maria",
                seconded_by="tom",
                decided_at=AS_OF,
            )
        )


def take_for_billed(store, entry_id):
    match = Match({entry_id: {"number": "S-1", "line_no": "1"}}, {entry_id: {}}, "p", "USD", 0)
    with store.session() as session:
        match_decisions.accept(session, match, Decider("maria", AS_OF, "sent", Approval()))


def date_anew(store, entry_id):
    dated = Dated(entry_id, "Asia/Kolkata", AS_OF.date(), AS_OF.date() + timedelta(days=1))
    with store.session() as session:
        day_decisions.decide(session, [dated], "maria", AS_OF, "worked from Pune")


def release(store, entry_id):
    change = correction_decisions.Change("time_entry", entry_id, "c" * 64, {}, 100, "USD")
    by = correction_decisions.Decider("maria", AS_OF, "agreed", Approval())
    with store.session() as session:
        correction_decisions.decide(session, "released", [change], by)


@contextmanager
def hands_on(store):
    """A connection without triggers, foreign keys and conscience; undone at the end."""
    with store.engine.connect() as connection:
        raw = connection.connection.driver_connection
        raw.execute("pragma foreign_keys = 0")
        raw.execute("pragma recursive_triggers = 0")
        for name in connection.scalars(
            text("select name from sqlite_master where type = 'trigger'")
        ).all():
            connection.execute(text(f"drop trigger {name}"))
        yield connection
        connection.rollback()
        raw.execute("pragma foreign_keys = 1")
        raw.execute("pragma recursive_triggers = 1")


def looked_at(connection, keys=KEYS, anchors=()):
    with Session(connection) as session:
        return audit_check.verify(session, keys, anchors)


def verdict(store, keys=KEYS, anchors=()):
    with store.snapshot() as session:
        return audit_check.verify(session, keys, anchors)


def head(store):
    with store.snapshot() as session:
        found = audit.head(session)
    return Anchor(found.seq, found.sha256, datetime.now(UTC))


def rows(connection, table):
    """All rows; of the trail those after the one that begins its key."""
    where = "where action <> 'key'" if table == "audit" else ""
    query = text(f"select rowid as rowid_, * from {table} {where} order by rowid")
    found = connection.execute(query)
    return [dict(row) for row in found.mappings()]


def put(connection, table, row):
    names = [name for name in row if name != "rowid_"]
    listed, marks = ", ".join(f'"{name}"' for name in names), ", ".join(f":{n}" for n in names)
    connection.execute(text(f"insert into {table} ({listed}) values ({marks})"), row)


def other(value):
    """Another value that could stand in the same column."""
    if value is None or isinstance(value, int):
        return 1000 + (value or 0)
    if value.startswith(("{", "[")):
        return json.dumps({"forged": True})
    if value[4:5] == value[7:8] == "-":
        return "2019" + value[4:]
    try:
        return str(float(value) + 1)
    except ValueError:
        return value[:-1] + ("0" if value[-1:] != "0" else "1")


def edit(connection, table, dice):
    row = dice.choice(rows(connection, table))
    free = {"rowid_", *FREE.get(table, ())}
    column = dice.choice(sorted(name for name in row if name not in free))
    update = text(f'update {table} set "{column}" = :value where rowid = :rowid')
    connection.execute(update, {"value": other(row[column]), "rowid": row["rowid_"]})


def replace(connection, table, dice):
    row = dice.choice(rows(connection, table))
    free = {"rowid_", *FREE.get(table, ())}
    if table == "batch_makers":
        free.add("batch_id")  # would be a maker of a batch that nobody knows
    column = dice.choice(sorted(name for name in row if name not in free))
    for name in ("seq", "approval_id", "decision_id", "line_id"):
        if name in row and column == name:
            return edit(connection, table, dice)
    listed = ", ".join(f'"{name}"' for name in row if name != "rowid_")
    taken = ", ".join(
        ":value" if name == column else f'"{name}"' for name in row if name != "rowid_"
    )
    connection.execute(
        text(
            f"insert or replace into {table} ({listed}) "
            f"select {taken} from {table} where rowid = :rowid"
        ),
        {"value": other(row[column]), "rowid": row["rowid_"]},
    )
    return None


INSERTED = {"documents": "document_ref", "openings": "time_system", "batch_makers": "maker"}


def insert(connection, table, dice):
    row = dice.choice(rows(connection, table))
    known = rows(connection, table)
    for name in {*ORDERED.values(), "line_id"} & row.keys():
        row[name] = max(one[name] for one in known) + dice.choice([1, 2, 70])
    if table == "posting_lines":
        row["line_no"] += 100
    elif table not in ORDERED:
        key = INSERTED.get(table, "batch_id")
        row[key] += "x"
    elif table == "audit":
        row["prev_sha256"] = row["prev_sha256"][::-1]
    put(connection, table, row)


def delete(connection, table, dice):
    row = dice.choice(rows(connection, table))
    connection.execute(text(f"delete from {table} where rowid = :rowid"), {"rowid": row["rowid_"]})


def cut(connection, table, dice):
    row = dice.choice(rows(connection, table))
    connection.execute(text(f"delete from {table} where rowid >= :at"), {"at": row["rowid_"]})


def reorder(connection, table, dice):
    key = ORDERED[table]
    one, two = dice.sample([row[key] for row in rows(connection, table)], 2)
    for old, new in ((one, -1), (two, one), (-1, two)):
        connection.execute(text(f"update {table} set {key} = {new} where {key} = {old}"))
