"""Sales invoices and credit notes: creation, changes, the states they go through.

Vendor pages "Invoices", "Credit notes". Only a draft can be deleted, and only an approved document
without payments can be voided.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ps_integration.sandbox.codec import Document
from ps_integration.sandbox.state import Stored
from ps_integration.sandbox.vendors.xero.books import Books, decimal_of
from ps_integration.sandbox.vendors.xero.building import built, locked
from ps_integration.sandbox.vendors.xero.errors import bad_body, not_found
from ps_integration.sandbox.vendors.xero.kinds import InvalidError, Kind, standing
from ps_integration.sandbox.vendors.xero.lines import is_guid

NEXT = {
    "DRAFT": {"DRAFT", "SUBMITTED", "AUTHORISED", "DELETED"},
    "SUBMITTED": {"DRAFT", "SUBMITTED", "AUTHORISED", "DELETED"},
    "AUTHORISED": {"AUTHORISED", "VOIDED"},
}
NOT_CHANGEABLE = "Invoice not of valid status for modification"


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
    return books.put(kind.set_name, key, built(books, kind, sent, decimals, key))


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
    document = built(books, kind, merged, 4 if not others else decimals, row.id)
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
        errors = locked(books, document)
        if errors or _is_settled(document):
            raise InvalidError(kind, {"Status": status}, errors or [NOT_CHANGEABLE])
    return {**document, "Status": status, kind.remaining: Decimal("0.00")}


def _is_settled(document: Document) -> bool:
    return decimal_of(document, "AmountPaid") != 0 or decimal_of(document, "AmountCredited") != 0
