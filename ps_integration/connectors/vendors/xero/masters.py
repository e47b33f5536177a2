"""Xero's contacts, tracking options and lock dates as canonical rows.

A raw record is `{"company": <tenant id>, ..., "record": <the exact slice>}`: the vendor's records
do not say whose they are. Vendor pages "Contacts", "Tracking categories", "Organisation".
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from ps_integration.connectors.compose import listed, part
from ps_integration.connectors.fields import Fields
from ps_integration.connectors.rows import row
from ps_integration.connectors.vendors.xero.api import opt_day, opt_instant
from ps_integration.connectors.vendors.xero.options import Options
from ps_integration.domain.records import CanonicalRow, JsonObject
from ps_integration.domain.text import match_key

BLOCKED: Final = {"ACTIVE": False, "ARCHIVED": True, "GDPRREQUEST": True}
OPTION_STATES: Final = {"ACTIVE": "active", "ARCHIVED": "closed", "DELETED": "closed"}
MONTHS_BEFORE: Final = 36
MONTHS_AFTER: Final = 12


def customer(raw: JsonObject, options: Options) -> Iterator[CanonicalRow]:
    """One contact; an archived one takes no invoices."""
    company, record = Fields(raw).text("company"), part(raw, "record")
    own = Fields(raw).currency("baseCurrency")
    yield row(
        "customers",
        f"{company}/{record.ident('ContactID')}",
        match_key=record.key(options.contact_key),
        name=record.text("Name"),
        currency=record.opt_currency("DefaultCurrency") or own,
        legal_entity=options.legal_entity(company),
        company=company,
        is_blocked=record.choice("ContactStatus", BLOCKED),
        updated_at=opt_instant(record, "UpdatedDateUTC"),
    )


def projects(raw: JsonObject, options: Options) -> Iterator[CanonicalRow]:
    """The options of the category that tracks projects; other categories give none.

    Xero knows such a project by the option's name only, and that is the project's code: the id,
    because it is what a line is tracked to, and no name that could differ from the PSA's.
    """
    company, category = Fields(raw).text("company"), part(raw, "record")
    category.ident("TrackingCategoryID")
    if category.text("Name") != options.project_tracking:
        return
    for option in listed(category, "Options"):
        name = option.text("Name")
        yield row(
            "projects",
            f"{company}/{name}",
            match_key=match_key(name),
            legal_entity=options.legal_entity(company),
            company=company,
            status=option.choice("Status", OPTION_STATES),
            has_billing_attributes=False,
        )


def periods(raw: JsonObject, _options: Options) -> Iterator[CanonicalRow]:
    """Months around the one of the reading, closed up to the later lock date.

    Xero has no calendar of periods: "Lock dates" stop changes on and before a date. A month that is
    locked in part is open, since its last days still take documents.
    """
    company, record = Fields(raw).text("company"), part(raw, "record")
    record.ident("OrganisationID")
    month = Fields(raw).day("month")
    locks = [opt_day(record, field) for field in ("PeriodLockDate", "EndOfYearLockDate")]
    locked = max((lock for lock in locks if lock is not None), default=None)
    for distance in range(-MONTHS_BEFORE, MONTHS_AFTER + 1):
        start, end = _month(month, distance), _month(month, distance + 1)
        is_closed = locked is not None and end - timedelta(days=1) <= locked
        yield row(
            "accounting_periods",
            f"{company}/{start:%Y-%m}",
            company=company,
            period=f"{start:%Y-%m}",
            starts_on=start,
            ends_on=end,
            state="closed" if is_closed else "open",
        )


def _month(day: date, distance: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + distance, 12)
    return date(year, month + 1, 1)
