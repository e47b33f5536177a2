"""Reads a posted document back from the ERP and compares it with what was approved."""

from ps_integration.connectors.protocol import ErpReceipt
from ps_integration.domain.crashpoint import crashpoint
from ps_integration.domain.posting import drop_id
from ps_integration.workflows import erp_document
from ps_integration.workflows.sender import Sender, Sent


def read_back(sender: Sender, ref: str) -> bool:
    """Confirm a posted document; False when the ERP could not be asked or does not show it yet.

    What differs is recorded as `erp_altered`; the document stays posted, because the money is
    there, and finance decides.
    """
    sent = sender.load(ref)
    if sent is None:
        return False
    if sent.writer.capability.posting_class == "N":
        _confirm(sender, sent, dropped(sent), [], "dropped")
        return True
    found = sender.find(sent)
    if not found:
        return False
    held = next((one for one in found if one.erp_id == sent.document.erp_id), found[0])
    altered = erp_document.differences(sent.payload, held)
    if len(found) > 1:
        altered.append({"field": "documents", "approved": 1, "erp": len(found)})
    if held.state != "posted":
        altered.append({"field": "state", "approved": "posted", "erp": held.state})
    crashpoint("P9 read-back")
    _confirm(sender, sent, held, altered, "erp")
    return True


def dropped(sent: Sent) -> ErpReceipt:
    """What we dropped, as its receipt: it counts until an export of the ERP says otherwise."""
    payload, document = sent.payload, sent.document
    return ErpReceipt(
        erp_id=document.erp_id or drop_id(payload.reference),
        number=document.erp_number or "",
        reference=payload.reference,
        kind=payload.kind,
        state="posted",
        customer_key=payload.customer_key,
        currency=payload.currency,
        posting_date=payload.posting_date,
        invoice_date=payload.invoice_date,
        amount_minor=payload.amount_minor,
        line_amounts_minor=tuple(line.amount_minor for line in payload.lines),
    )


def _confirm(
    sender: Sender,
    sent: Sent,
    held: ErpReceipt,
    altered: list[erp_document.Difference],
    source: str,
) -> None:
    with sender.store.session() as session:
        document = sender.locked(session, sent.payload.reference)
        document.erp_id = document.erp_id or held.erp_id
        document.erp_number = held.number
        document.readback_minor = erp_document.sign_of(document) * held.amount_minor
        document.readback = {
            "source": source,
            "number": held.number,
            "state": held.state,
            "customer_key": held.customer_key,
            "currency": held.currency,
            "posting_date": held.posting_date.isoformat(),
            "invoice_date": None if held.invoice_date is None else held.invoice_date.isoformat(),
            "amount_minor": held.amount_minor,
            "line_amounts_minor": list(held.line_amounts_minor),
            "tax_minor": held.tax_minor,
            "erp_altered": altered,
        }
        document.confirmed_at = sender.night.as_of
    sender.tally.add("confirmed")
    if altered:
        sender.tally.add("erp_altered")
