"""What the ERP cancelled of what was posted: an append-only record beside the ledger."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ps_integration.stores.operational.models import Document, ErpReversal


def refs(session: Session) -> frozenset[str]:
    """References of documents that the ERP is known to have cancelled."""
    return frozenset(session.scalars(select(ErpReversal.document_ref)))


def posted(session: Session, document_ref: str) -> Document | None:
    """The document, if it is ours and posted."""
    document = session.get(Document, document_ref)
    return document if document is not None and document.state == "posted" else None


def note(
    session: Session,
    document: Document,
    *,
    erp_number: str | None,
    found_at: datetime,
    run_id: str,
    policy: str,
) -> None:
    """Put on record that the ERP has cancelled the whole of a posted document."""
    session.add(
        ErpReversal(
            document_ref=document.document_ref,
            amount_minor=document.amount_minor,
            currency=document.currency,
            erp_number=erp_number or document.erp_number,
            found_at=found_at,
            run_id=run_id,
            policy=policy,
        )
    )
    session.flush()
