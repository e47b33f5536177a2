"""Which rows the audit trail witnesses, and the bytes their hashes cover.

A witnessed row can be edited, added or taken away only together with the trail, which needs the
key. Documents are witnessed with all their lines, once, when they are staged: by the leaf that an
approval signs as well.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Table, select, tuple_
from sqlalchemy.orm import Session, UOWTransaction

from ps_integration.stores.operational import pending
from ps_integration.stores.operational.base import Base
from ps_integration.stores.operational.models import (
    Approval,
    Batch,
    BatchMaker,
    CorrectionDecision,
    DayDecision,
    Decision,
    DeletionDecision,
    Document,
    LedgerEntry,
    MatchDecision,
    Opening,
)
from ps_integration.stores.operational.pending import Identity
from ps_integration.stores.operational.sealing import document_bodies

DOCUMENTS: Final = "documents"
LEDGER: Final = "ledger"
_CHUNK: Final = 400
_CHANGES: Final = {"batches": frozenset({"status", "config_hash", "run_id", "planned_at"})}
"""Columns that may change after a row is written."""
REPLACEABLE: Final = frozenset({"openings"})
"""Tables whose rows are replaced; the last witness counts."""
_MODELS: Final[tuple[type[Base], ...]] = (
    *(LedgerEntry, Approval, Batch, BatchMaker, Decision, MatchDecision, Opening),
    DeletionDecision,
    DayDecision,
    CorrectionDecision,
)
MODELS: Final = {model.__tablename__: model for model in _MODELS}


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
    owed = pending.of(session)
    changed = (row for row in session.dirty if isinstance(row, Opening))
    for row in (*session.new, *changed):
        if isinstance(row, LedgerEntry) and row.from_state is None:
            owed.written.setdefault(DOCUMENTS, set()).add((row.document_ref,))
        model = MODELS.get(getattr(row, "__tablename__", ""))
        if model is not None:
            identity = tuple(getattr(row, name) for name in keys_of(model.__tablename__))
            owed.written.setdefault(model.__tablename__, set()).add(identity)


def keys_of(table: str) -> tuple[str, ...]:
    """Names of a table's primary key."""
    return tuple(column.name for column in _table(table).primary_key.columns)


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
    source = _table(table)
    columns = [source.c[name] for name in columns_of(table)]
    primary = list(source.primary_key.columns)
    if len(primary) == 1:
        matches = primary[0].in_([identity[0] for identity in identities])
    else:
        matches = tuple_(*primary).in_(identities)
    for row in session.execute(select(*columns).where(matches).order_by(*primary)).mappings():
        values = [row[column.name] for column in columns]
        at = next((value for value in values if isinstance(value, datetime)), None)
        identity = tuple(row[column.name] for column in primary)
        yield Row(identity, encode([table, *values]), _about(table, row), at)


def _about(table: str, row: Mapping[Any, Any]) -> tuple[str, ...]:
    named = row.get("document_ref") or row.get("batch_id")
    group = (group_of(row["legal_entity"], row["period"]),) if table == "batches" else ()
    return ((str(named),) if named else ()) + group


def group_of(legal_entity: object, period: object) -> str:
    """What the trail calls the batches of a legal entity and posting period together."""
    return f"{legal_entity}/{period}"


def columns_of(table: str) -> list[str]:
    """Names of the values that a row's bytes list, after the name of the table."""
    changes = _CHANGES.get(table, frozenset())
    return [column.name for column in _table(table).columns if column.name not in changes]


def identities(session: Session, table: str) -> Iterator[Identity]:
    """Which rows are stored in a table, in their order."""
    columns = [_table(table).c[name] for name in keys_of(table)]
    query = select(*columns).order_by(*columns).execution_options(yield_per=5000)
    for row in session.execute(query):
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


def _table(name: str) -> Table:
    return Base.metadata.tables[name]
