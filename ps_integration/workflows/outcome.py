"""What a night came to, as the one JSON object that scripts read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ps_integration.billing.completeness import completeness_groups
from ps_integration.domain.ports import Row
from ps_integration.workflows.steps import Workbench

Verdict = Literal["clear", "open breaks", "blocked"]

_OPEN_BREAKS = """
select rule, count(*) as open_count, count(*) filter (where blocked_id is not null) as blocking
from ops.open_breaks
where state = 'open'
group by all
order by rule
"""
_BATCHES = """
select batch_id, system, legal_entity, period, currency, line_count, amount_minor, status
from ops.batches
where status <> 'superseded'
order by system, legal_entity, period, currency, batch_id
"""
_QUARANTINED = "select count(distinct (system, stream, record_id)) from quarantine.records"
_POSTED = """
select
    count(*) as total,
    count(*) filter (where do.confirmed_at >= ru.as_of) as new
from ops.posting_lines as pl
inner join ops.documents as do on pl.document_ref = do.document_ref
cross join config.run as ru
where do.state = 'posted'
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a night ended.

    Attributes:
        verdict: `clear`, `open breaks`, or `blocked` when a blocking check failed.
        data: The JSON object of `--json`.
    """

    verdict: Verdict
    data: Mapping[str, object]

    @property
    def exit_code(self) -> int:
        """0 clear, 1 breaks or held money."""
        return 0 if self.verdict == "clear" else 1


def outcome(bench: Workbench, failed_checks: Sequence[str]) -> Outcome:
    """Gather the figures of a finished night."""
    warehouse, night = bench.warehouse, bench.night
    breaks = warehouse.rows(_OPEN_BREAKS)
    quarantined = warehouse.value(_QUARANTINED)
    groups = completeness_groups(warehouse)
    held = quarantined or breaks or failed_checks or _has_held_money(groups)
    verdict: Verdict = "blocked" if failed_checks else "open breaks" if held else "clear"
    folder = night.folder / "reports" / night.run_id
    data: dict[str, object] = {
        "run_id": night.run_id,
        "as_of": night.as_of.isoformat(),
        "verdict": verdict,
        "failed_checks": list(failed_checks),
        "completeness": {"holds": "completeness" not in failed_checks, "groups": groups},
        "batches": [_batch(row) for row in warehouse.rows(_BATCHES)],
        "breaks": {
            "open": {str(row["rule"]): row["open_count"] for row in breaks},
            "blocking": sum(int(str(row["blocking"])) for row in breaks),
        },
        "quarantined": quarantined,
        "posted": warehouse.rows(_POSTED)[0],
        "reports": {
            "html": str(folder / "report.html"),
            "xlsx": str(folder / "report.xlsx"),
        },
    }
    return Outcome(verdict, data)


def _has_held_money(groups: Sequence[Row]) -> bool:
    return any(group.get("excepted_hours") or group.get("deferred_hours") for group in groups)


def _batch(row: Row) -> Row:
    return row
