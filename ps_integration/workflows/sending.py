"""Takes one ERP document through its life: claim, send, resolve, read back.

No transaction is open while a call is under way. Every transaction renews the lease, so a run
that lost it stops before it writes anything more.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from ps_integration.connectors.protocol import ErpDocument, ErpReceipt, ErpWriter, WriteAnswer
from ps_integration.domain import posting
from ps_integration.domain.clock import Clock
from ps_integration.domain.crashpoint import crashpoint
from ps_integration.domain.posting import Phase, State
from ps_integration.errors import PsIntegrationError
from ps_integration.stores.operational import approvals, claims, leases, ledger, refusals
from ps_integration.stores.operational.models import Document
from ps_integration.stores.operational.store import OperationalStore, Session
from ps_integration.workflows import erp_document, versions
from ps_integration.workflows.night import Night

CALL_SECONDS_MAX = 300
"""No call to an ERP lasts longer; a dead process's call was given up by then."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One document as loaded: its row, and what goes out."""

    document: Document
    payload: ErpDocument
    writer: ErpWriter


@dataclass(slots=True)
class Sender:
    """Everything one posting run shares."""

    night: Night
    store: OperationalStore
    erps: Mapping[str, ErpWriter]
    clock: Clock
    lease: leases.Held
    counts: Counter[str] = field(default_factory=Counter)
    retry_after: dict[str, float] = field(default_factory=dict)

    def load(self, ref: str) -> Sent | None:
        """A document with its writer; None when no ERP writer serves its system."""
        with self.store.snapshot() as session:
            document = ledger.get(session, ref)
            payload = erp_document.build(document, approvals.lines(session, ref))
        writer = self.erps.get(document.system)
        if writer is None:
            self.counts["no_writer"] += 1
            return None
        return Sent(document, payload, writer)

    def find(self, sent: Sent) -> Sequence[ErpReceipt] | None:
        """What the ERP holds under the reference; None when it could not be asked."""
        if sent.writer.capability.posting_class == "N":
            return ()
        try:
            return sent.writer.find(sent.payload.company, sent.payload.reference)
        except PsIntegrationError:
            self.counts["lookup_failed"] += 1
            return None

    def step(
        self, evidence: Mapping[str, object] | None = None, payload: ErpDocument | None = None
    ) -> ledger.Step:
        """A ledger step of this run."""
        sha = None if payload is None else erp_document.payload_sha256(payload)
        clock = self.clock.now().isoformat()
        return ledger.Step(
            self.night.as_of,
            self.night.run_id,
            {"clock": clock, **(evidence or {})},
            payload_sha256=sha,
        )

    def terms(self) -> claims.Terms:
        """What approvals are measured against."""
        days = self.night.firm.approval.expires_after_days
        return claims.Terms(
            self.night.config_hash,
            self.night.as_of,
            timedelta(days=days),
            self.night.firm.approval,
            versions.current(),
        )

    def locked(self, session: Session, ref: str) -> Document:
        """The document, locked, under a lease that still holds."""
        leases.renew(session, self.lease, self.clock.now())
        return ledger.load(session, ref)

    def is_settled(self, document: Document, capability_seconds: float) -> bool:
        """Whether the ERP's longest commit delay has passed since the call was given up."""
        return self.settles_in(document, capability_seconds) <= 0

    def settles_in(self, document: Document, capability_seconds: float) -> float:
        """Seconds until not finding it counts."""
        since = document.doubtful_clock_at or document.sent_clock_at
        if since is None:
            return 0.0
        return capability_seconds - (self.clock.now() - since).total_seconds()


def call(action: Callable[[], WriteAnswer]) -> WriteAnswer:
    """One write. A writer that raises has given no clear answer."""
    try:
        answer = action()
    except PsIntegrationError as error:
        return WriteAnswer("ambiguous", message=str(error))
    if answer.outcome == "accepted" and (
        answer.receipt is None or answer.receipt.state == "cancelled"
    ):
        return WriteAnswer("ambiguous", message="accepted without a document to show for it")
    return answer


def claim(sender: Sender, sent: Sent, phase: Phase, expected: State) -> bool:
    """Commit the intent to send; False when the document may not be sent.

    Approval, seal and open breaks are read again here, in the same transaction.
    """
    ref = sent.payload.reference
    with sender.store.session() as session:
        document = sender.locked(session, ref)
        if document.state != expected:
            return False
        objection = claims.objection(session, document, sender.terms())
        if objection is not None:
            _object(sender, session, document, objection)
            return False
        payload = erp_document.build(document, approvals.lines(session, ref))
        if payload != sent.payload:
            return False
        crashpoint("P2 claimed")
        step = sender.step(payload=payload)
        claims.intend(session, document, phase, step, sender.clock.now())
        ledger.refresh_batch(session, document.batch_id)
    crashpoint("P3 intent-committed")
    return True


def _object(
    sender: Sender, session: Session, document: Document, objection: claims.Objection
) -> None:
    """Put a document where an objection leads: back to planning, or to a person."""
    sender.counts[objection.kind] += 1
    to_state: State = "planned" if document.state == "approved" else "held"
    if objection.kind == "tampered":
        to_state = "held"
    elif objection.kind == "blocked" and document.state != "approved":
        return
    if to_state == "held":
        document.hold_reason = objection.message
    step = sender.step({"objection": objection.message, "break_ids": list(objection.break_ids)})
    ledger.transition(session, document, to_state, step)
    ledger.refresh_batch(session, document.batch_id)


def record(sender: Sender, sent: Sent, phase: Phase, answer: WriteAnswer) -> State:
    """Write down how an attempt ended, and return the state it led to."""
    ref = sent.payload.reference
    crashpoint("P4 answered")
    with sender.store.session() as session:
        document = sender.locked(session, ref)
        doubtful = claims.is_doubtful(session, ref, phase)
        receipt = answer.receipt
        made: Literal["draft", "posted"] = (
            "posted" if receipt is not None and receipt.state == "posted" else "draft"
        )
        to_state = posting.after_answer(answer.outcome, phase, is_doubtful=doubtful, made=made)
        _note(sender, document, answer, to_state)
        step = sender.step({"phase": phase, **evidence_of(answer)})
        ledger.transition(session, document, to_state, step)
        if to_state == "refused":
            take_apart(sender, session, document, answer)
        ledger.refresh_batch(session, document.batch_id)
        crashpoint("P5 recorded")
    crashpoint("P6 committed")
    sender.counts[to_state] += 1
    return to_state


def _note(sender: Sender, document: Document, answer: WriteAnswer, to_state: State) -> None:
    if answer.receipt is not None:
        document.erp_id, document.erp_number = answer.receipt.erp_id, answer.receipt.number
    if to_state == "unknown":
        document.doubtful_clock_at = sender.clock.now()
    if answer.outcome in {"not_sent", "throttled"}:
        sender.retry_after[document.document_ref] = answer.retry_after_seconds or 1.0


def evidence_of(answer: WriteAnswer) -> dict[str, object]:
    """An answer as ledger evidence."""
    return {
        "outcome": answer.outcome,
        "code": answer.code,
        "message": answer.message[:2000],
        "recovery": answer.recovery,
        "bad_lines": list(answer.bad_lines),
        "erp_id": None if answer.receipt is None else answer.receipt.erp_id,
        "erp_number": None if answer.receipt is None else answer.receipt.number,
    }


def take_apart(sender: Sender, session: Session, document: Document, answer: WriteAnswer) -> None:
    """Hold what the ERP blamed by breaks; the lines are free again."""
    refusal = refusals.Refusal(
        code=answer.code,
        message=answer.message,
        recovery=answer.recovery,
        bad_lines=answer.bad_lines,
        at=sender.night.as_of,
        run_id=sender.night.run_id,
        config_hash=sender.night.config_hash,
    )
    lines = approvals.lines(session, document.document_ref)
    refusals.take_apart(session, document, lines, refusal)
