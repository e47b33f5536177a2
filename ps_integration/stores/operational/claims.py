"""What may be sent: approvals and open breaks, read in the transaction that claims a document."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from ps_integration.domain.posting import Phase
from ps_integration.stores.operational import approvals, ledger
from ps_integration.stores.operational.blocks import blocking_breaks
from ps_integration.stores.operational.ledger import Step, transition
from ps_integration.stores.operational.models import Batch, Document
from ps_integration.stores.operational.sealing import proves


@dataclass(frozen=True, slots=True)
class Terms:
    """What an approval is measured against tonight."""

    config_hash: str
    as_of: datetime
    expires_after: timedelta


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a document may not be sent: its approval is void, it is blocked, or it was tampered."""

    kind: Literal["void", "blocked", "tampered"]
    message: str
    break_ids: tuple[str, ...] = ()


def refs_in(session: Session, *states: str) -> Sequence[str]:
    """References of documents in these states, in a stable order."""
    return session.scalars(
        select(Document.document_ref)
        .where(Document.state.in_(states))
        .order_by(Document.system, Document.company, Document.document_ref)
    ).all()


def unconfirmed_refs(session: Session) -> Sequence[str]:
    """References of posted documents that were not read back yet."""
    return session.scalars(
        select(Document.document_ref)
        .where(Document.state == "posted", Document.confirmed_at.is_(None))
        .order_by(Document.document_ref)
    ).all()


def objection(session: Session, document: Document, terms: Terms) -> Objection | None:
    """What stands against sending this document now; None when nothing does."""
    batch = session.get_one(Batch, document.batch_id, with_for_update=True)
    void = stale(session, batch, terms)
    if void is not None:
        return void
    if not proves(session, batch, document):
        return Objection("tampered", "the stored document is not the one that was signed")
    breaks = blocking_breaks(session, document)
    if breaks:
        rules = ", ".join(sorted({found.rule for found in breaks}))
        return Objection(
            "blocked",
            f"open blocking breaks: {rules}",
            tuple(found.break_id for found in breaks),
        )
    return None


def stale(session: Session, batch: Batch, terms: Terms) -> Objection | None:
    """Why a batch's approval does not hold, if it does not."""
    approval = approvals.latest(session, batch.batch_id)
    if approval is None or approval.decision != "approved":
        return Objection("void", "no approval in force")
    signed = (approval.content_sha256, approval.merkle_root, approval.maker)
    if signed != (batch.content_sha256, batch.merkle_root, batch.maker):
        return Objection("tampered", "the stored batch is not the one that was signed")
    if not approval.config_hash == batch.config_hash == terms.config_hash:
        return Objection("void", "the configuration changed after the approval")
    if approval.decided_at + terms.expires_after < terms.as_of:
        return Objection("void", "the approval expired")
    return None


def intend(
    session: Session, document: Document, phase: Phase, step: Step, clock_now: datetime
) -> None:
    """Record that the next thing to happen is a call to the ERP."""
    document.attempts += 1
    document.sent_at = step.at
    document.sent_clock_at = clock_now
    document.doubtful_clock_at = None
    evidence = {**step.evidence, "phase": phase, "clock": clock_now.isoformat()}
    transition(
        session, document, "sending", Step(step.at, step.run_id, evidence, step.payload_sha256)
    )


def phase_of(session: Session, document_ref: str) -> Phase:
    """The phase of the newest attempt."""
    for row in reversed(ledger.history(session, document_ref)):
        if row.to_state == "sending":
            return "post" if row.evidence.get("phase") == "post" else "create"
    return "create"


def is_doubtful(session: Session, document_ref: str, phase: Phase) -> bool:
    """Whether an earlier attempt of this phase had no clear answer."""
    return any(
        row.to_state == "unknown" and row.evidence.get("phase") == phase
        for row in ledger.history(session, document_ref)
    )


def last_evidence(session: Session, document_ref: str) -> dict[str, object]:
    """What the newest ledger row says beside the states."""
    return dict(ledger.history(session, document_ref)[-1].evidence)
