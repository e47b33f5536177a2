"""Contract of an expense."""

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
    one_of,
    prose,
)
from ps_integration.contracts.model import Identified, Versioned


class Expenses(Identified):
    """Money a resource spent on a project."""

    resource_external_id: Series[Text] = identifier(nullable=True)
    project_external_id: Series[Text] = identifier(nullable=True)
    category: Series[Text] = prose()
    spent_on: Series[Day] = day(nullable=False)
    amount_minor: Series[Count] = minor(nullable=False)
    currency: Series[Text] = currency()
    is_billable: Series[Flag] = flag(nullable=True)
    approval_state: Series[Text] = one_of("draft", "submitted", "approved", "rejected")
    has_receipt: Series[Flag] = flag(nullable=True)
    is_invoiced: Series[Flag] = flag(nullable=True)
    note: Series[Text] = prose(10_000)
    updated_at: Series[Instant] = instant()


VERSION = "1"
EXPENSES = Versioned(Expenses, VERSION)
