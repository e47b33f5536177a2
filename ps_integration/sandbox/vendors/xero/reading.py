"""Answers to GET: lists with filters and pages, single records.

Vendor pages "Requests and responses", "Invoices", "Contacts". Records are filtered as they are
stored, so days are texts like `2026-03-31` there.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from uuid import NAMESPACE_URL, uuid5

from werkzeug.wrappers import Request, Response

from ps_integration.sandbox.answers import json_answer
from ps_integration.sandbox.codec import Document
from ps_integration.sandbox.state import Stored
from ps_integration.sandbox.vendors.xero.books import IDS, Books, ms_instant, rounded, shown
from ps_integration.sandbox.vendors.xero.errors import bad_query, not_found
from ps_integration.sandbox.vendors.xero.where import read_where

PAGED = ("Contacts", "CreditNotes", "Invoices")
_COMMON = {"where", "order"}
OPTIONS: Mapping[str, set[str]] = {
    "Accounts": _COMMON,
    "Contacts": _COMMON
    | {"IDs", "page", "pageSize", "includeArchived", "summaryOnly", "searchTerm"},
    "CreditNotes": _COMMON | {"page", "pageSize", "unitdp"},
    "Invoices": _COMMON
    | {"IDs", "InvoiceNumbers", "ContactIDs", "Statuses", "page", "pageSize", "unitdp"}
    | {"includeArchived", "createdByMyApp", "summaryOnly", "searchTerm"},
    "Organisations": set(),
    "TaxRates": _COMMON,
    "TrackingCategories": _COMMON | {"includeArchived"},
}
_LISTS: Mapping[str, Callable[[Stored], object]] = {
    "IDs": lambda row: row.id,
    "InvoiceNumbers": lambda row: row.document.get("InvoiceNumber"),
    "ContactIDs": lambda row: row.document["Contact"]["ContactID"],
    "Statuses": lambda row: row.document.get("Status"),
}
_SEARCHED = {
    "Contacts": ("Name", "FirstName", "LastName", "ContactNumber", "EmailAddress"),
    "Invoices": ("InvoiceNumber", "Reference"),
}
_LEFT_OUT = ("LineItems",)
_DEFAULT_PAGE = 100


def envelope(name: str, records: Sequence[Document], books: Books) -> Document:
    """What stands around the records of every good answer."""
    return {
        "Id": str(uuid5(NAMESPACE_URL, f"{books.system}/{books.now.isoformat()}")),
        "Status": "OK",
        "ProviderName": "Sandbox",
        "DateTimeUTC": ms_instant(books.now),
        name: list(records),
    }


def listing(request: Request, books: Books, name: str) -> Response:
    """Answer with a list.

    Raises:
        RefusedError: 400, an option of the query cannot be read.
    """
    unknown = sorted(set(request.args) - OPTIONS[name])
    if unknown:
        raise bad_query(f"{unknown[0]} is not an option of {name}")
    rows = _ordered(_selected(request, books, name), request.args.get("order", ""))
    if name not in PAGED or "page" not in request.args:
        records = [_brief(name, row) if name in PAGED else shown(name, row) for row in rows]
        return json_answer(envelope(name, records, books))
    page, size = _number(request, "page", 1), _number(request, "pageSize", _DEFAULT_PAGE)
    if size > int(books.settings["page_size_max"]):
        raise bad_query("pageSize must not be above 1000")
    decimals = unit_decimals(request)
    part = [record(name, row, decimals) for row in rows[(page - 1) * size : page * size]]
    counts = {
        "page": page,
        "pageSize": size,
        "pageCount": -(-len(rows) // size),
        "itemCount": len(rows),
    }
    return json_answer({"pagination": counts, **envelope(name, part, books)})


def single(request: Request, books: Books, name: str, key: str) -> Response:
    """Answer with one record.

    Raises:
        RefusedError: 404, there is none.
    """
    row = books.get(name, key.lower()) or books.get(name, key)
    if row is None and name == "Contacts":
        row = books.find(name, "ContactNumber", key)
    if row is None:
        raise not_found()
    return json_answer(envelope(name, [record(name, row, unit_decimals(request))], books))


def record(name: str, row: Stored, decimals: int) -> Document:
    """A record with everything Xero shows of it in a page, or alone."""
    out = shown(name, row)
    if "LineItems" in out:
        out["LineItems"] = [
            {**line, "UnitAmount": rounded(Decimal(str(line["UnitAmount"])), decimals)}
            for line in out["LineItems"]
        ]
    return out


def unit_decimals(request: Request) -> int:
    """Decimals of unit amounts: two, or four on request.

    Raises:
        RefusedError: 400, another number is asked for.
    """
    told = request.args.get("unitdp", "2")
    if told not in ("2", "4"):
        raise bad_query("unitdp must be 2 or 4")
    return int(told)


def _brief(name: str, row: Stored) -> Document:
    """A record of a list without pages: its lines are left out."""
    return {key: value for key, value in shown(name, row).items() if key not in _LEFT_OUT}


def _selected(request: Request, books: Books, name: str) -> list[Stored]:
    tests: list[Callable[[Stored], bool]] = []
    for option, value_of in _LISTS.items():
        if option in request.args:
            wanted = {one.strip().casefold() for one in request.args[option].split(",")}
            tests.append(_one_of(value_of, wanted))
    if "where" in request.args:
        where, key = read_where(request.args["where"]), IDS.get(name, "")
        tests.append(lambda row: where({key: row.id, **row.document}))
    if "searchTerm" in request.args:
        term, fields = request.args["searchTerm"].casefold(), _SEARCHED[name]
        tests.append(lambda row: any(term in _text(row, field) for field in fields))
    if name in ("Contacts", "TrackingCategories") and not _flag(request, "includeArchived"):
        status = "ContactStatus" if name == "Contacts" else "Status"
        tests.append(lambda row: row.document.get(status) == "ACTIVE")
    rows = books.stored(name, _since(request))
    return [row for row in rows if all(test(row) for test in tests)]


def _one_of(value_of: Callable[[Stored], object], wanted: set[str]) -> Callable[[Stored], bool]:
    return lambda row: str(value_of(row)).casefold() in wanted


def _ordered(rows: Iterable[Stored], order: str) -> list[Stored]:
    listed = list(rows)
    if order:
        field, _, direction = order.partition(" ")
        listed.sort(key=lambda row: _text(row, field), reverse=direction.upper() == "DESC")
    return listed


def _text(row: Stored, field: str) -> str:
    if field == "UpdatedDateUTC":
        return row.updated_at.isoformat()
    return str(row.document.get(field) or "").casefold()


def _since(request: Request) -> datetime | None:
    told = request.headers.get("If-Modified-Since")
    if not told:
        return None
    try:
        found = datetime.fromisoformat(told)
    except ValueError:
        raise bad_query(f"If-Modified-Since: {told} is no UTC timestamp") from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def _number(request: Request, name: str, default: int) -> int:
    told = request.args.get(name, str(default))
    if not told.isdigit() or int(told) < 1:
        raise bad_query(f"{name} must be 1 or more")
    return int(told)


def _flag(request: Request, name: str) -> bool:
    return request.args.get(name, "").lower() == "true"
