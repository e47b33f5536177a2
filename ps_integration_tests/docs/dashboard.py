"""Writes docs/monitoring/dashboard.json: `python -m ps_integration_tests.docs.dashboard`."""

import json
from pathlib import Path

PLACE = Path(__file__).parents[2] / "docs/monitoring/dashboard.json"
SOURCE = {"type": "prometheus", "uid": "${source}"}
UNITS = {"ratio": "percentunit", "seconds": "s", "days": "d"}
ALL = '{legal_entity="",firm=~"$firm"}'
STATS = (
    ("Age of the last night", "time() - ps_integration_night_as_of_timestamp_seconds", "s"),
    ("Open breaks", 'ps_integration_exception_resolution_open{rule="",firm=~"$firm"}', "short"),
    ("Wait for a person", 'ps_integration_dead_letters_waiting{system="",firm=~"$firm"}', "short"),
    ("Posted as promised",
     f"ps_integration_posting_latency_within_sla_ratio{ALL}", "percentunit"),
    ("Ready to bill", f"ps_integration_billing_readiness_ready_ratio{ALL}", "percentunit"),
    ("Touched by hand", f"ps_integration_manual_intervention_touched_ratio{ALL}", "percentunit"),
)  # fmt: skip
CHARTS = (
    ("Approval to posting", "posting_latency", ("median_seconds", "p90_seconds", "p99_seconds"),
     "legal_entity"),
    ("Work to invoice", "invoice_cycle_time", ("median_days", "p90_days"), "legal_entity"),
    ("Failed synchronisation", "failed_synchronisation", ("failed_ratio",), "system"),
    ("Open breaks by rule", "exception_resolution", ("open",), "rule"),
    ("Resolution of breaks", "exception_resolution", ("median_seconds", "p90_seconds"), "rule"),
    ("Project set-up", "project_setup", ("median_seconds", "waiting"), "legal_entity"),
    ("Utilisation agrees", "utilisation_accuracy", ("agreeing_ratio",), "system"),
    ("Lines posted", "throughput", ("lines",), "legal_entity"),
    ("Time to approve", "approval_latency", ("median_seconds", "p90_seconds"), "system"),
    ("Blocked projects by rule", "blocked_projects", ("open",), "rule"),
    ("Retries", "retries", ("retried_ratio",), "system"),
    ("Quota used", "quota_exposure", ("used_ratio",), "system"),
    ("Age of the last whole read", "freshness", ("age_seconds",), "system"),
)  # fmt: skip


def dashboard():
    """The dashboard as Grafana imports it."""
    return {
        "title": "ps_integration",
        "uid": "ps-integration",
        "schemaVersion": 39,
        "time": {"from": "now-90d", "to": "now"},
        "refresh": "15m",
        "templating": {"list": [_source(), _firm()]},
        "panels": [*map(_stat, range(len(STATS))), *map(_chart, range(len(CHARTS)))],
    }


def _source():
    return {"name": "source", "label": "Data source", "type": "datasource", "query": "prometheus"}


def _firm():
    query = "label_values(ps_integration_night_as_of_timestamp_seconds, firm)"
    return {"name": "firm", "label": "Firm", "type": "query", "datasource": SOURCE, "query": query,
            "includeAll": True, "multi": True}  # fmt: skip


def _stat(number):
    title, query, unit = STATS[number]
    return {
        "id": number + 1, "type": "stat", "title": title, "datasource": SOURCE,
        "gridPos": {"h": 4, "w": 4, "x": number * 4, "y": 0},
        "targets": [{"refId": "A", "expr": query, "legendFormat": "{{firm}}"}],
        "fieldConfig": {"defaults": {"unit": unit}, "overrides": []},
    }  # fmt: skip


def _chart(number):
    title, metric, figures, label = CHARTS[number]
    targets = [
        {"refId": "ABC"[at], "expr": f'ps_integration_{metric}_{figure}{{firm=~"$firm"}}',
         "legendFormat": f"{figure.replace('_', ' ')} {{{{{label}}}}}"}
        for at, figure in enumerate(figures)
    ]  # fmt: skip
    unit = UNITS.get(figures[0].rsplit("_", 1)[-1], "short")
    place = {"h": 8, "w": 12, "x": number % 2 * 12, "y": 4 + number // 2 * 8}
    return {
        "id": len(STATS) + number + 1, "type": "timeseries", "title": title, "datasource": SOURCE,
        "gridPos": place, "targets": targets,
        "fieldConfig": {"defaults": {"unit": unit}, "overrides": []},
    }  # fmt: skip


if __name__ == "__main__":
    PLACE.write_text(json.dumps(dashboard(), indent=1) + "\n", "utf-8")
