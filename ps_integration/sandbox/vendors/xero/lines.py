"""Line items: accounts, tax, tracking and amounts, checked as Xero does on saving.

Vendor pages "Invoices" (line items), "Rounding in Xero", "Tracking categories".
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from ps_integration.sandbox.codec import Document
from ps_integration.sandbox.vendors.xero.books import Books, cents, decimal_of, rounded
from ps_integration.sandbox.vendors.xero.errors import bad_body

FIELDS = {
    "LineItemID", "Description", "Quantity", "UnitAmount", "LineAmount", "ItemCode", "AccountCode",
    "TaxType", "TaxAmount", "Tracking",
}  # fmt: skip
REVENUE = {"REVENUE", "SALES", "OTHERINCOME"}
TRACKING_MAX = 2
DESCRIPTION_MAX = 4000
QUANTITY_DECIMALS = 4


def built_line(
    books: Books, sent: Mapping[str, Any], amounts: str, decimals: int, *, is_final: bool
) -> tuple[Document, list[str]]:
    """Make the stored line of one that was sent, and say what is wrong with it.

    Args:
        books: The organisation.
        sent: The line.
        amounts: `Exclusive`, `Inclusive` or `NoTax`.
        decimals: Decimals of unit amounts.
        is_final: Whether the document is being approved; a draft may lack its accounts.

    Raises:
        RefusedError: 400, the line cannot be read at all.
    """
    if unknown := sorted(set(sent) - FIELDS):
        raise bad_body(f"Could not find member '{unknown[0]}' on object of type 'LineItem'")
    line: Document = {
        "LineItemID": str(sent.get("LineItemID") or books.new_id("lines")),
        "Description": sent.get("Description"),
        "Quantity": rounded(_number(sent, "Quantity", 1), QUANTITY_DECIMALS),
        "UnitAmount": rounded(_number(sent, "UnitAmount", 0), decimals),
        "AccountCode": sent.get("AccountCode"),
        "TaxType": sent.get("TaxType"),
        "Tracking": [],
    }
    errors = [*_amount(line, sent), *_account(books, line, is_final=is_final)]
    if not line["Description"]:
        errors.append("Description must be specified")
    elif len(line["Description"]) > DESCRIPTION_MAX:
        errors.append("The description must not be longer than 4000 characters")
    errors += _tracking(books, line, sent.get("Tracking") or [])
    errors += _tax(books, line, amounts)
    return line, errors


def _number(sent: Mapping[str, Any], name: str, default: int) -> Decimal:
    value = sent.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise bad_body(f"Could not convert {name}: {value}")
    return Decimal(value)


def _amount(line: Document, sent: Mapping[str, Any]) -> list[str]:
    expected = cents(line["Quantity"] * line["UnitAmount"])
    line["LineAmount"] = expected
    told = sent.get("LineAmount")
    if told is not None and cents(_number(sent, "LineAmount", 0)) != expected:
        return [f"The line total {told} does not match the expected line total {expected}"]
    return []


def _account(books: Books, line: Document, *, is_final: bool) -> list[str]:
    code = line["AccountCode"]
    if not code:
        return ["Account code must be specified"] if is_final else []
    row = books.find("Accounts", "Code", str(code))
    if row is None or row.document.get("Type") not in REVENUE or row.document.get("SystemAccount"):
        return [f"Account code '{code}' is not a valid code for this document."]
    if row.document.get("Status", "ACTIVE") != "ACTIVE":
        gone = f"Account code '{code}' has been archived, or has been deleted."
        return [f"{gone} Each line item must reference a valid account."]
    line["TaxType"] = line["TaxType"] or row.document.get("TaxType") or "NONE"
    return []


def _tracking(books: Books, line: Document, sent: Sequence[Mapping[str, Any]]) -> list[str]:
    if len(sent) > TRACKING_MAX:
        return ["A line item can have a maximum of 2 tracking categories"]
    errors = []
    for told in sent:
        name, option = str(told.get("Name", "")), str(told.get("Option", ""))
        category = books.find("TrackingCategories", "Name", name)
        options = category.document.get("Options", []) if category else []
        found = [
            one
            for one in options
            if one["Name"].casefold() == option.casefold() and one["Status"] == "ACTIVE"
        ]
        if category is None or not found:
            errors.append(f"The tracking option {option} of the category {name} could not be found")
            continue
        line["Tracking"].append(
            {
                "TrackingCategoryID": category.id,
                "TrackingOptionID": found[0]["TrackingOptionID"],
                "Name": category.document["Name"],
                "Option": found[0]["Name"],
            }
        )
    return errors


def _tax(books: Books, line: Document, amounts: str) -> list[str]:
    line["TaxAmount"] = Decimal("0.00")
    kind = line["TaxType"] or "NONE"
    rate = books.find("TaxRates", "TaxType", str(kind))
    if rate is None and kind != "NONE":
        unknown = f"The TaxType code {kind} does not exist or cannot be used for this"
        return [f"{unknown} type of transaction."]
    percent = decimal_of(rate.document, "EffectiveRate") if rate else Decimal(0)
    if amounts == "Exclusive":
        line["TaxAmount"] = cents(line["LineAmount"] * percent / 100)
    elif amounts == "Inclusive":
        line["TaxAmount"] = cents(line["LineAmount"] * percent / (100 + percent))
    return []


def is_guid(text: object) -> bool:
    """Whether a text is an id of Xero's."""
    try:
        UUID(str(text))
    except ValueError:
        return False
    return True
