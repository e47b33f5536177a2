"""One account's records in an open transaction: references, dates, currencies, periods."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from ps_integration.domain.currencies import MINOR_UNITS
from ps_integration.sandbox.codec import Document
from ps_integration.sandbox.state import Stored
from ps_integration.sandbox.store import StateTransaction
from ps_integration.sandbox.vendors.netsuite.errors import (
    invalid_content,
    invalid_value,
    user_error,
)

TRANSACTIONS = ("invoice", "creditMemo")


@dataclass(frozen=True, slots=True)
class Books:
    """What one request reads and writes."""

    transaction: StateTransaction
    system: str
    settings: Mapping[str, Any]
    now: datetime
    ids: frozenset[str] | None = None
    external_id: str | None = None

    def rows(self, collection: str) -> Iterator[Stored]:
        """Every record of a type, oldest first."""
        return self.transaction.stored(self.system, collection)

    def transactions(self, collection: str) -> Iterator[Stored]:
        """Invoices or credit memos: all, or those with the `ids` or `external_id` asked for."""
        if self.ids is not None:
            for identity in sorted(self.ids, key=int):
                found = self.transaction.get_stored(self.system, collection, identity)
                yield from () if found is None else (found,)
            return
        where = {} if self.external_id is None else {"externalId": self.external_id}
        yield from self.transaction.stored(self.system, collection, where=where)

    def get(self, collection: str, identity: str) -> Document | None:
        """One record by internal id."""
        return self.transaction.get(self.system, collection, identity)

    def by_external_id(self, collection: str, external_id: str) -> Document | None:
        """One record by external id."""
        where = {"externalId": external_id}
        found = list(self.transaction.stored(self.system, collection, where=where))
        return found[0].document if found else None

    def put(self, collection: str, document: Document) -> None:
        """Store a record as of now."""
        self.transaction.put(self.system, collection, str(document["id"]), document, self.now)

    def referred(self, collection: str, told: object, field: str, path: str) -> Document:
        """The record a reference means: `{"id": ...}` or `{"externalId": ...}`.

        Raises:
            RefusedError: It is no reference, or leads nowhere.
        """
        if not isinstance(told, dict) or not told.keys() & {"id", "externalId"}:
            raise invalid_content(f"The reference {field} needs an id or an externalId.", path)
        if "id" in told:
            found = self.get(collection, str(told["id"]))
        else:
            found = self.by_external_id(collection, str(told["externalId"]))
        if found is None or found.get("isInactive") is True:
            raise invalid_value(told.get("id", told.get("externalId")), field, path)
        return found

    def open_period(self, day: date, *, may_move: bool = False) -> Document:
        """The period of a date, which must take receivables.

        Args:
            day: The date.
            may_move: Take the first open period after a closed one where the account allows it.

        Raises:
            RefusedError: There is none, or it is closed or locked.
        """
        months = [row.document for row in self._months()]
        period = next((one for one in months if _covers(one, day)), None)
        if period is None:
            raise user_error("The transaction date you specified is in no accounting period.")
        if _is_open(period):
            return period
        is_allowed = may_move and bool(self.settings["date_outside_period"])
        later = [one for one in months if _is_open(one) and one["startDate"] > period["startDate"]]
        if is_allowed and later:
            return min(later, key=lambda one: str(one["startDate"]))
        raise user_error(f"You cannot post to the closed accounting period {period['periodName']}.")

    def rounded(self, amount: Decimal, currency: Document) -> Decimal:
        """An amount at the currency's decimals."""
        unit = Decimal(1).scaleb(-MINOR_UNITS[str(currency["symbol"])])
        return amount.quantize(unit, ROUND_HALF_UP)

    def _months(self) -> Iterator[Stored]:
        for row in self.rows("accountingPeriod"):
            if not any(row.document.get(name) for name in ("isQuarter", "isYear", "isAdjust")):
                yield row


def _is_open(period: Document) -> bool:
    return not any(period.get(name) is True for name in ("closed", "allLocked", "arLocked"))


def _covers(period: Document, day: date) -> bool:
    return str(period["startDate"]) <= day.isoformat() <= str(period["endDate"])
