"""Copies operational tables out in Arrow batches, at one moment, without touching each value."""

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

import pyarrow as pa
from sqlalchemy import Date, func, select, type_coerce
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import DateTime, String

from ps_integration.errors import CouldNotRunError
from ps_integration.stores.operational.base import Base
from ps_integration.stores.operational.models import (
    Approval,
    Batch,
    Break,
    BreakEvent,
    CanonicalId,
    CorrectionDecision,
    DayDecision,
    Decision,
    DeletionDecision,
    Document,
    ErpReversal,
    Feedback,
    LedgerEntry,
    MatchDecision,
    Opening,
    PostingLine,
    QuarantineDecision,
    RecordLink,
)
from ps_integration.stores.operational.types import Instant

_SOURCES: Final[Mapping[str, type[Base]]] = {
    "ops.documents": Document,
    "ops.posting_lines": PostingLine,
    "ops.erp_reversals": ErpReversal,
    "ops.batches": Batch,
    "ops.approvals": Approval,
    "ops.open_breaks": Break,
    "ops.breaks": Break,
    "ops.break_events": BreakEvent,
    "ops.decisions": Decision,
    "ops.day_decisions": DayDecision,
    "ops.match_decisions": MatchDecision,
    "ops.deletion_decisions": DeletionDecision,
    "ops.correction_decisions": CorrectionDecision,
    "ops.quarantine_decisions": QuarantineDecision,
    "ops.openings": Opening,
    "ops.feedback": Feedback,
    "ops.ledger": LedgerEntry,
    "ops.canonical_ids": CanonicalId,
    "ops.record_links": RecordLink,
}
_CONDITIONS: Final[Mapping[str, ColumnElement[bool]]] = {
    "ops.open_breaks": Break.state == "open",
    "ops.break_events": BreakEvent.event.not_in(("seen", "worse", "better", "alerted", "woke")),
}
_CHUNK: Final = 50_000


def tables() -> Sequence[str]:
    """The warehouse tables that can be filled from here."""
    return tuple(_SOURCES)


def arrow_batches(session: Session, table: str, columns: Sequence[str]) -> Iterator[pa.Table]:
    """Yield the rows behind one warehouse table, by column name.

    On SQLite, dates, instants and decimals are handed on as the text they are stored as; the
    warehouse turns them into its declared types.

    Raises:
        CouldNotRunError: The warehouse has a column that the store does not know.
    """
    model = _SOURCES[table]
    known = model.__table__.c
    strangers = [name for name in columns if name not in known]
    if strangers:
        raise CouldNotRunError(f"{table}: the store has no column {', '.join(strangers)}")
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    query = select(*(_plain(known[name], is_sqlite=is_sqlite) for name in columns))
    if table in _CONDITIONS:
        query = query.where(_CONDITIONS[table])
    rows = session.connection().execution_options(yield_per=_CHUNK).execute(query)
    for chunk in rows.partitions(_CHUNK):
        values = [_texts(column) for column in zip(*chunk, strict=True)]
        yield pa.Table.from_arrays([pa.array(column) for column in values], names=list(columns))


def count(session: Session, table: str) -> int:
    """Rows behind one warehouse table."""
    return session.scalar(select(func.count()).select_from(_SOURCES[table])) or 0


def _plain(column: ColumnElement[object], *, is_sqlite: bool) -> ColumnElement[object]:
    if is_sqlite and isinstance(column.type, Instant | Date | DateTime):
        return type_coerce(column, String())
    if not is_sqlite and isinstance(column.type, Instant):
        return type_coerce(column, DateTime(timezone=True))
    return type_coerce(column, column.type.impl) if hasattr(column.type, "impl") else column


def _texts(column: Sequence[object]) -> Sequence[object]:
    first = next((value for value in column if value is not None), None)
    if isinstance(first, dict):
        return [None if v is None else json.dumps(v, sort_keys=True) for v in column]
    return [None if v is None else str(v) for v in column] if isinstance(first, Decimal) else column
