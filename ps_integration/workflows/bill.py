"""Rates, classifies, accounts for and plans tonight's time; each step is a plain function."""

from collections.abc import Sequence
from typing import Final

from ps_integration.billing import account as accounting
from ps_integration.billing import classify as classification
from ps_integration.billing import plan as planning
from ps_integration.billing import rate as rating
from ps_integration.billing.planned import PlannedBatch
from ps_integration.domain.money import Money
from ps_integration.domain.ports import Queries, Row
from ps_integration.workflows.night import CheckResult, Night, StepResult

_RATED: Final = """
select
    currency,
    problem,
    count(*) as entries,
    coalesce(sum(amount_minor), 0)::bigint as amount_minor
from billing.rated_entries
group by all
order by all
"""
_DISPOSED: Final = """
select
    disposition,
    currency,
    count(*) as parts,
    coalesce(sum(amount_minor), 0)::bigint as amount_minor
from (
    select disposition, currency, amount_minor from billing.dispositions
    union all
    select disposition, currency, amount_minor from billing.milestones
)
group by all
order by all
"""
_ACCOUNTED: Final = """
select
    currency,
    count(*) as group_count,
    coalesce(sum(approved_count), 0)::bigint as entries,
    coalesce(sum(approved_minor), 0)::bigint as amount_minor
from billing.completeness
group by all
order by all
"""


def rate(night: Night, warehouse: Queries) -> StepResult:
    """Fill `billing.rated_entries`; the metadata counts prices and problems by name."""
    del night  # its policies are in the config tables
    rating.rate(warehouse)
    rows = warehouse.rows(_RATED)
    problems: dict[str, int] = {}
    for row in rows:
        if row["problem"] is not None:
            problem = str(row["problem"])
            problems[problem] = problems.get(problem, 0) + _whole(row["entries"])
    return StepResult(
        sum(_whole(row["entries"]) for row in rows),
        {"amount": _amounts(rows), "problems": problems},
    )


def classify(night: Night, warehouse: Queries) -> StepResult:
    """Fill `billing.dispositions` and `billing.milestones`."""
    classification.classify(warehouse, revenue_account=night.firm.posting.revenue_account)
    rows = warehouse.rows(_DISPOSED)
    metadata: dict[str, object] = {}
    for row in rows:
        name = str(row["disposition"])
        same = [other for other in rows if other["disposition"] == name]
        metadata[name] = {
            "parts": sum(_whole(other["parts"]) for other in same),
            "amount": _amounts(same),
        }
    return StepResult(sum(_whole(row["parts"]) for row in rows), metadata)


def account(night: Night, warehouse: Queries) -> StepResult:
    """Balance both equations; `completeness` and `ledger` are blocking checks."""
    accounting.account(warehouse, revenue_account=night.firm.posting.revenue_account)
    rows = warehouse.rows(_ACCOUNTED)
    owed = warehouse.rows(
        "select currency, sum(owed_minor)::bigint as amount_minor "
        "from billing.corrections_owed group by all order by all"
    )
    return StepResult(
        sum(_whole(row["group_count"]) for row in rows),
        {
            "entries": sum(_whole(row["entries"]) for row in rows),
            "approved": _amounts(rows),
            "corrections_owed": _amounts(owed),
        },
        (_completeness(warehouse), _ledger(warehouse)),
    )


def plan(night: Night, warehouse: Queries) -> tuple[PlannedBatch, ...]:
    """Plan tonight's posting batches; nothing is staged."""
    return planning.plan(warehouse, revenue_account=night.firm.posting.revenue_account)


def totals(batches: Sequence[PlannedBatch]) -> dict[str, object]:
    """What a plan comes to: money by currency, and a line per batch."""
    rows: list[Row] = [
        {"currency": batch.currency, "amount_minor": batch.amount_minor} for batch in batches
    ]
    names = ("batch_id", "system", "legal_entity", "period", "line_count")
    lines = [
        {
            **{name: getattr(batch, name) for name in names},
            "amount": str(Money(batch.amount_minor, batch.currency)),
        }
        for batch in batches
    ]
    return {"amount": _amounts(rows), "batches": lines}


def _completeness(warehouse: Queries) -> CheckResult:
    groups = accounting.broken_groups(warehouse)
    systems = accounting.broken_counts(warehouse)
    links = accounting.broken_links(warehouse, "completeness")
    if groups:
        worst = groups[0]
        description = (
            f"{_place(worst)}: {worst['approved_count']} approved entries, "
            f"{worst['approved_seconds']} s, {worst['approved_minor']} minor units, but the "
            f"dispositions come to {worst['disposed_count']}, {worst['disposed_seconds']} s, "
            f"{worst['disposed_minor']}"
        )
    elif systems:
        worst = systems[0]
        description = f"{worst['system']}: its time records are not all accounted for"
    elif links:
        worst = links[0]
        description = f"{worst['table_name']} {worst['record_key']}: {worst['problem']}"
    else:
        description = "every approved hour has exactly one disposition"
    return CheckResult(
        "completeness",
        not groups and not systems and not links,
        "error",
        is_blocking=True,
        description=description,
        metadata={"worst_groups": groups, "systems": systems, "links": links},
    )


def _ledger(warehouse: Queries) -> CheckResult:
    groups = accounting.broken_ledger(warehouse)
    links = accounting.broken_links(warehouse, "ledger")
    description = "documents, targets and the ERP tie"
    if groups:
        worst = groups[0]
        description = (
            f"{_place(worst)}: confirmed {worst['confirmed_minor']}, in flight "
            f"{worst['in_flight_minor']}, owed {worst['owed_minor']}, target "
            f"{worst['target_minor']}, in the ERP {worst['erp_minor']} minor units, "
            f"{worst['unexplained']} unexplained"
        )
    elif links:
        worst = links[0]
        description = f"{worst['table_name']} {worst['record_key']}: {worst['problem']}"
    return CheckResult(
        "ledger",
        not groups and not links,
        "error",
        is_blocking=True,
        description=description,
        metadata={"worst_groups": groups, "links": links},
    )


def _place(row: Row) -> str:
    return f"{row['legal_entity']} {row['currency']} {row['period']}"


def _amounts(rows: Sequence[Row]) -> dict[str, str]:
    """Sums by currency, as people read them; what has no currency has no amount."""
    totals: dict[str, int] = {}
    for row in rows:
        currency = row["currency"]
        if currency is not None and currency != "unassigned":
            totals[str(currency)] = totals.get(str(currency), 0) + _whole(row["amount_minor"])
    return {currency: str(Money(total, currency)) for currency, total in sorted(totals.items())}


def _whole(value: object) -> int:
    return int(str(value)) if value is not None else 0
