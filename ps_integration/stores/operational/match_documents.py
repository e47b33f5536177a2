"""Documents of ours that have entries which a person found on a line typed by hand."""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from ps_integration.stores.operational import ledger
from ps_integration.stores.operational.match_reading import standing
from ps_integration.stores.operational.models import (
    Batch,
    Document,
    ErpReversal,
    MatchDecision,
    PostingLine,
    Run,
)

_ON_ITS_WAY: Final = ("approved", "sending", "draft", "unknown", "held", "dead")


def newer_than_its_plan(session: Session, document: Document, batch: Batch) -> str:
    """Why a document may not be sent: a match was accepted after its plan was made; else empty."""
    run = session.get(Run, batch.run_id)
    seen = ((run.inputs if run else None) or {}).get("match_decision_id", 0)
    return taken(session, document, after=int(seen))


def taken(session: Session, document: Document, after: int = 0) -> str:
    """Who has accepted that an entry of a document was billed by hand; empty when nobody has.

    Args:
        session: A transaction.
        document: The document.
        after: Only decisions with a higher number.
    """
    newest = session.scalar(select(func.max(MatchDecision.decision_id))) or 0
    if newest <= after:
        return ""
    own = PostingLine.document_ref == document.document_ref
    billed = set(session.scalars(select(PostingLine.object_id).where(own)))
    for one in standing(session):
        both = sorted(billed & set(one.entries))
        if one.decision == "accepted" and one.decision_id > after and both:
            return f"{one.decided_by} has accepted that {both[0]} was billed by hand"
    return ""


def billed(session: Session, entry_ids: Iterable[str]) -> str:
    """Which document of ours bills one of the entries, or is about to; empty when none does."""
    query = (
        select(PostingLine.object_id, PostingLine.seconds, Document.document_ref, Document.state)
        .join(Document, Document.document_ref == PostingLine.document_ref)
        .where(*_of(entry_ids), Document.state.in_((*_ON_ITS_WAY, "posted")))
        .where(Document.document_ref.not_in(select(ErpReversal.document_ref)))
        .order_by(PostingLine.object_id, Document.document_ref)
    )
    rows = session.execute(query).all()
    posted: Counter[str] = Counter()
    for entry_id, seconds, _, state in rows:
        posted[entry_id] += seconds if state == "posted" else 0
    for entry_id, _, ref, state in rows:
        if state != "posted" or posted[entry_id]:
            return f"{entry_id} is in {ref}, which is {state}: it is billed from here"
    return ""


def let_go(
    session: Session,
    entry_ids: Iterable[str],
    step: ledger.Step,
    *,
    project_id: str | None = None,
) -> None:
    """Supersede the planned documents that have one of the entries.

    Args:
        session: A transaction.
        entry_ids: The entries.
        step: Why, in the ledger.
        project_id: A project whose other planned documents go, too: its cap is to be given anew.
    """
    refs = select(PostingLine.document_ref).where(*_of(entry_ids))
    planned = session.scalars(
        select(Document)
        .where(Document.state == "planned")
        .where(or_(Document.document_ref.in_(refs), Document.project_id == project_id))
        .order_by(Document.document_ref)
        .with_for_update()
    ).all()
    for document in planned:
        ledger.transition(session, document, "superseded", step)
        ledger.refresh_batch(session, document.batch_id)


def _of(entry_ids: Iterable[str]) -> tuple[ColumnElement[bool], ...]:
    return PostingLine.object_id.in_(list(entry_ids)), PostingLine.object_kind == "time_entry"
