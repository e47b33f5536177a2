"""The newest figures in Prometheus' text format, for its node exporter's folder or a scrape."""

import json
from collections.abc import Sequence
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from ps_integration.domain.ports import Queries, Row
from ps_integration.metrics.metric import Metric, all_metrics

PREFIX: Final = "ps_integration"
LATEST: Final = """
select metric, statistic, labels, unit, value, as_of
from metrics.series
where
    run_id = (select run_id from metrics.series order by as_of desc, run_id desc limit 1)
    and value is not null
order by metric, statistic, labels
"""


def gauge_name(metric: Metric, statistic: str) -> str:
    """How one figure is called in Prometheus: its base unit last, as its guide asks.

    Source: prometheus.io/docs/practices/naming (base units: seconds, ratio). Days are whole
    calendar days, not 86,400 seconds, and stay so.
    """
    unit = metric.unit_of(statistic)
    name = statistic.removesuffix("_seconds").removeprefix("share_")
    ending = {"share": "ratio", "count": ""}.get(unit, unit)
    return "_".join(part for part in (PREFIX, metric.name, name, ending) if part)


class _Figures(Collector):
    def __init__(self, rows: Sequence[Row], firm: str) -> None:
        self._rows = rows
        self._firm = firm

    def collect(self) -> Sequence[GaugeMetricFamily]:
        """One family per metric and statistic; and the night they are of."""
        families = []
        for metric in all_metrics():
            for statistic in metric.statistics:
                rows = [
                    row
                    for row in self._rows
                    if (row["metric"], row["statistic"]) == (metric.name, statistic)
                ]
                if rows:
                    families.append(self._family(metric, statistic, rows))
        return [*families, *self._night()]

    def _family(self, metric: Metric, statistic: str, rows: Sequence[Row]) -> GaugeMetricFamily:
        family = GaugeMetricFamily(
            gauge_name(metric, statistic),
            f"{metric.title}, {statistic.replace('_', ' ')}. {metric.definition}",
            labels=["firm", *metric.labels],
        )
        for row in rows:
            labels = json.loads(str(row["labels"]))
            values = [labels.get(name, "") for name in metric.labels]
            family.add_metric([self._firm, *values], float(str(row["value"])))
        return family

    def _night(self) -> Sequence[GaugeMetricFamily]:
        if not self._rows:
            return []
        family = GaugeMetricFamily(
            f"{PREFIX}_night_as_of_timestamp_seconds",
            "The night that the figures are of.",
            labels=["firm"],
        )
        family.add_metric([self._firm], self._rows[0]["as_of"].timestamp())  # type: ignore[attr-defined] # an instant
        return [family]


def exposition(queries: Queries, firm: str) -> bytes:
    """The newest night's figures as text; a label is empty where the figure is of everything.

    Args:
        queries: The warehouse or its snapshot.
        firm: The firm's id, a label of every figure.
    """
    registry = CollectorRegistry()
    registry.register(_Figures(queries.rows(LATEST), firm))
    return generate_latest(registry)
