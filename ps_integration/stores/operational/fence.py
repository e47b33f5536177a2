"""Whether this store may post: is it the one that knows all that was sent?

A store that was restored from an older copy is behind the ERP; anything it plans may have been
billed already. It is recognised by the posting journal, which lives outside it, or by the mark
every backup carries, and stays fenced until it has caught up (`workflows.catch_up`).
"""

from datetime import datetime
from typing import Final

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from ps_integration.errors import CouldNotRunError, FixConfigError
from ps_integration.stores.operational import audit, ledger
from ps_integration.stores.operational.journal import Journal, Mark
from ps_integration.stores.operational.models import LedgerEntry, StoreIdentity

_ONLY: Final = 1


def identity(session: Session) -> StoreIdentity:
    """The store's own row.

    Raises:
        CouldNotRunError: It is gone; nobody knows which store this is.
    """
    own = session.get(StoreIdentity, _ONLY)
    if own is None:
        raise CouldNotRunError(
            "the operational store does not say which store it is (table store_identity is empty); "
            "restore its last backup"
        )
    return own


def reason(session: Session, journal: Journal) -> str | None:
    """Why nothing may be sent before the store has caught up; None when all is known.

    Raises:
        FixConfigError: The journal is that of another store.
    """
    own = identity(session)
    mark = journal.mark()
    if mark is not None and mark.store_id != own.store_id:
        raise FixConfigError(
            f"{journal.path}: belongs to another operational store; stores.folder and "
            "stores.operational must be those of one firm; if the store was lost, restore the last"
            " backup"
        )
    if own.is_copy:
        return "this store was started from a backup"
    if mark is not None and mark.place > (own.epoch, ledger.last_seq(session)):
        return "this store is older than the posting journal: it was restored from an older copy"
    if mark is None and _has_sent(session):
        return "the posting journal is missing: nothing outside says what this store has sent"
    return own.fence_reason


def raise_fence(session: Session, why: str, *, at: datetime, who: str) -> None:
    """Stop all posting until the store has caught up."""
    own = identity(session)
    if own.fence_reason == why:
        return
    own.fence_reason = why
    detail = {"why": why, "epoch": own.epoch, "ledger_seq": ledger.last_seq(session)}
    audit.append(session, at=at, who=who, action="fence", subject=own.store_id, detail=detail)


def mark(session: Session) -> Mark:
    """Where this store stands."""
    own = identity(session)
    return Mark(own.store_id, own.epoch, ledger.last_seq(session))


def lift(session: Session, *, at: datetime, who: str, detail: dict[str, object]) -> None:
    """Let the store post again, in a new epoch."""
    own = identity(session)
    own.epoch, own.is_copy, own.fence_reason = own.epoch + 1, False, None
    told = {**detail, "epoch": own.epoch, "ledger_seq": ledger.last_seq(session)}
    audit.append(session, at=at, who=who, action="caught_up", subject=own.store_id, detail=told)


def _has_sent(session: Session) -> bool:
    query = select(exists(select(LedgerEntry.seq).where(LedgerEntry.to_state == "sending")))
    return bool(session.scalar(query))
