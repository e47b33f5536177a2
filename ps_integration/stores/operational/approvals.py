"""Signatures over batches, and the lists that people sign."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from ps_integration.errors import AskFinanceError
from ps_integration.stores.operational.models import (
    Approval,
    Batch,
    Decision,
    Document,
    Opening,
    PostingLine,
)


def get(session: Session, batch_id: str) -> Batch:
    """The batch as it stands, for reading only.

    Raises:
        AskFinanceError: There is none of that id.
    """
    found = session.get(Batch, batch_id)
    if found is None:
        raise AskFinanceError(f"batch {batch_id}: not known; `batches list` shows what there is")
    return found


def exists(session: Session, batch_id: str) -> bool:
    """Whether there is a batch of that id."""
    return session.get(Batch, batch_id) is not None


def batch(session: Session, batch_id: str) -> Batch:
    """The batch, locked.

    Raises:
        AskFinanceError: There is none of that id.
    """
    get(session, batch_id)
    query = select(Batch).where(Batch.batch_id == batch_id).with_for_update(key_share=True)
    return session.scalars(query.execution_options(populate_existing=True)).one()


def batches(session: Session, statuses: Sequence[str] = ()) -> Sequence[Batch]:
    """Batches, newest last."""
    query = select(Batch).order_by(Batch.planned_at, Batch.batch_id)
    return session.scalars(query.where(Batch.status.in_(statuses)) if statuses else query).all()


def documents(session: Session, batch_id: str, state: str | None = None) -> Sequence[Document]:
    """Documents of a batch, by reference."""
    query = select(Document).where(Document.batch_id == batch_id).order_by(Document.document_ref)
    return session.scalars(query if state is None else query.where(Document.state == state)).all()


def lines(session: Session, document_ref: str) -> Sequence[PostingLine]:
    """Lines of a document, in order."""
    return session.scalars(
        select(PostingLine)
        .where(PostingLine.document_ref == document_ref)
        .order_by(PostingLine.line_no)
    ).all()


def decisions(session: Session, batch_id: str) -> Sequence[Approval]:
    """Every decision over a batch in the order of the audit trail, the newest first.

    What has no audit row stands last; it does not count.
    """
    return session.scalars(
        select(Approval)
        .where(Approval.batch_id == batch_id)
        .order_by(Approval.audit_seq.desc().nulls_last(), Approval.approval_id.desc())
    ).all()


def latest(session: Session, batch_id: str) -> Approval | None:
    """The decision that counts: the last one."""
    return next(iter(decisions(session, batch_id)), None)


def was_rejected(session: Session, batch_id: str) -> bool:
    """Whether a person rejected a batch that held one of these lines at the same version."""
    before = aliased(PostingLine)
    rejected = (
        select(before.line_id)
        .join(Document, Document.document_ref == before.document_ref)
        .join(Batch, Batch.batch_id == Document.batch_id)
        .where(
            Batch.status == "rejected",
            before.line_key == PostingLine.line_key,
            before.version_sha256 == PostingLine.version_sha256,
        )
    )
    own = (
        select(PostingLine.line_id)
        .join(Document, Document.document_ref == PostingLine.document_ref)
        .where(Document.batch_id == batch_id, rejected.exists())
        .limit(1)
    )
    return session.scalar(own) is not None


def time_systems(session: Session, batch_id: str) -> frozenset[str]:
    """Systems whose time entries a batch bills."""
    ids = session.scalars(
        select(PostingLine.object_id)
        .join(Document, Document.document_ref == PostingLine.document_ref)
        .where(Document.batch_id == batch_id, PostingLine.object_kind == "time_entry")
    )
    return frozenset(object_id.partition(":")[0] for object_id in ids)


def openings(session: Session) -> dict[tuple[str, str], date]:
    """Signed opening lists: when billing starts, by legal entity and time system."""
    signed = session.scalars(select(Opening))
    return {(row.legal_entity, row.time_system): row.bill_from for row in signed}


def last_decision_id(session: Session) -> int:
    """The newest write-off or waiver; 0 before the first."""
    return session.scalar(select(func.max(Decision.decision_id))) or 0


def put_opening(session: Session, opening: Opening) -> None:
    """Write or replace one signed opening."""
    session.merge(opening)
    session.flush()
