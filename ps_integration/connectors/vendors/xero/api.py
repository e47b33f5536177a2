"""Xero's Accounting API: organisations by header, pages, dates, where-filters.

Vendor pages "OAuth 2.0 API limits", "Requests and responses", "Custom connections".
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Final, Literal

from ps_integration.connectors import paging
from ps_integration.connectors.answers import Answer
from ps_integration.connectors.fields import Fields, refuse
from ps_integration.connectors.http import ApiClient
from ps_integration.connectors.oauth import ClientCredentials
from ps_integration.connectors.raw import inside
from ps_integration.connectors.setup import Setup
from ps_integration.connectors.vendors.xero.options import API_URL, TOKEN_URL, Options
from ps_integration.domain.days import day_in
from ps_integration.domain.records import Json
from ps_integration.errors import BadAnswerError

Kind = Literal["invoice", "credit_memo"]
KINDS: Final[tuple[Kind, ...]] = ("invoice", "credit_memo")
SETS: Final[Mapping[Kind, str]] = {"invoice": "Invoices", "credit_memo": "CreditNotes"}
TYPES: Final[Mapping[Kind, str]] = {"invoice": "ACCREC", "credit_memo": "ACCRECCREDIT"}
IDS: Final[Mapping[str, str]] = {
    "Invoices": "InvoiceID",
    "CreditNotes": "CreditNoteID",
    "Contacts": "ContactID",
}
NUMBERS: Final[Mapping[Kind, str]] = {"invoice": "InvoiceNumber", "credit_memo": "CreditNoteNumber"}
EXACT: Final[Mapping[str, str | int]] = {"unitdp": 4}
"""Unit amounts with four decimals; without it Xero shows two."""
THROTTLED: Final = frozenset({429})
"""The vendor documents 429 as refused for its rate, before anything is done."""
_MS_DATE: Final = re.compile(r"/Date\((-?[0-9]{1,15})(?:[+-][0-9]{4})?\)/")


def client_of(setup: Setup, options: Options) -> ApiClient:
    """The client of one connection, with a token of its own."""
    auth = ClientCredentials(
        setup.address(options.token_url or TOKEN_URL),
        setup.secret("client_id").value,
        setup.secret("client_secret"),
        options.scope,
    )
    return setup.client(auth, setup.url(API_URL), unprocessed=THROTTLED)


def tenant(company: str) -> dict[str, str]:
    """The header that says whose books are meant."""
    return {"Xero-Tenant-Id": company}


def literal(text: str) -> str:
    """A text inside `where`."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def read_all(
    client: ApiClient,
    company: str,
    name: str,
    query: Mapping[str, str | int],
    *,
    page_size: int,
    since: datetime | None = None,
) -> Iterator[paging.Page]:
    """Yield the pages of a paged list; a list that shifts while it is read is read again.

    Without `page` Xero leaves the lines out; with it the answer counts its records.
    """
    headers = tenant(company)
    if since is not None:
        headers["If-Modified-Since"] = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")

    def ask(turn: paging.Turn) -> Answer:
        return client.get_json(turn.path, turn.params, headers)

    first = paging.Turn(f"/{name}", {**query, "page": 1, "pageSize": page_size})
    following = paging.page_number(
        lambda page: _counted(page, "page") >= _counted(page, "pageCount")
    )
    yield from paging.settled(
        lambda: paging.pages(ask, first, (name,), following),
        lambda record: str(inside(record, IDS[name])),
        lambda page: _counted(page, "itemCount"),
    )


def read_plain(
    client: ApiClient, company: str, path: str, name: str, query: Mapping[str, str | int]
) -> paging.Page:
    """The one page of a list that Xero does not page, or of one record."""

    def ask(turn: paging.Turn) -> Answer:
        return client.get_json(turn.path, turn.params, tenant(company))

    (page,) = paging.pages(ask, paging.Turn(path, query), (name,), lambda _turn, _page: None)
    return page


def _counted(page: paging.Page, name: str) -> int:
    counts = page.rest.get("pagination")
    found = counts.get(name) if isinstance(counts, dict) else None
    if type(found) is not int:
        raise BadAnswerError(f"the answer has no pagination.{name}; the end of the list is unknown")
    return found


def instant_or_none(value: Json) -> datetime | None:
    """An instant from `/Date(1552327126117+0000)/`: milliseconds of UTC, whatever the offset."""
    matched = _MS_DATE.fullmatch(value) if isinstance(value, str) else None
    if matched is None:
        return None
    try:
        return datetime.fromtimestamp(int(matched[1]) / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def opt_instant(record: Fields, field: str) -> datetime | None:
    """An instant, or None where the field is missing; another form is refused."""
    value = record.opt_text(field)
    if value is None:
        return None
    found = instant_or_none(value)
    if found is None:
        refuse(field, value, "instant_invalid", "milliseconds as in /Date(1552327126117+0000)/")
    return found


def opt_day(record: Fields, field: str) -> date | None:
    """A business date, which Xero states as midnight UTC, or None where it is missing."""
    found = opt_instant(record, field)
    return None if found is None else day_in(found, UTC)


def day(record: Fields, field: str) -> date:
    """A business date that must be there."""
    found = opt_day(record, field)
    if found is None:
        refuse(field, None, "value_missing")
    return found
