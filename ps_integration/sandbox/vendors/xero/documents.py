"""Sales invoices and credit notes: creation, changes, the states they go through.

Vendor pages "Invoices", "Credit notes", "Lock dates". A draft is not in the books: only approving a
document looks at the lock dates, and only an approved one can be voided.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ps_integration.sandbox.codec import Document
from ps_integration.sandbox.state import Stored
from ps_integration.sandbox.vendors.xero.books import (
    Books,
    cents,
    decimal_of,
    read_day,
)
from ps_integration.sandbox.vendors.xero.errors import bad_body, not_found
from ps_integration.sandbox.vendors.xero.lines import built_line, is_guid

NO_ID = "00000000-0000-0000-0000-000000000000"
OPEN = ("DRAFT", "SUBMITTED")
AMOUNTS = ("Exclusive", "Inclusive", "NoTax")
NEXT = {
    "DRAFT": {"DRAFT", "SUBMITTED", "AUTHORISED", "DELETED"},
    "SUBMITTED": {"DRAFT", "SUBMITTED", "AUTHORISED", "DELETED"},
    "AUTHORISED": {"AUTHORISED", "VOIDED"},
}
NOT_CHANGEABLE = "Invoice not of valid status for modification"
ARCHIVED = (
    "The specified contact details matched an archived contact. Archived contacts cannot currently"
    " be edited via the API."
)
_LOCKS = (("PeriodLockDate", "period"), ("EndOfYearLockDate", "end of year"))


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of sales document."""

    set_name: str
    type_name: str
    id_field: str
    number_field: str
    prefix: str
    taken: str
    remaining: str

    @property
    def fields(self) -> set[str]:
        """What a client may send."""
        return _FIELDS | {self.id_field, self.number_field}


INVOICE = Kind(
    "Invoices", "ACCREC", "InvoiceID", "InvoiceNumber", "INV", "Invoice # must be unique.",
    "AmountDue",
)  # fmt: skip
CREDIT_NOTE = Kind(
    "CreditNotes", "ACCRECCREDIT", "CreditNoteID", "CreditNoteNumber", "CN",
    "Credit note # must be unique.", "RemainingCredit",
)  # fmt: skip
KINDS = {kind.set_name: kind for kind in (INVOICE, CREDIT_NOTE)}
_FIELDS = {
    "Type", "Contact", "Date", "DueDate", "LineAmountTypes", "LineItems", "Reference", "Url",
    "BrandingThemeID", "CurrencyCode", "CurrencyRate", "Status", "SentToContact",
    "ExpectedPaymentDate",
}  # fmt: skip


class InvalidError(Exception):
    """An element Xero does not save; `element` is what is answered for it."""

    def __init__(self, kind: Kind, sent: Mapping[str, Any], errors: list[str]) -> None:
        super().__init__("; ".join(errors))
        self.element: Document = {
            kind.id_field: sent.get(kind.id_field, NO_ID),
            **{name: value for name, value in sent.items() if name != "LineItems"},
            "HasErrors": True,
            "StatusAttributeString": "ERROR",
            "ValidationErrors": [{"Message": text} for text in errors],
        }


def create(books: Books, kind: Kind, sent: Mapping[str, Any], decimals: int) -> Stored:
    """Save a new document.

    Raises:
        InvalidError: It is not saved.
        RefusedError: 400, it cannot be read at all.
    """
    _check_fields(kind, sent)
    if sent.get(kind.id_field):
        raise InvalidError(kind, sent, [f"{kind.id_field} must not be specified"])
    key = books.new_id(kind.set_name)
    return books.put(kind.set_name, key, _built(books, kind, sent, decimals, key))


def update(books: Books, kind: Kind, sent: Mapping[str, Any], decimals: int) -> Stored:
    """Change the document the element names by id, or by number as POST does; else make one.

    Raises:
        InvalidError: It is left as it was.
        RefusedError: 404, there is no such id; 400, the element cannot be read at all.
    """
    _check_fields(kind, sent)
    key, number = sent.get(kind.id_field), sent.get(kind.number_field)
    row = books.get(kind.set_name, str(key).lower()) if is_guid(key) else None
    if key and row is None:
        raise not_found()
    if row is None and number:
        row = standing(books, kind, str(number))
    if row is None:
        return create(books, kind, sent, decimals)
    return _change(books, kind, row, sent, decimals)


def standing(books: Books, kind: Kind, number: str) -> Stored | None:
    """The document that has a number; a deleted one has given it up."""
    wanted = number.casefold()
    for row in books.stored(kind.set_name):
        told = row.document
        if (
            str(told.get(kind.number_field) or "").casefold() == wanted
            and told["Status"] != "DELETED"
            and told["Type"] == kind.type_name
        ):
            return row
    return None


def _check_fields(kind: Kind, sent: Mapping[str, Any]) -> None:
    if unknown := sorted(set(sent) - kind.fields):
        raise bad_body(f"Could not find member '{unknown[0]}' on '{kind.set_name}'")


def _change(
    books: Books, kind: Kind, row: Stored, sent: Mapping[str, Any], decimals: int
) -> Stored:
    before = str(row.document["Status"])
    after = str(sent.get("Status", before))
    others = set(sent) - {kind.id_field, "Status"}
    if after not in NEXT.get(before, set()):
        raise InvalidError(kind, sent, [NOT_CHANGEABLE])
    if after in ("DELETED", "VOIDED"):
        if others:
            raise InvalidError(kind, sent, [NOT_CHANGEABLE])
        return books.put(kind.set_name, row.id, _ended(books, kind, row.document, after))
    if before == "AUTHORISED" and _is_settled(row.document):
        text = "This document cannot be edited as it has a payment or credit note allocated to it."
        raise InvalidError(kind, sent, [text])
    merged = {**_as_sent(kind, row.document), **sent}
    document = _built(books, kind, merged, 4 if not others else decimals, row.id)
    return books.put(kind.set_name, row.id, document)


def _as_sent(kind: Kind, document: Document) -> Document:
    """A stored document as its client might have sent it."""
    kept = {name: document[name] for name in kind.fields & set(document)}
    known = ("LineItemID", "Description", "Quantity", "UnitAmount", "AccountCode", "TaxType")
    kept["LineItems"] = [
        {**{name: line.get(name) for name in known}, "Tracking": line["Tracking"]}
        for line in document["LineItems"]
    ]
    return kept


def _ended(books: Books, kind: Kind, document: Document, status: str) -> Document:
    if status == "VOIDED":
        errors = _locked(books, document)
        if errors or _is_settled(document):
            raise InvalidError(kind, {"Status": status}, errors or [NOT_CHANGEABLE])
    return {**document, "Status": status, kind.remaining: Decimal("0.00")}


def _is_settled(document: Document) -> bool:
    return decimal_of(document, "AmountPaid") != 0 or decimal_of(document, "AmountCredited") != 0


def _built(books: Books, kind: Kind, sent: Mapping[str, Any], decimals: int, key: str) -> Document:
    status = str(sent.get("Status") or "DRAFT")
    is_final = status == "AUTHORISED"
    header, errors = _header(books, kind, sent, status)
    errors += _number(books, kind, header, key)
    lines: list[Document] = []
    for one in sent.get("LineItems") or []:
        amounts = header["LineAmountTypes"]
        line, wrong = built_line(books, one, amounts, decimals, is_final=is_final)
        lines.append(line)
        errors += wrong
    document = _totalled(kind, {**header, "LineItems": lines})
    if is_final:
        errors += _approvable(books, kind, document)
    if errors:
        raise InvalidError(kind, sent, list(dict.fromkeys(errors)))
    if not document.get(kind.number_field):
        document[kind.number_field] = f"{kind.prefix}-{books.next_number(kind.prefix):04d}"
    return document


def _header(
    books: Books, kind: Kind, sent: Mapping[str, Any], status: str
) -> tuple[Document, list[str]]:
    errors = []
    if sent.get("Type") != kind.type_name:
        errors.append(f"The Type of a document in {kind.set_name} must be {kind.type_name}")
    if status not in (*OPEN, "AUTHORISED"):
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
    errors = _locked(books, document)
    if not document["LineItems"]:
        errors.append("One or more line items must be specified")
    if document["Total"] < 0:
        errors.append("The total for this document must be greater than or equal to zero.")
    if kind is INVOICE and document["DueDate"] is None:
        errors.append("The due date must be specified to approve this document")
    return errors


def _locked(books: Books, document: Document) -> list[str]:
    """Lock dates stop documents dated on and before them."""
    errors = []
    for field, words in _LOCKS:
        lock = read_day(books.organisation.get(field))
        if lock is not None and document["Date"] <= lock.isoformat():
            errors.append(
                f"The document date cannot be before the {words} lock date, currently set at"
                f" {lock:%d-%b-%Y}"
            )
    return errors
