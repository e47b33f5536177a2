"""Who works on one document now, where several workers share a store.

A document is taken for a while with a token that only grows. Whoever stalls past that time finds
the token moved on in the next transaction, and neither sends nor records anything more.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ps_integration.stores.operational.leases import LeaseLostError, is_gone, own_name, period
from ps_integration.stores.operational.models import Document


@dataclass(frozen=True, slots=True)
class Taken:
    """One document in hand."""

    document_ref: str
    token: int


def take(session: Session, ref: str, states: Collection[str], now: datetime) -> Taken | None:
    """Take a document in one of these states; None while a living worker has it.

    A row that another transaction has locked is passed over, never waited for.
    """
    document = session.scalars(
        select(Document)
        .where(Document.document_ref == ref, Document.state.in_(states))
        .with_for_update(skip_locked=True)
    ).one_or_none()
    if document is None:
        return None
    holder, until = document.lease_holder, document.lease_until
    if holder is not None and until is not None and until > now and not is_gone(holder):
        return None
    document.lease_holder, document.lease_until = own_name(), now + period()
    document.lease_token += 1
    session.flush()
    return Taken(ref, document.lease_token)


def renew(document: Document, taken: Taken, now: datetime) -> None:
    """Keep a document, which the caller has locked, for another while.

    Raises:
        LeaseLostError: Another worker took it.
    """
    if document.lease_token != taken.token:
        raise LeaseLostError(f"document {taken.document_ref}: another worker took it over")
    document.lease_until = now + period()


def release(session: Session, taken: Taken) -> None:
    """Let go of a document, unless another worker already has it."""
    document = session.scalars(
        select(Document).where(Document.document_ref == taken.document_ref).with_for_update()
    ).one()
    if document.lease_token == taken.token:
        document.lease_holder, document.lease_until = None, None
        session.flush()
