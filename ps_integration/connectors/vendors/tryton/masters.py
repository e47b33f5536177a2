"""Tryton's parties, projects, periods and currencies as canonical rows.

A raw record is `{"company": <company id>, "currency": <its currency>, "record": <the exact
slice>}`. Parties belong to no company there and have no currency; they are read once. Sources:
Tryton module documentation of `party`, `project`, `project_revenue`, `account_product`, `account`
and `currency`.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from ps_integration.connectors.compose import listed
from ps_integration.connectors.fields import Fields, refuse
from ps_integration.connectors.keys import KeyRule
from ps_integration.connectors.rows import row
from ps_integration.connectors.vendors.tryton.options import Options
from ps_integration.connectors.vendors.tryton.values import plain
from ps_integration.domain.currencies import MINOR_UNITS
from ps_integration.domain.records import CanonicalRow, JsonObject, RecordRefusedError
from ps_integration.domain.text import match_key

PARTY: Final = ("code", "name", "active", "create_date", "write_date")
WORK: Final = (
    "name",
    "number",
    "comment",
    "company",
    "party.code",
    "status.name",
    "project_invoice_method",
    "product.account_category.account_revenue.code",
    "product.account_category.customer_taxes_used.name",
    "timesheet_start_date",
    "timesheet_end_date",
    "create_date",
    "write_date",
)
PERIOD: Final = ("name", "start_date", "end_date", "state", "type", "company")
RATE: Final = ("currency.code", "date", "rate")
PERIOD_STATES: Final = {"open": "open", "closed": "closed", "locked": "closed"}
TWELVE_DECIMALS: Final = Decimal(1).scaleb(-12)


def record_of(raw: JsonObject) -> Fields:
    """The record itself, in plain values.

    Raises:
        RecordRefusedError: It is none.
    """
    told = plain(raw.get("record"))
    if not isinstance(told, dict):
        refuse("record", told, "object_type")
    return Fields(told)


def changed_at(record: Fields) -> datetime | None:
    """When it was changed last; `write_date` is empty until the first change."""
    return record.opt_instant("write_date") or record.opt_instant("create_date")


def watermark_of(value: object) -> datetime | None:
    """When a record was changed last, for the watermark; None where it does not say."""
    try:
        told = plain(value)
        return changed_at(Fields(told)) if isinstance(told, dict) else None
    except RecordRefusedError:
        return None


def customer(raw: JsonObject) -> Iterator[CanonicalRow]:
    """One party. Tryton blocks none; one that is not active any more cannot be billed."""
    record = record_of(raw)
    yield row(
        "customers",
        record.ident("id"),
        match_key=match_key(record.text("code")),
        name=record.opt_text("name") or record.text("code"),
        is_blocked=record.raw("active") in (False, 0),
        updated_at=changed_at(record),
    )


def project(raw: JsonObject, options: Options) -> Iterator[CanonicalRow]:
    """One `project.work` of type project; account and tax come from its service's category."""
    company, record = Fields(raw).text("company"), record_of(raw)
    party = record.opt_text("party.code")
    status = record.choice("status.name", options.statuses)
    ends_on = record.opt_day("timesheet_end_date")
    yield row(
        "projects",
        f"{company}/{record.ident('id')}",
        match_key=options.project_key.read(record),
        name=record.text("name"),
        customer_key=match_key(party) if party else None,
        legal_entity=options.legal_entity(company),
        company=company,
        currency=_currency(record, options) or Fields(raw).currency("currency"),
        status=status,
        tax_code=_tax(record),
        revenue_account=record.opt_text("product.account_category.account_revenue.code"),
        cost_centre=options.cost_centre(company),
        billing_rule=record.opt_text("project_invoice_method"),
        purchase_order=_shown(record, options.purchase_order_key),
        has_billing_attributes=True,
        starts_on=record.opt_day("timesheet_start_date"),
        ends_on=ends_on,
        closed_on=ends_on if status == "closed" else None,
        updated_at=changed_at(record),
    )


def _currency(record: Fields, options: Options) -> str | None:
    code = (_shown(record, options.currency_key) or "").upper()
    return code if code in MINOR_UNITS else None


def _shown(record: Fields, rule: KeyRule | None) -> str | None:
    """What a rule finds, as it is written there."""
    text = None if rule is None else record.opt_text(rule.field)
    if rule is None or not text:
        return None
    found = re.search(rule.pattern, text) if rule.pattern else None
    if found is None:
        return None if rule.pattern else text
    return found.group(1) if found.re.groups else found.group(0)


def _tax(record: Fields) -> str | None:
    """The one tax of the service; with none, or with several, there is no tax code to bill by."""
    category = record.raw("product.account_category")
    if not isinstance(category, dict):
        return None
    taxes = listed(Fields(category), "customer_taxes_used")
    return taxes[0].text("name") if len(taxes) == 1 else None


def period(raw: JsonObject) -> Iterator[CanonicalRow]:
    """The months of one standard period, which takes postings while it is open."""
    company, record = Fields(raw).text("company"), record_of(raw)
    start, last = record.day("start_date"), record.day("end_date")
    state = record.choice("state", PERIOD_STATES)
    if start.day != 1 or (last + timedelta(days=1)).day != 1:
        refuse(
            "start_date",
            record.raw("start_date"),
            "value_invalid",
            "an accounting period must cover whole months",
        )
    month = start
    while month <= last:
        end = (month + timedelta(days=32)).replace(day=1)
        yield row(
            "accounting_periods",
            f"{company}/{month:%Y-%m}",
            company=company,
            period=f"{month:%Y-%m}",
            starts_on=month,
            ends_on=end,
            state=state,
        )
        month = end


def exchange_rates(raw: JsonObject) -> Iterator[CanonicalRow]:
    """What one unit of each currency is in the company's own, on every day either was quoted.

    Tryton quotes how many units make one of an unnamed base; two currencies are compared by the
    quotient of their quotes, each the newest one of that day.
    """
    company, local = Fields(raw).text("company"), Fields(raw).currency("currency")
    quotes: dict[str, dict[date, Decimal]] = {}
    for quote in listed(Fields({"record": plain(raw.get("record"))}), "record"):
        code, day, rate = quote.currency("currency.code"), quote.day("date"), quote.number("rate")
        if rate <= 0:
            refuse("rate", rate, "value_invalid", "an exchange rate must be above zero")
        quotes.setdefault(code, {})[day] = rate
    own = quotes.pop(local, {})
    for code, days in quotes.items():
        for day in sorted({*days, *own}):
            here, there = _newest(own, day), _newest(days, day)
            if here is None or there is None:
                continue
            yield row(
                "fx_rates",
                f"{company}/{code}/{day}",
                company=company,
                from_currency=code,
                to_currency=local,
                rate_type="spot",
                valid_on=day,
                rate=(here / there).quantize(TWELVE_DECIMALS),
            )


def _newest(quotes: Mapping[date, Decimal], day: date) -> Decimal | None:
    last = max((one for one in quotes if one <= day), default=None)
    return None if last is None else quotes[last]
