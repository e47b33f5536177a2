"""What the posting journal says of a step, and how it is put back into a store that lost it."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, cast

import msgspec
from sqlalchemy import Date, func, select
from sqlalchemy.orm import Session

from ps_integration.domain.posting import State
from ps_integration.errors import CouldNotRunError
from ps_integration.stores.operational import fence, ledger
from ps_integration.stores.operational.base import Base
from ps_integration.stores.operational.journal import Mark
from ps_integration.stores.operational.models import (
    Approval,
    Batch,
    BatchMaker,
    Document,
    LedgerEntry,
    LiveLine,
    PostingLine,
    Run,
)
from ps_integration.stores.operational.types import ExactDecimal, Instant

Entry = Mapping[str, Any]
REINSTATED: Final = "reinstated_from_journal"
"""Marks a step that was taken again from the journal; names the ledger row it had."""
_NOT_KEPT: Final = frozenset({"line_id", "approval_id"})
"""Numbers the store gives itself."""


def to_journal(session: Session) -> tuple[Mark | None, list[dict[str, Any]]]:
    """What a transaction that is about to commit must tell the journal; nothing is None."""
    steps = session.info.pop(ledger.TO_JOURNAL, [])
    if not steps:
        return None, []
    own = fence.identity(session)
    entries = [of_step(session, row, document) for row, document in steps]
    return Mark(own.store_id, own.epoch, steps[-1][0].seq), entries


def of_step(session: Session, row: LedgerEntry, document: Document) -> dict[str, Any]:
    """A ledger row as a journal entry; an intent to send carries everything it will send."""
    entry: dict[str, Any] = {
        "seq": row.seq,
        "document_ref": row.document_ref,
        "to_state": row.to_state,
        "erp_id": document.erp_id,
        "erp_number": document.erp_number,
        "step": _values(row),
    }
    return {**entry, "rows": _rows(session, document)} if row.to_state == "sending" else entry


def reinstate(session: Session, entry: Entry, at: datetime) -> str:
    """Take the step an entry tells of again, and return the state the document is then in.

    A call whose answer the journal does not have leaves the document `sending`: the posting run
    asks the ERP for it before anything else.

    Raises:
        CouldNotRunError: The store holds other content under that reference.
    """
    ref, to_state = str(entry["document_ref"]), str(entry["to_state"])
    if "rows" in entry:
        _put(session, entry["rows"], at)
    document = session.get(Document, ref)
    if document is None:
        raise CouldNotRunError(f"{ref}: the posting journal does not say what was sent")
    document.erp_id, document.erp_number = entry["erp_id"], entry["erp_number"]
    if to_state == "sending":
        document.attempts += 1
        sent = _typed(LedgerEntry, entry["step"])
        document.sent_at = cast("datetime", sent["at"])
        document.sent_clock_at = _clock(entry)
    told = entry["step"]
    step = ledger.Step(
        at,
        told["run_id"],
        {**told["evidence"], REINSTATED: entry["seq"]},
        told["payload_sha256"],
    )
    if to_state == "sending" and document.state == "planned":
        ledger.transition(session, document, "approved", step)
    ledger.transition(session, document, cast("State", to_state), step)
    return document.state


def _clock(entry: Entry) -> datetime | None:
    told = entry["step"]["evidence"].get("clock")
    return datetime.fromisoformat(told) if isinstance(told, str) else None


def _values(row: Base) -> dict[str, Any]:
    names = row.__table__.columns.keys()
    kept = {name: getattr(row, name) for name in names if name not in _NOT_KEPT}
    return cast("dict[str, Any]", msgspec.to_builtins(kept))


def _rows(session: Session, document: Document) -> dict[str, Any]:
    batch = session.get_one(Batch, document.batch_id)
    lines = session.scalars(
        select(PostingLine)
        .where(PostingLine.document_ref == document.document_ref)
        .order_by(PostingLine.line_no)
    )
    makers = session.scalars(select(BatchMaker).where(BatchMaker.batch_id == batch.batch_id))
    approvals = session.scalars(
        select(Approval)
        .where(Approval.batch_id == batch.batch_id)
        .order_by(Approval.approval_id.desc())
        .limit(1)
    )
    return {
        "run": _values(session.get_one(Run, batch.run_id)),
        "batch": _values(batch),
        "makers": [_values(maker) for maker in makers],
        "approvals": [_values(approval) for approval in approvals],
        "document": _values(document),
        "lines": [_values(line) for line in lines],
    }


def _put(session: Session, rows: Mapping[str, Any], at: datetime) -> None:
    """Write what the store does not have: run, batch, makers, signature, document and lines."""
    _put_one(session, Run, rows["run"], {"status": "failed"})
    is_new_batch = _put_one(session, Batch, rows["batch"], {"status": "planned"})
    for maker in rows["makers"]:
        _put_one(session, BatchMaker, maker, {})
    session.flush()
    signed = rows["approvals"]
    if is_new_batch or not _has_signature(session, signed):
        session.add_all(Approval(**_typed(Approval, one)) for one in signed)
    _put_document(session, rows, at)
    session.flush()


def _has_signature(session: Session, signed: list[dict[str, Any]]) -> bool:
    for one in signed:
        wanted = _typed(Approval, one)
        query = select(func.count()).where(
            Approval.batch_id == wanted["batch_id"], Approval.decided_at == wanted["decided_at"]
        )
        if not session.scalar(query):
            return False
    return True


def _put_document(session: Session, rows: Mapping[str, Any], at: datetime) -> None:
    told = rows["document"]
    known = session.get(Document, told["document_ref"])
    if known is not None:
        if known.content_sha256 != told["content_sha256"]:
            raise CouldNotRunError(
                f"{known.document_ref}: this store planned other content under the reference that "
                "was sent; a person must compare both with the ERP"
            )
        if known.batch_id != told["batch_id"]:
            known.batch_id, known.merkle_proof = told["batch_id"], told["merkle_proof"]
        known.invoice_date = known.invoice_date or _typed(Document, told).get("invoice_date")
        return
    values = _typed(Document, told) | {"state": "planned", "attempts": 0, "erp_id": None}
    session.add(Document(**values))
    session.flush()
    for line in rows["lines"]:
        session.add(PostingLine(**_typed(PostingLine, line)))
        _hold_line(session, str(line["line_key"]), str(told["document_ref"]))
    step = {"batch_id": told["batch_id"], REINSTATED: None}
    session.add(
        LedgerEntry(
            at=at,
            document_ref=told["document_ref"],
            from_state=None,
            to_state="planned",
            attempt=0,
            payload_sha256=None,
            run_id=None,
            evidence=step,
        )
    )


def _hold_line(session: Session, line_key: str, ref: str) -> None:
    """Give a line to the document that was sent; one that was only planned lets go of it."""
    live = session.get(LiveLine, line_key)
    if live is None:
        session.add(LiveLine(line_key=line_key, document_ref=ref))
        return
    owner = session.get_one(Document, live.document_ref)
    raise CouldNotRunError(f"line {line_key}: live in {owner.document_ref}, and sent as {ref}")


def _put_one(
    session: Session, model: type[Base], told: dict[str, Any], instead: dict[str, Any]
) -> bool:
    values = _typed(model, told) | instead
    key = tuple(values[column.name] for column in model.__table__.primary_key)
    if session.get(model, key) is not None:
        return False
    session.add(model(**values))
    session.flush()
    return True


def _typed(model: type[Base], told: Mapping[str, Any]) -> dict[str, Any]:
    """JSON values as the columns' own types."""
    return {
        column.name: _value(column.type, told[column.name])
        for column in model.__table__.columns
        if column.name in told
    }


def _value(kind: object, told: object) -> object:
    if told is None or not isinstance(told, str):
        return told
    if isinstance(kind, Instant):
        return datetime.fromisoformat(told)
    if isinstance(kind, ExactDecimal):
        return Decimal(told)
    return date.fromisoformat(told) if isinstance(kind, Date) else told
