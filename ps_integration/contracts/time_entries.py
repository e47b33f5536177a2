"""Contract of a time entry: one resource's time on one task and day."""

from decimal import Decimal
from typing import Any, Final

import pandera.pandas as pa
from pandera.typing import Series

from ps_integration.contracts.columns import (
    Count,
    Day,
    Flag,
    Instant,
    Price,
    Text,
    currency,
    day,
    flag,
    identifier,
    instant,
    one_of,
    price,
    prose,
)
from ps_integration.contracts.model import Identified, Versioned

SECONDS_MAX: Final = 10 * 86_400
"""Longer than any mistake a rule should judge; a day over 24 hours is rule TM11, not a contract."""
DAYS_AHEAD: Final = 7


class TimeEntries(Identified):
    """Time worked. `work_date` may be missing when `started_at` says when (see conform).

    `seconds` are whole: connectors read a duration exactly and round it once, half a second away
    from zero. Negative ones take back time that was entered before; rule TM11 holds them.
    """

    resource_external_id: Series[Text] = identifier()
    project_external_id: Series[Text] = identifier(nullable=True)
    task_external_id: Series[Text] = identifier(nullable=True)
    role: Series[Text] = identifier(nullable=True)
    work_date: Series[Day] = day(days_ahead=DAYS_AHEAD)
    seconds: Series[Count] = pa.Field(ge=-SECONDS_MAX, le=SECONDS_MAX)
    is_billable: Series[Flag] = flag(nullable=True)
    approval_state: Series[Text] = one_of(
        "draft", "submitted", "approved", "rejected", "by_request"
    )
    approved_at: Series[Instant] = instant()
    approver: Series[Text] = identifier(nullable=True, max_length=320)
    is_locked: Series[Flag] = flag(nullable=True)
    is_running: Series[Flag] = flag(nullable=True)
    is_invoiced: Series[Flag] = flag(nullable=True)
    unit_price: Series[Price] = price(least=Decimal(0))
    currency: Series[Text] = currency(nullable=True)
    started_at: Series[Instant] = instant(days_ahead=DAYS_AHEAD)
    ended_at: Series[Instant] = instant(days_ahead=DAYS_AHEAD + 10)
    time_zone: Series[Text] = identifier(nullable=True)
    note: Series[Text] = prose(10_000)
    submitted_at: Series[Instant] = instant()
    updated_at: Series[Instant] = instant()

    @pa.dataframe_check
    @classmethod
    def has_a_day(cls, frame: Any) -> Any:  # noqa: ANN401  # pandera hands in a frame
        """Without a date or a start nobody can say in which period the time belongs."""
        return frame["work_date"].notna() | frame["started_at"].notna()


VERSION = "1"
TIME_ENTRIES = Versioned(TimeEntries, VERSION, fields={"has_a_day": "work_date"})
