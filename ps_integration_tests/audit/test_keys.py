"""Rotation, a lost key, and what was written before there were keys."""

import json

import pytest
from alembic import command
from sqlalchemy import text

from ps_integration.domain.seal import EMPTY_SHA256, digest
from ps_integration.domain.trail import KeyRing
from ps_integration.errors import FixConfigError
from ps_integration.stores.operational import audit
from ps_integration.stores.operational.store import OperationalStore, _configured
from ps_integration_tests.audit.attacks import (
    KEYS,
    OTHER,
    decide,
    hands_on,
    looked_at,
    verdict,
)
from ps_integration_tests.posting.making import AS_OF


def test_rows_after_a_rotation_are_of_the_new_key_and_those_before_of_the_old(own, template):
    ring = KeyRing(OTHER.current, (KEYS.current,))
    later = OperationalStore(str(own.engine.url), keys=ring)
    decide(later, "hotel:4")
    later.close()
    assert verdict(own, ring).holds
    found = verdict(own, OTHER)
    assert not found.holds
    assert "not at hand" in found.findings[0].problem


def test_a_store_under_an_unknown_key_is_not_written(own):
    stranger = OperationalStore(str(own.engine.url), keys=OTHER)
    with pytest.raises(FixConfigError, match="previous_keys"):
        decide(stranger, "hotel:4")
    stranger.close()


def test_a_lost_key_is_told_once_and_then_a_note(own):
    later = OperationalStore(str(own.engine.url), keys=OTHER)
    with later.session() as session:
        audit.begin_key(session, at=AS_OF, who="maria", note="disk burnt", is_lost=True)
    found = verdict(later, OTHER)
    assert found.holds
    assert "is lost" in found.notes[0]
    later.close()


OLD_ROW = "insert into audit values (:seq, :at, 'maria', 'approve', :subject, :detail, :prev, :sha)"
AT = "2026-04-01 03:30:00.000000"
OLD_ROWS = (
    f"ledger values (1, '{AT}', 'PS-1', 'planned', 'approved', 0, null, null, '{{}}')",
    f"openings values ('us', 'harvest_uk', '2026-03-01', 'a', 'maria', '{AT}')",
    f"decisions values (1, 'waiver', 'h:1', 1, null, null, 'agreed', 'maria', 'tom', '{AT}')",
)


def released(folder):
    """A store as the release before keys left it, with two rows in its trail."""
    store = OperationalStore(f"sqlite:///{folder / 'old.sqlite'}", keys=KEYS)
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
    assert (found.rows, found.witnessed) == (4, 4)
    with hands_on(store) as connection:
        connection.execute(text("update audit set who = 'x' where seq = 2"))
        assert looked_at(connection).first_bad_seq == 2
    store.close()
