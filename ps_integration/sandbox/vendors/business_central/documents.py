"""Draft sales invoices and credit memos: created, changed, deleted, totalled."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from ps_integration.sandbox.codec import Document
from ps_integration.sandbox.vendors.business_central.bodies import checked_body
from ps_integration.sandbox.vendors.business_central.company import Company, date_of
from ps_integration.sandbox.vendors.business_central.entities import (
    NO_GUID,
    SALES_CREDIT_MEMO_LINES,
    SALES_CREDIT_MEMOS,
    SALES_INVOICE_LINES,
    SALES_INVOICES,
    Entity,
)
from ps_integration.sandbox.vendors.business_central.errors import bad_request, dialog
from ps_integration.sandbox.vendors.business_central.lines import (
    changed_line,
    dimension_set,
    new_line,
)

NUMBER_SERIES = "noSeries"


@dataclass(frozen=True, slots=True)
class DocumentType:
    """What differs between invoices and credit memos."""

    entity: Entity
    lines: Entity
    date_property: str
    words: str
    ledger_name: str
    draft_series: str
    posted_series: str
    blocked_by: frozenset[str]


INVOICE = DocumentType(
    SALES_INVOICES,
    SALES_INVOICE_LINES,
    "invoiceDate",
    "invoice",
    "Invoice",
    "S-INV",
    "PS-INV",
    frozenset({"Invoice", "All"}),
)
CREDIT_MEMO = DocumentType(
    SALES_CREDIT_MEMOS,
    SALES_CREDIT_MEMO_LINES,
    "creditMemoDate",
    "credit memo",
    "Credit Memo",
    "S-CR",
    "PS-CR",
    frozenset({"All"}),
)
BY_HEADER: Mapping[str, DocumentType] = {t.entity.set_name: t for t in (INVOICE, CREDIT_MEMO)}
BY_LINE: Mapping[str, DocumentType] = {t.lines.set_name: t for t in (INVOICE, CREDIT_MEMO)}


def create_draft(company: Company, kind: DocumentType, body: object) -> Document:
    """Create a draft with the lines nested in it; two calls create two drafts.

    Raises:
        BusinessCentralError: A property is unknown, read-only, too long or points at nothing.
    """
    sent = checked_body(kind.entity, body)
    lines = sent.pop(kind.lines.set_name, [])
    today = company.today.isoformat()
    header = {
        "id": company.new_id(kind.entity.set_name, str(sent.get("externalDocumentNumber", ""))),
        "number": next_document_number(company, kind, kind.draft_series),
        kind.date_property: today,
        "postingDate": today,
        "status": "Draft",
        **_without_blanks(sent),
    }
    header = _completed(company, kind, header)
    taken: set[int] = set()
    for line in lines:
        new_line(company, kind.lines, header, line, taken)
    return retotalled(company, kind, header)


def change_draft(company: Company, kind: DocumentType, header: Document, body: object) -> Document:
    """Change a draft's header.

    Raises:
        BusinessCentralError: It is posted, or a property is refused.
    """
    require_draft(kind, header)
    sent = checked_body(kind.entity, body)
    if kind.lines.set_name in sent:
        raise bad_request(f"Deep update of '{kind.lines.set_name}' is not supported.")
    other = {"customerId"} if "customerNumber" in sent else set()
    other |= {"customerNumber"} if "customerId" in sent else set()
    other |= {"currencyId"} if "currencyCode" in sent else set()
    kept = {name: value for name, value in header.items() if name not in other - set(sent)}
    changed = _completed(company, kind, {**kept, **sent})
    if changed["currencyCode"] != header["currencyCode"]:
        for line in lines_of(company, kind, header):
            changed_line(company, kind.lines, changed, line, {})
    return retotalled(company, kind, changed)


def delete_draft(company: Company, kind: DocumentType, header: Document) -> None:
    """Delete a draft and its lines.

    Raises:
        BusinessCentralError: It is posted.
    """
    require_draft(kind, header)
    for row in company.stored(kind.lines.set_name, documentId=header["id"]):
        company.delete(kind.lines.set_name, row.id)
    company.delete(kind.entity.set_name, header["id"])


def add_line(company: Company, kind: DocumentType, header: Document, body: object) -> Document:
    """Add a line to a draft.

    Raises:
        BusinessCentralError: The document is posted, or a property is refused.
    """
    require_draft(kind, header)
    taken = {int(line["sequence"]) for line in lines_of(company, kind, header)}
    line = new_line(company, kind.lines, header, body, taken)
    retotalled(company, kind, header)
    return line


def change_line(
    company: Company, kind: DocumentType, header: Document, line: Document, body: object
) -> Document:
    """Change a line of a draft.

    Raises:
        BusinessCentralError: The document is posted, or a property is refused.
    """
    require_draft(kind, header)
    changed = changed_line(company, kind.lines, header, line, body)
    retotalled(company, kind, header)
    return changed


def delete_line(company: Company, kind: DocumentType, header: Document, line: Document) -> None:
    """Delete a line of a draft.

    Raises:
        BusinessCentralError: The document is posted.
    """
    require_draft(kind, header)
    company.delete(kind.lines.set_name, line["id"])
    retotalled(company, kind, header)


def lines_of(company: Company, kind: DocumentType, header: Document) -> list[Document]:
    """Return a document's lines in order of sequence."""
    rows = company.stored(kind.lines.set_name, documentId=header["id"])
    return sorted((row.document for row in rows), key=lambda line: int(line["sequence"]))


def require_draft(kind: DocumentType, header: Document) -> None:
    """Refuse what only a draft allows.

    Raises:
        BusinessCentralError: The document is posted.
    """
    if header["status"] != "Draft":
        raise dialog(f"The action can be applied to a draft {kind.words} only.")


def retotalled(company: Company, kind: DocumentType, header: Document) -> Document:
    """Store the header with the totals of its lines; the whole amount of a draft remains."""
    lines = lines_of(company, kind, header)
    net = sum((line["amountExcludingTax"] for line in lines), start=Decimal(0))
    tax = sum((line["totalTaxAmount"] for line in lines), start=Decimal(0))
    totals = {
        "totalAmountExcludingTax": net,
        "totalTaxAmount": tax,
        "totalAmountIncludingTax": net + tax,
    }
    if kind is INVOICE:
        totals["remainingAmount"] = net + tax
    changed = {**header, **totals}
    company.put(kind.entity.set_name, changed)
    return changed


def next_document_number(company: Company, kind: DocumentType, series: str) -> str:
    """Take the number after the last one used of a series; numbers that exist are passed over."""
    used = company.get(NUMBER_SERIES, series)
    last = int(used.document["last"]) if used else 0
    if company.find(kind.entity.set_name, number=f"{series}{last + 1:06d}"):
        last = max(last, _highest(company, kind, series))
    company.put(NUMBER_SERIES, {"id": series, "last": last + 1})
    return f"{series}{last + 1:06d}"


def customer_of(company: Company, header: Document) -> Document:
    """Return the sell-to customer of a document.

    Raises:
        BusinessCentralError: None is named, none is found, or number and id differ.
    """
    number, key = header.get("customerNumber", ""), header.get("customerId", NO_GUID)
    if not number and key == NO_GUID:
        raise dialog('A "customerNumber" or a "customerId" must be provided.')
    wanted = {"number": number} if number else {"id": key}
    customer = company.find("customers", **wanted)
    if customer is None:
        raise dialog("The sell-to customer cannot be found.")
    if key not in (NO_GUID, customer["id"]):
        raise dialog("The sell-to customer values do not match to a specific Customer.")
    return customer


def check_not_blocked(kind: DocumentType, customer: Document, action: str) -> None:
    """Refuse to create or post a document of a blocked customer.

    Raises:
        BusinessCentralError: The customer is blocked for this type of document.
    """
    blocked = customer.get("blocked", "").strip()
    if blocked in kind.blocked_by:
        raise dialog(
            f"You cannot {action} this type of document when Customer {customer['number']} is"
            f" blocked with type {blocked}"
        )


def _completed(company: Company, kind: DocumentType, header: Document) -> Document:
    customer = customer_of(company, header)
    check_not_blocked(kind, customer, "create")
    currency = header.get("currencyCode") or _currency_by_id(company, header)
    completed = {
        **header,
        "customerId": customer["id"],
        "customerNumber": customer["number"],
        "customerName": customer.get("displayName", ""),
        "billToName": customer.get("displayName", ""),
        "billToCustomerId": customer["id"],
        "billToCustomerNumber": customer["number"],
        "pricesIncludeTax": customer.get("pricesIncludeTax") is True,
        **_currency(company, currency or customer.get("currencyCode", "")),
        "dimensionSetLines": dimension_set(
            company, kind.entity.type_name, header["id"], header.get("dimensionSetLines", [])
        ),
    }
    issued = date_of(completed, kind.date_property)
    if issued and not date_of(completed, "dueDate"):
        due = issued + timedelta(days=int(company.settings["payment_days"]))
        completed["dueDate"] = due.isoformat()
    return completed


def _currency_by_id(company: Company, header: Document) -> str:
    key = header.get("currencyId", NO_GUID)
    if key == NO_GUID:
        return ""
    row = company.get("currencies", key)
    if row is None:
        raise dialog('The "currencyId" does not match to a Currency.')
    return str(row.document["code"])


def _currency(company: Company, code: str) -> Document:
    local = company.local_currency
    if code in ("", local):
        return {"currencyCode": local, "currencyId": NO_GUID}
    record = company.find("currencies", code=code)
    if record is None:
        raise dialog('The "currencyCode" does not match to a Currency.')
    return {"currencyCode": code, "currencyId": record["id"]}


def _without_blanks(sent: Document) -> Document:
    return {name: value for name, value in sent.items() if value not in ("", None)}


def _highest(company: Company, kind: DocumentType, series: str) -> int:
    numbers = (row.document.get("number", "") for row in company.stored(kind.entity.set_name))
    ends = (number.removeprefix(series) for number in numbers if number.startswith(series))
    return max((int(end) for end in ends if end.isdigit()), default=0)
