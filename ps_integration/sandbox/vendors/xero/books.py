"""One organisation's books inside one open transaction: finding, numbering, showing records."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from ps_integration.sandbox.codec import Document
from ps_integration.sandbox.state import StateTransaction, Stored

IDS = {
    "Accounts": "AccountID",
    "Contacts": "ContactID",
    "CreditNotes": "CreditNoteID",
    "Invoices": "InvoiceID",
    "TrackingCategories": "TrackingCategoryID",
}
ORGANISATIONS = "organisations"
DAYS = {"Date", "DueDate", "FullyPaidOnDate", "PeriodLockDate", "EndOfYearLockDate"}
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_CENT = Decimal("0.01")


def collection(tenant: str, set_name: str) -> str:
    """Name the state's collection that holds a set of an organisation."""
    return f"{tenant}/{set_name}"


@dataclass(frozen=True, slots=True)
class Books:
    """The records of one organisation, read and written in the caller's transaction."""

    transaction: StateTransaction
    system: str
    tenant: str
    settings: Mapping[str, Any]
    now: datetime

    @property
    def organisation(self) -> Document:
        """The organisation itself."""
        return self.transaction.get(self.system, ORGANISATIONS, self.tenant) or {}

    def stored(self, set_name: str, since: datetime | None = None) -> Iterator[Stored]:
        """Yield the records of a set, those changed from an instant on."""
        return self.transaction.stored(
            self.system, collection(self.tenant, set_name), updated_from=since
        )

    def get(self, set_name: str, key: str) -> Stored | None:
        """Return the record with this id."""
        return self.transaction.get_stored(self.system, collection(self.tenant, set_name), key)

    def find(self, set_name: str, field: str, value: str) -> Stored | None:
        """Return the first record whose field has this value, in any case of letters."""
        wanted = value.casefold()
        for row in self.stored(set_name):
            told = row.id if field == IDS.get(set_name) else row.document.get(field)
            if isinstance(told, str) and told.casefold() == wanted:
                return row
        return None

    def put(self, set_name: str, key: str, document: Document) -> Stored:
        """Store a record, modified now."""
        place = collection(self.tenant, set_name)
        self.transaction.put(self.system, place, key, document, self.now)
        return Stored(key, document, self.now, self.now)

    def next_number(self, series: str) -> int:
        """Return the next number of a series of this organisation."""
        return self.transaction.next_id(self.system, collection(self.tenant, f"series/{series}"))

    def new_id(self, set_name: str) -> str:
        """Return an id no record has; the same history gives the same ids."""
        number = self.next_number(set_name)
        return str(uuid5(NAMESPACE_URL, f"{self.system}/{self.tenant}/{set_name}/{number}"))


def rounded(amount: Decimal, decimals: int = 2) -> Decimal:
    """Round half away from zero."""
    return amount.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def decimal_of(record: Mapping[str, Any], name: str) -> Decimal:
    """Read a number exactly; an absent one is zero."""
    return Decimal(str(record.get(name) or 0))


def cents(amount: Decimal) -> Decimal:
    """An amount as Xero shows it."""
    return rounded(amount).quantize(_CENT)


def read_day(text: object) -> date | None:
    """Read a day as clients send it (`2026-03-31`, a time behind it is ignored).

    Raises:
        ValueError: It is no day.
    """
    if text in (None, ""):
        return None
    matched = _DAY.match(str(text))
    if matched is None:
        raise ValueError(f"{text} is no date")
    return date.fromisoformat(matched[0])


def ms_instant(instant: datetime) -> str:
    """Write an instant as Xero's JSON does."""
    return f"/Date({int(instant.astimezone(UTC).timestamp() * 1000)}+0000)/"


def ms_day(text: str) -> str:
    """Write a stored day as Xero's JSON does: midnight UTC."""
    return ms_instant(datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC))


def shown(set_name: str, row: Stored) -> Document:
    """Return a stored record as Xero shows it: its id, its dates, when it was changed."""
    out: Document = {IDS[set_name]: row.id} if set_name in IDS else {}
    for name, value in row.document.items():
        if name == "id" or value is None:
            continue
        if name in DAYS:
            out[name] = ms_day(str(value))
            if name in ("Date", "DueDate"):
                out[f"{name}String"] = f"{value}T00:00:00"
        else:
            out[name] = value
    if set_name in ("Contacts", "CreditNotes", "Invoices", "Accounts"):
        out["UpdatedDateUTC"] = ms_instant(row.updated_at)
    return out
