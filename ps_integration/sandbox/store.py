"""What one open SQLite connection of the sandbox can do; `state.py` decides when it commits."""

import re
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ps_integration.sandbox.codec import Document, dumps, loads, read_instant, stored_instant

SCHEMA = """
create table if not exists documents (
    seq integer primary key autoincrement,
    system text not null, collection text not null, id text not null,
    document text not null, created_at text not null, updated_at text not null,
    unique (system, collection, id)
);
create index if not exists documents_updated on documents (system, collection, updated_at);
create table if not exists deleted (
    seq integer primary key autoincrement,
    system text not null, collection text not null, id text not null,
    document text not null, created_at text not null, deleted_at text not null
);
create table if not exists counters (
    system text not null, collection text not null, last integer not null,
    primary key (system, collection)
);
create table if not exists events (id text primary key, applied_at text not null);
create table if not exists meta (key text primary key, value text not null);
create table if not exists systems (
    name text primary key, vendor text not null, settings text not null
);
create table if not exists faults (
    seq integer primary key autoincrement, fault text not null, remaining integer
);
"""


@dataclass(frozen=True, slots=True)
class Stored:
    """One document with the instants the sandbox keeps beside it."""

    id: str
    document: Document
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Deleted:
    """One document as it was when it was deleted."""

    id: str
    document: Document
    created_at: datetime
    deleted_at: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """One step of a scripted event.

    `put` stores the whole document, `merge` lays its fields over the stored one (objects inside
    are merged too, lists replaced), `delete` needs no document.
    """

    kind: Literal["put", "merge", "delete"]
    system: str
    collection: str
    id: str
    document: Document
    at: datetime


class StateTransaction:
    """Reads and writes of one connection; the caller owns begin and commit."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def put(
        self, system: str, collection: str, doc_id: str, document: Document, at: datetime
    ) -> None:
        """Store a whole document; an existing one keeps its place and creation instant."""
        instant = stored_instant(at)
        self.connection.execute(
            "insert into documents (system, collection, id, document, created_at, updated_at)"
            " values (?, ?, ?, ?, ?, ?) on conflict (system, collection, id)"
            " do update set document = excluded.document, updated_at = excluded.updated_at",
            (system, collection, doc_id, dumps(document).decode(), instant, instant),
        )

    def merge(
        self,
        system: str,
        collection: str,
        doc_id: str,
        document: Document,
        at: datetime,
    ) -> Document:
        """Lay fields over a stored document and return the result.

        Raises:
            KeyError: No such document.
        """
        known = self.get(system, collection, doc_id)
        if known is None:
            raise KeyError(f"{system}/{collection}/{doc_id}: nothing to merge into")
        merged = _merged(known, document)
        self.put(system, collection, doc_id, merged, at)
        return merged

    def get(self, system: str, collection: str, doc_id: str) -> Document | None:
        """Return one document, or None."""
        found = self.get_stored(system, collection, doc_id)
        return found.document if found else None

    def get_stored(self, system: str, collection: str, doc_id: str) -> Stored | None:
        """Return one document with its instants, or None."""
        row = self.connection.execute(
            "select id, document, created_at, updated_at from documents"
            " where system = ? and collection = ? and id = ?",
            (system, collection, doc_id),
        ).fetchone()
        return _stored(row) if row else None

    def stored(
        self,
        system: str,
        collection: str,
        *,
        where: Mapping[str, object] | None = None,
        updated_from: datetime | None = None,
    ) -> Iterator[Stored]:
        """Yield documents in order of first insertion.

        Args:
            system: Name of the system.
            collection: Name of the collection.
            where: Dotted JSON path to the scalar that must stand there, e.g. `{"user.id": 5}`.
            updated_from: Only documents updated at or after this instant.
        """
        conditions, values = _conditions(system, collection, where or {}, updated_from)
        rows = self.connection.execute(
            f"select id, document, created_at, updated_at from documents where {conditions}"
            " order by seq",
            values,
        )
        return map(_stored, rows.fetchall())

    def delete(self, system: str, collection: str, doc_id: str, at: datetime) -> bool:
        """Remove a document and remember it as deleted; False when there was none."""
        copied = self.connection.execute(
            "insert into deleted (system, collection, id, document, created_at, deleted_at)"
            " select system, collection, id, document, created_at, ? from documents"
            " where system = ? and collection = ? and id = ?",
            (stored_instant(at), system, collection, doc_id),
        ).rowcount
        self.connection.execute(
            "delete from documents where system = ? and collection = ? and id = ?",
            (system, collection, doc_id),
        )
        return copied > 0

    def deleted(self, system: str, collection: str) -> list[Deleted]:
        """Return what was deleted, oldest deletion first."""
        rows = self.connection.execute(
            "select id, document, created_at, deleted_at from deleted"
            " where system = ? and collection = ? order by seq",
            (system, collection),
        )
        return [
            Deleted(row[0], loads(row[1]), read_instant(row[2]), read_instant(row[3]))
            for row in rows.fetchall()
        ]

    def next_id(self, system: str, collection: str) -> int:
        """Return a number no document of the collection has had; seeded numeric ids count."""
        [highest] = self.connection.execute(
            "select max(last) from ("
            " select last from counters where system = ?1 and collection = ?2"
            " union all select max(cast(id as integer)) from documents"
            " where system = ?1 and collection = ?2"
            " union all select max(cast(id as integer)) from deleted"
            " where system = ?1 and collection = ?2)",
            (system, collection),
        ).fetchone()
        number = int(highest or 0) + 1
        self.connection.execute(
            "insert into counters (system, collection, last) values (?, ?, ?)"
            " on conflict (system, collection) do update set last = excluded.last",
            (system, collection, number),
        )
        return number

    def apply(self, change: Change) -> None:
        """Carry out one scripted change."""
        match change.kind:
            case "put":
                self.put(change.system, change.collection, change.id, change.document, at=change.at)
            case "merge":
                self.merge(
                    change.system, change.collection, change.id, change.document, at=change.at
                )
            case "delete":
                self.delete(change.system, change.collection, change.id, change.at)


def path_expression(path: str) -> str:
    """Return the SQL that reads a dotted JSON path of a document.

    Raises:
        ValueError: The path has anything but names and dots.
    """
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.]*", path):
        raise ValueError(f"{path!r} is not a dotted path of names")
    return f"json_extract(document, '$.{path}')"


def _stored(row: tuple[str, str, str, str]) -> Stored:
    return Stored(row[0], loads(row[1]), read_instant(row[2]), read_instant(row[3]))


def _conditions(
    system: str, collection: str, where: Mapping[str, object], updated_from: datetime | None
) -> tuple[str, list[object]]:
    conditions = ["system = ?", "collection = ?"]
    bound: list[object] = [system, collection]
    for path, value in where.items():
        conditions.append(f"{path_expression(path)} = ?")
        bound.append(value)
    if updated_from is not None:
        conditions.append("updated_at >= ?")
        bound.append(stored_instant(updated_from))
    return " and ".join(conditions), bound


def _merged(known: Document, changes: Document) -> Document:
    both = {
        field: _merged(known[field], value)
        for field, value in changes.items()
        if isinstance(value, dict) and isinstance(known.get(field), dict)
    }
    return {**known, **changes, **both}
