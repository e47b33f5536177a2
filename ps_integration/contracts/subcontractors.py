"""Contract of a subcontractor's cost: what a supplier invoices for the work of one person."""

import pandera.pandas as pa
from pandera.typing import Series

from ps_integration.contracts.columns import (
    Count,
    Flag,
    Instant,
    Text,
    currency,
    flag,
    identifier,
    instant,
    minor,
)
from ps_integration.contracts.model import Identified, Versioned


class SubcontractorCosts(Identified):
    """Of one person and month; a cost that names no project is for all of the month's projects.

    `resource_key` is the person's match key, `supplier_key` who invoices. A credit is negative;
    `seconds` is the time invoiced, where the supplier's invoice says it.
    """

    company: Series[Text] = identifier(nullable=True)
    supplier_key: Series[Text] = identifier(nullable=True)
    resource_key: Series[Text] = identifier(max_length=320)
    project_key: Series[Text] = identifier(nullable=True)
    period: Series[Text] = pa.Field(str_matches=r"^\d{4}-(0[1-9]|1[0-2])$")
    number: Series[Text] = identifier(nullable=True)
    is_posted: Series[Flag] = flag()
    seconds: Series[Count] = minor()
    amount_minor: Series[Count] = minor(nullable=False)
    currency: Series[Text] = currency()
    updated_at: Series[Instant] = instant()


VERSION = "1"
SUBCONTRACTOR_COSTS = Versioned(SubcontractorCosts, VERSION)
"""The contract in force."""
