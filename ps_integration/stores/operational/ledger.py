"""The posting ledger: every step of every document, written with the state it leads to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, cast, get_args

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from ps_integration.domain.posting import (
    FREES_ITS_LINES,
    State,
    TransitionRefusedError,
    drop_id,
    require,
)
from ps_integration.stores.operational.models import Batch, Document, LedgerEntry, LiveLine

STATES: Final[tuple[State, ...]] = get_args(State)
_CHUNK: Final = 20_000
LOCK: Final = {"key_share": True}
"""How a batch is locked. A document that is updated twice in one transaction has PostgreSQL check
its foreign key; a full lock on the batch would then wait for that check by another worker, which
waits for this one."""
UNSENT: Final = frozenset({"planned", "approved"})
TO_JOURNAL: Final = "to_journal"
"""Where a session keeps the steps that the posting journal must know of."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a ledger row says beside the states.

    Attributes:
        at: The night's time, or a person's instant.
        run_id: The run that took the step, if one did.
        evidence: What the step follows from; JSON values only.
        payload_sha256: Hash of what is about to be sent, for an intent.
        unknown_for: How long a document that is now in doubt may stay so.
    """

    at: datetime
    run_id: str | None
    evidence: Mapping[str, object] = field(default_factory=dict)
    payload_sha256: str | None = None
    unknown_for: timedelta = timedelta(hours=24)


def load(session: Session, document_ref: str) -> Document:
    """The document, locked until the transaction ends."""
    found = session.scalars(
        select(Document)
        .where(Document.document_ref == document_ref)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return found.one()


def get(session: Session, document_ref: str) -> Document:
    """The document as it stands, for reading only."""
    return session.get_one(Document, document_ref)


def transition(session: Session, document: Document, to_state: State, step: Step) -> None:
    """Move one document and write its ledger row, in the caller's transaction.

    Lines of a refused or superseded document are free to be planned again.

    Raises:
        TransitionRefusedError: The table does not allow it, or another writer moved it first.
    """
    from_state = cast("State", document.state)
    reason = require(document.document_ref, from_state, to_state)
    moved = session.execute(
        update(Document)
        .where(Document.document_ref == document.document_ref, Document.state == from_state)
        .values(state=to_state)
    )
    if cast("CursorResult[object]", moved).rowcount != 1:
        raise TransitionRefusedError(
            f"document {document.document_ref}: is no longer {from_state}, another run moved it"
        )
    row = LedgerEntry(
        at=step.at,
        document_ref=document.document_ref,
        from_state=from_state,
        to_state=to_state,
        attempt=document.attempts,
        payload_sha256=step.payload_sha256,
        run_id=step.run_id,
        evidence={"reason": reason, **step.evidence},
    )
    session.add(row)
    _waits(document, from_state, to_state, step.at + step.unknown_for)
    if to_state == "planned":  # it never left; whoever signs it next signs its date anew
        document.invoice_date = None
    if to_state == "sending" or from_state not in UNSENT:
        session.info.setdefault(TO_JOURNAL, []).append((row, document))
    if to_state in FREES_ITS_LINES:
        session.execute(delete(LiveLine).where(LiveLine.document_ref == document.document_ref))
    session.flush()


def _waits(document: Document, from_state: State, to_state: State, deadline: datetime) -> None:
    """Deadline of not knowing: from the first doubt, or anew when a dead letter is taken up."""
    if from_state in {"held", "dead"}:
        document.put_off, document.next_try_at, document.unknown_until = 0, None, None
    if to_state == "unknown":
        document.unknown_until = document.unknown_until or deadline
    elif to_state in {"posted", "draft", "refused", "approved"}:
        document.unknown_until = None


def history(session: Session, document_ref: str) -> Sequence[LedgerEntry]:
    """Every step of one document, oldest first."""
    return session.scalars(
        select(LedgerEntry)
        .where(LedgerEntry.document_ref == document_ref)
        .order_by(LedgerEntry.seq)
    ).all()


def replay(session: Session) -> dict[str, State]:
    """The state of every document as the ledger alone tells it, by reference.

    Raises:
        TransitionRefusedError: A step does not start where the one before it ended, or is none
            that the table of states allows.
    """
    states: dict[str, State] = {}
    query = select(LedgerEntry.document_ref, LedgerEntry.from_state, LedgerEntry.to_state)
    rows = session.execute(query.order_by(LedgerEntry.seq).execution_options(yield_per=_CHUNK))
    for ref, from_state, to_state in rows:
        known = states.get(ref)
        if known != from_state:
            raise TransitionRefusedError(
                f"document {ref}: the ledger goes on from {from_state}, it stood at {known}"
            )
        require(ref, known, cast("State", to_state))
        states[ref] = cast("State", to_state)
    return states


def last_seq(session: Session) -> int:
    """The newest ledger sequence number; 0 when nothing was ever staged."""
    return session.scalar(select(func.max(LedgerEntry.seq))) or 0


def posted_minor(session: Session, run_id: str) -> dict[str, int]:
    """What a run has posted, by currency in minor units; a credit memo takes away."""
    query = (
        select(Document.currency, func.sum(Document.amount_minor))
        .where(
            Document.document_ref.in_(
                select(LedgerEntry.document_ref).where(
                    LedgerEntry.run_id == run_id, LedgerEntry.to_state == "posted"
                )
            )
        )
        .group_by(Document.currency)
        .order_by(Document.currency)
    )
    return {currency: int(total) for currency, total in session.execute(query)}


def refresh_batch(session: Session, batch_id: str) -> None:
    """Set a batch's status from the states of its documents; a rejected one stays rejected."""
    batch = session.get(Batch, batch_id, with_for_update=LOCK, populate_existing=True)
    if batch is None or batch.status == "rejected":
        return
    # One probe of the index per state: a batch of thousands is not counted at every step.
    probes = [
        exists().where(Document.batch_id == batch_id, Document.state == state) for state in STATES
    ]
    found = session.execute(select(*probes)).one()
    batch.status = batch_status(
        frozenset(state for state, is_there in zip(STATES, found, strict=True) if is_there)
    )
    session.flush()


def batch_status(states: frozenset[str]) -> str:
    """What a batch is called when its documents are in these states."""
    alive = states - {"superseded"}
    if not alive:
        return "superseded"
    if alive & {"sending", "draft", "unknown", "held", "dead"}:
        return "posting"
    if alive == {"posted"}:
        return "posted"
    if "approved" in alive:
        return "approved"
    return "planned" if alive == {"planned"} else "partly_posted"


def dropped(session: Session) -> Sequence[str]:
    """References of posted documents that only our own drop of a file confirms."""
    return session.scalars(
        select(Document.document_ref)
        .where(Document.state == "posted", Document.erp_id == Document.document_ref + drop_id(""))
        .order_by(Document.document_ref)
    ).all()


def is_dropped(document: Document) -> bool:
    """Whether only our own drop of a file confirms a document."""
    return document.state == "posted" and document.erp_id == drop_id(document.document_ref)
