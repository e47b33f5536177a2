"""The metrics step: the night's figures, kept as a series and written for Prometheus."""

from collections.abc import Mapping
from typing import Final

from ps_integration.domain.ports import Queries, Row
from ps_integration.metrics.compute import Window, compute
from ps_integration.metrics.metric import all_metrics
from ps_integration.metrics.prometheus import exposition
from ps_integration.metrics.setups import note_setups
from ps_integration.reports.files import write_whole
from ps_integration.settings.firm import Firm
from ps_integration.workflows.night import Night, StepResult

PROMETHEUS: Final = "metrics.prom"
"""In the firm's state folder; a node exporter's textfile collector can read it there."""
_DAY: Final = 86_400


def measure(night: Night, warehouse: Queries) -> StepResult:
    """Compute every metric of the settled night.

    The figures are in `metrics.series` and, with the newest night's, in `metrics.prom`. A metric
    that cannot be computed is a missing part of the report.
    """
    note_setups(warehouse)
    failed: dict[str, str] = {}
    rows = compute(warehouse, night.run_id, window(night), failed)
    note_failed(warehouse, night.run_id, failed)
    if not night.is_dry:
        write_whole(night.folder / PROMETHEUS, exposition(warehouse, night.firm.firm.id))
    return StepResult(len(rows), _headline(rows))


def note_failed(warehouse: Queries, run_id: str, failed: Mapping[str, str]) -> None:
    """Name parts of a run that failed, and why, for its report."""
    rows: list[Row] = [{"run_id": run_id, "part": part, "why": why} for part, why in failed.items()]
    if rows:
        warehouse.insert("reconciliation.failed_parts", rows)


def window(night: Night) -> Window:
    """What the firm's metrics of a night look back on."""
    firm: Firm = night.firm
    return Window(
        as_of=night.as_of,
        days=firm.metrics.window_days,
        posting_sla_seconds=firm.slas.posting_days * _DAY,
        setup_sla_seconds=firm.metrics.setup_days * _DAY,
        weekly_seconds=firm.metrics.weekly_hours * 3600,
        utilisation_points=firm.metrics.utilisation_points,
    )


def _headline(rows: list[Row]) -> dict[str, object]:
    """The first figure of each metric, of everything, in words."""
    said: dict[str, object] = {}
    for metric in all_metrics():
        for row in rows:
            first = row["metric"] == metric.name and row["statistic"] == metric.statistics[0]
            if first and row["labels"] == "{}" and row["value"] is not None:
                what = metric.statistics[0].replace("_", " ")
                said[metric.title] = f"{what}: {row['value']} ({row['unit']})"
    return said
