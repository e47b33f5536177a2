"""The completeness equation as people read it: hours and amounts by group and disposition."""

from decimal import Decimal
from typing import Final

from ps_integration.domain.currencies import MINOR_UNITS
from ps_integration.domain.money import allocate, hours
from ps_integration.domain.ports import Queries, Row

DISPOSITIONS: Final = (
    "posted",
    "queued",
    "settled_elsewhere",
    "written_off",
    "non_billable",
    "covered",
    "excepted",
    "deferred",
)
"""What can become of a part, in order of precedence."""

HOURS_DECIMALS: Final = 2

_GROUPS = """
select
    legal_entity,
    currency,
    period,
    approved_seconds,
    approved_minor,
    approved_count,
    unpriced_count,
    holds
from billing.completeness
order by legal_entity, currency, period
"""
_FATES = """
select
    legal_entity,
    currency,
    period,
    disposition,
    sum(seconds)::bigint as seconds,
    coalesce(sum(amount_minor), 0)::bigint as amount_minor,
    count(*) as parts
from billing.dispositions
group by all
"""


def completeness_groups(queries: Queries) -> list[Row]:
    """For each legal entity, currency and period, what became of its approved time.

    Each row has `legal_entity`, `currency`, `period`, `holds`, `entries`, `unpriced` (entries
    without a price) and, for `approved` and each of the eight dispositions, `<name>_hours`,
    `<name>_amount` (Decimals, major units) and the exact `<name>_seconds`. While the group holds,
    its rounded hours add up too (largest remainder).
    """
    fates: dict[tuple[object, ...], dict[str, Row]] = {}
    for row in queries.rows(_FATES):
        fates.setdefault(_key(row), {})[str(row["disposition"])] = row
    return [_group(row, fates.get(_key(row), {})) for row in queries.rows(_GROUPS)]


def _key(row: Row) -> tuple[object, ...]:
    return row["legal_entity"], row["currency"], row["period"]


def _group(row: Row, fates: dict[str, Row]) -> Row:
    currency = str(row["currency"])
    approved_seconds = _whole(row["approved_seconds"])
    seconds = [_whole(fates.get(name, {}).get("seconds")) for name in DISPOSITIONS]
    group: Row = {
        "legal_entity": row["legal_entity"],
        "currency": currency,
        "period": row["period"],
        "holds": row["holds"],
        "entries": row["approved_count"],
        "unpriced": row["unpriced_count"],
        "approved_seconds": approved_seconds,
        "approved_hours": hours(approved_seconds, HOURS_DECIMALS),
        "approved_amount": _amount(row["approved_minor"], currency),
    }
    for name, share, part in zip(DISPOSITIONS, _hours(seconds), seconds, strict=True):
        group[f"{name}_seconds"] = part
        group[f"{name}_hours"] = share
        group[f"{name}_amount"] = _amount(fates.get(name, {}).get("amount_minor"), currency)
    return group


def _hours(seconds: list[int]) -> list[Decimal]:
    if min(seconds) < 0 or sum(seconds) == 0:
        return [hours(part, HOURS_DECIMALS) for part in seconds]
    total = int(hours(sum(seconds), HOURS_DECIMALS).scaleb(HOURS_DECIMALS))
    return [Decimal(share).scaleb(-HOURS_DECIMALS) for share in allocate(total, seconds)]


def _amount(minor: object, currency: str) -> Decimal:
    # 'unassigned' has no minor units of its own; two decimals are shown, its amount is zero.
    return Decimal(_whole(minor)).scaleb(-MINOR_UNITS.get(currency, 2))


def _whole(value: object) -> int:
    return int(str(value)) if value is not None else 0
