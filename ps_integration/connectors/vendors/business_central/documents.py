"""Business Central's sales invoices and credit memos as canonical documents and lines.

Vendor pages "salesInvoice", "salesInvoiceLine", "salesCreditMemo", "dimensionSetLine". Amounts are
positive in both kinds; a credit memo has no remaining amount there.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from ps_integration.connectors import fields as f
from ps_integration.connectors.vendors.business_central.masters import (
    blank_to_none,
    currency_of,
    enumerated,
)
from ps_integration.connectors.vendors.business_central.options import Options
from ps_integration.domain.money import exact_minor
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
DATES: Final = {"invoice": "invoiceDate", "credit_memo": "creditMemoDate"}


def invoice(raw: JsonObject, options: Options) -> Iterator[CanonicalRow]:
    """One sales invoice with the lines that bill a project."""
    yield from _document(raw, options, "invoice")


def credit_memo(raw: JsonObject, options: Options) -> Iterator[CanonicalRow]:
    """One sales credit memo with the lines that credit a project."""
    yield from _document(raw, options, "credit_memo")


def minor(record: JsonObject, field: str, currency: str) -> int:
    """An amount in minor units; one with more decimals than its currency has is refused."""
    amount = f.decimal(record, field)
    try:
        return exact_minor(amount, currency)
    except ValueError as error:
        raise f.refused(record, field, str(error)) from None


def _document(raw: JsonObject, options: Options, kind: str) -> Iterator[CanonicalRow]:
    record, currency = f.record(raw, "record"), currency_of(raw, f.record(raw, "record"))
    state = enumerated(record, "status", STATES)
    total = minor(record, "totalAmountIncludingTax", currency)
    remaining = minor(record, "remainingAmount", currency) if kind == "invoice" else None
    if state == "open" and remaining is not None and 0 < remaining < total:
        state = "part_paid"
    values = {
        "external_id": f.text(record, "id"),
        "company": f.text(raw, "company"),
        "kind": kind,
        "number": f.text(record, "number"),
        "reference": blank_to_none(record, "externalDocumentNumber"),
        "status": state,
        "is_posted": state != "draft",
        "customer_key": match_key(f.text(record, "customerNumber")),
        "currency": currency,
        "invoice_date": f.day(record, DATES[kind]),
        "posting_date": f.day(record, "postingDate"),
        "amount_minor": minor(record, "totalAmountExcludingTax", currency),
        "tax_minor": minor(record, "totalTaxAmount", currency),
        "total_minor": total,
        "remaining_minor": remaining,
        "updated_at": f.instant(record, "lastModifiedDateTime"),
    }
    yield CanonicalRow("erp_documents", values)
    for line in f.records(record, LINES[kind]):
        project = project_of(line, options)
        if project is not None:
            yield _line(raw, line, project, currency)


def project_of(line: JsonObject, options: Options) -> str | None:
    """The project a line bills: on a revenue account or resource, with the project dimension."""
    revenue = {"Account": options.revenue_accounts, "Resource": options.revenue_resources}
    kind = f.text(line, "lineType").replace("_x0020_", " ").strip()
    if blank_to_none(line, "lineObjectNumber") not in revenue.get(kind, ()):
        return None
    for dimension in f.records(line, "dimensionSetLines"):
        if f.text(dimension, "code") == options.project_dimension:
            return f.text(dimension, "valueCode")
    return None


def _line(raw: JsonObject, line: JsonObject, project: str, currency: str) -> CanonicalRow:
    """`netAmount` is before tax and after all discounts, so that lines add up to the header."""
    return CanonicalRow(
        "erp_lines",
        {
            "external_id": f.text(line, "id"),
            "company": f.text(raw, "company"),
            "document_external_id": f.text(f.record(raw, "record"), "id"),
            "line_no": f.integer(line, "sequence"),
            "line_type": f.text(line, "lineType"),
            "object_number": f.text(line, "lineObjectNumber"),
            "project_key": match_key(project),
            "description": blank_to_none(line, "description"),
            "quantity": f.decimal(line, "quantity"),
            "unit_price": Decimal(f.decimal(line, "unitPrice")),
            "amount_minor": minor(line, "netAmount", currency),
            "currency": currency,
            "tax_code": blank_to_none(line, "taxCode"),
        },
    )
