"""Who made a batch: its runs, its configuration, and the overrides that are in effect in it."""

from collections.abc import Iterable, Iterator

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from ps_integration.stores.operational.models import (
    BatchMaker,
    Break,
    BreakEvent,
    CorrectionDecision,
    Decision,
    DeletionDecision,
    Document,
    MatchDecision,
    PostingLine,
)


def of_batch(session: Session, batch_id: str) -> frozenset[str]:
    """Everyone recorded as a maker of the batch."""
    query = select(BatchMaker.maker).where(BatchMaker.batch_id == batch_id)
    return frozenset(session.scalars(query))


def join(session: Session, batch_id: str, who: Iterable[str]) -> None:
    """Add makers; nobody ever leaves."""
    for maker in sorted(set(who) - of_batch(session, batch_id)):
        session.add(BatchMaker(batch_id=batch_id, maker=maker))
    session.flush()


def of_overrides(session: Session, batch_id: str) -> frozenset[str]:
    """Who decided what the batch bills: write-offs and waivers of its entries, accepted breaks.

    Also who took back that one of its entries was billed by hand, who said that the source had
    deleted one, and who released a correction.
    """
    own = Document.batch_id == batch_id
    objects = (
        select(PostingLine.object_id)
        .join(Document, Document.document_ref == PostingLine.document_ref)
        .where(own)
    )
    found: set[str] = set()
    decided = select(Decision.decided_by, Decision.seconded_by)
    for row in session.execute(decided.where(Decision.entry_id.in_(objects))):
        found.update(row)
    proposed = select(MatchDecision.decision_id).where(MatchDecision.decision == "proposed")
    withdrawn = select(MatchDecision).where(
        MatchDecision.decision == "withdrawn", MatchDecision.withdraws.not_in(proposed)
    )
    if taken_back := session.scalars(withdrawn).all():
        billed = set(session.scalars(objects))
        found.update(one.decided_by for one in taken_back if billed & set(one.entries))
    found.update(_said_deleted(session, objects))
    released = select(CorrectionDecision.decided_by).where(
        CorrectionDecision.decision == "released", CorrectionDecision.object_id.in_(objects)
    )
    found.update(session.scalars(released))
    holds = [
        and_(Break.blocked_kind.in_(("entry", "milestone")), Break.blocked_id.in_(objects)),
        *(
            and_(Break.blocked_kind == kind, Break.blocked_id.in_(select(column).where(own)))
            for kind, column in (
                ("project", Document.project_id),
                ("customer", Document.customer_key),
                ("company", Document.system + ":" + Document.company),
                ("company", Document.company),
                ("document", Document.document_ref),
                ("system", Document.system),
            )
        ),
        and_(
            Break.blocked_kind == "project",
            Break.blocked_id.in_(
                select(PostingLine.project_id)
                .join(Document, Document.document_ref == PostingLine.document_ref)
                .where(own)
            ),
        ),
    ]
    accepted = (
        select(BreakEvent.by)
        .join(Break, Break.break_id == BreakEvent.break_id)
        .where(
            Break.state == "accepted", BreakEvent.event.in_(("proposed", "accepted")), or_(*holds)
        )
    )
    found.update(session.scalars(accepted))
    return frozenset(found)


def _said_deleted(session: Session, objects: Select[str]) -> Iterator[str]:
    decided = session.scalars(select(DeletionDecision)).all()
    billed = set(session.scalars(objects)) if decided else set()
    for one in decided:
        if any(f"{one.system}:{record}" in billed for record in one.records):
            yield one.decided_by
