"""Which rows the audit trail witnesses, and the bytes their hashes cover.

A witnessed row can be edited, added or taken away only together with the trail, which needs the
key. Documents are witnessed with all their lines, once, when they are staged: by the leaf that an
approval signs as well; the rest as `kinds` lists it, again whenever it changes.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

import msgspec
from sqlalchemy import inspect, select, tuple_
from sqlalchemy.orm import Session, UOWTransaction

from ps_integration.stores.operational import pending
from ps_integration.stores.operational.base import Base
from ps_integration.stores.operational.kinds import KINDS, OF_TABLE, Kind
from ps_integration.stores.operational.models import Document, LedgerEntry
from ps_integration.stores.operational.pending import Identity
from ps_integration.stores.operational.sealing import document_bodies

DOCUMENTS: Final = "documents"
"""Documents with all their lines, by the leaf that an approval signs."""
FATES: Final = "documents.fate"
_CHUNK: Final = 400


@dataclass(frozen=True, slots=True)
class Witnessed:
    """One row as the trail knows it.

    Attributes:
        table: Where it is.
        identity: Which row of it.
        sha256: Hash of its bytes.
        about: The document or batch it belongs to; for a batch also `legal entity/period`.
        at: Its own instant, when it has one.
    """

    table: str
    identity: Identity
    sha256: str
    about: tuple[str, ...] = ()
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One stored row with the bytes its hash covers; the rest as in `Witnessed`."""

    identity: Identity
    body: bytes
    about: tuple[str, ...] = ()
    at: datetime | None = None


def note(session: Session, _context: UOWTransaction) -> None:
    """Remember the rows that a flush has written (a listener to `after_flush`)."""
    for row in session.new:
        if isinstance(row, LedgerEntry):
            owe(session, FATES, [(row.document_ref,)])
            owe(session, DOCUMENTS, [] if row.from_state else [(row.document_ref,)])
        for kind in _kinds_of(row):
            owe(session, kind.name, [kind.identity(row)])
    for row in session.dirty:
        for kind in _kinds_of(row):
            owe(session, kind.name, [kind.identity(row)] if _has_changed(row, kind) else [])


def _kinds_of(row: Base) -> Iterator[Kind]:
    return (kind for kind in OF_TABLE.get(row.__tablename__, ()) if kind.takes(row))


def owe(session: Session, name: str, rows: Iterable[Identity]) -> None:
    """Remember rows of one kind that were written; what goes past the flush says so itself."""
    pending.of(session).written.setdefault(name, set()).update(rows)


def _has_changed(row: Base, kind: Kind) -> bool:
    before = inspect(row).committed_state
    return any(name in before and before[name] != getattr(row, name) for name in kind.columns)


def read(session: Session, table: str, identities: Sequence[Identity]) -> Iterator[Witnessed]:
    """The stored rows of these identities, in their order; what is not there is left out."""
    for start in range(0, len(identities), _CHUNK):
        chunk = identities[start : start + _CHUNK]
        for row in bodies(session, table, chunk):
            sha256 = hashlib.sha256(row.body).hexdigest()
            yield Witnessed(table, row.identity, sha256, row.about, row.at)


def staged(session: Session, leaves: Mapping[str, str]) -> Iterator[Witnessed]:
    """Documents whose hashes are known from staging, as far as they are stored."""
    refs = sorted(leaves)
    for start in range(0, len(refs), _CHUNK):
        chunk = refs[start : start + _CHUNK]
        query = select(Document.document_ref).where(Document.document_ref.in_(chunk))
        for ref in session.scalars(query.order_by(Document.document_ref)):
            yield Witnessed(DOCUMENTS, (ref,), leaves[ref], (ref,))


def bodies(session: Session, table: str, identities: Sequence[Identity]) -> Iterator[Row]:
    """The bytes of rows, with identity and instant; at most a few hundred at once."""
    if table == DOCUMENTS:
        refs = [identity[0] for identity in identities]
        for ref, body in document_bodies(session, [str(ref) for ref in refs]):
            yield Row((ref,), body, (ref,))
        return
    kind = KINDS[table]
    source = kind.table
    columns = [source.c[name] for name in kind.columns]
    primary = list(source.primary_key.columns)
    if len(primary) == 1:
        matches = primary[0].in_([identity[0] for identity in identities])
    else:
        matches = tuple_(*primary).in_(identities)
    for row in session.execute(select(*columns).where(matches).order_by(*primary)).mappings():
        values = [row[column.name] for column in columns]
        at = next((value for value in values if isinstance(value, datetime)), None)
        identity = tuple(row[column.name] for column in primary)
        about = _about(kind, row) if kind.is_shown else ()
        yield Row(identity, encode([table, *values]), about, at)


def _about(kind: Kind, row: Mapping[Any, Any]) -> tuple[str, ...]:
    named = row.get("document_ref") or row.get("batch_id")
    group = (group_of(row["legal_entity"], row["period"]),) if kind.name == "batches" else ()
    return ((str(named),) if named else ()) + group


def group_of(legal_entity: object, period: object) -> str:
    """What the trail calls the batches of a legal entity and posting period together."""
    return f"{legal_entity}/{period}"


def identities(session: Session, name: str) -> Iterator[Identity]:
    """Which rows of a kind are stored, in their order."""
    if name == DOCUMENTS:
        query = select(Document.document_ref).order_by(Document.document_ref)
    else:
        kind = KINDS[name]
        columns = list(kind.table.primary_key.columns)
        query = select(*columns).order_by(*columns)
        if kind.unless is not None:
            query = query.where(~kind.unless)
    for row in session.execute(query.execution_options(yield_per=5000)):
        yield tuple(row)


def encode(values: Sequence[object]) -> bytes:
    """The bytes of one row: a JSON list of its values, instants in UTC, one line."""
    plain = [
        value.astimezone(UTC).isoformat(timespec="microseconds")
        if isinstance(value, datetime)
        else value.isoformat()
        if isinstance(value, date)
        else value
        for value in values
    ]
    return msgspec.json.encode(plain, order="sorted")
