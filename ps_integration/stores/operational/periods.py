"""Closed periods, and the documents that are still on their way in one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, case, exists, func, or_, select
from sqlalchemy.orm import Session

from ps_integration.domain.days import said_at
from ps_integration.errors import AskFinanceError
from ps_integration.stores.operational import audit
from ps_integration.stores.operational.models import Document, PeriodEvent, PostingLine

_SETTLED = ("posted", "refused", "superseded")


@dataclass(frozen=True, slots=True)
class OpenDocuments:
    """Documents of one state and currency that are not settled."""

    state: str
    currency: str
    count: int
    amount_minor: int


def open_documents(session: Session, legal_entity: str, period: str) -> tuple[OpenDocuments, ...]:
    """What is planned, on its way, unknown or dead, of a period or with a line of its work."""
    own = PostingLine.document_ref == Document.document_ref
    of_period = or_(Document.period == period, exists().where(own, PostingLine.period == period))
    is_unread = and_(Document.state == "posted", Document.confirmed_at.is_(None))
    state = case((is_unread, "posted and not read back"), else_=Document.state)
    query = (
        select(
            state,
            Document.currency,
            func.count(),
            func.sum(Document.amount_minor),
        )
        .where(Document.legal_entity == legal_entity, of_period)
        .where(or_(Document.state.not_in(_SETTLED), is_unread))
        .group_by(state, Document.currency)
        .order_by(state, Document.currency)
    )
    return tuple(
        OpenDocuments(named, currency, count, int(amount))
        for named, currency, count, amount in session.execute(query)
    )


def history(session: Session, legal_entity: str, period: str) -> Sequence[PeriodEvent]:
    """Who closed and reopened a period, oldest first."""
    query = select(PeriodEvent).where(
        PeriodEvent.legal_entity == legal_entity, PeriodEvent.period == period
    )
    return session.scalars(query.order_by(PeriodEvent.seq)).all()


def closed_by(session: Session, legal_entity: str, period: str) -> PeriodEvent | None:
    """The closing that holds; None when the period is open here."""
    told = history(session, legal_entity, period)
    return told[-1] if told and told[-1].act == "closed" else None


def put(session: Session, event: PeriodEvent, reasons: Mapping[str, object]) -> None:
    """Write a closing, or the end of one, and its row of the audit trail.

    Raises:
        AskFinanceError: The period is closed already, or not closed.
    """
    standing = closed_by(session, event.legal_entity, event.period)
    name = f"{event.legal_entity} {event.period}"
    if event.act == "closed" and standing is not None:
        raise AskFinanceError(f"{name}: {said(standing)} already")
    if event.act == "reopened" and standing is None:
        raise AskFinanceError(f"{name}: is not closed")
    event.reasons = dict(reasons)
    session.add(event)
    session.flush()
    verb = "close_period" if event.act == "closed" else "reopen_period"
    detail = {"answer": event.answer, "note": event.note, "run_id": event.run_id, **reasons}
    audit.append(session, at=event.at, who=event.by, action=verb, subject=name, detail=detail)


def note_refusal(session: Session, name: str, who: str, at: datetime, why: str) -> None:
    """Put into the audit trail that somebody wanted to close a period and could not."""
    audit.append(
        session, at=at, who=who, action="refuse_close", subject=name, detail={"reason": why}
    )


def said(event: PeriodEvent) -> str:
    """A closing in words."""
    return f"{event.act} by {event.by} on {said_at(event.at)} as {event.answer}"
