"""Contracts of the books: accounting periods, exchange rates, legal entities."""

from decimal import Decimal
from typing import Any, Final

import pandera.pandas as pa
from pandera.typing import Series

from ps_integration.contracts.columns import (
    Day,
    ExchangeRate,
    Text,
    currency,
    day,
    identifier,
    one_of,
    prose,
)
from ps_integration.contracts.model import Contract, Identified, Versioned

PLANNED_YEARS: Final = 3
"""ERPs create the periods of coming fiscal years ahead of time."""
_PERIOD: Final = r"^\d{4}-(0[1-9]|1[0-2])$"
_LEAST_RATE: Final = Decimal("0.000000000001")


class AccountingPeriods(Identified):
    """A month in the books of one company, `[starts_on, ends_on)`, with its state."""

    company: Series[Text] = identifier(nullable=True)
    period: Series[Text] = pa.Field(str_matches=_PERIOD)
    starts_on: Series[Day] = day(nullable=False, days_ahead=366 * PLANNED_YEARS)
    ends_on: Series[Day] = day(nullable=False, days_ahead=366 * (PLANNED_YEARS + 1))
    state: Series[Text] = one_of("open", "closed", "not_open")

    @pa.dataframe_check
    @classmethod
    def ends_after_it_starts(cls, frame: Any) -> Any:  # noqa: ANN401  # pandera hands in a frame
        """A period that ends before it starts holds no day."""
        return frame["starts_on"] < frame["ends_on"]


class FxRates(Identified):
    """1 `from_currency` = `rate` `to_currency` from `valid_on` until the next."""

    company: Series[Text] = identifier(nullable=True)
    from_currency: Series[Text] = currency()
    to_currency: Series[Text] = currency()
    rate_type: Series[Text] = identifier(nullable=True)
    valid_on: Series[Day] = day(nullable=False)
    rate: Series[ExchangeRate] = pa.Field(ge=_LEAST_RATE)


class LegalEntities(Contract):
    """One company of the firm, as the firm file says it."""

    legal_entity: Series[Text] = identifier()
    name: Series[Text] = prose()
    currency: Series[Text] = currency()
    time_zone: Series[Text] = identifier()
    rounding: Series[Text] = one_of("half_up", "half_even")
    closed_period_policy: Series[Text] = one_of("hold", "shift", "reject")
    future_period_policy: Series[Text] = one_of("hold", "shift", "reject")


VERSION = "1"
ACCOUNTING_PERIODS = Versioned(
    AccountingPeriods, VERSION, fields={"ends_after_it_starts": "ends_on"}
)
FX_RATES = Versioned(FxRates, VERSION)
LEGAL_ENTITIES = Versioned(LegalEntities, VERSION)
