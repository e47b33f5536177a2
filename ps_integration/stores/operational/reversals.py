"""What the ERP cancelled of what was posted, and what we put right of it ourselves."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ps_integration.stores.operational.models import Document, ErpReversal, PostingLine


def refs(session: Session) -> frozenset[str]:
    """References of documents that the ERP is known to have cancelled."""
    return frozenset(session.scalars(select(ErpReversal.document_ref)))


def corrected(session: Session, object_kind: str) -> Sequence[str]:
    """Ids of the entries or milestones that a posted line of ours put right, in order."""
    query = (
        select(PostingLine.object_id)
        .join(Document, Document.document_ref == PostingLine.document_ref)
        .where(
            Document.state == "posted",
            PostingLine.object_kind == object_kind,
            PostingLine.correction.is_not(None),
        )
        .distinct()
        .order_by(PostingLine.object_id)
    )
    return session.scalars(query).all()


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
