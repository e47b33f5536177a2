"""Lines of draft invoices and credit memos: what they point at, and what they come to."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ps_integration.sandbox.codec import Document
from ps_integration.sandbox.vendors.business_central.bodies import checked_body
from ps_integration.sandbox.vendors.business_central.company import Company, decimal_of, rounded
from ps_integration.sandbox.vendors.business_central.entities import DIMENSION_SET_LINES, Entity
from ps_integration.sandbox.vendors.business_central.errors import (
    bad_request,
    dialog,
    not_in_table,
)

FIVE_DECIMALS = Decimal("0.00001")
SEQUENCE_STEP = 10_000
_TYPES = ("Comment", "Account", "Item", "Resource", "Fixed Asset", "Charge")
_TABLES: Mapping[str, tuple[str, str]] = {
    "Account": ("accounts", "G/L Account"),
    "Resource": ("resources", "Resource"),
    "Item": ("items", "Item"),
    "Fixed Asset": ("fixedAssets", "Fixed Asset"),
    "Charge": ("itemCharges", "Item Charge"),
}


def new_line(
    company: Company, entity: Entity, header: Document, body: object, taken: set[int]
) -> Document:
    """Check and store one more line of a draft; repeating the call adds another.

    Args:
        company: The company of the draft.
        entity: The entity of the line.
        header: The draft.
        body: The line as sent.
        taken: The sequences the draft's lines have; the new one is added.

    Raises:
        BusinessCentralError: A property is unknown, too long or points at nothing.
    """
    sent = checked_body(entity, body)
    if sent.get("documentId", header["id"]) != header["id"]:
        raise dialog('The value for "documentId" cannot be modified.')
    sequence = sent.get("sequence", max(taken, default=0) + SEQUENCE_STEP)
    if sequence in taken:
        raise bad_request("The Sales Line already exists.", "Internal_EntityWithSameKeyExists")
    taken.add(sequence)
    line = {
        "lineType": "Comment",
        **sent,
        "id": company.new_id(entity.set_name),
        "documentId": header["id"],
        "sequence": sequence,
    }
    return _stored(company, entity, header, line)


def changed_line(
    company: Company, entity: Entity, header: Document, line: Document, body: object
) -> Document:
    """Check and store changes of a draft's line.

    Raises:
        BusinessCentralError: As for a new line; also when the line's place or object changes.
    """
    sent = checked_body(entity, body)
    for fixed in ("documentId", "sequence", "lineObjectNumber"):
        if sent.get(fixed, line.get(fixed)) != line.get(fixed):
            raise dialog(f'The value for "{fixed}" cannot be modified.')
    return _stored(company, entity, header, {**line, **sent})


def _stored(company: Company, entity: Entity, header: Document, line: Document) -> Document:
    line = {**line, **_object_of(company, line)}
    line["dimensionSetLines"] = dimension_set(
        company, entity.type_name, line["id"], line.get("dimensionSetLines", [])
    )
    line |= _amounts(company, header, line)
    company.put(entity.set_name, line)
    return line


def _object_of(company: Company, line: Document) -> Document:
    """Resolve what a line is about: an account by number or id, a resource by number."""
    kind, number = line["lineType"], line.get("lineObjectNumber", "")
    if kind not in _TYPES:
        raise bad_request(f"Unable to convert value '{kind}' to lineType")
    if kind == "Account" and not number and "accountId" in line:
        row = company.get("accounts", line["accountId"])
        number = row.document["number"] if row else "?"
    if kind == "Comment" or not number:
        return {}
    set_name, table = _TABLES[kind]
    record = company.find(set_name, number=number)
    if record is None and kind in ("Account", "Item"):
        raise dialog(f"{kind} does not exist.")
    if record is None:
        raise not_in_table("No.", "Sales Line", number, table)
    if record.get("blocked") is True:
        raise bad_request(
            f"Blocked must be equal to 'No'  in {table}: No.={number}. Current value is 'Yes'.",
            "Application_FieldValidationException",
        )
    if kind == "Account" and record.get("directPosting") is False:
        raise bad_request(
            f"Direct Posting must be equal to 'Yes'  in {table}: No.={number}."
            " Current value is 'No'.",
            "Application_FieldValidationException",
        )
    ids = {"accountId": record["id"]} if kind == "Account" else {}
    return {"lineObjectNumber": number, **ids}


def dimension_set(company: Company, parent_type: str, parent: str, rows: object) -> list[Document]:
    """Check the dimensions sent for a record and return them complete.

    Raises:
        BusinessCentralError: A code or value does not exist, is missing, or is sent twice.
    """
    found: dict[str, Document] = {}
    for body in rows if isinstance(rows, list) else ():
        sent = {
            name: value
            for name, value in checked_body(DIMENSION_SET_LINES, _writable(body)).items()
            if value != ""
        }
        dimension = _one_of(company, "dimensions", sent, "id", "code")
        value = _dimension_value(company, dimension, sent)
        if dimension["code"] in found:
            raise dialog("The dimension set line already exists.")
        found[dimension["code"]] = {
            "id": dimension["id"],
            "code": dimension["code"],
            "displayName": dimension.get("displayName", ""),
            "parentId": parent,
            "parentType": parent_type,
            "valueId": value["id"],
            "valueCode": value["code"],
            "valueDisplayName": value.get("displayName", ""),
        }
    return list(found.values())


def _writable(body: object) -> object:
    """Leave out what the vendor computed when a stored set is laid over with changes."""
    if not isinstance(body, dict) or "parentId" not in body:
        return body
    return {name: body[name] for name in DIMENSION_SET_LINES.lengths if name in body}


def _one_of(company: Company, set_name: str, sent: Document, key: str, code: str) -> Document:
    if key not in sent and code not in sent:
        raise dialog(f'The "{key}" or "{code}" field must be filled in.')
    wanted = {"code": sent[code]} if code in sent else {"id": sent[key]}
    record = company.find(set_name, **wanted)
    if record is None:
        raise dialog(f'The "{next(iter(wanted))}" does not match to a Dimension.')
    return record


def _dimension_value(company: Company, dimension: Document, sent: Document) -> Document:
    if "valueCode" not in sent and "valueId" not in sent:
        raise dialog('The "valueId" or "valueCode" field must be filled in.')
    wanted: dict[str, Any] = {"dimensionId": dimension["id"]}
    name = "valueCode" if "valueCode" in sent else "valueId"
    wanted["code" if name == "valueCode" else "id"] = sent[name]
    record = company.find("dimensionValues", **wanted)
    if record is None:
        raise dialog(f'The "{name}" does not match to a Dimension Value.')
    return record


def _amounts(company: Company, header: Document, line: Document) -> Document:
    """Round quantity and price as the vendor stores them, then the amounts to minor units.

    Where the document's prices include tax, tax is taken out of the line's amount.
    """
    precision = company.precision(header["currencyCode"])
    quantity = rounded(decimal_of(line, "quantity"), FIVE_DECIMALS)
    price = rounded(decimal_of(line, "unitPrice"), FIVE_DECIMALS)
    gross = rounded(quantity * price, precision)
    discount = rounded(gross * decimal_of(line, "discountPercent") / 100, precision)
    percent = tax_percent(company, line.get("taxCode", ""))
    amount = gross - discount
    if header.get("pricesIncludeTax") is True:
        net = rounded(amount / (1 + percent / 100), precision)
        tax = amount - net
    else:
        net, tax = amount, rounded(amount * percent / 100, precision)
    return {
        "quantity": quantity,
        "unitPrice": price,
        "discountAmount": discount,
        "taxPercent": percent,
        "amountExcludingTax": net,
        "totalTaxAmount": tax,
        "amountIncludingTax": net + tax,
        "netAmount": net,
        "netTaxAmount": tax,
        "netAmountIncludingTax": net + tax,
    }


def tax_percent(company: Company, code: str) -> Decimal:
    """Return the rate of a tax code in percent; zero for a blank code.

    Raises:
        BusinessCentralError: The settings' `tax_rates` lack the code.
    """
    rates: Mapping[str, object] = company.settings["tax_rates"]
    if code and code not in rates:
        raise not_in_table("Tax Group Code", "Sales Line", code, "Tax Group")
    return Decimal(str(rates.get(code, 0)))
