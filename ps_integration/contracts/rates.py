"""Contract of a rate: one line of a rate card."""

from decimal import Decimal
from typing import Any

import pandera.pandas as pa
from pandera.typing import Series

from ps_integration.contracts.columns import (
    FROM_ALWAYS,
    Day,
    Price,
    Text,
    currency,
    day,
    identifier,
    one_of,
    price,
)
from ps_integration.contracts.model import Identified, Versioned


class Rates(Identified):
    """The price of an hour, for whom and where, `[valid_from, valid_to)`."""

    scope: Series[Text] = one_of("assignment", "project_role", "project", "role", "resource")
    project_external_id: Series[Text] = identifier(nullable=True)
    resource_external_id: Series[Text] = identifier(nullable=True)
    task_external_id: Series[Text] = identifier(nullable=True)
    role: Series[Text] = identifier(nullable=True)
    currency: Series[Text] = currency()
    unit_price: Series[Price] = price(nullable=False, least=Decimal(0))
    valid_from: Series[Day] = day(first=FROM_ALWAYS, days_ahead=None)
    valid_to: Series[Day] = day(days_ahead=None)

    @pa.dataframe_check
    @classmethod
    def ends_after_it_starts(cls, frame: Any) -> Any:  # noqa: ANN401  # pandera hands in a frame
        """A rate that ends before it starts is valid on no day."""
        ends = frame["valid_to"]
        return ends.isna() | frame["valid_from"].isna() | (frame["valid_from"] <= ends)


VERSION = "1"
RATES = Versioned(Rates, VERSION, fields={"ends_after_it_starts": "valid_to"})
