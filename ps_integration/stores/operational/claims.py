"""What may be sent: approvals and open breaks, read in the transaction that claims a document."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from ps_integration.domain.identity import POLICY
from ps_integration.domain.posting import Phase
from ps_integration.settings.approval import Approval
from ps_integration.stores.operational import (
    approvals,
    delivery,
    ledger,
    match_documents,
    rebills,
    rights,
    signatures,
)
from ps_integration.stores.operational.blocks import blocking_breaks
from ps_integration.stores.operational.ledger import LOCK, Step, transition
from ps_integration.stores.operational.models import Approval as Signature
from ps_integration.stores.operational.models import Batch, Document
from ps_integration.stores.operational.sealing import proves

_IN_WORK = frozenset({"approved", "posting"})
"""What a batch is called while documents of it may be sent."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What an approval is measured against tonight.

    Attributes:
        config_hash: The configuration of this run.
        as_of: The run's instant.
        expires_after: How long an approval holds.
        rules: Who may approve what, by the firm file.
        versions: Of this program and its mapping.
        unseen: Systems from which nothing can be read back.
        suppliers: Systems that each legal entity's plan is read from (see `blocks`).
    """

    config_hash: str
    as_of: datetime
    expires_after: timedelta
    rules: Approval = field(default_factory=Approval)
    versions: Mapping[str, str] = field(default_factory=dict)
    unseen: frozenset[str] = frozenset()
    suppliers: Mapping[str, Collection[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a document may not be sent.

    Its approval is void, it is blocked, it was tampered with, or what it bills again has not been
    taken back yet.
    """

    kind: Literal["void", "blocked", "tampered", "waits"]
    message: str
    break_ids: tuple[str, ...] = ()


def refs_in(session: Session, *states: str) -> Sequence[str]:
    """References of documents in these states, in a stable order."""
    return session.scalars(
        select(Document.document_ref)
        .where(Document.state.in_(states))
        .order_by(Document.system, Document.company, Document.document_ref)
    ).all()


@dataclass(frozen=True, slots=True)
class Waiting:
    """One document that something is to be done with."""

    system: str
    company: str
    document_ref: str


def waiting(
    session: Session, states: Sequence[str], now: datetime, *, unconfirmed: bool = False
) -> Sequence[Waiting]:
    """Documents in these states, by system and company, oldest posting date first.

    Args:
        session: A transaction.
        states: The states. One that was put off until later is left out of `approved` and `draft`.
        now: The instant on the wall.
        unconfirmed: Only those that were not read back yet.
    """
    query = select(Document.system, Document.company, Document.document_ref).where(
        Document.state.in_(states),
        or_(
            Document.next_try_at.is_(None),
            Document.next_try_at <= now,
            Document.state.not_in(("approved", "draft")),
        ),
    )
    if unconfirmed:
        query = query.where(Document.confirmed_at.is_(None))
    order = (Document.system, Document.company, Document.posting_date, Document.document_ref)
    return [Waiting(*row) for row in session.execute(query.order_by(*order))]


def next_tries(session: Session, states: Sequence[str]) -> dict[str, datetime]:
    """When the first document that was put off may be sent again, by system."""
    query = (
        select(Document.system, func.min(Document.next_try_at))
        .where(Document.state.in_(states), Document.next_try_at.is_not(None))
        .group_by(Document.system)
    )
    return {system: at for system, at in session.execute(query) if at is not None}


def would_overtake(session: Session, document: Document, *, is_draft_enough: bool) -> bool:
    """Whether an older document of the same company is still on its way.

    One that waits for a reversal does not count: that reversal may be this document.
    """
    states = ["approved", "sending", "unknown", *(() if is_draft_enough else ("draft",))]
    older = session.scalars(
        select(Document)
        .where(
            Document.state.in_(states),
            Document.system == document.system,
            Document.company == document.company,
            Document.posting_date < document.posting_date,
        )
        .order_by(Document.document_ref)
    )
    return any(one.state != "approved" or not rebills.waits_for(session, one) for one in older)


def objection(session: Session, document: Document, terms: Terms) -> Objection | None:
    """What stands against sending this document now; None when nothing does."""
    batch = session.get(Batch, document.batch_id, with_for_update=LOCK)
    if batch is None:
        return Objection("tampered", "its batch is not in the store")
    void = stale(session, batch, terms)
    if void is not None:
        return void
    if not proves(session, batch, document):
        return Objection("tampered", "the stored document is not the one that was signed")
    if problem := delivery.disagrees(session, document):
        return Objection("tampered", problem)
    return (
        _billed_by_hand(session, batch, document)
        or _blocked(session, document, terms)
        or _before_its_reversal(session, document, terms)
    )


def _before_its_reversal(session: Session, document: Document, terms: Terms) -> Objection | None:
    if told := rebills.waits_for(session, document, terms.unseen):
        return Objection("waits", told)
    lost = rebills.lost_its_reversal(session, document)
    return Objection("void", lost) if lost else None


def _billed_by_hand(session: Session, batch: Batch, document: Document) -> Objection | None:
    told = match_documents.newer_than_its_plan(session, document, batch)
    return Objection("void", told) if told else None


def _blocked(session: Session, document: Document, terms: Terms) -> Objection | None:
    breaks = blocking_breaks(session, document, terms.suppliers)
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
    found = approvals.decisions(session, batch.batch_id)
    if not found or found[0].decision != "approved":
        return Objection("void", "no approval in force")
    if outdated := _outdated(batch, found[0], terms):
        return Objection("void", outdated)
    if not signatures.holds(session, batch, found[0]) or batch.status not in _IN_WORK:
        return Objection("tampered", "the stored batch or approval is not what was signed")
    return _without_right(session, batch, found, terms)


def _outdated(batch: Batch, approval: Signature, terms: Terms) -> str:
    """What has changed since the approval, or how old it is."""
    if approval.audit_seq is None:
        return "the approval is not in the audit trail"
    if not approval.config_hash == batch.config_hash == terms.config_hash:
        return "the configuration changed after the approval"
    if approval.decided_at + terms.expires_after < terms.as_of:
        return "the approval expired"
    made_with = batch.versions or {}
    if any(made_with.get(name) != version for name, version in terms.versions.items()):
        return "the program or its mapping changed after the approval"
    return ""


def _without_right(
    session: Session, batch: Batch, found: Sequence[Signature], terms: Terms
) -> Objection | None:
    """Why the people who signed could not, if they could not; asked again at every claim."""
    approval, rules = found[0], terms.rules
    if rights.is_maker(session, batch, rules, approval.decided_by):
        return Objection("void", f"{approval.decided_by} approved and is among its makers")
    if approval.decided_by == POLICY:
        return None
    if shared := rights.unknown_maker(session, batch, rules):
        return Objection("void", f"its run was started under {shared}, by nobody knows whom")
    if reason := _over_limit(session, batch, rules, approval):
        return Objection("void", reason)
    if rights.needs_two(session, batch, rules) and not is_seconded(session, batch, found, rules):
        return Objection("void", "two people must approve it, and one did")
    return None


def _over_limit(session: Session, batch: Batch, rules: Approval, approval: Signature) -> str:
    if not approval.is_break_glass:
        return rights.over_limit(session, batch, rules, approval.decided_by)
    if rights.may_break_glass(rules, approval.decided_by):
        return ""
    return f"{approval.decided_by} may not break the glass"


def is_seconded(
    session: Session, batch: Batch, found: Sequence[Signature], rules: Approval
) -> bool:
    """Whether the newest decision follows a first approval by somebody else that still holds."""
    if len(found) < len(("approval", "first")) or found[1].decision != "first_of_two":
        return False
    newest, first = found[0], found[1]
    is_other = rules.person(newest.decided_by) != rules.person(first.decided_by)
    return is_other and signatures.holds(session, batch, first)


def intend(
    session: Session, document: Document, phase: Phase, step: Step, clock_now: datetime
) -> None:
    """Record that the next thing to happen is a call to the ERP."""
    document.attempts += 1
    document.sent_at = step.at
    document.sent_clock_at = clock_now
    document.doubtful_clock_at = None
    document.next_try_at, document.hold_reason = None, None
    evidence = {**step.evidence, "phase": phase, "clock": clock_now.isoformat()}
    transition(
        session, document, "sending", Step(step.at, step.run_id, evidence, step.payload_sha256)
    )


@dataclass(frozen=True, slots=True)
class Attempt:
    """The newest attempt of a document.

    Attributes:
        phase: Whether it created the document or posted its draft.
        first_clock_at: When the first attempt to create was about to leave, on the wall.
    """

    phase: Phase
    first_clock_at: datetime | None


def attempt_of(session: Session, document_ref: str) -> Attempt:
    """What the ledger says of a document's attempts."""
    intents = [row for row in ledger.history(session, document_ref) if row.to_state == "sending"]
    creates = [row for row in intents if row.evidence.get("phase") != "post"]
    first = creates[0].evidence.get("clock") if creates else None
    return Attempt(
        "post" if intents and intents[-1].evidence.get("phase") == "post" else "create",
        None if first is None else datetime.fromisoformat(str(first)),
    )


def is_doubtful(session: Session, document_ref: str, phase: Phase) -> bool:
    """Whether an earlier attempt of this phase had no clear answer."""
    return any(
        row.to_state == "unknown" and row.evidence.get("phase") == phase
        for row in ledger.history(session, document_ref)
    )


def last_evidence(session: Session, document_ref: str) -> dict[str, object]:
    """What the newest ledger row says beside the states."""
    return dict(ledger.history(session, document_ref)[-1].evidence)
