"""Contract of a resource: a person whose time is sold."""

from pandera.typing import Series

from ps_integration.contracts.columns import (
    FIRST_HIRE,
    Day,
    Flag,
    Instant,
    Text,
    day,
    flag,
    identifier,
    instant,
    prose,
)
from ps_integration.contracts.model import Identified, Versioned


class Resources(Identified):
    """A person, employee or subcontractor. People are hired long before any project starts.

    `home_valid_from` is the first day on which the home entity counts; null = for all time that is
    not posted. `supplier_key` is who invoices a subcontractor's work; null = an employee, or not
    known here.
    """

    match_key: Series[Text] = identifier(nullable=True, max_length=320)
    name: Series[Text] = prose()
    email: Series[Text] = identifier(nullable=True, max_length=320)
    home_legal_entity: Series[Text] = identifier(nullable=True)
    home_valid_from: Series[Day] = day(first=FIRST_HIRE)
    role: Series[Text] = identifier(nullable=True)
    supplier_key: Series[Text] = identifier(nullable=True)
    time_zone: Series[Text] = identifier(nullable=True)
    is_active: Series[Flag] = flag(nullable=True)
    starts_on: Series[Day] = day(first=FIRST_HIRE)
    ends_on: Series[Day] = day(first=FIRST_HIRE, days_ahead=None)
    updated_at: Series[Instant] = instant()


VERSION = "3"
RESOURCES = Versioned(Resources, VERSION)
