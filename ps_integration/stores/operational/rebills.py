"""A re-bill goes out after what it bills again was taken back, and that was seen in the ERP.

Reversal and re-bill of one object are often in two documents. Sent on their own, the invoice may be
posted and the credit memo refused: the customer would have been billed twice.
"""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ps_integration.domain.posting import FREES_ITS_LINES
from ps_integration.stores.operational.models import (
    Document,
    ErpReversal,
    LedgerEntry,
    PostingLine,
)


@dataclass(frozen=True, slots=True)
class Reversal:
    """A document that takes back what another one bills again."""

    document_ref: str
    state: str
    is_confirmed: bool


def reversals_of(
    session: Session, document: Document, unseen: Collection[str] = ()
) -> list[Reversal]:
    """Other documents that take back what this one bills again, as far as they still count.

    Args:
        session: A transaction.
        document: The document with the re-bills; one without any gives nothing.
        unseen: Systems from which nothing can be read back; what was written there is confirmed.
    """
    objects = _billed_again(session, document)
    if not objects:
        return []
    query = (
        select(Document.document_ref, Document.system, Document.state, Document.confirmed_at)
        .join(PostingLine, PostingLine.document_ref == Document.document_ref)
        .where(
            PostingLine.object_kind.in_({kind for kind, _ in objects}),
            PostingLine.object_id.in_({object_id for _, object_id in objects}),
            PostingLine.correction == "reversal",
            Document.document_ref != document.document_ref,
            Document.state.not_in(FREES_ITS_LINES),
        )
        .distinct()
        .order_by(Document.document_ref)
    )
    return [
        Reversal(ref, state, state == "posted" and (at is not None or system in unseen))
        for ref, system, state, at in session.execute(query)
    ]


def waits_for(session: Session, document: Document, unseen: Collection[str] = ()) -> str:
    """What a document with re-bills waits for, in one sentence; empty when for nothing."""
    open_ones = [one for one in reversals_of(session, document, unseen) if not one.is_confirmed]
    if not open_ones:
        return ""
    named = ", ".join(f"{one.document_ref} ({one.state})" for one in open_ones)
    return (
        f"waits until {named} has taken back in the ERP what it bills again, "
        "so that nothing is billed twice"
    )


def lost_its_reversal(session: Session, document: Document) -> str:
    """Why re-bills cannot go out as planned; empty while what takes back is sure to go first.

    A reversal that was refused, or that nobody has approved by the next night, is planned anew
    together with its re-bill.
    """
    objects = _billed_again(session, document)
    if not objects:
        return ""
    planned = [one for one in reversals_of(session, document) if one.state == "planned"]
    if planned:
        return (
            f"{planned[0].document_ref}, which takes back what it bills again, is not approved: "
            "approve both"
        )
    freed = _freed(session, document, objects)
    if not freed:
        return ""
    return f"{freed}, which takes back what it bills again, did not go out; both are planned anew"


def _billed_again(session: Session, document: Document) -> set[tuple[str, str]]:
    query = select(PostingLine.object_kind, PostingLine.object_id).where(
        PostingLine.document_ref == document.document_ref, PostingLine.correction == "rebill"
    )
    return {(kind, object_id) for kind, object_id in session.execute(query)}


def _freed(session: Session, document: Document, objects: set[tuple[str, str]]) -> str:
    """A reversal planned beside the re-bill that does not count any more; its line still stands."""
    lines = session.execute(
        select(
            PostingLine.document_ref,
            PostingLine.corrects_line_key,
            Document.state,
        )
        .join(Document, Document.document_ref == PostingLine.document_ref)
        .where(
            PostingLine.object_kind.in_({kind for kind, _ in objects}),
            PostingLine.object_id.in_({object_id for _, object_id in objects}),
            PostingLine.correction == "reversal",
        )
        .order_by(PostingLine.document_ref)
    ).all()
    counted = {key for _, key, state in lines if state not in FREES_ITS_LINES}
    freed = [(ref, key) for ref, key, state in lines if key and state in FREES_ITS_LINES]
    since = _last_step(session, document.document_ref, {"planned"})
    return next(
        (
            ref
            for ref, key in freed
            if key not in counted
            and _last_step(session, ref, FREES_ITS_LINES) > since
            and _stands(session, key)
        ),
        "",
    )


def _last_step(session: Session, ref: str, states: Collection[str]) -> int:
    query = select(func.max(LedgerEntry.seq)).where(
        LedgerEntry.document_ref == ref, LedgerEntry.to_state.in_(states)
    )
    return session.scalar(query) or 0


def _stands(session: Session, line_key: str) -> bool:
    """Whether a line is in a posted document that the ERP has not cancelled."""
    cancelled = select(ErpReversal.document_ref)
    query = (
        select(PostingLine.line_id)
        .join(Document, Document.document_ref == PostingLine.document_ref)
        .where(
            PostingLine.line_key == line_key,
            Document.state == "posted",
            Document.document_ref.not_in(cancelled),
        )
        .limit(1)
    )
    return session.scalar(query) is not None
