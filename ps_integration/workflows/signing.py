"""Writes a signature over a batch: approval, ledger and audit in one transaction."""

from datetime import datetime

from ps_integration.stores.operational import approvals, audit, ledger
from ps_integration.stores.operational.models import Batch
from ps_integration.stores.operational.store import Session


def sign(
    session: Session, batch: Batch, *, by: str, at: datetime, note: str, run_id: str | None = None
) -> None:
    """Write the signature, its audit row and the step of every planned document."""
    approvals.decide(session, batch, "approved", by=by, at=at, note=note)
    step = ledger.Step(at, run_id, {"approved_by": by})
    for document in approvals.documents(session, batch.batch_id, "planned"):
        ledger.transition(session, document, "approved", step)
    ledger.refresh_batch(session, batch.batch_id)
    note_decision(session, batch, "approve", by=by, at=at, note=note)


def note_decision(
    session: Session, batch: Batch, action: str, *, by: str, at: datetime, note: str
) -> None:
    """Put a decision over a batch into the audit trail."""
    detail = {
        "content_sha256": batch.content_sha256,
        "merkle_root": batch.merkle_root,
        "config_hash": batch.config_hash,
        "maker": batch.maker,
        "amount_minor": batch.amount_minor,
        "currency": batch.currency,
        "note": note,
    }
    audit.append(session, at=at, who=by, action=action, subject=batch.batch_id, detail=detail)
