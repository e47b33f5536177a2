"""One attempt at the ERP: claim, call, record."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal

from ps_integration.connectors.protocol import NotMappedError, WriteAnswer
from ps_integration.domain import posting
from ps_integration.domain.crashpoint import crashpoint
from ps_integration.domain.posting import Phase, State
from ps_integration.errors import PsIntegrationError
from ps_integration.stores.operational import approvals, claims, ledger, refusals
from ps_integration.stores.operational.models import Document
from ps_integration.stores.operational.store import Session
from ps_integration.workflows import erp_document
from ps_integration.workflows.sender import Sender, Sent

CALL_SECONDS_MAX = 300
"""No call to an ERP lasts longer; a dead process's call was given up by then."""
WIRE_SECONDS_MAX = 30.0
"""A call leaves this soon after its intent, or not at all: whoever slept through it (a stopped
process, a suspended machine) may have been taken for dead meanwhile."""


def claim(sender: Sender, sent: Sent, phase: Phase, expected: State) -> datetime | None:
    """Commit the intent to send; when it was, or None when the document may not be sent.

    Approval, seal and open breaks are read again here, in the same transaction.
    """
    ref = sent.payload.reference
    with sender.store.session() as session:
        document = sender.locked(session, ref)
        if document.state != expected:
            return None
        objection = claims.objection(session, document, sender.terms())
        if objection is not None:
            _object(sender, session, document, objection)
            return None
        is_draft_enough = sender.night.firm.posting.mode == "draft"
        if sent.writer.capability.is_ordered and claims.would_overtake(
            session, document, is_draft_enough=is_draft_enough
        ):
            sender.tally.add("waits_its_turn")
            return None
        payload = erp_document.load(session, document, sent.dates)
        if payload != sent.payload:
            return None
        if sent.dates.erp != "own":
            document.invoice_date = payload.invoice_date
        crashpoint("P2 claimed")
        now = sender.clock.now()
        dated = {"invoice_date": payload.invoice_date.isoformat()}
        claims.intend(session, document, phase, sender.step(dated, payload), now)
        ledger.refresh_batch(session, document.batch_id)
    crashpoint("P3 intent-committed")
    return now


def call(sender: Sender, intended_at: datetime, action: Callable[[], WriteAnswer]) -> WriteAnswer:
    """One write that was intended at this instant; too late, it is not made at all."""
    if sender.clock.now() - intended_at > timedelta(seconds=WIRE_SECONDS_MAX):
        return WriteAnswer("not_sent", message="the process stood still before the call")
    return guarded(action)


def guarded(action: Callable[[], WriteAnswer]) -> WriteAnswer:
    """The answer of one write. A writer that raises has given no clear answer.

    Unless it says that nothing could be sent, for want of a mapping.
    """
    try:
        answer = action()
    except NotMappedError as error:
        return error.answer
    except PsIntegrationError as error:
        return WriteAnswer("ambiguous", message=str(error))
    if answer.outcome == "accepted" and (
        answer.receipt is None or answer.receipt.state == "cancelled"
    ):
        return WriteAnswer("ambiguous", message="accepted without a document to show for it")
    return answer


def record(sender: Sender, sent: Sent, phase: Phase, answer: WriteAnswer) -> State:
    """Write down how an attempt ended, and return the state it led to."""
    ref = sent.payload.reference
    crashpoint("P4 answered")
    with sender.store.session() as session:
        document = sender.locked(session, ref)
        approvals.batch(session, document.batch_id)  # refusals of one batch open breaks in turn
        _note(sender, document, answer)
        to_state = _state_after(session, document, phase, answer)
        if to_state == "unknown":
            document.doubtful_clock_at = sender.clock.now()
        sender.move(session, document, to_state, {"phase": phase, **evidence_of(answer)})
        if to_state == "refused":
            take_apart(sender, session, document, answer)
        crashpoint("P5 recorded")
    crashpoint("P6 committed")
    if answer.recovery == "fix_configuration" and answer.scope in posting.WIDE:
        company = sent.document.company if answer.scope == "company" else None
        sender.tally.pause(sent.document.system, f"{answer.code}: {answer.message}", company)
    sender.tally.add(to_state)
    return to_state


def _state_after(session: Session, document: Document, phase: Phase, answer: WriteAnswer) -> State:
    receipt = answer.receipt
    made: Literal["draft", "posted"] = (
        "posted" if receipt is not None and receipt.state == "posted" else "draft"
    )
    return posting.after_answer(
        answer.outcome,
        phase,
        is_doubtful=claims.is_doubtful(session, document.document_ref, phase),
        made=made,
        recovery=posting.asks_for(answer.recovery, answer.scope),
        put_off=document.put_off,
    )


def _note(sender: Sender, document: Document, answer: WriteAnswer) -> None:
    """Keep what the answer says beside the state: ids, and when to come back."""
    if answer.receipt is not None:
        document.erp_id, document.erp_number = answer.receipt.erp_id, answer.receipt.number
    if not posting.is_put_off(answer.outcome, answer.recovery):
        document.put_off, document.next_try_at = 0, None
    else:
        document.put_off += 1
        wait = posting.wait_seconds(document.put_off, answer.retry_after_seconds)
        document.next_try_at = sender.clock.now() + timedelta(seconds=wait)
    is_done = answer.outcome == "accepted"
    document.hold_reason = None if is_done else refusals.words(answer.code, answer.message)


def _object(
    sender: Sender, session: Session, document: Document, objection: claims.Objection
) -> None:
    """Put a document where an objection leads: back to planning, to a person, or nowhere yet."""
    sender.tally.add(objection.kind)
    if objection.kind == "waits":  # its turn comes later tonight or on another night
        return
    to_state: State = "planned" if document.state == "approved" else "held"
    if objection.kind == "tampered":
        to_state = "held"
    elif objection.kind == "blocked" and document.state != "approved":
        return
    if to_state == "held":
        document.hold_reason = objection.message
    evidence = {"objection": objection.message, "break_ids": list(objection.break_ids)}
    sender.move(session, document, to_state, evidence)


def evidence_of(answer: WriteAnswer) -> dict[str, object]:
    """An answer as ledger evidence."""
    return {
        "outcome": answer.outcome,
        "code": answer.code,
        "message": answer.message[:2000],
        "recovery": answer.recovery,
        "scope": answer.scope,
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
        scope=answer.scope,
        bad_lines=answer.bad_lines,
        at=sender.night.as_of,
        run_id=sender.night.run_id,
        config_hash=sender.night.config_hash,
    )
    lines = approvals.lines(session, document.document_ref)
    refusals.take_apart(session, document, lines, refusal)
