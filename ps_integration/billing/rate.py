"""Finds the price of each approved hour: which rate, since when, over which FX, and why."""

from ps_integration.billing import statements
from ps_integration.domain.ports import Queries

_FILES = ("macros", "fx_quotes", "chargeable", "rate_keys", "rate")


def rate(queries: Queries) -> None:
    """Fill `billing.rated_entries` from entries, rates and FX, all taken from the warehouse.

    Entries sold otherwise than by the hour have no row; neither have entries settled elsewhere
    that no rate prices, so that old time asks nobody for old rates.
    """
    statements.run(queries, _FILES)
