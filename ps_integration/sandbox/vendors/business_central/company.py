"""One company's books inside one open transaction: finding, numbering, rendering records."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from ps_integration.sandbox.codec import Document
from ps_integration.sandbox.state import StateTransaction, Stored
from ps_integration.sandbox.vendors.business_central.entities import BLANKS, NO_DATE, Entity


def collection(company_id: str, set_name: str) -> str:
    """Name the state's collection that holds an entity set of a company."""
    return f"{company_id}/{set_name}"


@dataclass(frozen=True, slots=True)
class Company:
    """The records of one company, read and written in the caller's transaction."""

    transaction: StateTransaction
    system: str
    id: str
    settings: Mapping[str, Any]
    now: datetime

    @property
    def today(self) -> date:
        """The work date."""
        return self.now.date()

    @property
    def local_currency(self) -> str:
        """The currency the general ledger is kept in."""
        return str(self.setup.get("localCurrencyCode", ""))

    @property
    def setup(self) -> Document:
        """The general ledger setup; empty when the company has none."""
        return next((row.document for row in self.stored("generalLedgerSetup")), {})

    def stored(self, set_name: str, **where: object) -> Iterator[Stored]:
        """Yield the records of an entity set whose properties have these values."""
        return self.transaction.stored(
            self.system, collection(self.id, set_name), where=where or None
        )

    def get(self, set_name: str, key: str) -> Stored | None:
        """Return the record with this id."""
        return self.transaction.get_stored(self.system, collection(self.id, set_name), key)

    def find(self, set_name: str, **where: object) -> Document | None:
        """Return the first record whose properties have these values."""
        return next((row.document for row in self.stored(set_name, **where)), None)

    def put(self, set_name: str, document: Document) -> None:
        """Store a record under its id, modified now."""
        self.transaction.put(
            self.system, collection(self.id, set_name), document["id"], document, self.now
        )

    def delete(self, set_name: str, key: str) -> None:
        """Remove a record."""
        self.transaction.delete(self.system, collection(self.id, set_name), key, self.now)

    def next_number(self, series: str) -> int:
        """Return the next number of a series of this company."""
        return self.transaction.next_id(self.system, collection(self.id, f"series/{series}"))

    def new_id(self, set_name: str, of: str = "") -> str:
        """Return an id no record has; the same history gives the same ids.

        With `of`, the records of one name are counted apart, so that what is created at the same
        time has the same ids whichever comes first.
        """
        number = self.next_number(f"{set_name}/{of}" if of else set_name)
        return str(uuid5(NAMESPACE_URL, f"{self.system}/{self.id}/{set_name}/{of}{number}"))

    def precision(self, currency: str) -> Decimal:
        """Return the smallest amount of a currency, as its record says."""
        record = self.find("currencies", code=currency) or {}
        default = self.settings["amount_rounding_precision"]
        return Decimal(str(record.get("amountRoundingPrecision", default)))


def rounded(amount: Decimal, precision: Decimal) -> Decimal:
    """Round half away from zero to a multiple of the precision."""
    return (amount / precision).quantize(Decimal(1), ROUND_HALF_UP) * precision


def decimal_of(document: Document, name: str) -> Decimal:
    """Read a number exactly; an absent one is zero."""
    return Decimal(str(document.get(name, 0)))


def date_of(document: Document, name: str) -> date | None:
    """Read a date; the vendor's blank date, or none, is None."""
    text = str(document.get(name) or NO_DATE)
    return None if text == NO_DATE else date.fromisoformat(text)


def rendered(entity: Entity, document: Document, modified: datetime | None = None) -> Document:
    """Return a record with all and only the properties of its entity, blank ones included."""
    shown: Document = {
        name: document.get(name, BLANKS[kind]) for name, kind in entity.kinds.items()
    }
    if modified is not None and "lastModifiedDateTime" in shown:
        instant = modified.astimezone(UTC).isoformat(timespec="milliseconds")
        shown["lastModifiedDateTime"] = instant.replace("+00:00", "Z")
    return shown
