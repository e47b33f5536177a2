"""Contract of an approval: evidence that comes apart from the time entry."""

from pandera.typing import Series

from ps_integration.contracts.columns import Instant, Text, identifier, instant, one_of
from ps_integration.contracts.model import Identified, Versioned


class Approvals(Identified):
    """What was decided about one entry, by whom and when."""

    entry_external_id: Series[Text] = identifier()
    state: Series[Text] = one_of("submitted", "approved", "rejected", "withdrawn")
    approver: Series[Text] = identifier(nullable=True, max_length=320)
    decided_at: Series[Instant] = instant()
    updated_at: Series[Instant] = instant()


VERSION = "1"
APPROVALS = Versioned(Approvals, VERSION)
