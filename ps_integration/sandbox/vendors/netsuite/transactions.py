"""Invoices and credit memos: what may be written, what NetSuite makes of it."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from ps_integration.sandbox.codec import Document
from ps_integration.sandbox.vendors.netsuite.books import TRANSACTIONS, Books
from ps_integration.sandbox.vendors.netsuite.errors import (
    invalid_content,
    invalid_value,
    user_error,
)

NUMBER_PREFIX = {"invoice": "INV", "creditMemo": "CM"}
PENDING, APPROVED, REJECTED = "1", "2", "3"
BODY = {
    "entity", "subsidiary", "currency", "tranDate", "otherRefNum", "memo", "externalId",
    "approvalStatus", "item",
}  # fmt: skip
LINE = {
    "item", "description", "quantity", "price", "rate", "amount", "job", "taxCode", "department",
    "class", "location",
}  # fmt: skip
CUSTOM_PRICE = "-1"


def upsert(
    books: Books, kind: str, known: Document | None, told: Document, options: Mapping[str, Any]
) -> Document:
    """Create a transaction, or change the one that is known.

    Args:
        books: The account.
        kind: `invoice` or `creditMemo`.
        known: What is there under this id.
        told: The body.
        options: `strict` = unknown properties are refused, not ignored; `replace` = sublists
            whose lines are replaced, not appended to.

    Raises:
        RefusedError: Nothing is written.
    """
    told = _known_properties(books, kind, told, strict=bool(options["strict"]))
    if known is not None and known.get("voided") is True:
        raise user_error("You cannot change a voided transaction.")
    if known is not None:
        period = books.get("accountingPeriod", known["postingPeriod"]["id"])
        books.open_period(date.fromisoformat(str((period or {})["startDate"])))
    merged = {**(known or {}), **{name: told[name] for name in told if name != "item"}}
    merged.setdefault("tranDate", books.now.date().isoformat())
    period = books.open_period(_day(merged["tranDate"]), may_move=True)
    head = _head(books, merged)
    lines = _lines(books, told, head, strict=bool(options["strict"]))
    if known is not None and "item" not in options["replace"]:
        lines = [*known["item"]["items"], *lines]
    if not lines:
        raise user_error("You must enter at least one line item for this transaction.")
    document = _totals(books, {**merged, **head}, lines, known)
    document["postingPeriod"] = {"id": str(period["id"])}
    _approve(books, kind, document)
    return _numbered(books, kind, document)


def _known_properties(books: Books, kind: str, told: Document, *, strict: bool) -> Document:
    allowed = set(BODY)
    if kind != "invoice" or not books.settings["approval_routing"]:
        allowed -= {"approvalStatus"}
    if kind != "invoice":
        allowed -= {"otherRefNum"}
    unknown = sorted(told.keys() - allowed)
    if unknown and strict:
        raise invalid_content(f"Unknown reference or field {unknown[0]}.", unknown[0])
    return {name: value for name, value in told.items() if name in allowed}


def _head(books: Books, told: Document) -> Document:
    if "entity" not in told:
        raise user_error("Please enter value(s) for: Customer")
    customer = books.referred("customer", told["entity"], "entity", "entity")
    subsidiary = books.referred(
        "subsidiary", told.get("subsidiary", customer["subsidiary"]), "subsidiary", "subsidiary"
    )
    belongs = {str(customer["subsidiary"]["id"])}
    belongs |= {str(one["id"]) for one in customer.get("otherSubsidiaries", [])}
    if str(subsidiary["id"]) not in belongs:
        raise invalid_value(subsidiary["id"], "subsidiary", "subsidiary")
    currency = books.referred(
        "currency", told.get("currency", customer["currency"]), "currency", "currency"
    )
    takes = {str(customer["currency"]["id"])}
    takes |= {str(one["id"]) for one in customer.get("otherCurrencies", [])}
    if str(currency["id"]) not in takes:
        raise invalid_value(currency["id"], "currency", "currency")
    return {
        "entity": {"id": str(customer["id"])},
        "subsidiary": {"id": str(subsidiary["id"])},
        "currency": {"id": str(currency["id"])},
    }


def _lines(books: Books, told: Document, head: Document, *, strict: bool) -> list[Document]:
    sublist = told.get("item", {"items": []})
    if not isinstance(sublist, dict) or not isinstance(sublist.get("items"), list):
        raise invalid_content("The sublist item needs items.", "item")
    return [
        _line(books, line, head, f"item.items[{at}]", strict=strict)
        for at, line in enumerate(sublist["items"])
    ]


def _line(books: Books, told: Document, head: Document, path: str, *, strict: bool) -> Document:
    unknown = sorted(told.keys() - LINE)
    if unknown and strict:
        raise invalid_content(f"Unknown reference or field {unknown[0]}.", f"{path}.{unknown[0]}")
    if "item" not in told:
        raise user_error("Please enter value(s) for: Item", f"{path}.item")
    item = books.referred("serviceSaleItem", told["item"], "item", f"{path}.item")
    line: Document = {"item": {"id": str(item["id"])}, "description": told.get("description", "")}
    line["quantity"] = _number(told.get("quantity", 1), "quantity", path)
    has_own_price = str(told.get("price", {}).get("id")) == CUSTOM_PRICE
    if not has_own_price and ("rate" in told or "amount" in told):
        raise invalid_value(told.get("rate"), "rate", f"{path}.rate")
    line["rate"] = _number(told.get("rate", item.get("rate", 0)), "rate", path)
    currency = books.referred("currency", head["currency"], "currency", "currency")
    amount = told.get("amount", line["quantity"] * line["rate"])
    line["amount"] = books.rounded(_number(amount, "amount", path), currency)
    if "job" in told:
        line["job"] = {"id": _job(books, told["job"], head, f"{path}.job")}
    if "taxCode" in told:
        code = books.referred("salesTaxItem", told["taxCode"], "taxCode", f"{path}.taxCode")
        line["taxCode"] = {"id": str(code["id"])}
    for name in ("department", "class", "location"):
        if name in told:
            one = books.referred(name, told[name], name, f"{path}.{name}")
            line[name] = {"id": str(one["id"])}
    return line


def _job(books: Books, told: object, head: Document, path: str) -> str:
    job = books.referred("job", told, "job", path)
    if str(job["customer"]["id"]) != head["entity"]["id"]:
        raise invalid_value(job["id"], "job", path)
    return str(job["id"])


def _totals(
    books: Books, document: Document, lines: list[Document], known: Document | None
) -> Document:
    """What a change leaves unpaid is the new total less what was paid of the old one."""
    currency = books.referred("currency", document["currency"], "currency", "currency")
    taxes = [Decimal(0)]
    for line in lines:
        code = books.get("salesTaxItem", line["taxCode"]["id"]) if "taxCode" in line else None
        if code is not None:
            rate = Decimal(str(code["rate"])) / 100
            taxes.append(books.rounded(line["amount"] * rate, currency))
    subtotal, tax = sum((line["amount"] for line in lines), Decimal(0)), sum(taxes, Decimal(0))
    paid = Decimal(0) if known is None else known["total"] - known["amountRemaining"]
    return {
        **document,
        "item": {"items": [{**line, "line": at} for at, line in enumerate(lines, 1)]},
        "subtotal": subtotal,
        "taxTotal": books.rounded(tax, currency),
        "total": subtotal + tax,
        "amountRemaining": subtotal + tax - paid,
        "voided": False,
    }


def _approve(books: Books, kind: str, document: Document) -> None:
    if kind != "invoice" or not books.settings["approval_routing"]:
        return
    status = document.get("approvalStatus", {"id": PENDING})
    if not isinstance(status, dict) or status.get("id") not in (PENDING, APPROVED, REJECTED):
        raise invalid_value(status, "approvalStatus", "approvalStatus")
    document["approvalStatus"] = {"id": status["id"]}


def _numbered(books: Books, kind: str, document: Document) -> Document:
    if "id" in document:
        return document
    number = books.transaction.next_id(books.system, "transaction")
    while any(books.get(one, str(number)) for one in TRANSACTIONS):
        number = books.transaction.next_id(books.system, "transaction")
    count = books.transaction.next_id(books.system, f"{kind}/numbers")
    return {**document, "id": str(number), "tranId": f"{NUMBER_PREFIX[kind]}{count}"}


def void(books: Books, kind: str, identity: str) -> None:
    """Void a transaction as a person does: total and lines become zero ("Voiding Transactions").

    Raises:
        KeyError: There is none.
    """
    document = books.get(kind, identity)
    if document is None:
        raise KeyError(identity)
    zero = Decimal(0)
    lines = [{**line, "amount": zero, "rate": zero} for line in document["item"]["items"]]
    sums = dict.fromkeys(("subtotal", "taxTotal", "total", "amountRemaining"), zero)
    books.put(kind, {**document, **sums, "item": {"items": lines}, "voided": True})


def _number(value: object, field: str, path: str) -> Decimal:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise invalid_value(value, field, f"{path}.{field}") from None
    if not number.is_finite() or isinstance(value, bool):
        raise invalid_value(value, field, f"{path}.{field}")
    return number


def _day(value: object) -> date:
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise invalid_value(value, "tranDate", "tranDate") from None
