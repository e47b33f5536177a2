"""Sends approved documents for the first time, and posts their drafts."""

from collections.abc import Sequence

from ps_integration.connectors.protocol import ErpReceipt, WriteAnswer
from ps_integration.domain.crashpoint import crashpoint
from ps_integration.domain.posting import ATTEMPTS_MAX, State
from ps_integration.stores.operational import claims, ledger
from ps_integration.workflows import erp_document
from ps_integration.workflows.readback import read_back
from ps_integration.workflows.sending import Sender, Sent, call, claim, record, take_apart


def send(sender: Sender, ref: str) -> None:
    """Send an approved document.

    The ERP is asked for the reference first, even before a first send: a store that was restored
    from an older copy does not know what an earlier life of it sent.
    """
    sent = sender.load(ref)
    if sent is None or not _can_stop_at_draft(sender, sent):
        return
    found = sender.find(sent)
    crashpoint("P1 looked-up")
    if found is None or not claim(sender, sent, "create", "approved"):
        return
    if found:
        follow(sender, ref, adopt(sender, sent, found))
        return
    answer = call(lambda: sent.writer.create(sent.payload))
    follow(sender, ref, record(sender, sent, "create", answer))


def _can_stop_at_draft(sender: Sender, sent: Sent) -> bool:
    if sender.night.firm.posting.mode == "post" or sent.writer.capability.creates_then_posts:
        return True
    sender.counts["no_drafts_there"] += 1
    return False


def adopt(sender: Sender, sent: Sent, found: Sequence[ErpReceipt]) -> State:
    """Take over what the ERP already holds under the reference, or hold when it differs."""
    looked = erp_document.look(sent.payload, found)
    to_state: State = looked if looked in {"posted", "draft"} else "held"
    with sender.store.session() as session:
        document = sender.locked(session, sent.payload.reference)
        if to_state == "held":
            document.hold_reason = f"the ERP holds something else under this reference: {looked}"
        else:
            document.erp_id, document.erp_number = found[0].erp_id, found[0].number
        step = sender.step({"lookup": looked, "erp_ids": [one.erp_id for one in found]})
        ledger.transition(session, document, to_state, step)
        ledger.refresh_batch(session, document.batch_id)
    sender.counts[f"adopted_{to_state}" if to_state != "held" else "held"] += 1
    return to_state


def follow(sender: Sender, ref: str, state: State) -> None:
    """Do what a state asks for next."""
    if state == "posted":
        read_back(sender, ref)
    elif state == "draft" and sender.night.firm.posting.mode == "post":
        post_draft(sender, ref)


def post_draft(sender: Sender, ref: str) -> None:
    """Post a draft, which is an attempt of its own: look first, then intend, then call."""
    sent = sender.load(ref)
    found = None if sent is None else sender.find(sent)
    if sent is None or found is None:
        return
    looked = erp_document.look(sent.payload, found)
    if looked == "posted":
        follow(sender, ref, adopt(sender, sent, found))
        return
    if looked != "draft":
        _without_draft(sender, sent, found)
        return
    if sent.document.attempts >= ATTEMPTS_MAX:
        _hold(sender, ref, "policy stopped trying to post the draft")
        return
    if not claim(sender, sent, "post", "draft"):
        return
    answer = call(lambda: sent.writer.post(sent.payload, found[0].erp_id))
    state = record(sender, sent, "post", answer)
    if state == "draft" and answer.outcome == "refused":
        discard(sender, sent, answer)
    elif state == "posted":
        read_back(sender, ref)


def _without_draft(sender: Sender, sent: Sent, found: Sequence[ErpReceipt]) -> None:
    """The draft is gone or is not ours any more; an ERP may go on showing it as cancelled."""
    ref = sent.payload.reference
    looked = erp_document.look(sent.payload, found)
    if not _standing(found):
        with sender.store.snapshot() as session:
            refused = refusal_of(claims.last_evidence(session, ref))
        if refused is not None:  # an earlier run discarded it and died
            _finish_refusal(sender, sent, refused)
            return
    if looked == "absent":
        delay = sent.writer.capability.max_commit_delay_seconds
        if not sender.is_settled(sent.document, delay):
            return
    _hold(sender, ref, f"the draft in the ERP is not what was approved: {looked}")


def refusal_of(evidence: dict[str, object]) -> WriteAnswer | None:
    """The refusal a ledger row speaks of, if it does."""
    if evidence.get("outcome") != "refused":
        return None
    blamed = evidence.get("bad_lines")
    recovery = evidence.get("recovery")
    return WriteAnswer(
        "refused",
        code=str(evidence.get("code", "")),
        message=str(evidence.get("message", "")),
        bad_lines=tuple(blamed) if isinstance(blamed, list) else (),
        recovery="retry_later" if recovery == "retry_later" else "fix_data",
    )


def discard(sender: Sender, sent: Sent, refused: WriteAnswer) -> None:
    """Delete a draft that the ERP refuses to post, and only when it is gone free its lines."""
    company, erp_id = sent.payload.company, sent.document.erp_id
    if erp_id is None:
        erp_id = _erp_id(sender, sent.payload.reference)
    crashpoint("P7 before-discard")
    call(lambda: sent.writer.discard_draft(company, erp_id))
    crashpoint("P8 discarded")
    left = sender.find(sent)
    if left is None:
        return
    if _standing(left):
        _hold(sender, sent.payload.reference, "its posting was refused and the draft stayed")
        return
    _finish_refusal(sender, sent, refused)


def _standing(found: Sequence[ErpReceipt]) -> list[ErpReceipt]:
    """What is still a draft or in the books: some ERPs show a deleted draft as cancelled."""
    return [receipt for receipt in found if receipt.state != "cancelled"]


def _erp_id(sender: Sender, ref: str) -> str:
    with sender.store.snapshot() as session:
        return ledger.get(session, ref).erp_id or ""


def _finish_refusal(sender: Sender, sent: Sent, refused: WriteAnswer) -> None:
    with sender.store.session() as session:
        document = sender.locked(session, sent.payload.reference)
        step = sender.step({"phase": "post", "draft": "discarded", "message": refused.message})
        ledger.transition(session, document, "refused", step)
        take_apart(sender, session, document, refused)
        ledger.refresh_batch(session, document.batch_id)
    sender.counts["refused"] += 1


def _hold(sender: Sender, ref: str, reason: str) -> None:
    with sender.store.session() as session:
        document = sender.locked(session, ref)
        document.hold_reason = reason
        ledger.transition(session, document, "held", sender.step({"hold": reason}))
        ledger.refresh_batch(session, document.batch_id)
    sender.counts["held"] += 1
