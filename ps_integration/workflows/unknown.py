"""Brings documents without a clear answer to an end: found, sent again, held, or left to settle."""

from datetime import timedelta

from ps_integration.domain import posting
from ps_integration.domain.crashpoint import crashpoint
from ps_integration.domain.posting import Phase, PostingClass, State
from ps_integration.stores.operational import claims
from ps_integration.workflows import erp_document
from ps_integration.workflows.create import adopt, follow
from ps_integration.workflows.rounds import each
from ps_integration.workflows.sender import Sender, Sent
from ps_integration.workflows.sending import CALL_SECONDS_MAX, call, claim, record

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
        phase = claims.attempt_of(session, ref).phase
        evidence = {"phase": phase, "outcome": "ambiguous", "message": "the run ended first"}
        sender.move(session, document, "unknown", evidence)
    sender.tally.add("interrupted")
    crashpoint("R1 interrupted-marked")


def settle(sender: Sender) -> None:
    """Ask about every unknown document, waiting for short settle times."""
    waited = 0.0
    for _ in range(ROUNDS_MAX):
        waits = each(sender, resolve, "unknown")
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
    settles_in = sender.settles_in(sent.document, sent.writer.capability)
    found = sender.find(sent)
    crashpoint("R2 looked-up")
    if found is None:
        return None
    with sender.store.snapshot() as session:
        attempt = claims.attempt_of(session, ref)
    to_state = posting.after_lookup(
        erp_document.look(sent.payload, found),
        attempt.phase,
        _class_now(sender, sent, attempt),
        is_settled=settles_in <= 0,
        attempts=sent.document.attempts,
    )
    if to_state == "unknown":
        return settles_in
    if to_state == "sending":
        return _resend(sender, sent)
    if found:
        follow(sender, ref, adopt(sender, sent, found))
    else:
        _give_up(sender, sent, to_state, attempt.phase)
    return None


def _class_now(sender: Sender, sent: Sent, attempt: claims.Attempt) -> PostingClass:
    """The ERP's class for this document: a key that it may have forgotten protects nothing."""
    capability = sent.writer.capability
    since = attempt.first_clock_at
    age = 0.0 if since is None else (sender.clock.now() - since).total_seconds()
    return posting.class_at(capability.posting_class, capability.key_retention_seconds, age)


def _resend(sender: Sender, sent: Sent) -> float | None:
    """Send again under the same reference; a refusal now says nothing about the first send."""
    due = sent.document.next_try_at
    wait = 0.0 if due is None else (due - sender.clock.now()).total_seconds()
    if wait > 0:
        return wait
    intended_at = claim(sender, sent, "create", "unknown")
    if intended_at is None:
        return None
    answer = call(sender, intended_at, lambda: sent.writer.create(sent.payload))
    state = record(sender, sent, "create", answer)
    follow(sender, sent.payload.reference, state)
    if state != "unknown":
        return None
    capability = sent.writer.capability
    return capability.max_commit_delay_seconds + capability.find_lag_seconds


def _give_up(sender: Sender, sent: Sent, to_state: State, phase: Phase) -> None:
    """Nothing is found and nothing may be sent: a person decides."""
    reason = {
        "dead": "policy stopped trying: never found, never accepted",
        "held": "no clear answer, not found, and never sent again unattended",
    }[to_state]
    with sender.store.session() as session:
        document = sender.locked(session, sent.payload.reference)
        document.hold_reason = reason
        sender.move(session, document, to_state, {"phase": phase, "lookup": "absent"})
    sender.tally.add(to_state)
