"""Contract of a project."""

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
    one_of,
    prose,
)
from ps_integration.contracts.model import Identified, Versioned


class Projects(Identified):
    """What is sold, planned and billed as one."""

    match_key: Series[Text] = identifier(nullable=True)
    name: Series[Text] = prose()
    customer_external_id: Series[Text] = identifier(nullable=True)
    customer_key: Series[Text] = identifier(nullable=True)
    legal_entity: Series[Text] = identifier(nullable=True)
    company: Series[Text] = identifier(nullable=True)
    currency: Series[Text] = currency(nullable=True)
    status: Series[Text] = one_of("planned", "active", "closed", nullable=True)
    billing_type: Series[Text] = one_of(
        "time_and_materials", "milestone", "fixed_fee", "internal", nullable=True
    )
    is_billable: Series[Flag] = flag(nullable=True)
    cap_minor: Series[Count] = minor(least=0)
    tax_code: Series[Text] = identifier(nullable=True)
    revenue_account: Series[Text] = identifier(nullable=True)
    cost_centre: Series[Text] = identifier(nullable=True)
    billing_rule: Series[Text] = identifier(nullable=True)
    purchase_order: Series[Text] = identifier(nullable=True)
    has_billing_attributes: Series[Flag] = flag(nullable=True)
    starts_on: Series[Day] = day()
    ends_on: Series[Day] = day(days_ahead=None)
    closed_on: Series[Day] = day()
    updated_at: Series[Instant] = instant()

    @pa.dataframe_check
    @classmethod
    def cap_has_currency(cls, frame: Any) -> Any:  # noqa: ANN401  # pandera hands in a frame
        """An amount without its currency says nothing."""
        return frame["cap_minor"].isna() | frame["currency"].notna()


VERSION = "1"
PROJECTS = Versioned(Projects, VERSION, fields={"cap_has_currency": "currency"})
