"""What Xero holds of ours, from its own answers: receipts of invoices and credit notes.

Vendor pages "Invoices", "Credit notes". A voided or deleted document may have lost its lines.
"""

from collections.abc import Mapping
from typing import Final, Literal

from ps_integration.connectors.compose import listed
from ps_integration.connectors.fields import Fields
from ps_integration.connectors.http import ApiClient
from ps_integration.connectors.protocol import ErpReceipt
from ps_integration.connectors.vendors.xero.api import (
    EXACT,
    IDS,
    NUMBERS,
    SETS,
    TYPES,
    Kind,
    day,
    read_all,
    read_plain,
)
from ps_integration.connectors.vendors.xero.documents import line_amount
from ps_integration.connectors.vendors.xero.options import Options
from ps_integration.domain.records import Json, RecordRefusedError
from ps_integration.domain.text import match_key
from ps_integration.errors import BadAnswerError

State = Literal["draft", "posted", "cancelled"]
STATES: Final[Mapping[str, State]] = {
    "DRAFT": "draft",
    "SUBMITTED": "draft",
    "AUTHORISED": "posted",
    "PAID": "posted",
    "VOIDED": "cancelled",
    "DELETED": "cancelled",
}


class Receipts:
    """Reads documents of the organisations of one connection."""

    def __init__(self, client: ApiClient, options: Options) -> None:
        """Take the connection's client and options."""
        self._client = client
        self._options = options
        self._customers: dict[tuple[str, str], str] = {}

    def read(self, kind: Kind, company: str, erp_id: str) -> ErpReceipt:
        """One document by its id.

        Raises:
            NotThereError: There is none.
        """
        path, name = f"/{SETS[kind]}/{erp_id}", SETS[kind]
        page = read_plain(self._client, company, path, name, EXACT)
        if len(page.records) != 1:
            raise BadAnswerError(f"{erp_id}: the answer is not one record")
        return self._receipt(kind, company, page.records[0][1])

    def listed(self, kind: Kind, company: str, query: Mapping[str, str]) -> list[ErpReceipt]:
        """The sales documents of one kind that a query selects, each once."""
        asked: dict[str, str | int] = {**query, **EXACT}
        size = self._options.page_size
        pages = read_all(self._client, company, SETS[kind], asked, page_size=size)
        found = {
            receipt.erp_id: receipt
            for page in pages
            for _, value in page.records
            if isinstance(value, dict) and value.get("Type") == TYPES[kind]
            for receipt in (self._receipt(kind, company, value),)
        }
        return list(found.values())

    def _receipt(self, kind: Kind, company: str, value: Json) -> ErpReceipt:
        """What Xero holds, from its own answer; lines in its order.

        Raises:
            BadAnswerError: The answer is not such a document.
        """
        if not isinstance(value, dict):
            raise BadAnswerError("the answer is not one record")
        try:
            record = Fields(value)
            currency = record.currency("CurrencyCode")
            lines = listed(record, "LineItems")
            return ErpReceipt(
                erp_id=record.ident(IDS[SETS[kind]]),
                number=record.opt_text(NUMBERS[kind]) or "",
                reference=record.opt_text(NUMBERS[kind]) or "",
                kind=kind,
                state=record.choice("Status", STATES),
                customer_key=self._customer(company, record),
                currency=currency,
                posting_date=day(record, "Date"),
                invoice_date=day(record, "Date"),
                amount_minor=record.money("SubTotal", currency),
                line_amounts_minor=tuple(line_amount(record, one, currency) for one in lines),
                tax_minor=record.opt_money("TotalTax", currency),
            )
        except RecordRefusedError as error:
            raise BadAnswerError(f"a {kind} in the answer cannot be read: {error}") from None

    def _customer(self, company: str, record: Fields) -> str:
        """The customer's key; a document need not carry its contact's number, the contact does."""
        contact = record.ident("Contact.ContactID")
        if self._options.contact_key == "ContactID":
            return match_key(contact) or ""
        known = self._customers.get((company, contact))
        if known is None:
            page = read_plain(self._client, company, f"/Contacts/{contact}", "Contacts", {})
            value = page.records[0][1] if page.records else None
            number = Fields(value).key("ContactNumber") if isinstance(value, dict) else None
            known = self._customers[company, contact] = number or ""
        return known
