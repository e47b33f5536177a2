"""Contract of an opportunity: a sale that the CRM follows until it is won or lost."""

from typing import Any

import pandera.pandas as pa
from pandera.typing import Series

from ps_integration.contracts.columns import (
    Count,
    Day,
    Instant,
    Text,
    currency,
    day,
    identifier,
    instant,
    minor,
    one_of,
    prose,
)
from ps_integration.contracts.model import Identified, Versioned


class Opportunities(Identified):
    """A sale, its worth in minor units, and the project it is to become.

    `won_on` is the day it was closed as won. `project_key` is the key under which other systems
    know the project; null where the CRM does not know it.
    """

    name: Series[Text] = prose()
    customer_key: Series[Text] = identifier(nullable=True)
    legal_entity: Series[Text] = identifier(nullable=True)
    stage: Series[Text] = one_of("open", "won", "lost")
    won_on: Series[Day] = day()
    amount_minor: Series[Count] = minor(least=0)
    currency: Series[Text] = currency(nullable=True)
    project_key: Series[Text] = identifier(nullable=True)
    updated_at: Series[Instant] = instant()

    @pa.dataframe_check
    @classmethod
    def amount_has_currency(cls, frame: Any) -> Any:  # noqa: ANN401  # pandera hands in a frame
        """An amount without its currency says nothing."""
        return frame["amount_minor"].isna() | frame["currency"].notna()


VERSION = "1"
OPPORTUNITIES = Versioned(Opportunities, VERSION, fields={"amount_has_currency": "currency"})
