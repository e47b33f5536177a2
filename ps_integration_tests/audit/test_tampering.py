"""Whatever is done to the trail, or to a row it witnesses, past the product, is found."""

import random
from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from ps_integration.domain.trail import RESTORE, chained
from ps_integration.stores.operational import audit, audit_check
from ps_integration.stores.operational.audit_check import Anchor
from ps_integration_tests.audit.attacks import (
    KEYS,
    ORDERED,
    OTHER,
    POSITIONS,
    TABLES,
    cut,
    decide,
    delete,
    edit,
    hands_on,
    head,
    insert,
    looked_at,
    reorder,
    replace,
    verdict,
)
from ps_integration_tests.posting.making import AS_OF

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


def test_a_row_is_chained_to_whatever_stands_in_place_of_the_hash_before():
    """A night goes on past a hash that somebody altered; the check finds it."""
    good = "ab" * 32
    assert len({chained(before, b"row") for before in (good, f"{good}~", "", "ab")}) == 4


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
        return audit_check.verify(session, keys=KEYS)


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


def test_what_is_rolled_back_owes_the_trail_nothing(own):
    before = head(own).seq
    with suppress(RuntimeError), own.session() as session:
        audit.append(session, at=AS_OF, who="maria", action="x", subject="", detail={})
        raise RuntimeError
    assert head(own).seq == before
    assert verdict(own).holds
