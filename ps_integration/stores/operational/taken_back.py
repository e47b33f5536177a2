"""What batches take back of what was posted, and why; gross, for what bills it again is no excuse.

A line takes back when it is a reversal, or a delta below zero.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from ps_integration.domain.identity import POLICY
from ps_integration.domain.money import Money
from ps_integration.stores.operational.models import (
    Approval,
    Batch,
    Document,
    ErpReversal,
    PostingLine,
)

ABSENCE: Final = frozenset(
    {
        *("deleted_after_posting", "approval_withdrawn"),
        *("no_longer_billable", "milestone_withdrawn"),
    }
)
"""Reasons to credit work that is gone; a person lets these go unless the legal entity says so."""
_SIGNED: Final = ("approved", "first_of_two")
_DEAD: Final = ("superseded", "refused")


@dataclass(frozen=True, slots=True)
class Taken:
    """Lines of one batch or document that take back, of one reason; the amount has no sign."""

    reason: str
    line_count: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Sum:
    """What batches take back of one currency and posting period; the amount has no sign."""

    currency: str
    period: str
    line_count: int
    amount_minor: int


def of_batch(session: Session, batch_id: str) -> tuple[Taken, ...]:
    """What a batch takes back, by reason."""
    return _by_reason(session, Document.batch_id == batch_id)


def of_document(session: Session, document_ref: str) -> tuple[Taken, ...]:
    """What a document takes back, by reason."""
    return _by_reason(session, Document.document_ref == document_ref)


def said(taken: Sequence[Taken], currency: str) -> str:
    """'takes back 933.88 GBP: deleted after posting 933.88 GBP (2 lines)'; empty for nothing."""
    if not taken:
        return ""
    parts = ", ".join(
        f"{one.reason.replace('_', ' ')} {Money(one.amount_minor, currency)} "
        f"({one.line_count} {'line' if one.line_count == 1 else 'lines'})"
        for one in taken
    )
    total = Money(sum(one.amount_minor for one in taken), currency)
    return f"takes back {total}: {parts}"


def let_go(session: Session, legal_entity: str, since: datetime) -> tuple[Sum, ...]:
    """What policy let go since an instant for a legal entity, by currency and posting period."""
    signed = select(Approval.batch_id).where(
        Approval.decision.in_(_SIGNED), Approval.decided_by == POLICY, Approval.decided_at >= since
    )
    return _sums(
        session,
        and_(
            Batch.legal_entity == legal_entity,
            Document.state.not_in((*_DEAD, "planned")),
            Batch.batch_id.in_(signed),
        ),
    )


def together(session: Session, batch_ids: Sequence[str]) -> tuple[Sum, ...]:
    """What planned batches would take back, by currency and posting period."""
    return _sums(session, and_(Batch.batch_id.in_(batch_ids), Document.state == "planned"))


def confirmed(session: Session, legal_entity: str, currency: str, period: str) -> int:
    """Net minor units of a posting month that the ERP has confirmed and not cancelled since."""
    cancelled = select(ErpReversal.document_ref)
    net = session.scalar(
        select(func.sum(Document.amount_minor)).where(
            Document.legal_entity == legal_entity,
            Document.currency == currency,
            Document.period == period,
            Document.state == "posted",
            Document.document_ref.not_in(cancelled),
        )
    )
    return int(net or 0)


def _takes_back() -> ColumnElement[bool]:
    return or_(
        PostingLine.correction == "reversal",
        and_(PostingLine.correction == "delta", PostingLine.amount_minor < 0),
    )


def _by_reason(session: Session, where: ColumnElement[bool]) -> tuple[Taken, ...]:
    reason = func.coalesce(PostingLine.corrects_reason, "corrected")
    rows = session.execute(
        select(reason, func.count(), func.sum(func.abs(PostingLine.amount_minor)))
        .join(Document, Document.document_ref == PostingLine.document_ref)
        .where(_takes_back(), Document.state.not_in(_DEAD), where)
        .group_by(reason)
        .order_by(reason)
    )
    return tuple(Taken(str(word), int(count), int(minor)) for word, count, minor in rows)


def _sums(session: Session, where: ColumnElement[bool]) -> tuple[Sum, ...]:
    rows = session.execute(
        select(
            Batch.currency,
            Batch.period,
            func.count(),
            func.sum(func.abs(PostingLine.amount_minor)),
        )
        .join(Document, Document.document_ref == PostingLine.document_ref)
        .join(Batch, Batch.batch_id == Document.batch_id)
        .where(_takes_back(), where)
        .group_by(Batch.currency, Batch.period)
        .order_by(Batch.currency, Batch.period)
    )
    return tuple(Sum(str(c), str(p), int(count), int(minor)) for c, p, count, minor in rows)
