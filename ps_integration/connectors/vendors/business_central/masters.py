"""Business Central's customers, projects, prices, periods and exchange rates as canonical rows.

A raw record is `{"company": <company id>, "localCurrencyCode": <its currency>, "record": <the exact
slice>}`: the vendor's records name neither. Blank is `""`, no date is `0001-01-01`, and a blank in
an enumeration is `_x0020_` (vendor pages "customer", "project", "accountingPeriod",
"generalLedgerSetup", "currencyExchangeRate"). Codes and numbers are stored in upper case there.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Final, TypeVar

from ps_integration.connectors.compose import part, parts
from ps_integration.connectors.fields import Fields, refuse
from ps_integration.connectors.vendors.business_central.options import Options
from ps_integration.domain.records import CanonicalRow, JsonObject
from ps_integration.domain.text import match_key

T = TypeVar("T")
FAR_PAST: Final = date(1900, 1, 1)
NO_DATE: Final = "0001-01-01"
TWELVE_DECIMALS: Final = Decimal(1).scaleb(-12)
BLOCKED: Final = {"": False, "Ship": False, "Invoice": True, "All": True}
PROJECT_STATES: Final = {
    "Planning": "planned",
    "Quote": "planned",
    "Open": "active",
    "Completed": "closed",
}


def blank_to_none(record: Fields, field: str) -> str | None:
    """A text, or None when the vendor has it blank."""
    return record.opt_text(field) or None


def day_or_none(record: Fields, field: str) -> date | None:
    """A date, or None for the vendor's blank date."""
    return None if record.raw(field) == NO_DATE else record.opt_day(field)


def currency_of(raw: JsonObject, record: Fields) -> str:
    """A record's currency; blank means the company's own."""
    return record.opt_currency("currencyCode") or Fields(raw).currency("localCurrencyCode")


def enumerated(record: Fields, field: str, meanings: Mapping[str, T]) -> T:
    """What an enumeration's value means; unknown values are refused."""
    text = record.opt_text(field) or ""
    return Fields({field: text.replace("_x0020_", " ").strip()}).choice(field, meanings)


def customer(raw: JsonObject, options: Options) -> Iterator[CanonicalRow]:
    """One customer; blocked for invoices or for all = blocked (`Ship` stops deliveries only)."""
    company, record = Fields(raw).text("company"), part(raw, "record")
    number = record.ident("number")
    yield CanonicalRow(
        "customers",
        {
            "external_id": f"{company}/{number}",
            "match_key": match_key(number),
            "name": record.text("displayName"),
            "currency": currency_of(raw, record),
            "legal_entity": options.legal_entity(company),
            "company": company,
            "is_blocked": enumerated(record, "blocked", BLOCKED),
            "updated_at": record.instant("lastModifiedDateTime"),
        },
    )


def project(raw: JsonObject, options: Options) -> Iterator[CanonicalRow]:
    """One project as the standard API knows it: by number and name only."""
    company, record = Fields(raw).text("company"), part(raw, "record")
    yield _project(company, record.ident("number"), record, options, {})


def project_billing(raw: JsonObject, options: Options) -> Iterator[CanonicalRow]:
    """A project's billing terms, from the firm's own API page; its number is the project's."""
    company, record = Fields(raw).text("company"), part(raw, "record")
    number = blank_to_none(record, "customerNumber")
    status = enumerated(record, "status", PROJECT_STATES)
    ends_on = day_or_none(record, "endingDate")
    terms = {
        "customer_external_id": f"{company}/{number}" if number else None,
        "customer_key": match_key(number) if number else None,
        "currency": currency_of(raw, record),
        "status": status,
        "tax_code": blank_to_none(record, "taxCode"),
        "revenue_account": blank_to_none(record, "revenueAccountNumber"),
        "cost_centre": blank_to_none(record, "costCentreCode"),
        "billing_rule": blank_to_none(record, "billingRule"),
        "purchase_order": blank_to_none(record, "purchaseOrderNumber"),
        "has_billing_attributes": True,
        "starts_on": day_or_none(record, "startingDate"),
        "ends_on": ends_on,
        "closed_on": ends_on if status == "closed" else None,
    }
    yield _project(company, record.ident("projectNumber"), record, options, terms)


def _project(
    company: str, number: str, record: Fields, options: Options, terms: Mapping[str, object]
) -> CanonicalRow:
    unknown = dict.fromkeys(
        (
            "customer_external_id",
            "customer_key",
            "currency",
            "status",
            "billing_type",
            "is_billable",
            "cap_minor",
            "tax_code",
            "revenue_account",
            "cost_centre",
            "billing_rule",
            "purchase_order",
            "starts_on",
            "ends_on",
            "closed_on",
        )
    )
    return CanonicalRow(
        "projects",
        {
            **unknown,
            "external_id": f"{company}/{number}",
            "match_key": match_key(number),
            "name": blank_to_none(record, "displayName"),
            "legal_entity": options.legal_entity(company),
            "company": company,
            "has_billing_attributes": False,
            "updated_at": record.instant("lastModifiedDateTime"),
            **terms,
        },
    )


def project_price(raw: JsonObject) -> Iterator[CanonicalRow]:
    """The price of an hour, as wide as the fields left blank; the ending date is the last day."""
    company, record = Fields(raw).text("company"), part(raw, "record")
    number = blank_to_none(record, "projectNumber")
    resource = blank_to_none(record, "resourceNumber")
    role = blank_to_none(record, "roleCode") or blank_to_none(record, "workTypeCode")
    ends_on = day_or_none(record, "endingDate")
    scope = _scope(project=bool(number), resource=bool(resource), role=bool(role))
    if scope is None:
        refuse(
            "projectNumber",
            record.raw("projectNumber"),
            "value_invalid",
            "a price needs a project, a resource or a role",
        )
    yield CanonicalRow(
        "rates",
        {
            "external_id": record.ident("id"),
            "scope": scope,
            "project_external_id": f"{company}/{number}" if number else None,
            "resource_external_id": f"{company}/{resource}" if resource else None,
            "task_external_id": None,
            "role": role,
            "currency": currency_of(raw, record),
            "unit_price": record.price("unitPrice"),
            "valid_from": day_or_none(record, "startingDate") or FAR_PAST,
            "valid_to": ends_on + timedelta(days=1) if ends_on else None,
        },
    )


def _scope(*, project: bool, resource: bool, role: bool) -> str | None:
    if project and (resource or role):
        return "assignment" if resource else "project_role"
    if project:
        return "project"
    if resource:
        return "resource"
    return "role" if role else None


def exchange_rate(raw: JsonObject) -> Iterator[CanonicalRow]:
    """`exchangeRateAmount` of the currency equal `relationalExchangeRateAmount` of the other one.

    A blank relational currency is the company's own. Source: vendor page "currencyExchangeRate"
    and the base application's table Currency Exchange Rate.
    """
    company, record = Fields(raw).text("company"), part(raw, "record")
    amount = record.number("exchangeRateAmount")
    relational = record.number("relationalExchangeRateAmount")
    if amount <= 0 or relational <= 0:
        field = "exchangeRateAmount" if amount <= 0 else "relationalExchangeRateAmount"
        refuse(field, record.raw(field), "value_invalid", "an exchange rate must be above zero")
    local = Fields(raw).currency("localCurrencyCode")
    yield CanonicalRow(
        "fx_rates",
        {
            "external_id": record.ident("id"),
            "company": company,
            "from_currency": record.currency("currencyCode"),
            "to_currency": record.opt_currency("relationalCurrencyCode") or local,
            "rate_type": "spot",
            "valid_on": record.day("startingDate"),
            "rate": (relational / amount).quantize(TWELVE_DECIMALS),
        },
    )


def accounting_calendar(raw: JsonObject) -> Iterator[CanonicalRow]:
    """A company's months and whether they take postings.

    The record is the company's general ledger setup with all its accounting periods, since an
    accounting period only knows its first day. What blocks a posting date is the setup's allowed
    range; `closed` is a closed fiscal year; `dateLocked` only fixes the period's first day and
    closes nothing (vendor pages "accountingPeriod", "generalLedgerSetup").
    """
    setup = part(raw, "setup")
    periods = sorted(parts(raw, "record"), key=lambda period: period.day("startingDate"))
    starts = [period.day("startingDate") for period in periods]
    for period, start, after in zip(periods, starts, [*starts[1:], None], strict=True):
        if start.day != 1:
            refuse(
                "startingDate",
                period.raw("startingDate"),
                "value_invalid",
                "an accounting period must begin on a 1st",
            )
        month = start
        while month < (after or _next_month(start)):
            end = _next_month(month)
            yield _month(raw, month, end, _state(setup, period, month, end))
            month = end


def _month(raw: JsonObject, start: date, end: date, state: str) -> CanonicalRow:
    company = Fields(raw).text("company")
    values = {
        "external_id": f"{company}/{start:%Y-%m}",
        "company": company,
        "period": f"{start:%Y-%m}",
        "starts_on": start,
        "ends_on": end,
        "state": state,
    }
    return CanonicalRow("accounting_periods", values)


def _state(setup: Fields, period: Fields, start: date, end: date) -> str:
    first = day_or_none(setup, "allowPostingFrom")
    last = day_or_none(setup, "allowPostingTo")
    if period.flag("closed") or (first is not None and end <= first):
        return "closed"
    return "not_open" if last is not None and start > last else "open"


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
