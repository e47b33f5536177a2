"""Contract of an absence: leave of a resource, as HR has it."""

from pandera.typing import Series

from ps_integration.contracts.columns import (
    Count,
    Day,
    Instant,
    Text,
    day,
    identifier,
    instant,
    minor,
    one_of,
)
from ps_integration.contracts.model import Identified, Versioned


class Absences(Identified):
    """Days on which a resource is away.

    `starts_on` and `ends_on` are the first and the last day away. `seconds_per_day` is what is
    taken off of each day, in seconds; null = the whole day.
    """

    resource_external_id: Series[Text] = identifier()
    kind: Series[Text] = identifier(nullable=True)
    starts_on: Series[Day] = day(nullable=False, days_ahead=None)
    ends_on: Series[Day] = day(nullable=False, days_ahead=None)
    seconds_per_day: Series[Count] = minor(least=0)
    approval_state: Series[Text] = one_of("draft", "submitted", "approved", "rejected")
    updated_at: Series[Instant] = instant()


VERSION = "1"
ABSENCES = Versioned(Absences, VERSION)
