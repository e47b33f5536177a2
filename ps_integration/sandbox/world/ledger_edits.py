"""What people do in the ERP and the PSA to documents that were posted: payments, edits, copies.

These depend on what is in the books, so they are worked out when they happen.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal

from ps_integration.sandbox.codec import Document
from ps_integration.sandbox.state import Change, SandboxState
from ps_integration.sandbox.world import business_central, kantata
from ps_integration.sandbox.world.business_central import COMPANIES, guid
from ps_integration.sandbox.world.projects import BY_CODE

BC = business_central.SYSTEM
EDITED, RAISED_ON, SET_RIGHT = date(2026, 3, 18), date(2026, 4, 3), date(2026, 4, 7)
COPY_NUMBER = "PS-INV900001"
RAISED = Decimal(100)
"""By so much somebody raised the price of a posted line of IN-305."""


def changes(state: SandboxState, day: date) -> Iterator[Change]:
    """What was done by hand before the night of a day."""
    at = datetime(day.year, day.month, day.day, 10, tzinfo=UTC)
    if day == EDITED:
        yield from _manual_invoice(at)
        yield from _paid(state, "US", "US-103", at)
        yield from _hours_retyped(state, at)
        yield from _reference_edited(state, at)
    elif day == RAISED_ON:
        yield from _price(state, at, RAISED)
        yield from _copied(state, at)
    elif day == SET_RIGHT:
        yield from _price(state, at, -RAISED)
        yield from _copy_cancelled(state, at)


def _set(entity: str, name: str) -> str:
    return f"{COMPANIES[entity][0]}/{name}"


def _invoices(state: SandboxState, entity: str, code: str, period: str) -> list[Document]:
    """Posted invoices of ours for a project and month, oldest first."""
    found = state.documents(BC, _set(entity, "salesInvoices"))
    start = f"PS-{code}-{period}-"
    return [
        invoice
        for invoice in found
        if str(invoice.get("externalDocumentNumber", "")).startswith(start)
        and invoice["status"] != "Draft"
    ]


def _lines(state: SandboxState, entity: str, invoice: Document) -> list[Document]:
    every = state.documents(BC, _set(entity, "salesInvoiceLines"))
    found = [line for line in every if line["documentId"] == invoice["id"]]
    return sorted(found, key=lambda line: int(line["sequence"]))


def _merge(entity: str, name: str, key: str, fields: Document, at: datetime) -> Change:
    return Change("merge", BC, _set(entity, name), key, fields, at)


def _paid(state: SandboxState, entity: str, code: str, at: datetime) -> Iterator[Change]:
    """The customer pays the first invoice."""
    for invoice in _invoices(state, entity, code, "202602")[:1]:
        fields = {"status": "Paid", "remainingAmount": Decimal(0)}
        yield _merge(entity, "salesInvoices", invoice["id"], fields, at)


def _hours_retyped(state: SandboxState, at: datetime) -> Iterator[Change]:
    """Five hours instead of four, with a discount so that the amount stays."""
    for invoice in _invoices(state, "US", "US-105", "202602")[:1]:
        line = _lines(state, "US", invoice)[0]
        fields = {
            "quantity": Decimal(5),
            "discountPercent": Decimal(20),
            "discountAmount": Decimal(250),
        }
        yield _merge("US", "salesInvoiceLines", line["id"], fields, at)
        yield _merge("US", "salesInvoices", invoice["id"], {"discountAmount": Decimal(250)}, at)


def _price(state: SandboxState, at: datetime, by: Decimal) -> Iterator[Change]:
    """Change the price of the first line of IN-305's invoice of March, and its totals."""
    for invoice in _invoices(state, "IN", "IN-305", "202603")[:1]:
        line = _lines(state, "IN", invoice)[0]
        net = line["quantity"] * by
        tax = net * Decimal(line["taxPercent"]) / 100
        added = {"unitPrice": by, **_amounts(net, tax)}
        yield _merge("IN", "salesInvoiceLines", line["id"], _sum(line, added), at)
        totals = {
            "totalAmountExcludingTax": net,
            "totalTaxAmount": tax,
            "totalAmountIncludingTax": net + tax,
            "remainingAmount": net + tax,
        }
        yield _merge("IN", "salesInvoices", invoice["id"], _sum(invoice, totals), at)


def _amounts(net: Decimal, tax: Decimal) -> Mapping[str, Decimal]:
    return {
        "amountExcludingTax": net,
        "totalTaxAmount": tax,
        "amountIncludingTax": net + tax,
        "netAmount": net,
        "netTaxAmount": tax,
        "netAmountIncludingTax": net + tax,
    }


def _sum(document: Document, added: Mapping[str, Decimal]) -> Document:
    return {
        name: (Decimal(str(document[name])) + more).quantize(Decimal("0.01"))
        for name, more in added.items()
    }


def _copied(state: SandboxState, at: datetime) -> Iterator[Change]:
    """Somebody copies US-106's invoice of February, our reference with it, and posts the copy."""
    for invoice in _invoices(state, "US", "US-106", "202602")[:1]:
        reference = invoice["externalDocumentNumber"]
        key = guid("copy", reference)
        copy = {**invoice, "id": key, "number": COPY_NUMBER}
        yield Change("put", BC, _set("US", "salesInvoices"), key, copy, at)
        for line in _lines(state, "US", invoice):
            line_key = guid("copy", reference, line["sequence"])
            of_copy = {**line, "id": line_key, "documentId": key}
            yield Change("put", BC, _set("US", "salesInvoiceLines"), line_key, of_copy, at)


def _copy_cancelled(state: SandboxState, at: datetime) -> Iterator[Change]:
    """The copy is cancelled, which posts a corrective credit memo under the same reference."""
    for invoice in _invoices(state, "US", "US-106", "202602"):
        if invoice["number"] != COPY_NUMBER:
            continue
        cancelled = {"status": "Canceled", "remainingAmount": Decimal(0)}
        yield _merge("US", "salesInvoices", invoice["id"], cancelled, at)
        key = guid("corrective", invoice["id"])
        memo = {
            **{name: value for name, value in invoice.items() if name != "invoiceDate"},
            "id": key,
            "number": "PS-CR900001",
            "creditMemoDate": invoice["postingDate"],
            "status": "Corrective",
            "invoiceId": invoice["id"],
            "invoiceNumber": COPY_NUMBER,
        }
        yield Change("put", BC, _set("US", "salesCreditMemos"), key, memo, at)
        for line in _lines(state, "US", invoice):
            line_key = guid("corrective", key, line["sequence"])
            of_memo = {**line, "id": line_key, "documentId": key}
            yield Change("put", BC, _set("US", "salesCreditMemoLines"), line_key, of_memo, at)


def _manual_invoice(at: datetime) -> Iterator[Change]:
    """Finance in the UK invoices four hours of UK-202 by hand."""
    key = guid("manual invoice")
    net, tax = Decimal("440.00"), Decimal("88.00")
    day = date(2026, 3, 12).isoformat()
    invoice = {
        "id": key,
        "number": "PS-INV900001",
        "externalDocumentNumber": "",
        "postingDate": day,
        "invoiceDate": day,
        "dueDate": date(2026, 4, 11).isoformat(),
        "customerNumber": BY_CODE["UK-202"].customer,
        "customerName": "Pennine Timetables",
        "currencyCode": "GBP",
        "status": "Open",
        "totalAmountExcludingTax": net,
        "totalTaxAmount": tax,
        "totalAmountIncludingTax": net + tax,
        "remainingAmount": net + tax,
    }
    yield Change("put", BC, _set("UK", "salesInvoices"), key, invoice, at)
    line_key = guid("manual line")
    dimension = {
        "id": guid("UK", "dimension", "PROJECT"),
        "code": "PROJECT",
        "parentId": line_key,
        "parentType": "salesInvoiceLine",
        "valueCode": "UK-202",
    }
    line = {
        "id": line_key,
        "documentId": key,
        "sequence": 10_000,
        "lineType": "Account",
        "lineObjectNumber": business_central.REVENUE_ACCOUNT,
        "description": "Workshop",
        "quantity": Decimal(4),
        "unitPrice": Decimal(110),
        "taxCode": "STANDARD",
        "taxPercent": Decimal(20),
        **_amounts(net, tax),
        "dimensionSetLines": [dimension],
    }
    yield Change("put", BC, _set("UK", "salesInvoiceLines"), line_key, line, at)


def _reference_edited(state: SandboxState, at: datetime) -> Iterator[Change]:
    """Somebody marks the invoice of UK-206 as paid in the PSA."""
    workspace = BY_CODE["UK-206"].kantata_id
    for reference in state.documents(kantata.SYSTEM, "external_references"):
        if (reference["subject_type"], reference["subject_id"]) == ("Workspace", workspace):
            fields = {"external_status": "paid"}
            yield Change(
                "merge", kantata.SYSTEM, "external_references", reference["id"], fields, at
            )
