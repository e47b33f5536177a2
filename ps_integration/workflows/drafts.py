"""Learns every night what people did with drafts that wait for them in the ERP.

With `posting.mode: draft` documents stop as drafts, and somebody in the ERP approves, deletes or
edits them. Approved as it was planned, a draft is posted; deleted, its lines go on as the legal
entity's `voided` policy says; edited, it stays a draft and rule BL05 names the difference.
"""

from ps_integration.connectors.protocol import ErpReceipt
from ps_integration.settings.corrections import VoidedPolicy
from ps_integration.workflows import erp_document
from ps_integration.workflows.create import adopt, follow, hold, standing
from ps_integration.workflows.sender import Sender, Sent
from ps_integration.workflows.surplus import one_draft


def read_draft(sender: Sender, ref: str) -> None:
    """Look a draft up and take over what became of it; nothing is written to the ERP."""
    sent = sender.load(ref)
    found = None if sent is None else sender.find(sent)
    if sent is None or found is None:
        return
    left = one_draft(sender, sent, standing(found))
    if left is None:
        return
    if not left:
        _deleted(sender, sent)
        return
    looked = erp_document.look(sent.payload, left)
    if looked == "posted":
        follow(sender, ref, adopt(sender, sent, left))
    elif looked == "draft":
        _note(sender, sent, left[0], None)
    elif looked == "different" and left[0].state == "draft":
        _note(sender, sent, left[0], erp_document.told(sent.payload, left))
    elif looked != "copies":
        hold(sender, ref, erp_document.told(sent.payload, left))


def _deleted(sender: Sender, sent: Sent) -> None:
    """Nothing stands under the reference any more: as with what was cancelled after posting."""
    if sender.settles_in(sent.document, sent.writer.capability) > 0:
        return
    ref, entity = sent.payload.reference, sent.document.legal_entity
    if _policy(sender, entity) != "rebill":
        reason = (
            f"the draft was deleted in {sent.document.system}, and policy does not bill it again: "
            f"`dlq fix` plans its lines anew, `dlq discard` writes them off"
        )
        hold(sender, ref, reason)
        return
    with sender.store.session() as session:
        document = sender.locked(session, ref)
        document.hold_reason = f"the draft was deleted in {document.system}"
        evidence = {"draft": "deleted in the ERP", "policy": "rebill"}
        sender.move(session, document, "refused", evidence)
    sender.tally.add("draft_deleted")


def _policy(sender: Sender, entity: str) -> VoidedPolicy:
    policies = {one.id: one.voided for one in sender.night.firm.legal_entities}
    return policies.get(entity, "hold")


def _note(sender: Sender, sent: Sent, draft: ErpReceipt, reason: str | None) -> None:
    """Keep which draft it is, and how it differs from what was approved."""
    document = sent.document
    if (document.erp_id, document.hold_reason) == (draft.erp_id, reason):
        return
    with sender.store.session() as session:
        row = sender.locked(session, sent.payload.reference)
        row.erp_id, row.erp_number, row.hold_reason = draft.erp_id, draft.number, reason
    sender.tally.add("draft_edited" if reason else "draft_seen")
