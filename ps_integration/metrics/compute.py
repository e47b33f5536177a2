"""Computes every metric of one night and keeps it in `metrics.series`."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from ps_integration.domain.ports import Queries, Row
from ps_integration.errors import PsIntegrationError
from ps_integration.metrics.metric import Metric, all_metrics, macros


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What the metrics of a night look back on, and what they are measured against.

    Attributes:
        as_of: The night's instant, aware UTC.
        days: Events of the last so many days count.
        posting_sla_seconds: Promised time from approval to confirmation.
        setup_sla_seconds: Promised time from a project being active to being billable.
        weekly_seconds: Hours of a full week, as seconds.
        utilisation_points: Percentage points by which utilisation may differ and still agree.
    """

    as_of: datetime
    days: int = 30
    posting_sla_seconds: int = 2 * 86400
    setup_sla_seconds: int = 5 * 86400
    weekly_seconds: int = 40 * 3600
    utilisation_points: int = 2

    @property
    def parameters(self) -> dict[str, object]:
        """The `$names` that a metric's query may use."""
        return {
            "as_of": self.as_of,
            "since": self.as_of - timedelta(days=self.days),
            "posting_sla_seconds": self.posting_sla_seconds,
            "setup_sla_seconds": self.setup_sla_seconds,
            "tolerance_seconds": self.weekly_seconds * self.utilisation_points // 100,
        }


def compute(
    queries: Queries, run_id: str, window: Window, failed: dict[str, str] | None = None
) -> list[Row]:
    """Compute all, in place of what the same run has kept before; the rows that were kept.

    A metric that cannot be computed has no figures, and why stands in `failed` under its title;
    without `failed` its error comes out.

    A row of `metrics.series` is one figure: run_id, as_of, metric, statistic, unit (`seconds`,
    `days`, `share` from 0 to 1, `count`), labels (a JSON object with sorted names; `{}` = of
    everything), value (six decimals; null where nothing was counted), and sample (how many things
    it rests on).
    """
    queries.execute(macros())
    rows: list[Row] = []
    for one in all_metrics():
        try:
            rows += _figures(queries, one, window)
        except (PsIntegrationError, ValueError, ArithmeticError, TypeError) as error:
            if failed is None:
                raise
            failed[one.title] = str(error)
    for row in rows:
        row.update(run_id=run_id, as_of=window.as_of)
    with queries.transaction():
        queries.execute("delete from metrics.series where run_id = $run_id", {"run_id": run_id})
        queries.insert("metrics.series", rows)
    return rows


def rows_of(queries: Queries, metric: Metric, window: Window) -> list[Row]:
    """What one metric's query answers: its labels, its statistics and `sample`."""
    parameters = window.parameters
    used = {name: value for name, value in parameters.items() if f"${name}" in metric.sql}
    return queries.rows(metric.sql, used or None)


def _figures(queries: Queries, metric: Metric, window: Window) -> Iterator[Row]:
    for row in rows_of(queries, metric, window):
        labels = {name: row[name] for name in sorted(metric.labels) if row[name] is not None}
        for statistic in metric.statistics:
            value = row[statistic]
            yield {
                "metric": metric.name,
                "statistic": statistic,
                "unit": metric.unit_of(statistic),
                "labels": json.dumps(labels),
                "value": None if value is None else Decimal(str(value)),
                "sample": row["sample"],
            }
