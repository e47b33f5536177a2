"""Contract of an intercompany charge: what one legal entity bills another for its people's work."""

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


class IntercompanyCharges(Identified):
    """Of one month; a charge that names no project is for all of the month's projects.

    `from_legal_entity` is whose people worked, `to_legal_entity` whose project it is, both as in
    the firm file. A credit is negative.
    """

    company: Series[Text] = identifier(nullable=True)
    from_legal_entity: Series[Text] = identifier()
    to_legal_entity: Series[Text] = identifier()
    project_key: Series[Text] = identifier(nullable=True)
    period: Series[Text] = pa.Field(str_matches=r"^\d{4}-(0[1-9]|1[0-2])$")
    number: Series[Text] = identifier(nullable=True)
    is_posted: Series[Flag] = flag()
    amount_minor: Series[Count] = minor(nullable=False)
    currency: Series[Text] = currency()
    updated_at: Series[Instant] = instant()


VERSION = "1"
INTERCOMPANY_CHARGES = Versioned(IntercompanyCharges, VERSION)
"""The contract in force."""
