"""Decides what became of every part of every approved entry, and of every milestone reached."""

from ps_integration.billing import statements
from ps_integration.domain.ports import Queries

_FILES = (
    "macros",
    "charge_entries",
    "chargeable",
    "live_lines",
    "standing",
    "periods",
    "gates",
    "reasons",
    "caps",
    "dispositions",
    "milestones",
)


def classify(queries: Queries, *, revenue_account: str = "") -> None:
    """Fill `billing.dispositions` and `billing.milestones`.

    Args:
        queries: The warehouse, with `billing.rated_entries` and `ops.*` filled.
        revenue_account: Account for projects whose ERP record cannot name one; '' = none.
    """
    statements.run(queries, _FILES, {"revenue_account": revenue_account})
