"""The tables of SuiteQL, made of the records: columns in lower case, values as they are stored.

Columns are those of the Records Catalog that somebody here asks for. A transaction's lines begin
with its main line (the receivable), then one line an item, then one line of all taxes; amounts and
quantities of items have the sign of a credit: negative on an invoice.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from ps_integration.sandbox.codec import Document
from ps_integration.sandbox.state import Stored
from ps_integration.sandbox.vendors.netsuite.books import TRANSACTIONS, Books
from ps_integration.sandbox.vendors.netsuite.transactions import PENDING, REJECTED

Row = dict[str, object]
TYPES = {"invoice": "CustInvc", "creditMemo": "CustCred"}
SIGNS = {"invoice": -1, "creditMemo": 1}
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "accountingperiod": (
        "id", "periodname", "startdate", "enddate", "closed", "alllocked", "arlocked",
        "isquarter", "isyear", "isadjust", "isinactive",
    ),
    "currency": ("id", "name", "symbol"),
    "customer": (
        "id", "externalid", "entityid", "companyname", "isinactive", "currency",
        "lastmodifieddate",
    ),
    "customersubsidiaryrelationship": ("id", "entity", "subsidiary", "isprimarysub"),
    "job": (
        "id", "externalid", "entityid", "companyname", "customer", "subsidiary", "currency",
        "isinactive", "startdate", "lastmodifieddate",
    ),
    "transaction": (
        "id", "type", "tranid", "externalid", "trandate", "entity", "currency", "postingperiod",
        "status", "voided", "foreigntotal", "foreignamountunpaid", "otherrefnum",
        "lastmodifieddate",
    ),
    "transactionline": (
        "uniquekey", "transaction", "id", "linesequencenumber", "mainline", "taxline", "iscogs",
        "item", "memo", "quantity", "rate", "foreignamount", "entity", "subsidiary",
    ),
}  # fmt: skip
LINES_MAX = 10_000


def rows_of(books: Books, table: str) -> Iterator[Row]:
    """Every row of a table."""
    return _MAKERS[table](books)


def _flag(value: object) -> str:
    return "T" if value is True else "F"


def _id(value: Any) -> object:  # noqa: ANN401 - any JSON
    return str(value["id"]) if isinstance(value, dict) else None


def local(books: Books, instant: datetime) -> str:
    """An instant as the token's user is told it."""
    zone = ZoneInfo(str(books.settings["time_zone"]))
    return instant.astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S")


def _periods(books: Books) -> Iterator[Row]:
    for row in books.rows("accountingPeriod"):
        document = row.document
        flags = ("closed", "allLocked", "arLocked", "isQuarter", "isYear", "isAdjust", "isInactive")
        yield {
            "id": row.id,
            "periodname": document["periodName"],
            "startdate": document["startDate"],
            "enddate": document["endDate"],
            **{name.lower(): _flag(document.get(name)) for name in flags},
        }


def _currencies(books: Books) -> Iterator[Row]:
    for row in books.rows("currency"):
        yield {"id": row.id, "name": row.document["name"], "symbol": row.document["symbol"]}


def _entity(books: Books, row: Stored) -> Row:
    document = row.document
    return {
        "id": row.id,
        "externalid": document.get("externalId"),
        "entityid": document["entityId"],
        "companyname": document.get("companyName"),
        "isinactive": _flag(document.get("isInactive")),
        "currency": _id(document.get("currency")),
        "lastmodifieddate": local(books, row.updated_at),
    }


def _customers(books: Books) -> Iterator[Row]:
    return (_entity(books, row) for row in books.rows("customer"))


def _relationships(books: Books) -> Iterator[Row]:
    """Numbered by customer and place, as one customer may belong to several subsidiaries."""
    for row in books.rows("customer"):
        primary = row.document["subsidiary"]
        for at, one in enumerate([primary, *row.document.get("otherSubsidiaries", [])]):
            identity = str(int(row.id) * 100 + at)
            told = {"entity": row.id, "subsidiary": _id(one), "isprimarysub": _flag(at == 0)}
            yield {"id": identity, **told}


def _jobs(books: Books) -> Iterator[Row]:
    for row in books.rows("job"):
        document = row.document
        custom = {name: document[name] for name in document if name.startswith("custentity")}
        yield {
            **_entity(books, row),
            "customer": _id(document["customer"]),
            "subsidiary": _id(document["subsidiary"]),
            "startdate": document.get("startDate"),
            **custom,
        }


def _transactions(books: Books) -> Iterator[Row]:
    for kind in TRANSACTIONS:
        for row in books.transactions(kind):
            document = row.document
            yield {
                "id": row.id,
                "type": TYPES[kind],
                "tranid": document["tranId"],
                "externalid": document.get("externalId"),
                "trandate": document["tranDate"],
                "entity": _id(document["entity"]),
                "currency": _id(document["currency"]),
                "postingperiod": _id(document["postingPeriod"]),
                "status": status_of(document),
                "voided": _flag(document["voided"]),
                "foreigntotal": -SIGNS[kind] * document["total"],
                "foreignamountunpaid": document["amountRemaining"] if kind == "invoice" else None,
                "otherrefnum": document.get("otherRefNum"),
                "lastmodifieddate": local(books, row.updated_at),
            }


def status_of(document: Document) -> str:
    """The letter of a transaction's status."""
    if document["voided"] is True:
        return "V"
    approval = document.get("approvalStatus", {}).get("id")
    if approval in (PENDING, REJECTED):
        return "D" if approval == PENDING else "E"
    return "B" if document["amountRemaining"] == 0 and document["total"] != 0 else "A"


def _lines(books: Books) -> Iterator[Row]:
    for kind in TRANSACTIONS:
        sign = SIGNS[kind]
        for row in books.transactions(kind):
            document = row.document
            shared = {
                "transaction": row.id,
                "iscogs": "F",
                "mainline": "F",
                "taxline": "F",
                "subsidiary": _id(document["subsidiary"]),
                "entity": _id(document["entity"]),
            }
            main = {"mainline": "T", "foreignamount": -sign * document["total"]}
            yield {**shared, **_numbered(row.id, 0), **main}
            for line in document["item"]["items"]:
                yield {**shared, **_numbered(row.id, line["line"]), **_item_line(line, sign)}
            last = len(document["item"]["items"]) + 1
            if document["taxTotal"] != Decimal(0):
                tax = {"taxline": "T", "foreignamount": sign * document["taxTotal"]}
                yield {**shared, **_numbered(row.id, last), **tax}


def _numbered(transaction: str, line: int) -> Row:
    """A line's number in its transaction, and its key among all lines."""
    key = int(transaction) * LINES_MAX + line
    return {"uniquekey": key, "id": line, "linesequencenumber": line}


def _item_line(line: Document, sign: int) -> Row:
    entity = {"entity": _id(line["job"])} if "job" in line else {}
    return {
        "item": _id(line["item"]),
        "memo": line["description"],
        "quantity": sign * line["quantity"],
        "rate": line["rate"],
        "foreignamount": sign * line["amount"],
        **entity,
    }


_MAKERS: Mapping[str, Callable[[Books], Iterator[Row]]] = {
    "accountingperiod": _periods,
    "currency": _currencies,
    "customer": _customers,
    "customersubsidiaryrelationship": _relationships,
    "job": _jobs,
    "transaction": _transactions,
    "transactionline": _lines,
}
