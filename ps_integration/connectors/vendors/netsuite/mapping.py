"""NetSuite's rows as canonical rows.

Vendor pages: Records Catalog (`customer`, `job`, `accountingperiod`, `transaction`,
`transactionline`); "Transaction Statuses" for the letters: invoices A open, B paid in full,
D pending approval, E rejected, V voided; credit memos A open, B fully applied, V voided.
B says that nothing is left to pay, not by what: payments and credit memos lower
`foreignamountunpaid` alike. SuiteQL tells them apart in `NextTransactionLineLink` (link type, the
next document, foreign amount), which is not read: what is settled counts as paid.
A customer is known to other systems by its external id, which the writer refers to as well.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from ps_integration.connectors.compose import part, parts, whole
from ps_integration.connectors.fields import PRICE_DECIMALS, QUANTITY_DECIMALS, Fields, refuse
from ps_integration.connectors.rows import STANDING, row
from ps_integration.connectors.vendors.netsuite.options import Options
from ps_integration.domain.records import CanonicalRow, JsonObject

STATES: Final[Mapping[str, Mapping[str, str]]] = {
    "CustInvc": {"A": "open", "B": "paid", "D": "draft", "E": "cancelled", "V": "cancelled"},
    "CustCred": {"A": "open", "B": "paid", "V": "cancelled"},
}
KINDS: Final = {"CustInvc": "invoice", "CustCred": "credit_memo"}
_SIGNS: Final = {"CustInvc": -1, "CustCred": 1}
_FLAGS: Final = {"T": True, "F": False}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a document, amounts positive in both kinds."""

    fields: Fields
    amount_minor: int
    sign: int


@dataclass(frozen=True, slots=True)
class Books:
    """What a document's own figures say, in minor units of its currency."""

    kind: str
    currency: str
    status: str
    is_posted: bool
    amount_minor: int
    tax_minor: int
    total_minor: int
    lines: tuple[Line, ...]


def customer(raw: Fields, options: Options) -> Iterator[CanonicalRow]:
    """One customer in one subsidiary; inactive = blocked."""
    company = raw.ident("subsidiary")
    yield row(
        "customers",
        f"{company}/{raw.ident('customer')}",
        match_key=raw.key("externalid"),
        name=raw.opt_text("companyname") or raw.text("entityid"),
        currency=raw.opt_currency("currency"),
        legal_entity=options.legal_entity(company),
        company=company,
        is_blocked=raw.choice("isinactive", _FLAGS),
        updated_at=instant(raw, "lastmodified", options.zone()),
    )


def project(raw: Fields, options: Options) -> Iterator[CanonicalRow]:
    """One project; NetSuite has billing attributes of ours only in custom fields."""
    company = raw.ident("subsidiary")
    owner = raw.opt_ident("customer")
    attributes = {name: raw.opt_text(name) or None for name in options.project_fields}
    yield row(
        "projects",
        f"{company}/{raw.ident('id')}",
        match_key=options.project_key.read(raw),
        name=raw.opt_text("companyname") or raw.text("entityid"),
        customer_external_id=f"{company}/{owner}" if owner else None,
        customer_key=raw.key("customerkey"),
        legal_entity=options.legal_entity(company),
        company=company,
        currency=raw.opt_currency("currency"),
        status="closed" if raw.choice("isinactive", _FLAGS) else "active",
        has_billing_attributes=bool(attributes),
        starts_on=raw.opt_day("startdate"),
        updated_at=instant(raw, "lastmodified", options.zone()),
        **attributes,
    )


def accounting_period(raw: Fields, options: Options) -> Iterator[CanonicalRow]:
    """One month of every subsidiary; closed, or locked for receivables, takes no invoice."""
    start, last = raw.day("startdate"), raw.day("enddate")
    end = (start.replace(day=1) + timedelta(days=32)).replace(day=1)
    if start.day != 1 or last != end - timedelta(days=1):
        refuse("startdate", raw.raw("startdate"), "value_invalid", "periods must be whole months")
    flags = [raw.choice(name, _FLAGS) for name in ("closed", "alllocked", "arlocked")]
    for company in options.company_ids():
        yield row(
            "accounting_periods",
            f"{company}/{raw.ident('id')}",
            company=company,
            period=f"{start:%Y-%m}",
            starts_on=start,
            ends_on=end,
            state="closed" if any(flags) else "open",
        )


def document(raw: JsonObject, options: Options) -> Iterator[CanonicalRow]:
    """One invoice or credit memo, and the lines that bill a project."""
    head = part(raw, "document")
    identity, company = head.ident("id"), head.ident("subsidiary")
    books = read_books(raw)
    remaining = head.opt_money("foreignamountunpaid", books.currency)
    status = books.status
    if books.kind == "credit_memo":
        remaining = None
    elif status == "open" and remaining is not None and 0 < remaining < books.total_minor:
        status = "part_paid"
    yield row(
        "erp_documents",
        identity,
        company=company,
        kind=books.kind,
        number=head.text("tranid"),
        reference=head.opt_text("externalid") or None,
        status=status,
        is_posted=books.is_posted,
        is_standing=books.is_posted and status in STANDING,
        customer_key=head.key("customerkey"),
        currency=books.currency,
        invoice_date=head.day("trandate"),
        posting_date=posting_date(head),
        amount_minor=books.amount_minor,
        tax_minor=books.tax_minor,
        total_minor=books.total_minor,
        remaining_minor=remaining,
        updated_at=instant(head, "lastmodified", options.zone()),
    )
    for line in books.lines:
        if line.fields.opt_ident("item") in options.items.values() and line.fields.raw("job"):
            yield _line(identity, company, books.currency, line, options)


def _line(identity: str, company: str, currency: str, line: Line, options: Options) -> CanonicalRow:
    fields = line.fields
    quantity = fields.opt_rounded("quantity", QUANTITY_DECIMALS)
    return row(
        "erp_lines",
        fields.ident("id"),
        company=company,
        document_external_id=identity,
        line_no=whole(fields, "linesequencenumber"),
        line_type="Item",
        object_number=fields.ident("item"),
        project_key=options.project_key.read(fields),
        description=fields.opt_text("memo") or None,
        quantity=None if quantity is None else line.sign * quantity,
        unit_price=fields.opt_rounded("rate", PRICE_DECIMALS),
        amount_minor=line.amount_minor,
        currency=currency,
    )


def read_books(raw: JsonObject) -> Books:
    """Read a document's figures, which must agree with each other.

    Raises:
        RecordRefusedError: A field cannot be read, or lines and taxes are not the total.
    """
    head = part(raw, "document")
    kind = head.choice("type", KINDS)
    sign = _SIGNS[str(head.raw("type"))]
    currency = head.currency("currency")
    status = _status(head)
    lines = [Line(one, sign * one.money("foreignamount", currency), sign)
             for one in parts(raw, "lines")]  # fmt: skip
    taxes = [line for line in lines if line.fields.choice("taxline", _FLAGS)]
    items = tuple(line for line in lines if line not in taxes)
    amount = sum(line.amount_minor for line in items)
    tax = sum(line.amount_minor for line in taxes)
    total = -sign * head.money("foreigntotal", currency)
    if amount + tax != total:
        refuse("foreigntotal", head.raw("foreigntotal"), "total_mismatch", "lines add up to it")
    is_posted = _letter(head) not in {"D", "E"}
    return Books(kind, currency, status, is_posted, amount, tax, total, items)


def posting_date(head: Fields) -> date:
    """The document's date, or the first day of its posting period where that is another one.

    NetSuite may put a document into another period than its date's ("Allow Transaction Date
    Outside of the Posting Period"); what counts is where it was posted.
    """
    day, start, last = head.day("trandate"), head.opt_day("periodstart"), head.opt_day("periodend")
    return day if start is None or last is None or start <= day <= last else start


def instant(fields: Fields, name: str, zone: ZoneInfo) -> datetime:
    """A time of the token's user as UTC; of an hour that comes twice in autumn, the first."""
    value = fields.text(name)
    try:
        told = datetime.strptime(value, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=zone)
    except ValueError:
        refuse(name, value, "instant_invalid", "date and time as the query asks for them")
    return told.astimezone(UTC)


def _letter(head: Fields) -> str:
    """The status without its type: `A`, and `CustInvc:A` where it comes so."""
    return str(head.raw("status")).rpartition(":")[2]


def _status(head: Fields) -> str:
    meanings = STATES[str(head.raw("type"))]
    status = Fields({"status": _letter(head)}).choice("status", meanings)
    return "cancelled" if head.choice("voided", _FLAGS) else status
