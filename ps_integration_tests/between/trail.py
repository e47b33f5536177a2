"""What the check of the audit trail says of each mutation of the operational store, one by one."""

import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from ps_integration.domain.trail import Key, KeyRing
from ps_integration.stores.operational import audit_check
from ps_integration.stores.operational.store import OperationalStore
from ps_integration_tests.between.mutation import Mutation, in_table, without_triggers

REFUSED = "refused by the store"


def told(folder: Path, mutations: Sequence[Mutation], copy: Path) -> Iterator[tuple[Mutation, str]]:
    """Each mutation with what `audit verify` says of it; empty when it does not notice.

    Args:
        folder: The firm's state, whose trail holds; it is not touched.
        mutations: Of its operational store.
        copy: Where to make them.
    """
    shutil.copyfile(folder / "operational.sqlite", copy)
    keys = KeyRing(Key.of((folder / "audit.key").read_text("utf-8").strip(), "audit.key"))
    store = OperationalStore(f"sqlite:///{copy}")
    with store.engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        raw.execute("pragma foreign_keys = 0")
        without_triggers(raw)
        with Session(connection) as session:
            found = audit_check.verify(session, keys)
            assert found.holds, found.findings
        for one in mutations:
            undo = connection.begin_nested()
            try:
                in_table(raw, one)
                with Session(connection) as session:
                    findings = audit_check.verify(session, keys).findings
                yield one, f"audit verify: {findings[0].problem}" if findings else ""
            except sqlite3.IntegrityError:
                yield one, REFUSED
            except (DatabaseError, LookupError, TypeError, ValueError) as error:
                yield one, f"unexpected in audit verify: {error!r}"
            undo.rollback()
    store.close()
