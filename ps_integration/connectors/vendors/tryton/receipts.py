"""What Tryton holds of a document of ours, as the suite compares it."""

from collections.abc import Mapping
from typing import Final, Literal

from ps_integration.connectors.fields import Fields
from ps_integration.connectors.protocol import ErpReceipt
from ps_integration.connectors.vendors.tryton.documents import head_of, lines_of
from ps_integration.connectors.vendors.tryton.values import plain
from ps_integration.domain.records import Json, RecordRefusedError
from ps_integration.domain.text import match_key
from ps_integration.errors import BadAnswerError

State = Literal["draft", "posted", "cancelled"]
STATES: Final[Mapping[str, State]] = {
    "draft": "draft",
    "validated": "draft",
    "posted": "posted",
    "paid": "posted",
    "cancelled": "cancelled",
}


def receipt_of(value: Json) -> ErpReceipt:
    """What the ERP holds, from its own answer.

    Raises:
        BadAnswerError: The answer is not such a document.
    """
    try:
        told = plain(value)
        return _read(Fields(told if isinstance(told, dict) else {}))
    except RecordRefusedError as error:
        raise BadAnswerError(f"an invoice in the answer cannot be read: {error}") from None


def _read(record: Fields) -> ErpReceipt:
    head = head_of(record)
    return ErpReceipt(
        erp_id=record.ident("id"),
        number=record.opt_text("number") or "",
        reference=record.opt_text("reference") or "",
        kind=head.kind,
        state=record.choice("state", STATES),
        customer_key=match_key(record.text("party.code")) or "",
        currency=head.currency,
        posting_date=head.posting_date,
        invoice_date=record.opt_day("invoice_date"),
        amount_minor=head.money(record, "untaxed_amount"),
        line_amounts_minor=tuple(head.money(line, "amount") for line in lines_of(record)),
        tax_minor=head.money(record, "tax_amount"),
    )
