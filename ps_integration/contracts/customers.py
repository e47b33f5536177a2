"""Contract of a customer."""

from pandera.typing import Series

from ps_integration.contracts.columns import (
    Flag,
    Instant,
    Text,
    currency,
    flag,
    identifier,
    instant,
    prose,
)
from ps_integration.contracts.model import Identified, Versioned


class Customers(Identified):
    """Who is billed."""

    match_key: Series[Text] = identifier(nullable=True)
    name: Series[Text] = prose()
    currency: Series[Text] = currency(nullable=True)
    legal_entity: Series[Text] = identifier(nullable=True)
    company: Series[Text] = identifier(nullable=True)
    is_blocked: Series[Flag] = flag(nullable=True)
    updated_at: Series[Instant] = instant()


VERSION = "1"
CUSTOMERS = Versioned(Customers, VERSION)
