"""Discards all but one of several equal drafts that one document became.

An ERP that drafts first, with no key against doubled requests, makes two drafts of a request that
was delivered twice. Nothing is posted yet, so all but one can go.
"""

from collections.abc import Sequence
from functools import partial

from ps_integration.connectors.protocol import ErpReceipt
from ps_integration.domain.crashpoint import crashpoint
from ps_integration.workflows import erp_document
from ps_integration.workflows.sender import Sender, Sent
from ps_integration.workflows.sending import guarded


def one_draft(
    sender: Sender, sent: Sent, found: Sequence[ErpReceipt]
) -> Sequence[ErpReceipt] | None:
    """What the ERP holds once surplus drafts are gone; None when it could not be asked.

    Anything but several drafts that are equal to what was approved comes back as it was found.

    Raises:
        LeaseLostError: Another worker took the document over; nothing was discarded.
    """
    if erp_document.look(sent.payload, found) != "copies":
        return found
    with sender.store.session() as session:
        known = sender.locked(session, sent.payload.reference).erp_id
    ids = sorted(one.erp_id for one in found)
    kept = known if known in ids else ids[0]
    for erp_id in ids:
        if erp_id == kept:
            continue
        guarded(partial(sent.writer.discard_draft, sent.payload.company, erp_id))
        crashpoint("P10 surplus-discarded")
    sender.tally.add("surplus_drafts")
    return sender.find(sent)
