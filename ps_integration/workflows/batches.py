"""Batches and their documents, for people."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from ps_integration.stores.operational import approvals, makers, taken_back
from ps_integration.stores.operational.models import Batch, Document
from ps_integration.stores.operational.store import OperationalStore, Session
from ps_integration.stores.operational.taken_back import Taken


@dataclass(frozen=True, slots=True)
class DocumentSummary:
    """One document of a batch, for people; amounts in minor units of the batch's currency."""

    document_ref: str
    kind: str
    project_id: str
    customer_key: str
    period: str
    posting_date: date
    invoice_date: date | None
    amount_minor: int
    state: str
    erp_number: str | None
    hold_reason: str | None
    line_count: int
    takes_back: tuple[Taken, ...] = ()


@dataclass(frozen=True, slots=True)
class BatchSummary:
    """One batch, for people."""

    batch_id: str
    system: str
    company: str
    legal_entity: str
    period: str
    currency: str
    document_count: int
    line_count: int
    amount_minor: int
    status: str
    planned_at: datetime
    maker: str
    makers: tuple[str, ...]
    decided_by: str | None
    is_break_glass: bool
    takes_back: tuple[Taken, ...] = ()
    documents: tuple[DocumentSummary, ...] = ()

    @property
    def taken_back_minor(self) -> int:
        """What the batch takes back of what was posted, gross."""
        return sum(one.amount_minor for one in self.takes_back)


def list_batches(store: OperationalStore, statuses: Sequence[str] = ()) -> tuple[BatchSummary, ...]:
    """Batches without their documents, oldest first."""
    with store.snapshot() as session:
        found = approvals.batches(session, statuses)
        return tuple(_summary(session, batch, ()) for batch in found)


def show_batch(store: OperationalStore, batch_id: str) -> BatchSummary:
    """One batch with its documents.

    Raises:
        AskFinanceError: There is none of that id.
    """
    with store.snapshot() as session:
        batch = approvals.get(session, batch_id)
        documents = approvals.documents(session, batch_id)
        return _summary(session, batch, tuple(_document(session, one) for one in documents))


def _summary(
    session: Session, batch: Batch, documents: tuple[DocumentSummary, ...]
) -> BatchSummary:
    decision = approvals.latest(session, batch.batch_id)
    return BatchSummary(
        batch_id=batch.batch_id,
        system=batch.system,
        company=batch.company,
        legal_entity=batch.legal_entity,
        period=batch.period,
        currency=batch.currency,
        document_count=batch.document_count,
        line_count=batch.line_count,
        amount_minor=batch.amount_minor,
        status=batch.status,
        planned_at=batch.planned_at,
        maker=batch.maker,
        makers=tuple(sorted(makers.of_batch(session, batch.batch_id) | {batch.maker})),
        decided_by=None if decision is None else decision.decided_by,
        is_break_glass=decision is not None and decision.is_break_glass,
        takes_back=taken_back.of_batch(session, batch.batch_id),
        documents=documents,
    )


def _document(session: Session, document: Document) -> DocumentSummary:
    return DocumentSummary(
        document_ref=document.document_ref,
        kind=document.kind,
        project_id=document.project_id,
        customer_key=document.customer_key,
        period=document.period,
        posting_date=document.posting_date,
        invoice_date=document.invoice_date,
        amount_minor=document.amount_minor,
        state=document.state,
        erp_number=document.erp_number,
        hold_reason=document.hold_reason,
        line_count=len(approvals.lines(session, document.document_ref)),
        takes_back=taken_back.of_document(session, document.document_ref),
    )
