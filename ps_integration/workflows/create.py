"""Sends approved documents for the first time, and posts their drafts."""

from collections.abc import Mapping, Sequence
from typing import Final

from ps_integration.connectors.protocol import ErpReceipt, WriteAnswer
from ps_integration.domain import posting
from ps_integration.domain.crashpoint import crashpoint
from ps_integration.domain.posting import ATTEMPTS_MAX, Scope, State
from ps_integration.stores.operational import claims, ledger
from ps_integration.workflows import erp_document
from ps_integration.workflows.readback import read_back
from ps_integration.workflows.sender import Sender, Sent
from ps_integration.workflows.sending import call, claim, guarded, record, take_apart
from ps_integration.workflows.surplus import one_draft

REASON_MAX: Final = 2000
"""Characters of a reason that the store keeps."""


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
    if found is None:
        return
    sent = sender.dated_as(sent, found)
    intended_at = claim(sender, sent, "create", "approved")
    if intended_at is None:
        return
    if found:
        follow(sender, ref, adopt(sender, sent, found))
        return
    answer = call(sender, intended_at, lambda: sent.writer.create(sent.payload))
    follow(sender, ref, record(sender, sent, "create", answer))


def _can_stop_at_draft(sender: Sender, sent: Sent) -> bool:
    if sender.night.firm.posting.mode == "post" or sent.writer.capability.creates_then_posts:
        return True
    sender.tally.add("no_drafts_there")
    return False


def adopt(sender: Sender, sent: Sent, found: Sequence[ErpReceipt]) -> State:
    """Take over what the ERP already holds under the reference, or hold when it differs."""
    left = one_draft(sender, sent, found)
    looked = "copies" if left is None else erp_document.look(sent.payload, left)
    to_state = _ADOPTED.get(looked, "held")
    with sender.store.session() as session:
        document = sender.locked(session, sent.payload.reference)
        if to_state == "held":
            document.hold_reason = erp_document.told(sent.payload, left or found)[:REASON_MAX]
        elif left and to_state != "unknown":
            document.erp_id, document.erp_number = left[0].erp_id, left[0].number
            document.hold_reason = None
        if document.state != to_state:
            evidence = {"lookup": looked, "erp_ids": [one.erp_id for one in found]}
            sender.move(session, document, to_state, evidence)
    sender.tally.add(f"adopted_{to_state}" if to_state in {"posted", "draft"} else to_state)
    return to_state


_ADOPTED: Mapping[str, State] = {
    "posted": "posted",
    "draft": "draft",
    # surplus drafts that could not all be discarded yet, or what was seen is gone: look again
    "copies": "unknown",
    "absent": "unknown",
}


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
    found = one_draft(sender, sent, found)
    looked = "copies" if found is None else erp_document.look(sent.payload, found)
    if not found or looked not in {"posted", "draft"}:
        _without_draft(sender, sent, found)
    elif looked == "posted":
        follow(sender, ref, adopt(sender, sent, found))
    elif sent.document.attempts >= ATTEMPTS_MAX:
        hold(sender, ref, "policy stopped trying to post the draft")
    else:
        _post(sender, sent, found[0].erp_id)


def _post(sender: Sender, sent: Sent, erp_id: str) -> None:
    intended_at = claim(sender, sent, "post", "draft")
    if intended_at is None:
        return
    answer = call(sender, intended_at, lambda: sent.writer.post(sent.payload, erp_id))
    state = record(sender, sent, "post", answer)
    if state == "draft" and _is_verdict(answer):
        discard(sender, sent, answer)
    elif state == "posted":
        read_back(sender, sent.payload.reference)


def _is_verdict(answer: WriteAnswer) -> bool:
    return posting.is_verdict(answer.outcome, posting.asks_for(answer.recovery, answer.scope))


def _without_draft(sender: Sender, sent: Sent, found: Sequence[ErpReceipt] | None) -> None:
    """The draft is gone, is not ours any more, or surplus ones could not be discarded yet.

    An ERP may go on showing one that is gone as cancelled.
    """
    looked = "copies" if found is None else erp_document.look(sent.payload, found)
    if found is None or looked == "copies":
        return
    ref = sent.payload.reference
    if not standing(found):
        with sender.store.snapshot() as session:
            refused = refusal_of(claims.last_evidence(session, ref))
        if refused is not None:  # an earlier run discarded it and died
            _finish_refusal(sender, sent, refused)
            return
    if looked == "absent" and sender.settles_in(sent.document, sent.writer.capability) > 0:
        return
    shown = erp_document.told(sent.payload, found)
    hold(sender, ref, f"the draft in the ERP is not what was approved: {shown}")


def refusal_of(evidence: dict[str, object]) -> WriteAnswer | None:
    """The refusal a ledger row speaks of, if it does."""
    outcome, recovery = evidence.get("outcome"), evidence.get("recovery")
    scope = _NARROW.get(evidence.get("scope"))
    is_of_data = recovery in {"fix_data", ""}
    if outcome != "refused" or not (is_of_data or (recovery == "fix_configuration" and scope)):
        return None
    blamed = evidence.get("bad_lines")
    return WriteAnswer(
        "refused",
        code=str(evidence.get("code", "")),
        message=str(evidence.get("message", "")),
        bad_lines=tuple(blamed) if isinstance(blamed, list) else (),
        recovery=("fix_data" if recovery else "") if is_of_data else "fix_configuration",
        scope=scope or "document",
    )


_NARROW: Final[Mapping[object, Scope]] = {"document": "document", "project": "project"}


def discard(sender: Sender, sent: Sent, refused: WriteAnswer) -> None:
    """Delete a draft that the ERP refuses to post, and only when it is gone free its lines."""
    company, erp_id = sent.payload.company, sent.document.erp_id
    if erp_id is None:
        erp_id = _erp_id(sender, sent.payload.reference)
    crashpoint("P7 before-discard")
    guarded(lambda: sent.writer.discard_draft(company, erp_id))
    crashpoint("P8 discarded")
    left = sender.find(sent)
    if left is None:
        return
    if standing(left):
        hold(sender, sent.payload.reference, "its posting was refused and the draft stayed")
        return
    _finish_refusal(sender, sent, refused)


def standing(found: Sequence[ErpReceipt]) -> list[ErpReceipt]:
    """What is still a draft or in the books: some ERPs show a deleted draft as cancelled."""
    return [receipt for receipt in found if receipt.state != "cancelled"]


def _erp_id(sender: Sender, ref: str) -> str:
    with sender.store.snapshot() as session:
        return ledger.get(session, ref).erp_id or ""


def _finish_refusal(sender: Sender, sent: Sent, refused: WriteAnswer) -> None:
    with sender.store.session() as session:
        document = sender.locked(session, sent.payload.reference)
        evidence = {"phase": "post", "draft": "discarded", "message": refused.message}
        sender.move(session, document, "refused", evidence)
        take_apart(sender, session, document, refused)
    sender.tally.add("refused")


def hold(sender: Sender, ref: str, reason: str) -> None:
    """Leave a document to a person."""
    with sender.store.session() as session:
        document = sender.locked(session, ref)
        document.hold_reason = reason[:REASON_MAX]
        sender.move(session, document, "held", {"hold": reason})
    sender.tally.add("held")
