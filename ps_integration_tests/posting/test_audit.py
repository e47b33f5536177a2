"""Whatever is done to the trail, or to a row it witnesses, past the product, is found."""

import json
import random
import shutil
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

import pytest
from alembic import command
from sqlalchemy import text
from sqlalchemy.orm import Session

from ps_integration.domain.seal import EMPTY_SHA256, digest
from ps_integration.domain.trail import RESTORE, Key, KeyRing
from ps_integration.errors import FixConfigError
from ps_integration.stores.operational import audit, audit_check
from ps_integration.stores.operational.audit_check import Anchor
from ps_integration.stores.operational.models import Decision, Opening
from ps_integration.stores.operational.store import OperationalStore, _configured
from ps_integration.workflows import approve, post
from ps_integration_tests.posting.fake_erp import FakeErp
from ps_integration_tests.posting.making import AS_OF, make_batch, make_document, make_night

KEYS = KeyRing(Key(b"k" * 32))
OTHER = KeyRing(Key(b"o" * 32))
TABLES = (
    *("ledger", "approvals", "posting_lines", "documents", "batches", "batch_makers"),
    *("openings", "decisions", "audit"),
)
ORDERED = {"ledger": "seq", "audit": "seq", "approvals": "approval_id", "decisions": "decision_id"}
POSITIONS = 12
"""Random positions per table and kind of attack; nine tables have 500 attacks together."""
FREE = {
    "documents": {
        *("batch_id", "merkle_proof", "attempts", "sent_at", "sent_clock_at", "erp_id"),
        *("doubtful_clock_at", "erp_number", "readback_minor", "readback", "confirmed_at"),
        "hold_reason",
    },
    "batches": {"status", "config_hash", "run_id", "planned_at"},
    "posting_lines": {"line_id"},
}
"""Columns that the product itself changes, or that say nothing."""


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A store with a posted history under a key, its triggers and foreign keys out of the way."""
    folder = tmp_path_factory.mktemp("audit")
    path = folder / "store.sqlite"
    store = OperationalStore(f"sqlite:///{path}", KEYS)
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


@pytest.fixture(scope="module")
def victim(template, tmp_path_factory):
    """A copy whose file is in an attacker's hands."""
    path = tmp_path_factory.mktemp("victim") / "store.sqlite"
    shutil.copy(template, path)
    store = OperationalStore(f"sqlite:///{path}", KEYS)
    yield store
    store.close()


@pytest.fixture
def own(template, tmp_path):
    """A copy to go on working with."""
    shutil.copy(template, tmp_path / "store.sqlite")
    store = OperationalStore(f"sqlite:///{tmp_path / 'store.sqlite'}", KEYS)
    yield store
    store.close()


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
    found = connection.execute(text(f"select rowid as rowid_, * from {table} order by rowid"))
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


def insert(connection, table, dice):
    row = dice.choice(rows(connection, table))
    known = rows(connection, table)
    for name in {*ORDERED.values(), "line_id"} & row.keys():
        row[name] = max(one[name] for one in known) + dice.choice([1, 2, 70])
    if table == "posting_lines":
        row["line_no"] += 100
    elif table not in ORDERED:
        key = {"documents": "document_ref", "openings": "time_system"}.get(table, "batch_id")
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


ATTACKS = [
    *((attack, table) for attack in (edit, insert, delete, cut, replace) for table in TABLES),
    *((reorder, table) for table in ORDERED),
]


def test_an_untouched_history_holds(victim):
    found = verdict(victim, anchors=[head(victim)])
    assert found.holds, found.findings
    assert found.witnessed > 30


@pytest.mark.parametrize(
    ("attack", "table"), ATTACKS, ids=lambda part: getattr(part, "__name__", part)
)
def test_an_attack_is_found_wherever_it_strikes(victim, attack, table):
    anchor = head(victim)
    for position in range(POSITIONS):
        with hands_on(victim) as connection:
            attack(connection, table, random.Random(f"{table}{position}"))
            found = looked_at(connection, anchors=[anchor])
        assert not found.holds, position


def test_the_first_bad_row_is_named(victim):
    with hands_on(victim) as connection:
        connection.execute(text("update audit set who = 'x' where seq = 4"))
        connection.execute(text("update audit set who = 'x' where seq = 7"))
        found = looked_at(connection)
    assert (found.first_bad_seq, found.findings[0].problem) == (4, "was edited")


def test_an_edited_ledger_row_is_named_with_its_table(victim):
    with hands_on(victim) as connection:
        connection.execute(text("update ledger set payload_sha256 = 'x' where seq = 5"))
        [found] = looked_at(connection).findings
    assert (found.table, found.row, found.problem) == ("ledger", "5", "was edited")


def test_two_lines_of_a_document_cannot_change_places(victim):
    with hands_on(victim) as connection:
        for old, new in ((1, -1), (2, 1), (-1, 2)):
            connection.execute(
                text(f"update posting_lines set line_no = {new} where line_no = {old}")
            )
        found = looked_at(connection)
    assert {one.table for one in found.findings} == {"documents"}


def test_a_state_that_the_ledger_does_not_know_is_found(victim):
    with hands_on(victim) as connection:
        connection.execute(text("update documents set state = 'held'"))
        found = looked_at(connection)
    assert "is held, the ledger says posted" in found.findings[0].problem


def rewrite(connection, keys):
    """The whole chain anew over an edited ledger, as whoever knows this program would do it."""
    connection.execute(text("update ledger set evidence = '{}' where seq = 2"))
    connection.execute(text("delete from audit"))
    with Session(connection, expire_on_commit=False) as session:
        audit.pending.open_for(session, keys)
        audit.adopt(session)
        audit.extend(session)
        return audit_check.verify(session, KEYS)


@pytest.mark.parametrize("keys", [None, OTHER], ids=["without a key", "under another key"])
def test_a_chain_written_anew_is_found(victim, keys):
    with hands_on(victim) as connection:
        found = rewrite(connection, keys)
    assert not found.holds


def test_a_chain_written_anew_by_who_has_the_key_is_found_by_an_anchor(victim):
    anchor = head(victim)
    with hands_on(victim) as connection:
        assert rewrite(connection, KEYS).holds
        found = looked_at(connection, anchors=[anchor])
    assert [one.table for one in found.findings] == ["audit"]


def test_a_tail_cut_cleanly_needs_the_anchor(own):
    before = head(own)
    decide(own, "hotel:3")
    anchor = head(own)
    with hands_on(own) as connection:
        connection.execute(text(f"delete from audit where seq > {before.seq}"))
        connection.execute(text("delete from decisions where entry_id = 'hotel:3'"))
        assert looked_at(connection, anchors=[before]).holds
        [found] = looked_at(connection, anchors=[before, anchor]).findings
    assert "the tail was cut" in found.problem


def test_a_restore_that_the_trail_tells_of_gives_up_the_heads_before_it(own):
    gone = Anchor(10_000, "f" * 64, AS_OF)
    with own.session() as session:
        audit.append(
            session,
            at=AS_OF + timedelta(days=1),
            who="maria",
            action=RESTORE,
            subject="",
            detail={},
        )
    found = verdict(own, anchors=[gone])
    assert found.holds
    assert "given up by the restore" in found.notes[0]


def test_rows_after_a_rotation_are_of_the_new_key_and_those_before_of_the_old(own, template):
    ring = KeyRing(OTHER.current, (KEYS.current,))
    later = OperationalStore(str(own.engine.url), ring)
    decide(later, "hotel:4")
    later.close()
    assert verdict(own, ring).holds
    found = verdict(own, OTHER)
    assert not found.holds
    assert "not at hand" in found.findings[0].problem


def test_a_store_under_an_unknown_key_is_not_written(own):
    stranger = OperationalStore(str(own.engine.url), OTHER)
    with pytest.raises(FixConfigError, match="previous_keys"):
        decide(stranger, "hotel:4")
    stranger.close()


def test_a_lost_key_is_told_once_and_then_a_note(own):
    later = OperationalStore(str(own.engine.url), OTHER)
    with later.session() as session:
        audit.begin_key(session, at=AS_OF, who="maria", note="disk burnt", is_lost=True)
    found = verdict(later, OTHER)
    assert found.holds
    assert "is lost" in found.notes[0]
    later.close()


def test_what_is_rolled_back_owes_the_trail_nothing(own):
    before = head(own).seq
    with suppress(RuntimeError), own.session() as session:
        audit.append(session, at=AS_OF, who="maria", action="x", subject="", detail={})
        raise RuntimeError
    assert head(own).seq == before
    assert verdict(own).holds


OLD_ROW = "insert into audit values (:seq, :at, 'maria', 'approve', :subject, :detail, :prev, :sha)"
AT = "2026-04-01 03:30:00.000000"
OLD_ROWS = (
    f"ledger values (1, '{AT}', 'PS-1', 'planned', 'approved', 0, null, null, '{{}}')",
    f"openings values ('us', 'harvest_uk', '2026-03-01', 'a', 'maria', '{AT}')",
    f"decisions values (1, 'waiver', 'h:1', 1, null, null, 'agreed', 'maria', 'tom', '{AT}')",
)


def released(folder):
    """A store as the release before keys left it, with two rows in its trail."""
    store = OperationalStore(f"sqlite:///{folder / 'old.sqlite'}", KEYS)
    with _configured() as config, store.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        previous = EMPTY_SHA256
        for seq in (1, 2):
            detail = {"amount_minor": seq}
            told = [seq, AS_OF, "maria", "approve", f"batch-{seq}", detail, previous]
            row = {"seq": seq, "at": AT, "subject": told[4], "prev": previous}
            previous = digest(told)
            row |= {"detail": json.dumps(detail), "sha": previous}
            connection.execute(text(OLD_ROW), row)
        for row in OLD_ROWS:
            connection.exec_driver_sql(f"insert into {row}")
    return store


def test_a_store_of_the_first_releases_is_adopted_and_its_old_rows_hold(tmp_path):
    store = released(tmp_path)
    store.migrate()
    found = verdict(store)
    assert found.holds, found.findings
    assert (found.rows, found.witnessed) == (4, 3)
    with hands_on(store) as connection:
        connection.execute(text("update audit set who = 'x' where seq = 2"))
        assert looked_at(connection).first_bad_seq == 2
    store.close()
