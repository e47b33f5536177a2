"""Durable state of the sandbox: documents, scripted events, systems, clock, faults.

Everything lives in one SQLite file (WAL, synchronous FULL), so that a sandbox killed at any
moment starts again with exactly what it had committed.
"""

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ps_integration.sandbox.cache import DecodedCollections
from ps_integration.sandbox.codec import Document, dumps, loads, read_instant, stored_instant
from ps_integration.sandbox.store import (
    SCHEMA,
    Change,
    Deleted,
    StateTransaction,
    Stored,
    path_expression,
)

__all__ = ["Change", "Deleted", "SandboxState", "StateTransaction", "Stored", "System"]

BUSY_SECONDS = 30


@dataclass(frozen=True, slots=True)
class System:
    """One system the sandbox serves: its mount name, its vendor, its settings over the vendor's."""

    name: str
    vendor: str
    settings: Mapping[str, object]


class SandboxState:
    """The document store behind every vendor server; safe to share between threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._indexed: set[str] = set()
        self._decoded = DecodedCollections(self._open)
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._connection() as connection:
            connection.executescript(SCHEMA)

    def close(self) -> None:
        """Close every idle connection; the state can still be used and opens new ones."""
        self._decoded.close()
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    @contextmanager
    def transaction(self) -> Iterator[StateTransaction]:
        """Open one write transaction: all of it is committed, or nothing."""
        with self._connection() as connection:
            connection.execute("begin immediate")
            try:
                yield StateTransaction(connection)
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    @contextmanager
    def reading(self) -> Iterator[StateTransaction]:
        """Open one read transaction: every read in it sees the same moment."""
        with self._connection() as connection:
            connection.execute("begin")
            try:
                yield StateTransaction(connection)
            finally:
                connection.rollback()

    def put(
        self, system: str, collection: str, doc_id: str, document: Document, at: datetime
    ) -> None:
        """Store a whole document in a transaction of its own."""
        with self.transaction() as transaction:
            transaction.put(system, collection, doc_id, document, at)

    def get(self, system: str, collection: str, doc_id: str) -> Document | None:
        """Return one document, or None."""
        with self.reading() as transaction:
            return transaction.get(system, collection, doc_id)

    def get_stored(self, system: str, collection: str, doc_id: str) -> Stored | None:
        """Return one document with its instants, or None."""
        with self.reading() as transaction:
            return transaction.get_stored(system, collection, doc_id)

    def documents(
        self, system: str, collection: str, *, where: Mapping[str, object] | None = None
    ) -> list[Document]:
        """Return a collection's documents in order of first insertion; `where` as in `stored`.

        Objects inside a document may be shared with other callers: make new ones, change none.
        """
        return [dict(row.document) for row in self.stored(system, collection, where=where)]

    def stored(
        self,
        system: str,
        collection: str,
        *,
        where: Mapping[str, object] | None = None,
        updated_from: datetime | None = None,
    ) -> Sequence[Stored]:
        """Return documents with their instants; see `StateTransaction.stored`.

        The documents may be shared with other callers: make new ones, change none.
        """

        def read() -> Sequence[Stored]:
            with self.reading() as transaction:
                return tuple(
                    transaction.stored(system, collection, where=where, updated_from=updated_from)
                )

        if not where and updated_from is None:
            return self._decoded.rows(system, collection, read)
        for path in where or ():
            self._index(path)
        return read()

    def delete(self, system: str, collection: str, doc_id: str, at: datetime) -> bool:
        """Delete one document in a transaction of its own; False when there was none."""
        with self.transaction() as transaction:
            return transaction.delete(system, collection, doc_id, at)

    def deleted(self, system: str, collection: str) -> list[Deleted]:
        """Return what was deleted, oldest deletion first."""
        with self.reading() as transaction:
            return transaction.deleted(system, collection)

    def next_id(self, system: str, collection: str) -> int:
        """Return a number no document of the collection has had."""
        with self.transaction() as transaction:
            return transaction.next_id(system, collection)

    def apply_once(self, event_id: str, changes: Iterable[Change]) -> bool:
        """Apply a scripted event exactly once ever; False when it was applied before."""
        with self.transaction() as transaction:
            new = transaction.connection.execute(
                "insert into events (id, applied_at) values (?, ?) on conflict (id) do nothing",
                (event_id, stored_instant(datetime.now(UTC))),
            ).rowcount
            for change in changes if new else ():
                transaction.apply(change)
        return bool(new)

    def clock(self) -> datetime:
        """Return the instant it is in the sandbox: the one set, else the real one."""
        return self.virtual_clock() or datetime.now(UTC)

    def virtual_clock(self) -> datetime | None:
        """Return the instant that was set, or None while real time rules."""
        with self.reading() as transaction:
            row = transaction.connection.execute(
                "select value from meta where key = 'clock'"
            ).fetchone()
        return read_instant(row[0]) if row else None

    def set_clock(self, instant: datetime) -> None:
        """Stop the sandbox's clock at an instant, for good or until it is set again."""
        with self.transaction() as transaction:
            transaction.connection.execute(
                "insert into meta (key, value) values ('clock', ?)"
                " on conflict (key) do update set value = excluded.value",
                (stored_instant(instant),),
            )

    def register_system(self, name: str, vendor: str, settings: Mapping[str, object]) -> None:
        """Add a system, or replace its settings; vendor defaults fill what settings leave out."""
        with self.transaction() as transaction:
            transaction.connection.execute(
                "insert into systems (name, vendor, settings) values (?, ?, ?)"
                " on conflict (name) do update"
                " set vendor = excluded.vendor, settings = excluded.settings",
                (name, vendor, dumps(dict(settings)).decode()),
            )

    def systems(self) -> dict[str, System]:
        """Return every registered system by name."""
        with self.reading() as transaction:
            rows = transaction.connection.execute(
                "select name, vendor, settings from systems order by name"
            ).fetchall()
        return {row[0]: System(row[0], row[1], loads(row[2])) for row in rows}

    def _index(self, path: str) -> None:
        """Index a path the first time somebody looks documents up by it."""
        if path in self._indexed:
            return
        with self.transaction() as transaction:
            transaction.connection.execute(
                f'create index if not exists "documents_{path}" on documents'
                f" (system, collection, {path_expression(path)})"
            )
        self._indexed.add(path)

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        connection = connection or self._open()
        try:
            yield connection
        finally:
            with self._lock:
                self._idle.append(connection)

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = full")
        return connection
