"""The two equations: every approved hour has one fate, and the documents come to what is due.

Sums may hold while a record is wrong; `broken_links` names every record on the way from raw to
price and part that does not follow from the one before it.
"""

from ps_integration.billing import statements
from ps_integration.domain.ports import Queries, Row

_FILES = (
    "macros",
    "fx_quotes",
    "live_lines",
    "own_count",
    "own_lines",
    "own_prices",
    "completeness",
    "record_counts",
    "periods",
    "today_headers",
    "correction_cells",
    "correction_drafts",
    "correction_states",
    "correction_lines",
    "corrections",
    "ledger",
    "reasons",
    "link_sources",
    "link_entries",
    "link_caps",
    "link_lines",
)
WORST_MAX = 10
"""Groups that a failing check names."""

_BROKEN_GROUPS = """
select
    legal_entity,
    currency,
    period,
    approved_count,
    disposed_count,
    approved_seconds,
    disposed_seconds,
    approved_minor,
    disposed_minor,
    unpriced_count,
    disposed_unpriced_count
from billing.completeness
where not holds
order by
    abs(approved_minor - disposed_minor) desc,
    abs(approved_seconds - disposed_seconds) desc,
    legal_entity, currency, period
limit $worst_max
"""
_BROKEN_COUNTS = """
select
    system,
    raw_records,
    not_approved,
    approved,
    quarantined,
    deleted,
    superseded
from billing.record_counts
where not holds
order by system
"""
_BROKEN_LINKS = """
select
    table_name,
    record_key,
    problem
from billing.broken_links
where equation = $equation
order by table_name, record_key, problem
limit $worst_max
"""
_BROKEN_LEDGER = """
select
    legal_entity,
    currency,
    period,
    confirmed_minor,
    in_flight_minor,
    target_minor,
    owed_minor,
    erp_minor,
    unexplained
from billing.ledger_equation
where not holds
order by
    abs(confirmed_minor - erp_minor) desc,
    abs(confirmed_minor + in_flight_minor + owed_minor - target_minor) desc,
    legal_entity, currency, period
limit $worst_max
"""


def account(queries: Queries, *, revenue_account: str = "") -> None:
    """Fill both equations, `billing.broken_links`, and what is owed with its correction lines.

    Args:
        queries: The warehouse, after `classify`.
        revenue_account: Account for projects whose ERP record cannot name one; '' = none.
    """
    statements.run(queries, _FILES, {"revenue_account": revenue_account})


def broken_groups(queries: Queries) -> list[Row]:
    """The groups in which approved time is not the sum of its dispositions, worst first."""
    return queries.rows(_BROKEN_GROUPS, {"worst_max": WORST_MAX})


def broken_counts(queries: Queries) -> list[Row]:
    """The systems whose raw time records are not all accounted for."""
    return queries.rows(_BROKEN_COUNTS)


def broken_links(queries: Queries, equation: str) -> list[Row]:
    """The first records that do not follow from what they were made of, by table.

    Args:
        queries: The warehouse, after `account`.
        equation: `completeness` or `ledger`, whichever they break.
    """
    return queries.rows(_BROKEN_LINKS, {"worst_max": WORST_MAX, "equation": equation})


def broken_ledger(queries: Queries) -> list[Row]:
    """The groups in which documents, targets and the ERP do not tie, worst first."""
    return queries.rows(_BROKEN_LEDGER, {"worst_max": WORST_MAX})
