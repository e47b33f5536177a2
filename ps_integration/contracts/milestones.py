"""Contract of a milestone: a fixed amount that falls due when something is reached."""

from typing import Any

import pandera.pandas as pa
from pandera.typing import Series

from ps_integration.contracts.columns import (
    Count,
    Day,
    Flag,
    Instant,
    Text,
    currency,
    day,
    flag,
    identifier,
    instant,
    minor,
    prose,
)
from ps_integration.contracts.model import Identified, Versioned


class Milestones(Identified):
    """What is billed once, and whether it has been reached."""

    project_external_id: Series[Text] = identifier()
    name: Series[Text] = prose()
    amount_minor: Series[Count] = minor()
    currency: Series[Text] = currency(nullable=True)
    is_reached: Series[Flag] = flag()
    reached_on: Series[Day] = day()
    is_invoiced: Series[Flag] = flag(nullable=True)
    updated_at: Series[Instant] = instant()

    @pa.dataframe_check
    @classmethod
    def amount_has_currency(cls, frame: Any) -> Any:  # noqa: ANN401  # pandera hands in a frame
        """An amount without its currency says nothing."""
        return frame["amount_minor"].isna() | frame["currency"].notna()


VERSION = "1"
MILESTONES = Versioned(Milestones, VERSION, fields={"amount_has_currency": "currency"})
