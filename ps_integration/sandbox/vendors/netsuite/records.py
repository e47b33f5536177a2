"""Single records over REST: GET, POST, PUT by external id, PATCH, DELETE."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from ps_integration.sandbox.codec import Document
from ps_integration.sandbox.vendors.netsuite.books import TRANSACTIONS, Books
from ps_integration.sandbox.vendors.netsuite.calls import BASE, Call, Reply
from ps_integration.sandbox.vendors.netsuite.errors import (
    invalid_content,
    nonexistent,
    user_error,
)
from ps_integration.sandbox.vendors.netsuite.transactions import upsert

READ_ONLY = ("subsidiary", "currency", "customer", "job", "serviceSaleItem", "accountingPeriod")
TYPES = {name.lower(): name for name in (*TRANSACTIONS, *READ_ONLY)}
SUBLISTS = ("item",)


def carry_out(books: Books, call: Call, kind: str, identity: str) -> Reply:
    """Answer one call for a record; the caller commits, or gives up when it is refused.

    Raises:
        RefusedError: With NetSuite's own answer.
    """
    known = _known(books, kind, identity) if identity else None
    if call.method == "GET" and known is not None:
        return Reply(200, _shown(books, known, kind, call))
    if kind not in TRANSACTIONS:
        raise invalid_content(f"Records of type {kind} can only be read here.")
    if call.method == "PUT" and identity.startswith("eid:"):
        return _put(books, call, kind, identity.removeprefix("eid:"), known)
    if call.method == "POST" and not identity:
        return _created(books, call, kind, str(call.body().get("externalId", "")))
    if known is None:
        raise nonexistent()
    if call.method == "PATCH":
        return _written(books, kind, upsert(books, kind, known, call.body(), _options(call)))
    if call.method == "DELETE":
        books.open_period(date.fromisoformat(str(known["tranDate"])))
        books.transaction.delete(books.system, kind, str(known["id"]), books.now)
        return Reply(204, None)
    raise nonexistent()


def _known(books: Books, kind: str, identity: str) -> Document | None:
    if identity.startswith("eid:"):
        return books.by_external_id(kind, identity.removeprefix("eid:"))
    return books.get(kind, identity)


def _put(books: Books, call: Call, kind: str, external_id: str, known: Document | None) -> Reply:
    if known is None:
        return _created(books, call, kind, external_id)
    return _written(books, kind, upsert(books, kind, known, call.body(), _options(call)))


def _created(books: Books, call: Call, kind: str, external_id: str) -> Reply:
    """External ids are shared by all transactions ("Shared Internal and External IDs")."""
    if external_id and any(books.by_external_id(one, external_id) for one in TRANSACTIONS):
        raise user_error("This record already exists.")
    document = upsert(books, kind, None, call.body(), _options(call))
    return _written(
        books, kind, {**document, **({"externalId": external_id} if external_id else {})}
    )


def _written(books: Books, kind: str, document: Document) -> Reply:
    books.put(kind, document)
    return Reply(204, None, {"Location": f"{BASE}/{kind}/{document['id']}"})


def _options(call: Call) -> Mapping[str, Any]:
    replace = call.parameters.get("replace", "")
    names = tuple(filter(None, replace.split(",")))
    if set(names) - set(SUBLISTS):
        raise invalid_content(f"There is no sublist {names[0]} to replace.")
    strict = call.headers.get("x-netsuite-propertynamevalidation", "").lower() == "error"
    return {"replace": names, "strict": strict}


def _shown(books: Books, document: Document, kind: str, call: Call) -> Document:
    """Sublists are links unless `expandSubResources=true`."""
    link = f"{call.base}{BASE}/{kind}/{document['id']}"
    shown = {"links": [{"rel": "self", "href": link}], **document}
    if "item" in shown and call.parameters.get("expandSubResources") != "true":
        shown["item"] = {"links": [{"rel": "self", "href": f"{link}/item"}]}
    if kind in TRANSACTIONS:
        customer = books.get("customer", str(document["entity"]["id"])) or {}
        shown["entity"] = {**document["entity"], "refName": customer.get("entityId", "")}
    return shown
