"""Xero's sales invoices and credit notes as canonical documents and lines.

Vendor pages "Invoices", "Credit notes". Amounts are positive in both kinds. Our reference is the
document's own number; the field `Reference` carries the customer's order.

`PAID` says that nothing is left to pay. `AmountPaid` is money; `AmountCredited` is the sum of all
credit notes, overpayments and prepayments applied to the invoice (Xero's OpenAPI, Invoice), and the
last two are money that came earlier: their `AppliedAmount` is taken off.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from ps_integration.connectors.compose import listed, part
from ps_integration.connectors.fields import PRICE_DECIMALS, QUANTITY_DECIMALS, Fields
from ps_integration.connectors.rows import STANDING, row
from ps_integration.connectors.vendors.xero.api import (
    IDS,
    NUMBERS,
    SETS,
    Kind,
    day,
    opt_instant,
)
from ps_integration.connectors.vendors.xero.options import Options
from ps_integration.domain.records import CanonicalRow, JsonObject
from ps_integration.domain.text import match_key

STATES: Final = {
    "DRAFT": "draft",
    "SUBMITTED": "draft",
    "AUTHORISED": "open",
    "PAID": "paid",
    "VOIDED": "cancelled",
    "DELETED": "cancelled",
}
POSTED: Final = frozenset({"AUTHORISED", "PAID", "VOIDED"})
"""Was in the books: only an approved document can be voided, and only a draft deleted."""
REMAINING: Final[Mapping[Kind, str]] = {"invoice": "AmountDue", "credit_memo": "RemainingCredit"}
_TAX_INCLUDED: Final = {"Exclusive": False, "NoTax": False, "Inclusive": True}


def invoice(raw: JsonObject, options: Options) -> Iterator[CanonicalRow]:
    """One sales invoice with the lines that bill a project."""
    yield from _document(raw, options, "invoice")


def credit_note(raw: JsonObject, options: Options) -> Iterator[CanonicalRow]:
    """One sales credit note with the lines that credit a project."""
    yield from _document(raw, options, "credit_memo")


def _document(raw: JsonObject, options: Options, kind: Kind) -> Iterator[CanonicalRow]:
    company, record = Fields(raw).text("company"), part(raw, "record")
    currency = record.currency("CurrencyCode")
    state = record.choice("Status", STATES)
    total = record.money("Total", currency)
    remaining = record.opt_money(REMAINING[kind], currency)
    if state == "open" and remaining is not None and 0 < remaining < total:
        state = "part_paid"
    number = record.opt_text(NUMBERS[kind]) or None
    customer = Fields(raw).opt_text("customerNumber")
    yield row(
        "erp_documents",
        record.ident(IDS[SETS[kind]]),
        company=company,
        kind=kind,
        number=number,
        reference=number,
        status=state,
        is_posted=record.text("Status") in POSTED,
        is_standing=state in STANDING,
        customer_key=None if customer is None else match_key(customer),
        currency=currency,
        invoice_date=day(record, "Date"),
        posting_date=day(record, "Date"),
        amount_minor=record.money("SubTotal", currency),
        tax_minor=record.money("TotalTax", currency),
        total_minor=total,
        remaining_minor=remaining,
        credited_minor=_credited(record, currency) if kind == "invoice" else None,
        updated_at=opt_instant(record, "UpdatedDateUTC"),
    )
    for line_no, line in enumerate(listed(record, "LineItems"), 1):
        project = project_of(line, options)
        if project is not None:
            yield _line(raw, kind, line_no, line, project)


def _credited(record: Fields, currency: str) -> int | None:
    """What credit notes settled of an invoice; None where Xero does not say."""
    credited = record.opt_money("AmountCredited", currency)
    if not credited:
        return credited
    for name in ("Overpayments", "Prepayments"):
        for one in listed(record, name) if record.raw(name) else ():
            credited -= one.opt_money("AppliedAmount", currency) or 0
    return credited


def project_of(line: Fields, options: Options) -> str | None:
    """The project a line bills: on a revenue account, with an option of the project category."""
    if line.opt_text("AccountCode") not in options.revenue_accounts:
        return None
    for tracked in listed(line, "Tracking"):
        if tracked.opt_text("Name") == options.project_tracking:
            return tracked.text("Option")
    return None


def line_amount(record: Fields, line: Fields, currency: str) -> int:
    """A line's amount before tax, in minor units; where prices include tax it is taken off."""
    amount = line.opt_money("LineAmount", currency) or 0  # a line may be a description alone
    if record.choice("LineAmountTypes", _TAX_INCLUDED):
        amount -= line.opt_money("TaxAmount", currency) or 0
    return amount


def _line(raw: JsonObject, kind: Kind, line_no: int, line: Fields, project: str) -> CanonicalRow:
    record = part(raw, "record")
    currency = record.currency("CurrencyCode")
    return row(
        "erp_lines",
        line.ident("LineItemID"),
        company=Fields(raw).text("company"),
        document_external_id=record.ident(IDS[SETS[kind]]),
        line_no=line_no,
        line_type="Account",
        object_number=line.text("AccountCode"),
        project_key=match_key(project),
        description=line.opt_text("Description") or None,
        quantity=line.opt_rounded("Quantity", QUANTITY_DECIMALS) or Decimal(0),
        unit_price=line.opt_rounded("UnitAmount", PRICE_DECIMALS) or Decimal(0),
        amount_minor=line_amount(record, line, currency),
        currency=currency,
        tax_code=line.opt_text("TaxType") or None,
    )
