"""Finds the price of each approved hour: which rate, since when, over which FX, and why."""

from ps_integration.billing import statements
from ps_integration.domain.ports import Queries

_PRICED = ("chargeable", "rate_keys", "rate")
_FILES = (
    *("macros", "fx_quotes", "charge_entries", *_PRICED, "rated_entries", "role_as_posted"),
    *("charge_today", *_PRICED, "posted_changes"),
)


def rate(queries: Queries) -> None:
    """Fill `billing.rated_entries` from entries, rates and FX, all taken from the warehouse.

    Entries sold otherwise than by the hour have no row; neither have entries settled elsewhere
    that no rate prices, so that old time asks nobody for old rates. Posted work is priced as it was
    posted, and once more as the master data of today would have it: `billing.posted_changes` has
    the difference. What a person has released is then billed as today's data says.
    """
    statements.run(queries, _FILES)
