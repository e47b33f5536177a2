"""What a night came to, as the one JSON object that scripts read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ps_integration.billing.completeness import completeness_groups
from ps_integration.domain.money import known_amount
from ps_integration.domain.ports import Queries, Row
from ps_integration.reports.value import NightReport, VerdictState
from ps_integration.workflows.report import reports_folder, value_of
from ps_integration.workflows.steps import Workbench

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
_QUARANTINED = """
select
    (select count(distinct (system, stream, record_id)) from quarantine.records) as records,
    (select count(*) from quarantine.aside) as set_aside
"""
_POSTED = """
with tonight as (
    select distinct le.document_ref
    from ops.ledger as le
    inner join config.run as ru on le.run_id = ru.run_id
    where le.to_state = 'posted'
)

select
    count(*) as total,
    count(tn.document_ref) as new
from ops.posting_lines as pl
inner join ops.documents as dc on pl.document_ref = dc.document_ref
left join tonight as tn on dc.document_ref = tn.document_ref
where dc.state = 'posted'
"""
_WAITING = """
select system, max(hold_reason) as reason, count(*) as documents
from ops.documents
where state in ('approved', 'draft')
group by system
having max(hold_reason) is not null
order by system
"""
_UNREAD = """
select re.system, re.stream, re.error_kind, re.error_message
from raw.reads as re
inner join config.run as ru on re.run_id = ru.run_id
where re.status = 'failed'
order by re.system, re.stream
"""


_FAILED: Final = """
select fp.part, fp.why
from reconciliation.failed_parts as fp
inner join config.run as ru on fp.run_id = ru.run_id
order by fp.part
"""
REPORT_KINDS: Final = ("html", "xlsx", "pdf")
"""The drawings of the report that people open."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a night ended.

    Attributes:
        verdict: `clear`, `open breaks`, or `blocked` when a blocking check failed.
        data: The JSON object of `--json`.
    """

    verdict: VerdictState
    data: Mapping[str, object]

    @property
    def exit_code(self) -> int:
        """0 clear, 1 breaks, held money, alerts or missing parts, 2 when a system was not read."""
        if self.data["unread"]:
            return 2
        is_whole = not self.data["alerts"] and not self.data["failed_parts"]
        return 0 if self.verdict == "clear" and is_whole else 1


def outcome(bench: Workbench, failed_checks: Sequence[str]) -> Outcome:
    """Gather the figures of a finished night."""
    warehouse, night = bench.warehouse, bench.night
    breaks = warehouse.rows(_OPEN_BREAKS)
    [quarantine] = warehouse.rows(_QUARANTINED)
    records, aside = (int(str(quarantine[name])) for name in ("records", "set_aside"))
    unread = warehouse.rows(_UNREAD)
    groups = completeness_groups(warehouse)
    value = value_of(night.folder, night.run_id)
    judged = value.verdict
    verdict: VerdictState = "blocked" if failed_checks else judged.state
    folder = reports_folder(night.folder) / night.run_id
    data: dict[str, object] = {
        "run_id": night.run_id,
        "as_of": night.as_of.isoformat(),
        "verdict": verdict,
        "sentence": judged.sentence,
        "failed_checks": list(failed_checks),
        "unread": unread,
        "alerts": list(value.alerts),
        "failed_parts": _failed(warehouse, value),
        "completeness": {"holds": "completeness" not in failed_checks, "groups": groups},
        "batches": [_batch(row) for row in warehouse.rows(_BATCHES)],
        "breaks": {
            "open": {str(row["rule"]): row["open_count"] for row in breaks},
            "blocking": sum(int(str(row["blocking"])) for row in breaks),
        },
        "rules": {
            status: [rule.code for rule in value.rules if rule.status == status]
            for status in ("could_not_run", "not_applicable")
        },
        "quarantined": records - aside,
        "set_aside": aside,
        "posted": warehouse.rows(_POSTED)[0],
        "posted_amounts": [
            {"currency": one.currency, "amount": known_amount(one.minor, one.currency)}
            for one in value.figure("posted").by_currency
        ],
        "waiting": warehouse.rows(_WAITING),
        "reports": {
            kind: str(path) for kind in REPORT_KINDS if (path := folder / f"report.{kind}").exists()
        },
    }
    return Outcome(verdict, data)


def _failed(warehouse: Queries, value: NightReport) -> list[Row]:
    """What is missing of the report, and steps that failed after it was drawn."""
    named = {part.name: part.why for part in value.failed_parts}
    later = {str(row["part"]): str(row["why"]) for row in warehouse.rows(_FAILED)}
    return [{"part": part, "why": why} for part, why in {**named, **later}.items()]


def _batch(row: Row) -> Row:
    amount = known_amount(int(str(row["amount_minor"])), str(row["currency"]))
    names = ("batch_id", "system", "legal_entity", "period", "currency", "status")
    return {**{name: row[name] for name in names}, "lines": row["line_count"], "amount": amount}
