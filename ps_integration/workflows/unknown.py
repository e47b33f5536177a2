"""Brings documents without a clear answer to an end: found, sent again, held, or left to settle."""

from datetime import timedelta

from ps_integration.domain import posting
from ps_integration.domain.crashpoint import crashpoint
from ps_integration.domain.posting import Phase, State
from ps_integration.stores.operational import claims, ledger
from ps_integration.workflows import erp_document
from ps_integration.workflows.create import adopt, follow
from ps_integration.workflows.sending import CALL_SECONDS_MAX, Sender, Sent, call, claim, record

ROUNDS_MAX = 3
"""How often one run asks about one document."""
WAIT_SECONDS_MAX = 30.0
"""How long one run waits for settle times altogether; longer ones are left to the next run."""


def mark_interrupted(sender: Sender, ref: str) -> None:
    """A run ended between its intent and its answer: nobody knows whether the call arrived."""
    with sender.store.session() as session:
        document = sender.locked(session, ref)
        now = sender.clock.now()
        given_up = (document.sent_clock_at or now) + timedelta(seconds=CALL_SECONDS_MAX)
        document.doubtful_clock_at = min(now, given_up)
        phase = claims.phase_of(session, ref)
        step = sender.step(
            {"phase": phase, "outcome": "ambiguous", "message": "the run ended first"}
        )
        ledger.transition(session, document, "unknown", step)
        ledger.refresh_batch(session, document.batch_id)
    sender.counts["interrupted"] += 1
    crashpoint("R1 interrupted-marked")


def settle(sender: Sender) -> None:
    """Ask about every unknown document, waiting for short settle times."""
    waited = 0.0
    for _ in range(ROUNDS_MAX):
        with sender.store.snapshot() as session:
            refs = claims.refs_in(session, "unknown")
        waits = [wait for wait in (resolve(sender, ref) for ref in refs) if wait is not None]
        if not waits:
            return
        seconds = max(min(waits), 0.0) + 0.001
        if waited + seconds > WAIT_SECONDS_MAX:
            return
        sender.clock.sleep(seconds)
        waited += seconds


def resolve(sender: Sender, ref: str) -> float | None:
    """Take one unknown document on; seconds after which asking again makes sense, if it does."""
    sent = sender.load(ref)
    if sent is None:
        return None
    # What was found counts from before the call: a settle time that ends meanwhile counts not.
    delay = sent.writer.capability.max_commit_delay_seconds
    is_settled = sender.is_settled(sent.document, delay)
    found = sender.find(sent)
    crashpoint("R2 looked-up")
    if found is None:
        return None
    with sender.store.snapshot() as session:
        phase = claims.phase_of(session, ref)
    to_state = posting.after_lookup(
        erp_document.look(sent.payload, found),
        phase,
        sent.writer.capability.posting_class,
        is_settled=is_settled,
        attempts=sent.document.attempts,
    )
    if to_state == "unknown":
        return sender.settles_in(sent.document, delay)
    if to_state == "sending":
        return _resend(sender, sent)
    if found:
        follow(sender, ref, adopt(sender, sent, found))
    else:
        _give_up(sender, sent, to_state, phase)
    return None


def _resend(sender: Sender, sent: Sent) -> float | None:
    """Send again under the same reference; a refusal now says nothing about the first send."""
    if not claim(sender, sent, "create", "unknown"):
        return None
    answer = call(lambda: sent.writer.create(sent.payload))
    state = record(sender, sent, "create", answer)
    follow(sender, sent.payload.reference, state)
    if state != "unknown":
        return None
    return sent.writer.capability.max_commit_delay_seconds


def _give_up(sender: Sender, sent: Sent, to_state: State, phase: Phase) -> None:
    """Nothing is found and nothing may be sent: a person decides."""
    reason = {
        "dead": "policy stopped trying: never found, never accepted",
        "held": "no clear answer, not found, and never sent again unattended",
    }[to_state]
    with sender.store.session() as session:
        document = sender.locked(session, sent.payload.reference)
        document.hold_reason = reason
        step = sender.step({"phase": phase, "lookup": "absent"})
        ledger.transition(session, document, to_state, step)
        ledger.refresh_batch(session, document.batch_id)
    sender.counts[to_state] += 1
