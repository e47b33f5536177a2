"""Business Central's sales invoices and credit memos as canonical documents and lines.

Vendor pages "salesInvoice", "salesInvoiceLine", "salesCreditMemo", "dimensionSetLine". Amounts are
positive in both kinds; a credit memo has no remaining amount there.

`Paid` says that nothing is left to pay. What settled an invoice is not in API v2.0: customer ledger
entries are no entity of it. A credit memo names the invoice that it applies to (`invoiceId`, vendor
page "salesCreditMemo"), and settles that by credit. What is applied by hand after posting, payment
or credit memo, and a write-off by a journal cannot be told apart, and count as payment.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from ps_integration.connectors.compose import listed, part, whole
from ps_integration.connectors.fields import PRICE_DECIMALS, QUANTITY_DECIMALS, Fields
from ps_integration.connectors.rows import STANDING
from ps_integration.connectors.vendors.business_central.masters import (
    blank_to_none,
    currency_of,
    enumerated,
)
from ps_integration.connectors.vendors.business_central.options import Options
from ps_integration.domain.records import CanonicalRow, JsonObject
from ps_integration.domain.text import match_key

STATES: Final = {
    "Draft": "draft",
    "In Review": "draft",
    "Open": "open",
    "Paid": "paid",
    "Canceled": "cancelled",
    "Corrective": "corrective",
}
LINES: Final = {"invoice": "salesInvoiceLines", "credit_memo": "salesCreditMemoLines"}
_NO_ID: Final = "00000000-0000-0000-0000-000000000000"
PRICE_STEP: Final = Decimal("0.000001")
DATES: Final = {"invoice": "invoiceDate", "credit_memo": "creditMemoDate"}


def invoice(raw: JsonObject, options: Options) -> Iterator[CanonicalRow]:
    """One sales invoice with the lines that bill a project."""
    yield from _document(raw, options, "invoice")


def credit_memo(raw: JsonObject, options: Options) -> Iterator[CanonicalRow]:
    """One sales credit memo with the lines that credit a project."""
    yield from _document(raw, options, "credit_memo")


def _document(raw: JsonObject, options: Options, kind: str) -> Iterator[CanonicalRow]:
    record = part(raw, "record")
    currency = currency_of(raw, record)
    state = enumerated(record, "status", STATES)
    total = record.money("totalAmountIncludingTax", currency)
    remaining = record.money("remainingAmount", currency) if kind == "invoice" else None
    if state == "open" and remaining is not None and 0 < remaining < total:
        state = "part_paid"
    values = {
        "external_id": record.ident("id"),
        "company": Fields(raw).text("company"),
        "kind": kind,
        "number": record.text("number"),
        "reference": blank_to_none(record, "externalDocumentNumber"),
        "status": state,
        "is_posted": state != "draft",
        "is_standing": state in STANDING,
        "customer_key": match_key(record.text("customerNumber")),
        "currency": currency,
        "invoice_date": record.day(DATES[kind]),
        "posting_date": record.day("postingDate"),
        "amount_minor": record.money("totalAmountExcludingTax", currency),
        "tax_minor": record.money("totalTaxAmount", currency),
        "total_minor": total,
        "remaining_minor": remaining,
        "credited_minor": None,
        "applies_to": _applies_to(record) if kind == "credit_memo" else None,
        "updated_at": record.instant("lastModifiedDateTime"),
    }
    yield CanonicalRow("erp_documents", values)
    for line in listed(record, LINES[kind]):
        project = project_of(line, options)
        if project is not None:
            yield _line(raw, line, project, currency)


def _applies_to(record: Fields) -> str | None:
    """The invoice that a credit memo settles; Business Central writes none as an id of zeros."""
    told = record.opt_text("invoiceId")
    return told if told and told != _NO_ID else None


def includes_tax(record: Fields) -> bool:
    """Whether a document's prices include tax, as its customer's card said when it was made."""
    return record.raw("pricesIncludeTax") is True


def price_before_tax(record: Fields, line: Fields) -> Decimal:
    """A line's price without tax, to six decimals."""
    price = line.rounded("unitPrice", PRICE_DECIMALS)
    if not includes_tax(record):
        return price
    return (price / (1 + line.number("taxPercent") / 100)).quantize(PRICE_STEP)


def project_of(line: Fields, options: Options) -> str | None:
    """The project a line bills: on a revenue account or resource, with the project dimension."""
    revenue = {"Account": options.revenue_accounts, "Resource": options.revenue_resources}
    kind = line.text("lineType").replace("_x0020_", " ").strip()
    if blank_to_none(line, "lineObjectNumber") not in revenue.get(kind, ()):
        return None
    for dimension in listed(line, "dimensionSetLines"):
        if dimension.text("code") == options.project_dimension:
            return dimension.text("valueCode")
    return None


def _line(raw: JsonObject, line: Fields, project: str, currency: str) -> CanonicalRow:
    """`netAmount` is before tax and after all discounts, so that lines add up to the header."""
    return CanonicalRow(
        "erp_lines",
        {
            "external_id": line.ident("id"),
            "company": Fields(raw).text("company"),
            "document_external_id": part(raw, "record").ident("id"),
            "line_no": whole(line, "sequence"),
            "line_type": line.text("lineType"),
            "object_number": line.text("lineObjectNumber"),
            "project_key": match_key(project),
            "description": blank_to_none(line, "description"),
            "quantity": line.rounded("quantity", QUANTITY_DECIMALS),
            "unit_price": price_before_tax(part(raw, "record"), line),
            "amount_minor": line.money("netAmount", currency),
            "currency": currency,
            "tax_code": blank_to_none(line, "taxCode"),
        },
    )
