"""Puts planned batches into the store: rows, states and the guard against doubled lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from ps_integration.errors import AskFinanceError
from ps_integration.stores.operational import ledger
from ps_integration.stores.operational.models import (
    Batch,
    BatchMaker,
    Document,
    LedgerEntry,
    LiveLine,
    PostingLine,
)
from ps_integration.stores.operational.planned import Line, PlannedBatch, PlannedDocument
from ps_integration.stores.operational.sealing import leaf, seal

_CHUNK: Final = 500
_CONTENT: Final = (
    *("project_external_id", "purchase_order", "tax_code", "cost_centre", "revenue_account"),
)


@dataclass(frozen=True, slots=True)
class Made:
    """Who made the batches of a run, when and under which configuration."""

    run_id: str
    at: datetime
    maker: str
    config_hash: str


def by_ref(session: Session, refs: Sequence[str]) -> dict[str, Document]:
    """The stored documents of these references."""
    found: dict[str, Document] = {}
    for start in range(0, len(refs), _CHUNK):
        chunk = refs[start : start + _CHUNK]
        rows = session.scalars(select(Document).where(Document.document_ref.in_(chunk)))
        found |= {row.document_ref: row for row in rows}
    return found


def planned_documents(session: Session) -> Sequence[Document]:
    """Every document that is planned and not yet signed, locked."""
    return session.scalars(
        select(Document)
        .where(Document.state == "planned")
        .order_by(Document.document_ref)
        .with_for_update()
    ).all()


def owners_of(session: Session, line_keys: Sequence[str]) -> dict[str, str]:
    """Which live documents hold these line keys now."""
    owners: dict[str, str] = {}
    for start in range(0, len(line_keys), _CHUNK):
        chunk = line_keys[start : start + _CHUNK]
        rows = session.execute(
            select(LiveLine.line_key, LiveLine.document_ref).where(LiveLine.line_key.in_(chunk))
        )
        owners |= {str(row[0]): str(row[1]) for row in rows}
    return owners


def put_batch(session: Session, batch: PlannedBatch, made: Made) -> None:
    """Write a batch's header, its documents and their lines.

    A document that is stored already as planned, with the same content, moves into this batch.

    Raises:
        AskFinanceError: A batch of this id is stored with other content.
    """
    rows = [_document_row(document) for document in batch.documents]
    lines = [[_line_row(line) for line in document.lines] for document in batch.documents]
    header = _header(batch)
    leaves = [leaf(row, own) for row, own in zip(rows, lines, strict=True)]
    root, proofs = seal(header, leaves)
    _put_header(session, header, root, made)
    known = by_ref(session, [document.document_ref for document in batch.documents])
    for row, own, proof in zip(rows, lines, proofs, strict=True):
        stored = known.get(str(row["document_ref"]))
        if stored is None:
            placed = {**row, "merkle_proof": proof, "batch_id": batch.batch_id}
            _insert_document(session, placed, own, made)
        elif stored.batch_id != batch.batch_id:
            _move(session, stored, batch.batch_id, proof, made)
    ledger.refresh_batch(session, batch.batch_id)


def _put_header(session: Session, header: dict[str, object], root: str, made: Made) -> None:
    batch_id = str(header["batch_id"])
    stored = session.get(Batch, batch_id)
    if stored is not None:
        if stored.merkle_root != root:
            raise AskFinanceError(f"batch {batch_id} is stored with other content")
        if stored.config_hash != made.config_hash:
            make_again(session, stored, made)
        return
    batch = Batch(**header, merkle_root=root, status="planned", planned_at=made.at)
    batch.config_hash, batch.run_id, batch.maker = made.config_hash, made.run_id, made.maker
    session.add(batch)
    session.flush()
    session.add(BatchMaker(batch_id=batch_id, maker=made.maker))
    session.flush()


def make_again(session: Session, batch: Batch, made: Made) -> None:
    """The same batch made again under another configuration: its maker joins the makers."""
    batch.config_hash, batch.run_id = made.config_hash, made.run_id
    if session.get(BatchMaker, (batch.batch_id, made.maker)) is None:
        session.add(BatchMaker(batch_id=batch.batch_id, maker=made.maker))
    session.flush()


def _header(batch: PlannedBatch) -> dict[str, object]:
    return {
        "batch_id": batch.batch_id,
        "content_sha256": batch.content_sha256,
        "system": batch.system,
        "company": batch.company,
        "legal_entity": batch.legal_entity,
        "period": batch.period,
        "currency": batch.currency,
        "document_count": len(batch.documents),
        "line_count": batch.line_count,
        "amount_minor": batch.amount_minor,
    }


def _document_row(document: PlannedDocument) -> dict[str, object]:
    return {
        "document_ref": document.document_ref,
        "kind": document.kind,
        "system": document.system,
        "company": document.company,
        "legal_entity": document.legal_entity,
        "project_id": document.project_id,
        "customer_key": document.customer_key,
        "currency": document.currency,
        "period": document.period,
        "posting_date": document.posting_date,
        "amount_minor": document.amount_minor,
        "content": {name: getattr(document, name) for name in _CONTENT},
        "content_sha256": document.content_sha256,
    }


def _line_row(line: Line) -> dict[str, object]:
    return {
        "line_no": line.line_no,
        "line_key": line.line_key,
        "object_kind": line.object_kind,
        "object_id": line.object_id,
        "part": line.part,
        "correction_no": line.correction_no,
        "version_sha256": line.version_sha256,
        "project_id": line.project_id,
        "legal_entity": line.legal_entity,
        "period": line.period,
        "work_date": line.work_date,
        "seconds": line.seconds,
        "quantity": line.quantity,
        "unit_price": line.unit_price,
        "amount_minor": line.amount_minor,
        "currency": line.currency,
        "description": line.description,
    }


def _insert_document(
    session: Session,
    row: dict[str, object],
    lines: Sequence[dict[str, object]],
    made: Made,
) -> None:
    ref = row["document_ref"]
    session.execute(insert(Document), [{**row, "state": "planned", "attempts": 0}])
    if lines:
        session.execute(insert(PostingLine), [{**line, "document_ref": ref} for line in lines])
        live = [{"line_key": line["line_key"], "document_ref": ref} for line in lines]
        session.execute(insert(LiveLine), live)
    session.add(_staged(str(ref), None, str(row["batch_id"]), made))
    session.flush()


def _move(
    session: Session, stored: Document, batch_id: str, proof: dict[str, object], made: Made
) -> None:
    old = stored.batch_id
    stored.batch_id, stored.merkle_proof = batch_id, proof
    session.add(_staged(stored.document_ref, "planned", batch_id, made))
    session.flush()
    ledger.refresh_batch(session, old)


def _staged(ref: str, from_state: str | None, batch_id: str, made: Made) -> LedgerEntry:
    return LedgerEntry(
        at=made.at,
        document_ref=ref,
        from_state=from_state,
        to_state="planned",
        attempt=0,
        payload_sha256=None,
        run_id=made.run_id,
        evidence={"batch_id": batch_id},
    )
