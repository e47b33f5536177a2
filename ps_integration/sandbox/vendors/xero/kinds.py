"""The kinds of sales documents, and what is answered for one that is not saved."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ps_integration.sandbox.codec import Document
from ps_integration.sandbox.state import Stored
from ps_integration.sandbox.vendors.xero.books import Books

NO_ID = "00000000-0000-0000-0000-000000000000"


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

    def __init__(
        self,
        kind: Kind,
        sent: Mapping[str, Any],
        errors: list[str],
        lines: Sequence[Sequence[str]] = (),
    ) -> None:
        """Take what was sent, what is wrong with it, and what is wrong with each line."""
        super().__init__("; ".join(errors))
        self.element: Document = {
            kind.id_field: sent.get(kind.id_field, NO_ID),
            **{name: value for name, value in sent.items() if name != "LineItems"},
            "HasErrors": True,
            "StatusAttributeString": "ERROR",
            "ValidationErrors": _messages(errors),
        }
        if lines:
            self.element["LineItems"] = [
                {**line, "ValidationErrors": _messages(wrong)}
                for line, wrong in zip(sent["LineItems"], lines, strict=True)
            ]


def _messages(errors: Iterable[str]) -> list[Document]:
    return [{"Message": text} for text in dict.fromkeys(errors)]


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
