"""The record that is sent for one document, and what NetSuite holds of it.

Vendor pages "Using the Upsert Operation", "Using External IDs" (letters, digits, `_` and `-`),
"Replacing a Sublist" (without `replace=item` a second upsert would append its lines), "The REST API
Browser": invoice, creditMemo. Customers are referred to by external id, everything else by
internal id.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final, Literal

from ps_integration.connectors.compose import part, whole
from ps_integration.connectors.protocol import (
    ErpDocument,
    ErpLine,
    ErpReceipt,
    NotMappedError,
)
from ps_integration.connectors.vendors.netsuite.mapping import posting_date, read_books
from ps_integration.connectors.vendors.netsuite.options import Options
from ps_integration.domain.currencies import MINOR_UNITS
from ps_integration.domain.records import Json, JsonObject, RecordRefusedError
from ps_integration.errors import BadAnswerError

State = Literal["draft", "posted", "cancelled"]
RECORDS: Final[Mapping[str, str]] = {"invoice": "invoice", "credit_memo": "creditMemo"}
BASE: Final = "/services/rest/record/v1"
PENDING: Final = {"id": "1"}
APPROVED: Final = {"id": "2"}
CUSTOM_PRICE: Final = {"id": "-1"}  # the price level that lets rate and amount stand as sent
EXTERNAL_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,100}")
DESCRIPTION_MAX: Final = 999
LINES_MAX: Final = 200
"""Lines of an invoice (vendor page "Limitations for Creating Transactions")."""


def address(kind: str, identity: str) -> str:
    """The path of one record, by internal id or by `eid:` and external id."""
    return f"{BASE}/{RECORDS[kind]}/{identity}"


def upsert_path(document: ErpDocument) -> str:
    """Where a document is created.

    Raises:
        NotMappedError: Its reference cannot be an external id.
    """
    if not EXTERNAL_ID.fullmatch(document.reference):
        said = f"{document.reference!r} cannot be an external id in NetSuite"
        raise NotMappedError(f"{said}: letters, digits, _ and -", "project")
    return f"{address(document.kind, f'eid:{document.reference}')}?replace=item"


def body(document: ErpDocument, options: Options) -> Json:
    """The record as it is sent; currency and subsidiary are always named.

    Raises:
        NotMappedError: The options have no internal id for a currency, item or tax code.
    """
    told: dict[str, object] = {
        "entity": {"externalId": document.customer_key.upper()},
        "subsidiary": {"id": document.company},
        "currency": {"id": _known(options.currencies, "currencies", document.currency)},
        "tranDate": document.invoice_date.isoformat(),
        "item": {"items": [_line(document, line, options) for line in document.lines]},
    }
    if document.purchase_order and document.kind == "invoice":
        told["otherRefNum"] = document.purchase_order
    if document.kind == "invoice" and options.invoice_approval != "none":
        told["approvalStatus"] = PENDING if options.invoice_approval == "draft" else APPROVED
    return told


def _line(document: ErpDocument, line: ErpLine, options: Options) -> Json:
    """The amount is sent beside quantity and rate, so that NetSuite does not round its own."""
    told: dict[str, object] = {
        "item": {"id": _known(options.items, "items", line.revenue_account)},
        "description": line.description[:DESCRIPTION_MAX],
        "quantity": Decimal(line.quantity),
        "price": CUSTOM_PRICE,
        "rate": Decimal(line.unit_price),
        "amount": Decimal(line.amount_minor).scaleb(-MINOR_UNITS[document.currency]),
        "job": _project(line),
    }
    if line.tax_code:
        told["taxCode"] = {"id": _known(options.tax_codes, "tax_codes", line.tax_code)}
    if line.cost_centre and options.cost_centre_field:
        told[options.cost_centre_field] = {"id": line.cost_centre}
    return told


def _project(line: ErpLine) -> Json:
    """By internal id where the project was read from NetSuite, else by external id."""
    internal = line.project_external_id.partition("/")[2]
    return {"id": internal} if internal else {"externalId": line.project_external_id}


def _known(ids: Mapping[str, str], option: str, key: str) -> str:
    if key not in ids:
        raise NotMappedError(f"options.{option} has no internal id for {key!r}", "project")
    return ids[key]


def receipt(raw: JsonObject) -> ErpReceipt:
    """What NetSuite holds, from its own rows; lines in the document's order.

    A rejected or voided document is cancelled: it is not, or no longer, in the books.

    Raises:
        BadAnswerError: The rows are not such a document.
    """
    try:
        head, books = part(raw, "document"), read_books(raw)
        state: State = "posted"
        if books.status == "cancelled":
            state = "cancelled"
        elif not books.is_posted:
            state = "draft"
        lines = sorted(books.lines, key=lambda line: whole(line.fields, "linesequencenumber"))
        return ErpReceipt(
            erp_id=head.ident("id"),
            number=head.opt_text("tranid") or "",
            reference=head.opt_text("externalid") or "",
            kind=books.kind,
            state=state,
            customer_key=head.key("customerkey") or "",
            currency=books.currency,
            posting_date=posting_date(head),
            invoice_date=head.day("trandate"),
            amount_minor=books.amount_minor,
            line_amounts_minor=tuple(line.amount_minor for line in lines),
            tax_minor=books.tax_minor,
        )
    except RecordRefusedError as error:
        raise BadAnswerError(f"a document in the answer cannot be read: {error}") from None
