"""Sales documents as they are saved: header, number, lines, totals, and what approval needs.

Vendor pages "Invoices", "Credit notes", "Lock dates". A draft is not in the books: only approving a
document looks at the lock dates.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ps_integration.sandbox.codec import Document
from ps_integration.sandbox.vendors.xero.books import Books, cents, read_day
from ps_integration.sandbox.vendors.xero.errors import bad_body
from ps_integration.sandbox.vendors.xero.kinds import INVOICE, InvalidError, Kind, standing
from ps_integration.sandbox.vendors.xero.lines import built_line

NEW = ("DRAFT", "SUBMITTED", "AUTHORISED")
AMOUNTS = ("Exclusive", "Inclusive", "NoTax")
ARCHIVED = (
    "The specified contact details matched an archived contact. Archived contacts cannot currently"
    " be edited via the API."
)
_LOCKS = (("PeriodLockDate", "period"), ("EndOfYearLockDate", "end of year"))


def built(books: Books, kind: Kind, sent: Mapping[str, Any], decimals: int, key: str) -> Document:
    """Make the document that is stored, under its id.

    Raises:
        InvalidError: It may not be saved.
        RefusedError: 400, it cannot be read at all.
    """
    status = str(sent.get("Status") or "DRAFT")
    is_final = status == "AUTHORISED"
    header, errors = _header(books, kind, sent, status)
    errors += _number(books, kind, header, key)
    lines: list[Document] = []
    blamed: list[list[str]] = []
    for one in sent.get("LineItems") or []:
        amounts = header["LineAmountTypes"]
        line, wrong = built_line(books, one, amounts, decimals, is_final=is_final)
        lines.append(line)
        blamed.append(wrong)
        errors += wrong
    document = _totalled(kind, {**header, "LineItems": lines})
    if is_final:
        errors += _approvable(books, kind, document)
    if errors:
        raise InvalidError(kind, sent, errors, blamed)
    if not document.get(kind.number_field):
        document[kind.number_field] = f"{kind.prefix}-{books.next_number(kind.prefix):04d}"
    return document


def _header(
    books: Books, kind: Kind, sent: Mapping[str, Any], status: str
) -> tuple[Document, list[str]]:
    errors = []
    if sent.get("Type") != kind.type_name:
        errors.append(f"The Type of a document in {kind.set_name} must be {kind.type_name}")
    if status not in NEW:
        errors.append(f"The status {status} is not valid for a new document")
    amounts = str(sent.get("LineAmountTypes") or "Exclusive")
    if amounts not in AMOUNTS:
        raise bad_body(f"Could not convert LineAmountTypes: {amounts}")
    currency = str(sent.get("CurrencyCode") or books.organisation.get("BaseCurrency", ""))
    if currency != books.organisation.get("BaseCurrency") and not books.find(
        "Currencies", "Code", currency
    ):
        errors.append(f"Organisation is not subscribed to currency {currency}")
    contact, wrong = _contact(books, sent.get("Contact") or {})
    try:
        days = {name: read_day(sent.get(name)) for name in ("Date", "DueDate")}
    except ValueError as error:
        raise bad_body(str(error)) from None
    date = days["Date"] or books.now.date()
    header = {
        "Type": kind.type_name,
        kind.number_field: sent.get(kind.number_field),
        "Reference": sent.get("Reference", ""),
        "Contact": contact,
        "Date": date.isoformat(),
        "DueDate": days["DueDate"].isoformat() if days["DueDate"] else None,
        "Status": status,
        "LineAmountTypes": amounts,
        "CurrencyCode": currency,
        "CurrencyRate": sent.get("CurrencyRate", Decimal("1.0")),
    }
    return header, errors + wrong


def _contact(books: Books, sent: Mapping[str, Any]) -> tuple[Document, list[str]]:
    """Find the contact by id or number. Making one needs a name, which this server refuses."""
    row = None
    for field in ("ContactID", "ContactNumber"):
        if sent.get(field) and row is None:
            row = books.find("Contacts", field, str(sent[field]))
    if row is None:
        return {}, ["A valid contact must be specified for this type of transaction."]
    if row.document.get("ContactStatus") != "ACTIVE":
        return {}, [ARCHIVED]
    return {"ContactID": row.id, "Name": row.document["Name"]}, []


def _number(books: Books, kind: Kind, header: Document, key: str) -> list[str]:
    number = header[kind.number_field]
    unique = kind is INVOICE or books.settings["unique_credit_note_numbers"]
    other = standing(books, kind, str(number)) if number and unique else None
    return [kind.taken] if other is not None and other.id != key else []


def _totalled(kind: Kind, document: Document) -> Document:
    tax = sum((line["TaxAmount"] for line in document["LineItems"]), Decimal(0))
    net = sum((line["LineAmount"] for line in document["LineItems"]), Decimal(0))
    net = net - tax if document["LineAmountTypes"] == "Inclusive" else net
    total = {"SubTotal": cents(net), "TotalTax": cents(tax), "Total": cents(net + tax)}
    return {**document, **total, kind.remaining: total["Total"]}


def _approvable(books: Books, kind: Kind, document: Document) -> list[str]:
    errors = locked(books, document)
    if not document["LineItems"]:
        errors.append("One or more line items must be specified")
    if document["Total"] < 0:
        errors.append("The total for this document must be greater than or equal to zero.")
    if kind is INVOICE and document["DueDate"] is None:
        errors.append("The due date must be specified to approve this document")
    return errors


def locked(books: Books, document: Document) -> list[str]:
    """Say which lock dates stop a document: those it is dated on or before."""
    errors = []
    for field, words in _LOCKS:
        lock = read_day(books.organisation.get(field))
        if lock is not None and document["Date"] <= lock.isoformat():
            errors.append(
                f"The document date cannot be before the {words} lock date, currently set at"
                f" {lock:%d-%b-%Y}"
            )
    return errors
